//! The phase *receive*: reads once from each connection that has something to read.
//!
//! Readiness is edge-triggered (epoll(7)): the kernel reports once that a socket has become readable,
//! and does not repeat it for bytes that we left unread. A connection that was not read to the end
//! therefore stays in our own queue `readable`, and the loop does not sleep while that queue has members.

use std::io::ErrorKind;
use std::mem;
use std::rc::Rc;

use crate::chat::ConnectionId;
use crate::session::{End, Flow};
use crate::turn::tables::connections::Life;
use crate::turn::{Sockets, Turn};

impl Turn {
    /// Reads once from each connection in the queue, in order, while the budget lasts. Returns the
    /// number of connections that had their turn.
    pub(in crate::turn) fn receive(&mut self, sockets: &mut impl Sockets) -> usize {
        self.hear_the_unheard();
        let mut bytes = self.limits.budgets.receive_bytes;
        let reads = self.readable.len().min(self.limits.budgets.reads);
        let mut read = 0;
        while read < reads && bytes > 0 {
            let Some(id) = self.readable.pop_front() else { break };
            bytes = bytes.saturating_sub(self.receive_one(id, sockets));
            read += 1;
        }
        self.follow_up();
        read
    }

    /// Moves the connections that may speak again, or have ended, to those that are read. O(unheard), but
    /// only in turns after something has changed for them.
    fn hear_the_unheard(&mut self) {
        if !std::mem::take(&mut self.may_hear) {
            return;
        }
        let Turn { unheard, readable, connections, chat, .. } = self;
        unheard.retain(|&id| {
            let Some(connection) = connections.get(id) else { return false };
            let waits = connection.session.is_websocket() && !chat.may_speak(id);
            if !waits {
                readable.push_back(id);
            }
            waits
        });
    }

    /// Reads once from a connection. Returns how many bytes this costs the budget of the phase.
    fn receive_one(&mut self, id: ConnectionId, sockets: &mut impl Sockets) -> usize {
        let Some(connection) = self.connections.get_mut(id) else { return 0 };
        connection.readable = false;
        if connection.is_dead() {
            return 0;
        }
        if connection.session.parked().is_some() {
            return 0; // It is marked again when the reply has come.
        }
        if connection.session.is_websocket() && !self.chat.may_speak(id) {
            // It keeps its mark, so that nobody calls it silent: it has said something that we have not read.
            connection.readable = true;
            self.unheard.push_back(id);
            return 0;
        }
        // A client that asks for pages and does not take them is not read until it takes them.
        if !connection.session.is_websocket() && self.outboxes.is_blocked(id) {
            return 0;
        }
        if connection.session.has_more() {
            self.mark_readable(id);
            self.received(id, 0);
            return self.input.len(); // A page costs more than its request: it counts as a full read.
        }
        match sockets.read(id, &mut self.input) {
            Ok(0) => self.input_ended(id),
            Ok(count) => {
                self.page_bytes = 0;
                self.counters.reads += 1;
                self.counters.bytes_received += count as u64;
                // A read that did not fill the buffer has emptied the socket: another read would only
                // return WouldBlock. If the peer has closed, the end of the input is still to be read,
                // and no second edge will report it.
                let is_all = count < self.input.len() && !connection.closed;
                self.received(id, count);
                if !is_all || self.connections.get(id).is_some_and(|c| c.session.has_more()) {
                    self.mark_readable(id);
                }
                // A page is made at once and costs more than its request: its bytes count like bytes
                // that were read.
                return count + self.page_bytes;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.broke(id),
        }
        0
    }

    /// Handles the first `count` bytes of the input buffer, which this connection has just sent.
    fn received(&mut self, id: ConnectionId, count: usize) {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get_mut(id) else { return };
        match &mut connection.life {
            Life::Open => {}
            Life::Finishing | Life::Dead { .. } => return,
            Life::Lingering { left } => {
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                match left.checked_sub(count) {
                    Some(rest) => *left = rest,
                    None => self.abandon(id),
                }
                return;
            }
        }
        connection.heard = now;
        connection.pinged = false;
        connection.tally.read(count);
        let was_websocket = connection.session.is_websocket();
        let was_awaited = connection.session.awaits_sign_in();
        // The session gets the whole turn as its host (see `with_session`), so nothing else that it uses
        // may be borrowed from the turn. The input buffer is taken out of the turn and put back: that
        // moves three words and no bytes. The limits are behind an `Rc`: a clone adds one to a counter
        // and copies no limit. `Rc` and not `Arc`, as everywhere in the turn: the turn runs on one thread
        // and needs no atomic counters.
        let mut input = mem::take(&mut self.input);
        let limits = Rc::clone(&self.session_limits);
        let flow = self
            .with_session(id, |session, host| session.receive(&mut input[..count], &limits, host));
        self.input = input;
        self.after_session(id, flow, was_websocket, was_awaited);
    }

    /// Does what follows from a session's having run: counts what it keeps, sets its deadlines, and ends the
    /// connection if the session says so.
    pub(in crate::turn) fn after_session(
        &mut self,
        id: ConnectionId,
        flow: Option<Flow>,
        was_websocket: bool,
        was_awaited: bool,
    ) {
        let (Some(flow), Some(connection)) = (flow, self.connections.get(id)) else { return };
        let has_upgraded = connection.session.is_websocket() && !was_websocket;
        let has_signed_in = was_awaited && !connection.session.awaits_sign_in();
        let is_parked = connection.session.parked().is_some();
        self.note_wait(id);
        self.count_held(id);
        if has_upgraded || has_signed_in || is_parked {
            // From now on the deadline is that of silence, which may be due before that of the handshake.
            self.rearm(id);
        }
        match flow {
            // Each connection may keep one message's worth of bytes, and all together `inbox_bytes`. Above
            // that, a connection that has just received more of an incomplete message is ended.
            Flow::Open if self.held_bytes > self.limits.inbox_bytes && self.holds_bytes(id) => {
                self.end(id, End::Overloaded);
            }
            Flow::Open => {}
            Flow::Finish(end) => self.end(id, end),
        }
    }

    /// Updates the total of the bytes that sessions keep of incomplete requests and messages. O(1): only
    /// this connection can have changed.
    pub(in crate::turn) fn count_held(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let held = connection.session.held_bytes();
        self.held_bytes = self.held_bytes + held - mem::replace(&mut connection.held_bytes, held);
    }

    fn holds_bytes(&self, id: ConnectionId) -> bool {
        self.connections.get(id).is_some_and(|connection| connection.held_bytes > 0)
    }

    /// Notes when the wait for the rest of a request, of a sign-in or of a message began.
    fn note_wait(&mut self, id: ConnectionId) {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get_mut(id) else { return };
        let was_waiting = connection.waiting_since;
        let progressed = connection.session.take_progress();
        // The time for a sign-in runs from the upgrade on. The time for a message runs from its first
        // byte to its last, and the time for a request from the moment when the request before it was
        // answered. So a client that sends byte by byte gains no time.
        connection.waiting_since = match connection.session.is_websocket() {
            true if !connection.session.is_mid_message()
                && !connection.session.awaits_sign_in() =>
            {
                None
            }
            _ if progressed => Some(now),
            _ => was_waiting.or(Some(now)),
        };
        let waits_anew = connection.waiting_since.is_some() && was_waiting.is_none();
        if mem::take(&mut connection.marked) || waits_anew {
            self.rearm(id);
        }
    }

    /// The peer has closed its sending half: the input is at its end.
    fn input_ended(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.input_over = true;
        match connection.life {
            // A WebSocket whose input ends without a close frame is lost. A client of plain HTTP may
            // close its half after the request, and still wants the answer.
            Life::Open if connection.session.is_websocket() => self.end(id, End::Lost),
            Life::Open if connection.session.is_mid_message() => self.end(id, End::Lost),
            Life::Open => self.end(id, End::Http),
            Life::Finishing | Life::Dead { .. } => {}
            Life::Lingering { .. } => self.abandon(id),
        }
    }
}
