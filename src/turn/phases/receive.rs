//! The phase *receive*: what everybody says.
//!
//! Readiness is edge-triggered (epoll(7)): the kernel says once that there is something to read. A
//! connection that was not read to the end therefore stays in our own queue of the readable, and
//! the loop does not sleep while that queue holds anybody.

use std::io::ErrorKind;
use std::mem;
use std::rc::Rc;

use crate::chat::ConnectionId;
use crate::session::{End, Flow};
use crate::turn::adapters::session_host::SessionHost;
use crate::turn::tables::connections::Life;
use crate::turn::{Sockets, Turn};

impl Turn {
    /// Reads from everybody who has something to say: once each, in turn, while the budget lasts.
    /// Returns how many had their turn.
    pub(in crate::turn) fn receive(&mut self, sockets: &mut impl Sockets) -> usize {
        let mut bytes = self.limits.budgets.receive_bytes;
        let reads = self.readable.len().min(self.limits.budgets.reads);
        for read in 0..reads {
            let Some(id) = self.readable.pop_front() else { return read };
            bytes = bytes.saturating_sub(self.receive_one(id, sockets));
            if bytes == 0 {
                return read + 1;
            }
        }
        reads
    }

    /// Reads once, and returns how many bytes that brought.
    fn receive_one(&mut self, id: ConnectionId, sockets: &mut impl Sockets) -> usize {
        let Some(connection) = self.connections.get_mut(id) else { return 0 };
        connection.readable = false;
        if connection.is_dead() {
            return 0;
        }
        // Whoever asks for pages and does not take them is not listened to until he does.
        if !connection.session.is_websocket() && self.outboxes.is_blocked(id) {
            return 0;
        }
        if connection.session.has_more() {
            self.mark_readable(id);
            self.received(id, 0);
            return self.input.len(); // A page costs more than its request: as if as much was read.
        }
        match sockets.read(id, &mut self.input) {
            Ok(0) => self.input_ended(id),
            Ok(count) => {
                self.page_bytes = 0;
                self.counters.reads += 1;
                self.counters.bytes_received += count as u64;
                // A read that fell short took all there was: the next one would only say
                // WouldBlock. Unless the peer has closed, which makes no second edge.
                let is_all = count < self.input.len() && !connection.closed;
                self.received(id, count);
                if !is_all || self.connections.get(id).is_some_and(|c| c.session.has_more()) {
                    self.mark_readable(id);
                }
                // A page costs more than its request, and is made at once: it counts as if it was read.
                return count + self.page_bytes;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.broke(id),
        }
        0
    }

    /// The first `count` bytes of the input buffer are what a connection has just said.
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
        connection.tally.read(count);
        let was_websocket = connection.session.is_websocket();
        let was_awaited = connection.session.awaits_sign_in();
        let mut session = mem::take(&mut connection.session);
        let mut input = mem::take(&mut self.input);
        let limits = Rc::clone(&self.session_limits);
        let mut host = SessionHost { turn: self, id };
        let flow = session.receive(&mut input[..count], &limits, &mut host);
        self.input = input;
        if let Some(connection) = self.connections.get_mut(id) {
            connection.session = session;
            let has_upgraded = connection.session.is_websocket() && !was_websocket;
            let has_signed_in = was_awaited && !connection.session.awaits_sign_in();
            self.note_wait(id);
            self.count_held(id);
            if has_upgraded || has_signed_in {
                // From now on it is silence that counts, and that may be over sooner than the
                // handshake would have been.
                self.rearm(id);
            }
        }
        match flow {
            // Each may keep a message's worth, and all of them this much. Who adds to it then, goes.
            Flow::Open if self.held_bytes > self.limits.inbox_bytes && self.holds_bytes(id) => {
                self.end(id, End::Overloaded);
            }
            Flow::Open => {}
            Flow::Finish(end) => self.end(id, end),
        }
    }

    /// Brings the count of kept bytes up to date.
    pub(in crate::turn) fn count_held(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let held = connection.session.held_bytes();
        self.held_bytes = self.held_bytes + held - mem::replace(&mut connection.held_bytes, held);
    }

    fn holds_bytes(&self, id: ConnectionId) -> bool {
        self.connections.get(id).is_some_and(|connection| connection.held_bytes > 0)
    }

    /// Notes since when the connection keeps us waiting for the rest of something.
    fn note_wait(&mut self, id: ConnectionId) {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get_mut(id) else { return };
        let was_waiting = connection.waiting_since;
        let progressed = connection.session.take_progress();
        // Who somebody is, is waited for from the upgrade on; a message from its first byte to its
        // last; a request from when the last one was answered: whoever drips gains no time by it.
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

    /// The peer will say nothing more.
    fn input_ended(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.input_over = true;
        match connection.life {
            // A WebSocket that stops without a close frame is lost. A client of plain HTTP may
            // close its half once it has asked, and still wants the answer.
            Life::Open if connection.session.is_websocket() => self.end(id, End::Lost),
            Life::Open if connection.session.is_mid_message() => self.end(id, End::Lost),
            Life::Open => self.end(id, End::Http),
            Life::Finishing | Life::Dead { .. } => {}
            Life::Lingering { .. } => self.abandon(id),
        }
    }
}
