//! [`Places`]: what presence knows of each receiver.
//!
//! One table serves all audiences, indexed by the connection's slot. A connection is in at most one
//! audience, so a further audience takes no memory for connections of the others. (A table for each
//! audience was rejected: each table would have an entry for every slot.) The links of the queues stand
//! beside the places, for the same reason. A slot has 32 bytes in both.

use crate::chat::{ConnectionId, PresenceMode};
use crate::turn::tables::queue::Link;

/// The list that a receiver is owed before its place in a ring counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Owed {
    Nothing,
    /// The first list after the sign-in, or the list from which a receiver of deltas starts anew.
    First,
    /// A list that the receiver has asked for.
    Asked,
}

/// Where a receiver stands. The first four are queues of its audience's pacer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum At {
    /// In the queue of receivers that are owed a first list.
    Newcomers,
    /// In the queue of receivers that have asked for a list.
    Askers,
    /// In the queue of receivers that get the list after every change. The stale ones stand first.
    Ring,
    /// In the queue of receivers of deltas. Those that lack the current delta stand first.
    Deltas,
    /// In no queue: the receiver gets a list only when it asks.
    Nowhere,
    /// In no queue: the receiver's socket is full. Nothing is published to it until the socket has drained.
    Parked,
}

/// What presence knows of one receiver.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) id: ConnectionId,
    /// The number of the receiver's audience.
    pub(super) audience: u8,
    pub(super) mode: PresenceMode,
    pub(super) at: At,
    pub(super) owed: Owed,
    /// The version of the membership that the receiver was sent last. For a receiver of deltas it is the
    /// version that the last delta led to, even if the receiver was sent a newer list since. Its next delta
    /// then repeats some of that list, which does no harm. So each receiver of deltas has either the last
    /// delta or the one before it, and that keeps their queue in order.
    pub(super) seen: u64,
}

/// All receivers of all audiences, and the links of their queues.
#[derive(Debug, Default)]
pub(super) struct Places {
    places: Vec<Option<Place>>,
    pub(super) links: Vec<Link>,
}

impl Places {
    /// Inserts a receiver's place, in the slot of its connection.
    pub(super) fn insert(&mut self, place: Place) {
        let index = place.id.index();
        if self.places.len() <= index {
            self.places.resize(index + 1, None);
            self.links.resize(index + 1, Link::NONE);
        }
        self.places[index] = Some(place);
    }

    /// Removes a receiver's place. The receiver must stand in no queue.
    pub(super) fn remove(&mut self, id: ConnectionId) {
        if self.get(id).is_some() {
            self.places[id.index()] = None;
        }
    }

    /// The place of a connection; `None` if it is no receiver.
    pub(super) fn get(&self, id: ConnectionId) -> Option<&Place> {
        self.places.get(id.index())?.as_ref().filter(|place| place.id == id)
    }

    pub(super) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Place> {
        self.places.get_mut(id.index())?.as_mut().filter(|place| place.id == id)
    }

    /// The place of a queue's member.
    pub(super) fn member(&self, index: u32) -> Option<&Place> {
        self.places[index as usize].as_ref()
    }

    /// All receivers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_costs_32_bytes_however_many_audiences_there_are() {
        assert_eq!(size_of::<Option<Place>>() + size_of::<Link>(), 32);
    }
}
