//! [`Flaw`]: what is wrong with a frame, in one sentence for the author of a client. The sentence
//! quotes nothing of the frame, so errors never contain what a person wrote.
//!
//! A flaw is a value. So a dialect's flaws are constants in the file that finds them. The flaws that
//! all JSON dialects share stand here. This file knows no frame. Called by the decoders.

use super::{Fault, Incoming};

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Flaw {
    detail: &'static str,
    reason: Fault,
}

/// The frame is not a JSON object.
pub(super) const NOT_AN_OBJECT: Flaw = Flaw::malformed("a frame must be one JSON object");
/// A key that the protocol knows appears twice.
pub(super) const DUPLICATE_KEY: Flaw = Flaw::malformed("a key appears twice");
/// There is no type, or it is not a string.
pub(super) const TYPE: Flaw = Flaw::malformed("type must be a string");
/// The protocol has no such type.
pub(super) const UNKNOWN_TYPE: Flaw = Flaw::malformed("unknown type");
/// The frame is not one of the account realm's. Existing clients of that realm know this sentence.
pub(super) const FORMAT: Flaw = Flaw::malformed("Invalid message format");

impl Flaw {
    /// Makes a flaw: a field is missing, or has a wrong value.
    pub(super) const fn malformed(detail: &'static str) -> Self {
        Flaw { detail, reason: Fault::Malformed }
    }

    /// Makes a flaw: a field is longer than its limit.
    pub(super) const fn too_long(detail: &'static str) -> Self {
        Flaw { detail, reason: Fault::TooLong }
    }

    /// The sentence.
    pub(super) fn sentence(self) -> &'static str {
        self.detail
    }

    /// What the session does with a frame that has this flaw. The books account for every chat message,
    /// the refused ones included, so they have to know whether the frame was meant to be one.
    pub(super) fn incoming<'a>(self, was_chat_message: bool) -> Incoming<'a> {
        let refused_message = was_chat_message.then_some(self.reason);
        Incoming::Malformed { detail: self.detail, refused_message }
    }
}
