//! How connections end: [`Turn::end`] from anywhere, then the phases *leave* and *close*.
//!
//! Ending is not freeing. A handler marks the connection and lets its last words be written; the
//! leave phase takes it out of the chat, the close phase frees it, both in an order that every
//! handler can rely on: an id stays good to the end of the turn.

use super::Turn;
use super::tables::connections::{Connection, Life};
use crate::chat::{ConnectionId, Reason};
use crate::session::End;

#[cfg(test)]
mod tests;

impl Turn {
    /// Ends an open connection: its last words are queued, and nothing it says is listened to.
    pub(super) fn end(&mut self, id: ConnectionId, end: End) {
        self.end_as(id, end, self.tag_of(id));
    }

    /// The same for a connection of the person with this tag; a newer connection may have its place by now.
    fn end_as(&mut self, id: ConnectionId, end: End, tag: Option<u32>) {
        if !self.connections.get(id).is_some_and(Connection::is_open) {
            return;
        }
        self.note_end(id, end, tag);
        let Some(connection) = self.connections.get_mut(id) else { return };
        let was_websocket = connection.session.is_websocket();
        connection.life = Life::Finishing;
        // The time to close begins with the first write, or now if there can be none. What waits for
        // our own send phase, while its budget goes to others or we stand still, is not late.
        let is_blocked = self.outboxes.is_blocked(id);
        connection.waiting_since = is_blocked.then_some(self.now.monotonic);
        self.ending += 1;
        self.counters.count_end(end, was_websocket);
        if was_websocket {
            self.websockets -= 1;
            self.leaving.push_back(id);
        }
        self.with_session(id, |session, host| session.finish(end, host));
        self.count_held(id);
        if end.is_abrupt() {
            let reason = if end == End::Slow { Reason::Slow } else { Reason::Offline };
            self.give_up(id, reason);
        } else {
            // Those who are sent home by a drain still get their mail. Nobody else would read it.
            self.outboxes.seal(id, end != End::Draining);
            self.rearm(id);
        }
    }

    /// An ending connection is not worth waiting for any longer.
    pub(super) fn abandon(&mut self, id: ConnectionId) {
        self.give_up(id, Reason::Offline);
    }

    /// The connection is broken: reset, timed out by the kernel, or unreachable.
    pub(super) fn broke(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        match connection.life {
            Life::Open => self.end(id, End::Lost),
            Life::Finishing | Life::Lingering { .. } => self.abandon(id),
            Life::Dead { .. } => {}
        }
    }

    /// A newer connection, `new`, has taken the place of `old` in the chat.
    pub(super) fn replace(&mut self, old: ConnectionId, new: ConnectionId) {
        self.outboxes.hand_over(old, new);
        self.end_as(old, End::Replaced, self.tag_of(new));
    }

    /// Gives up those whose outboxes went over a cap.
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

    /// Nothing more can be sent: what is left in the outbox comes back, and the close phase frees.
    fn give_up(&mut self, id: ConnectionId, reason: Reason) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if !connection.is_dead() {
            connection.life = Life::Dead { abort: reason == Reason::Slow };
            self.outboxes.close(id, reason);
            self.closing.push_back(id);
        }
    }
}
