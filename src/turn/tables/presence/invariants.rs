//! What must hold for presence between two calls. For tests and the simulator.

use super::Presence;
use super::pacer::Pacer;
use super::places::{At, Owed, Place};
use crate::chat::{ConnectionId, PresenceMode};

/// What the turn's invariants need to know of a receiver.
pub(in crate::turn) struct Receiver {
    pub(in crate::turn) id: ConnectionId,
    pub(in crate::turn) audience: usize,
    /// Whether it waits until its socket has drained.
    pub(in crate::turn) is_parked: bool,
    /// Whether it is owed its first list.
    pub(in crate::turn) is_owed_first: bool,
}

impl Presence {
    /// Panics if a receiver stands in a queue where it does not belong.
    pub(in crate::turn) fn check_invariants(&self) {
        for (audience, pacer) in self.pacers.iter().enumerate() {
            self.check_queues(audience, pacer);
            let is_delta = |place: &&Place| place.mode == PresenceMode::Delta;
            let receivers = self.places_in(audience).filter(is_delta).count();
            assert_eq!(pacer.delta_receivers, receivers, "receivers of deltas are miscounted");
        }
        for place in self.places.iter() {
            assert!(usize::from(place.audience) < self.pacers.len(), "no such audience");
        }
        for place in self.places.iter().filter(|place| place.at != At::Parked) {
            let belongs = match (place.owed, place.mode) {
                (Owed::First, _) => At::Newcomers,
                (Owed::Asked, _) => At::Askers,
                (Owed::Nothing, PresenceMode::Full) => At::Ring,
                (Owed::Nothing, PresenceMode::Delta) => At::Deltas,
                (Owed::Nothing, PresenceMode::None) => At::Nowhere,
            };
            assert_eq!(place.at, belongs, "a receiver waits in the wrong place");
        }
    }

    fn check_queues(&self, audience: usize, pacer: &Pacer) {
        for at in [At::Newcomers, At::Askers, At::Ring, At::Deltas] {
            let members: Vec<&Place> = pacer.queues[at as usize]
                .members(&self.places.links)
                .map(|member| self.places.member(member).expect("a member has a place"))
                .collect();
            let is_here =
                |place: &&Place| place.at == at && usize::from(place.audience) == audience;
            assert!(members.iter().all(is_here), "a place in the wrong queue");
            let here = self.places_in(audience).filter(is_here).count();
            assert_eq!(members.len(), here, "a queue has lost a receiver");
            // In a ring, receivers that lack something stand before those that do not.
            let lacks = |place: &&Place| match at {
                At::Deltas => place.seen < pacer.delta_version,
                _ => place.seen != pacer.version,
            };
            if matches!(at, At::Ring | At::Deltas) {
                let first_current = members.iter().position(|place| !lacks(place));
                let after = &members[first_current.unwrap_or(members.len())..];
                assert!(!after.iter().any(lacks), "a stale receiver is hidden by the current ones");
            }
        }
    }

    fn places_in(&self, audience: usize) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(move |place| usize::from(place.audience) == audience)
    }

    /// All receivers of all audiences.
    pub(in crate::turn) fn receivers(&self) -> impl Iterator<Item = Receiver> {
        self.places.iter().map(|place| Receiver {
            id: place.id,
            audience: usize::from(place.audience),
            is_parked: place.at == At::Parked,
            is_owed_first: place.owed == Owed::First,
        })
    }
}
