//! What must hold for the pacer between two calls. For tests and the simulator.

use super::{At, Owed, Pacer, Place};
use crate::chat::ConnectionId;
use crate::chat::PresenceMode;

impl Pacer {
    /// Panics if somebody stands where he does not belong.
    pub(in crate::turn) fn check_invariants(&self) {
        for at in [At::Newcomers, At::Askers, At::Ring, At::Deltas] {
            let members: Vec<&Place> = self.queues[at as usize]
                .members(&self.links)
                .map(|member| self.places[member as usize].as_ref().expect("nobody's place"))
                .collect();
            assert!(members.iter().all(|place| place.at == at), "a place in the wrong queue");
            let here = self.places.iter().flatten().filter(|place| place.at == at).count();
            assert_eq!(members.len(), here, "a queue has lost somebody");
            // Those who lack something stand before those who do not: one look tells.
            let lacks = |place: &&Place| match at {
                At::Deltas => place.seen < self.delta_version,
                _ => place.seen != self.version,
            };
            if matches!(at, At::Ring | At::Deltas) {
                let first_current = members.iter().position(|place| !lacks(place));
                let after = &members[first_current.unwrap_or(members.len())..];
                assert!(!after.iter().any(lacks), "somebody behind is hidden by the current ones");
            }
        }
        for place in self.places.iter().flatten().filter(|place| place.at != At::Parked) {
            let belongs = match (place.owed, place.mode) {
                (Owed::First, _) => At::Newcomers,
                (Owed::Asked, _) => At::Askers,
                (Owed::Nothing, PresenceMode::Full) => At::Ring,
                (Owed::Nothing, PresenceMode::Delta) => At::Deltas,
                (Owed::Nothing, PresenceMode::None) => At::Nowhere,
            };
            assert_eq!(place.at, belongs, "somebody waits in the wrong place");
        }
        let is_delta = |place: &&Place| place.mode == PresenceMode::Delta;
        let receivers = self.places.iter().flatten().filter(is_delta).count();
        assert_eq!(self.delta_receivers, receivers, "receivers of deltas are miscounted");
    }

    /// Who is shown presence, and of each whether he waits until his socket has drained, and whether
    /// he is owed his first list.
    pub(in crate::turn) fn receivers(&self) -> impl Iterator<Item = (ConnectionId, bool, bool)> {
        let places = self.places.iter().flatten();
        places.map(|place| (place.id, place.at == At::Parked, place.owed == Owed::First))
    }
}
