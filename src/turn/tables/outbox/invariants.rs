//! What must hold for the outboxes between two turns. For tests and the simulator.

use std::collections::HashSet;

use super::Outboxes;
use crate::chat::ConnectionId;

impl Outboxes {
    /// Panics if the sums do not agree with the contents of the chains.
    pub(in crate::turn) fn check_invariants(&self) {
        let (mut bytes, mut parcels, mut waiting) = (0, 0, 0);
        let mut messages = self.returned.len() + self.delivered.len();
        let queue: HashSet<_> = self.waiting.iter().collect();
        for outbox in self.boxes.iter().flatten() {
            let mut own = 0;
            for parcel in [outbox.chain, outbox.held].iter().flat_map(|c| c.iter(&self.pool)) {
                own += parcel.len();
                parcels += 1;
                messages += usize::from(parcel.is_message());
            }
            own -= outbox.begun as usize;
            assert_eq!(outbox.bytes, own, "the bytes of an outbox are miscounted");
            let is_known = outbox.waiting || outbox.blocked || outbox.gated;
            assert!(outbox.chain.is_empty() || is_known, "a parcel waits in no queue");
            assert!(outbox.held.is_empty() || outbox.gated, "a parcel is held back for nothing");
            let is_queued = queue.contains(&outbox.owner);
            assert_eq!(outbox.waiting, is_queued, "an outbox waits in a queue that lacks it");
            waiting += usize::from(outbox.waiting);
            bytes += own;
        }
        assert_eq!(self.bytes, bytes, "the bytes of all outboxes are miscounted");
        assert_eq!(self.pool.len(), parcels, "a parcel is in no chain");
        assert_eq!(self.messages, messages as u64, "messages in outboxes are miscounted");
        let present = self.waiting.iter().filter(|&&id| self.get(id).is_some()).count();
        assert_eq!(present, waiting, "an outbox waits twice in the same queue");
    }

    /// Panics if a queue is not empty that a turn has to empty.
    pub(in crate::turn) fn check_end_of_turn(&self) {
        assert!(self.delivered.is_empty(), "a sender was not told of a delivery in the same turn");
        assert!(self.overflowed.is_empty(), "an outbox went over a cap and was not closed");
    }

    /// Whether the next send phase will write to the connection, if its budget lasts.
    pub(in crate::turn) fn is_waiting(&self, id: ConnectionId) -> bool {
        self.get(id).is_some_and(|outbox| outbox.waiting && !outbox.blocked)
    }

    /// The connections that have an outbox; for each, whether it is blocked and whether it is gated.
    pub(in crate::turn) fn owners(&self) -> impl Iterator<Item = (ConnectionId, bool, bool)> {
        let boxes = self.boxes.iter().flatten();
        boxes.map(|outbox| (outbox.owner, outbox.blocked, outbox.gated))
    }
}
