//! Bans that come while people are connected: every connection is looked at once, slice by slice, and those of the
//! banned end. All who come later are refused at the door, so one round is enough. A ban that comes during a round
//! does not begin it anew, or a stream of bans would keep it from the last slots: another round follows.

use std::mem;

use super::Turn;
use super::arrivals::Counted;
use crate::chat::{Ban, Banned, Bans, ConnectionId};
use crate::session::{End, Listener};

impl Turn {
    /// Bans these people and addresses, and nobody else any more. Their connections end within the next turns.
    pub fn set_bans(&mut self, bans: Bans) {
        self.chat.set_bans(bans);
        self.check_connections();
    }

    /// At most this many bans, sorted by kind and name, and how many there are.
    pub(super) fn some_bans(&mut self, most: usize) -> (Vec<Ban>, usize) {
        self.chat.with_bans(|bans| (bans.some(most), bans.len()))
    }

    /// How many bans there are.
    pub fn count_bans(&mut self) -> usize {
        self.chat.with_bans(|bans| bans.len())
    }

    /// Adds a ban, or changes its term. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// A sentence, if there are as many bans as may be.
    pub(super) fn ban(&mut self, ban: Ban) -> Result<bool, String> {
        let was_banned = self.chat.with_bans(|bans| {
            let was_banned = bans.remove(&ban.who);
            bans.add(ban).map(|()| was_banned)
        })?;
        self.check_connections();
        Ok(was_banned)
    }

    /// Lifts a ban. Returns whether there was one.
    pub(super) fn unban(&mut self, who: &Banned) -> bool {
        self.chat.with_bans(|bans| bans.remove(who))
    }

    /// Ends the connections of banned people in the next slice of all slots, if there is one. Returns the number of
    /// slots that it has looked at.
    pub(super) fn end_the_banned(&mut self) -> usize {
        let Some(first) = self.unchecked_slot else { return 0 };
        let slots = self.connections.slots();
        let behind = slots.min(first + self.limits.budgets.sweep);
        for slot in first..behind {
            let connection = self.connections.in_slot(slot);
            let Some(connection) = connection.filter(|connection| connection.is_open()) else {
                continue;
            };
            let id = connection.id;
            if self.is_banned(id) {
                self.end(id, End::Banned);
            }
        }
        self.unchecked_slot = match behind < slots {
            true => Some(behind),
            false => mem::take(&mut self.check_again).then_some(0),
        };
        behind - first
    }

    fn check_connections(&mut self) {
        match self.unchecked_slot {
            None => self.unchecked_slot = Some(0),
            Some(_) => self.check_again = true,
        }
    }

    fn is_banned(&self, id: ConnectionId) -> bool {
        let Some(connection) = self.connections.get(id) else { return false };
        // The block of a proxy's connection is the proxy's own until its client asks for a WebSocket.
        let is_client = connection.counted != Counted::Proxy;
        connection.listener == Listener::Public
            && (is_client && self.chat.is_address_banned(self.now, connection.block)
                || self.chat.is_banned(self.now, id))
    }
}
