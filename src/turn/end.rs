//! How connections end: any phase calls [`Turn::end`]; the phases *leave* and *close* do the rest.
//!
//! To end a connection is not to free it. `end` marks the connection and queues its last frames. The
//! leave phase takes it out of the chat, and the close phase frees it. So every handler can rely on
//! this: an id stays valid until the close phase.

use super::Turn;
use super::tables::connections::{Connection, Life};
use crate::chat::{ConnectionId, Reason};
use crate::session::End;

#[cfg(test)]
mod tests;

impl Turn {
    /// Ends an open connection: its last frames are queued, and its input is ignored from now on.
    pub(super) fn end(&mut self, id: ConnectionId, end: End) {
        self.end_as(id, (end, None), id);
    }

    /// The same, with this reason in the close frame.
    pub(super) fn end_because(&mut self, id: ConnectionId, end: End, reason: &str) {
        self.end_as(id, (end, Some(reason)), id);
    }

    /// Ends an open connection of the person at the connection `person`. That is another one if it has taken over
    /// the person's number already.
    fn end_as(
        &mut self,
        id: ConnectionId,
        (end, reason): (End, Option<&str>),
        person: ConnectionId,
    ) {
        if !self.connections.get(id).is_some_and(Connection::is_open) {
            return;
        }
        self.note_end(id, end, self.tag_of(person));
        self.parked.forget(id);
        self.operator.events.forget(id);
        // It may stand among the unheard. From now on it is read again, until its peer closes.
        self.may_hear = true;
        let Some(connection) = self.connections.get_mut(id) else { return };
        let was_websocket = connection.session.is_websocket();
        connection.life = Life::Finishing;
        // The close deadline starts with the first write of the last frames, or now if the socket is
        // blocked. A peer is not late while its frames wait for our own send phase.
        let is_blocked = self.outboxes.is_blocked(id);
        connection.waiting_since = is_blocked.then_some(self.now.monotonic);
        self.ending += 1;
        self.counters.count_end(end, was_websocket);
        if was_websocket {
            self.websockets -= 1;
            self.tell_disconnected(id, person, end);
            self.leaving.push_back(id);
        }
        self.with_session(id, |session, host| session.finish_because(end, reason, host));
        self.count_held(id);
        if end.is_abrupt() {
            let reason = if end == End::Slow { Reason::Slow } else { Reason::Offline };
            self.give_up(id, reason);
        } else {
            // In a drain, the messages in the outbox are still sent: the client is well and reads on. In
            // all other cases the messages that are not begun come back, and their senders are told.
            self.outboxes.seal(id, !matches!(end, End::Draining { .. }));
            self.rearm(id);
        }
    }

    /// Frees an ending connection without waiting for its peer any longer.
    pub(super) fn abandon(&mut self, id: ConnectionId) {
        self.give_up(id, Reason::Offline);
    }

    /// Handles a broken connection: reset, timed out by the kernel, or unreachable.
    pub(super) fn broke(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        match connection.life {
            Life::Open => self.end(id, End::Lost),
            Life::Finishing | Life::Lingering { .. } => self.abandon(id),
            Life::Dead { .. } => {}
        }
    }

    /// Ends `old`, whose number the newer connection `new` has taken over.
    pub(super) fn replace(&mut self, old: ConnectionId, new: ConnectionId) {
        self.outboxes.hand_over(old, new);
        self.end_as(old, (End::Replaced, None), new);
    }

    /// Ends the connections whose outboxes went over a cap.
    pub(super) fn end_the_overflowed(&mut self) {
        while let Some((id, limit)) = self.outboxes.next_overflowed() {
            self.counters.limits_hit.count(limit);
            match self.connections.get(id) {
                Some(connection) if connection.is_open() => self.end(id, End::Slow),
                Some(_) => self.give_up(id, Reason::Slow),
                None => {}
            }
        }
    }

    /// Sends nothing more on a connection: the messages in its outbox come back, and the close phase frees
    /// it.
    fn give_up(&mut self, id: ConnectionId, reason: Reason) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if !connection.is_dead() {
            connection.life = Life::Dead { abort: reason == Reason::Slow };
            self.outboxes.close(id, reason);
            self.closing.push_back(id);
        }
    }
}
