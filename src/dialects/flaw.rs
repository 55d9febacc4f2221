//! [`Flaw`]: what is wrong with a frame, in one sentence for the author of a client. The sentence
//! quotes nothing of the frame: what a person wrote stays out of errors.
//!
//! A flaw is a value, so a dialect's flaws are constants in the file that finds them. Those that
//! every JSON dialect has stand here. Knows no frame. Called by the decoders.

use super::{Fault, Incoming};

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Flaw {
    detail: &'static str,
    reason: Fault,
}

/// The frame is no JSON object.
pub(super) const NOT_AN_OBJECT: Flaw = Flaw::malformed("a frame must be one JSON object");
/// A field that means something is there twice.
pub(super) const DUPLICATE_KEY: Flaw = Flaw::malformed("a key appears twice");
/// There is no type, or it is no string.
pub(super) const TYPE: Flaw = Flaw::malformed("type must be a string");
/// The protocol has no such type.
pub(super) const UNKNOWN_TYPE: Flaw = Flaw::malformed("unknown type");

impl Flaw {
    /// A field is missing, or is not what it should be.
    pub(super) const fn malformed(detail: &'static str) -> Self {
        Flaw { detail, reason: Fault::Malformed }
    }

    /// A field is longer than its limit.
    pub(super) const fn too_long(detail: &'static str) -> Self {
        Flaw { detail, reason: Fault::TooLong }
    }

    /// What a frame with this flaw is to the session. The ledger accounts for every chat message,
    /// the refused ones included, so it has to know whether this was meant to be one.
    pub(super) fn incoming<'a>(self, was_chat_message: bool) -> Incoming<'a> {
        let refused_message = was_chat_message.then_some(self.reason);
        Incoming::Malformed { detail: self.detail, refused_message }
    }
}
