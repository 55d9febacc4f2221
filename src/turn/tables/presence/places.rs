//! [`Places`]: what presence knows about each connection that is shown a list.
//!
//! One table serves all audiences, indexed by the connection's slot. A connection is in one
//! audience at most, so a further audience costs the connections of the others nothing. (A table
//! for each audience was rejected: each would have an entry for every slot.) The links of the
//! queues stand beside the places, for the same reason. Together 32 bytes a slot.

use crate::chat::{ConnectionId, PresenceMode};
use crate::turn::tables::queue::Link;

/// What a receiver is owed that does not wait for the ring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Owed {
    Nothing,
    /// The first list after signing in, or the one that makes deltas meaningful again.
    First,
    /// The list that the receiver asked for.
    Asked,
}

/// Where a receiver stands. The first four are queues of its audience's pacer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum At {
    /// Among those that are owed a first list.
    Newcomers,
    /// Among those that asked.
    Askers,
    /// Among those that get the list after every change: the stale ones first.
    Ring,
    /// Among those that get deltas: the ones that lack the current delta first.
    Deltas,
    /// In no queue: the receiver wants nothing unless it asks.
    Nowhere,
    /// In no queue: the receiver's socket is full, and nothing is published to it until it drains.
    Parked,
}

/// One receiver.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) id: ConnectionId,
    /// Which audience it belongs to.
    pub(super) audience: u8,
    pub(super) mode: PresenceMode,
    pub(super) at: At,
    pub(super) owed: Owed,
    /// The version of the membership that it was shown last. For a receiver of deltas: the version
    /// that the last delta led to, even if it was given a newer list since. Its next delta then
    /// repeats some of that list, which does no harm, and all receivers stand at the last delta or
    /// at the one before it: that keeps their queue in order.
    pub(super) seen: u64,
}

/// All receivers of all audiences, and the links of their queues.
#[derive(Debug, Default)]
pub(super) struct Places {
    places: Vec<Option<Place>>,
    pub(super) links: Vec<Link>,
}

impl Places {
    /// Gives a receiver its place; its slot's former one is overwritten.
    pub(super) fn insert(&mut self, place: Place) {
        let index = place.id.index();
        if self.places.len() <= index {
            self.places.resize(index + 1, None);
            self.links.resize(index + 1, Link::NONE);
        }
        self.places[index] = Some(place);
    }

    /// Frees a receiver's place. It must stand in no queue.
    pub(super) fn remove(&mut self, id: ConnectionId) {
        if self.get(id).is_some() {
            self.places[id.index()] = None;
        }
    }

    /// The place of a connection; none if it is shown no list.
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
