//! [`Said`]: a message that is in the store, as clients are told of it: in an event, or in the answer to a
//! call.

use super::{Seq, UnixMs};

/// A stored message.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Said<'a> {
    /// Its place in its conversation.
    pub seq: Seq,
    /// The name of the sender.
    pub from: &'a str,
    /// The name of the recipient. `None`: everybody.
    pub to: Option<&'a str>,
    /// The text, without the spaces around it.
    pub text: &'a str,
    /// When the server received it.
    pub at: UnixMs,
}

impl std::fmt::Debug for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said").field("seq", &self.seq).finish_non_exhaustive()
    }
}
