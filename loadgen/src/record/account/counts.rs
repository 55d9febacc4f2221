//! [`Counts`]: how much happened among users with accounts. Those of several processes can be added.

use serde::{Deserialize, Serialize};

/// How much happened among users with accounts.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Counts {
    /// Deliveries to phones other than the sender, and those of them that came as notices.
    pub(crate) deliveries: u64,
    pub(crate) notices: u64,
    /// Messages that were acknowledged to their senders.
    pub(crate) acknowledged: u64,
    /// Messages that answer others.
    pub(crate) replies: u64,
    /// Typing that was sent, counted once for each phone that should see it; and that was seen.
    pub(crate) typing_sent: u64,
    pub(crate) typing_seen: u64,
    /// Places whose number of unread messages was compared at the end.
    pub(crate) unread_compared: u64,
}

impl Counts {
    /// Adds those of another process.
    pub(super) fn absorb(&mut self, other: &Counts) {
        // Without `..`, so that no new counter is forgotten.
        let Counts {
            deliveries,
            notices,
            acknowledged,
            replies,
            typing_sent,
            typing_seen,
            unread_compared,
        } = *other;
        self.deliveries += deliveries;
        self.notices += notices;
        self.acknowledged += acknowledged;
        self.replies += replies;
        self.typing_sent += typing_sent;
        self.typing_seen += typing_seen;
        self.unread_compared += unread_compared;
    }
}
