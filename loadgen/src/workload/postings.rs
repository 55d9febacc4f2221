//! [`Postings`]: what users with accounts write: which messages are private, and which are typed visibly. It
//! follows from the seed and the number of the message.

use serde::{Deserialize, Serialize};

use super::manners::hits;

/// What users with accounts write.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Postings {
    /// The share of messages that go to one user, and not to everyone.
    pub(crate) private: f64,
    /// The share of messages that are typed visibly.
    pub(crate) typing: f64,
}

impl Postings {
    /// Nothing: phones of the other realms have no accounts.
    pub(crate) const NONE: Postings = Postings { private: 0.0, typing: 0.0 };

    /// Whether a message goes to one user.
    pub(crate) fn is_private(&self, message: u64, seed: u64) -> bool {
        hits(self.private, message, seed ^ 0x9417)
    }

    /// Whether its sender is seen typing it.
    pub(crate) fn is_typed(&self, message: u64, seed: u64) -> bool {
        hits(self.typing, message, seed ^ 0x7199)
    }
}
