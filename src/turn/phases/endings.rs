//! How connections end: [`Turn::end`] from anywhere, then the phases *leave* and *close*.
//!
//! Ending is not freeing. A handler marks the connection and lets its last words be written; the
//! leave phase takes it out of the chat, the close phase frees it, both in an order that every
//! handler can rely on: an id stays good to the end of the turn.

use crate::chat::{ConnectionId, Kind, Outcome, Reason};
use crate::session::{End, Session};
use crate::turn::adapters::session_host::SessionHost;
use crate::turn::tables::connections::{Connection, Life};
use crate::turn::tables::parcel::Parcel;
use crate::turn::{Sockets, Turn};

#[cfg(test)]
mod tests;

impl Turn {
    /// Ends an open connection: its last words are queued, and nothing it says is listened to.
    pub(in crate::turn) fn end(&mut self, id: ConnectionId, end: End) {
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
    pub(in crate::turn) fn abandon(&mut self, id: ConnectionId) {
        self.give_up(id, Reason::Offline);
    }

    /// A newer connection, `new`, has taken the place of `old` in the chat.
    pub(in crate::turn) fn replace(&mut self, old: ConnectionId, new: ConnectionId) {
        self.outboxes.hand_over(old, new);
        self.end_as(old, End::Replaced, self.tag_of(new));
    }

    /// Lets a session say something outside of its turn to receive.
    pub(in crate::turn) fn with_session<R>(
        &mut self,
        id: ConnectionId,
        say: impl FnOnce(&mut Session, &mut SessionHost<'_>) -> R,
    ) -> Option<R> {
        let mut session = std::mem::take(&mut self.connections.get_mut(id)?.session);
        let result = say(&mut session, &mut SessionHost { turn: self, id });
        self.connections.get_mut(id)?.session = session;
        Some(result)
    }

    /// The phase *leave*: the departed leave the chat, and who wrote to them in vain is told. Returns
    /// how many left and how many messages came back, together.
    pub(in crate::turn) fn leave(&mut self) -> usize {
        self.end_the_overflowed();
        let left = self.take_out_of_the_chat();
        for returned in 0..self.limits.budgets.returns {
            let Some((parcel, reason)) = self.outboxes.next_returned() else {
                return left + returned;
            };
            self.settle(&parcel, Outcome::Undelivered(reason));
        }
        left + self.limits.budgets.returns
    }

    /// Needs no budget of its own: no phase ends more connections in a turn than its budget allows.
    fn take_out_of_the_chat(&mut self) -> usize {
        let departed = self.leaving.len();
        while let Some(id) = self.leaving.pop_front() {
            let (now, from) = (self.now, self.block_of(id));
            let (chat, mut sink) = self.chat_and_sink();
            chat.leave(now, (id, from), &mut sink);
        }
        departed
    }

    /// Tells a message's sender what became of it.
    pub(in crate::turn) fn settle(&mut self, parcel: &Parcel, outcome: Outcome) {
        let (chat, mut sink) = self.chat_and_sink();
        match parcel.kind {
            Kind::Message(receipt) => {
                chat.settle(receipt, parcel.message_id(), outcome, &mut sink);
            }
            Kind::ForConnection | Kind::ForPerson => {}
        }
    }

    /// Gives up those whose outboxes went over a cap.
    pub(in crate::turn) fn end_the_overflowed(&mut self) {
        while let Some((id, limit)) = self.outboxes.next_overflowed() {
            self.counters.limits_hit.count(limit);
            match self.connections.get(id) {
                Some(connection) if connection.is_open() => self.end(id, End::Slow),
                Some(_) => self.give_up(id, Reason::Slow),
                None => {}
            }
        }
    }

    /// The phase *close*: sockets are closed and slots freed. Returns how many.
    pub(in crate::turn) fn close(&mut self, sockets: &mut impl Sockets) -> usize {
        // Whoever was found to be gone while writing has not left the chat yet, and must have
        // before his slot can have another tenant. His friends hear of it, which can be too much for
        // one of them; and nothing but this turn would notice.
        while !self.leaving.is_empty() {
            self.take_out_of_the_chat();
            self.end_the_overflowed();
        }
        for closed in 0..self.limits.budgets.closes {
            let Some(id) = self.closing.pop_front() else { return closed };
            let Some(connection) = self.connections.remove(id) else { continue };
            self.note_freed(&connection.tally);
            self.wheel.cancel(connection.timer);
            self.depart(connection.block, connection.counted);
            match connection.life {
                Life::Dead { abort: true } => sockets.abort(id),
                Life::Dead { abort: false }
                | Life::Open
                | Life::Finishing
                | Life::Lingering { .. } => sockets.close(id),
            }
            self.ending -= 1;
            // A descriptor is free again: whoever could not be accepted may be now.
            self.accept_again = None;
        }
        self.limits.budgets.closes
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
