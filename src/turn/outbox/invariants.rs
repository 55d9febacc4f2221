//! What must hold for the outboxes between two calls. For tests and the simulator.

use super::Outboxes;

impl Outboxes {
    /// Panics if the sums do not agree with what is in the chains.
    pub(in crate::turn) fn check_invariants(&self) {
        let (mut bytes, mut parcels) = (0, 0);
        let mut messages = self.returned.len() + self.delivered.len();
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
            assert!(outbox.chain.is_empty() || is_known, "a parcel waits and nobody knows");
            bytes += own;
        }
        assert_eq!(self.bytes, bytes, "the bytes of all outboxes are miscounted");
        assert_eq!(self.pool.len(), parcels, "a parcel is in no chain");
        assert_eq!(self.messages, messages as u64, "messages in outboxes are miscounted");
    }
}
