//! [`Flaw`]: what is wrong with a frame. It has a sentence for the author of a client, and a code for the
//! client itself. Neither quotes anything of the frame, so errors never contain what a person wrote.
//!
//! A flaw is a value. So a dialect's flaws are constants, and each has a row in the dialect's
//! `PROTOCOL.md`. The flaws that all JSON dialects share stand here, and so do those that the session
//! finds. This file knows no frame. Called by the decoders and by the session.

use std::borrow::Cow;

use super::{Fault, Incoming};

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Flaw {
    /// A word for programs. It never changes.
    pub(crate) code: &'static str,
    /// One sentence for people.
    pub(crate) detail: &'static str,
    reason: Fault,
}

/// Defines flaws as constants. Tests get a list of them all, so none can be missing from a document.
macro_rules! flaws {
    ($(
        $(#[$attribute:meta])*
        $name:ident = $kind:ident($code:literal, $detail:literal);
    )*) => {
        $(
            $(#[$attribute])*
            pub(crate) const $name: $crate::dialects::flaw::Flaw =
                $crate::dialects::flaw::Flaw::$kind($code, $detail);
        )*

        /// All flaws of this file.
        #[cfg(test)]
        pub(crate) const ALL: &[$crate::dialects::flaw::Flaw] = &[$($name),*];
    };
}
pub(super) use flaws;

flaws! {
    /// The frame is not a JSON object.
    NOT_AN_OBJECT = malformed("not_an_object", "a frame must be one JSON object");
    /// A key that the protocol knows appears twice, or a key in a value that the server forwards.
    DUPLICATE_KEY = malformed("duplicate_key", "a key appears twice");
    /// There is no type, or it is not a string.
    TYPE = malformed("bad_type", "type must be a string");
    /// The protocol has no such type.
    UNKNOWN_TYPE = malformed("unknown_type", "unknown type");
    /// A string that the server would forward has half of a surrogate pair, such as `"\ud800"`.
    LONE_SURROGATE = malformed("lone_surrogate", "a string must not have an unpaired surrogate");
    /// A value that the server would forward has a number that is infinite as a double.
    NUMBER_OUT_OF_RANGE = malformed("number_out_of_range", "a number must not be over 1.8e308");
    /// The session's: a second frame signs in.
    SIGNED_IN_ALREADY = malformed("signed_in_already", "this connection is signed in already");
    /// The session's: a warning. The frame is processed all the same.
    MESSAGE_RATE = malformed(
        "message_rate", "too many messages: slow down, or this connection will be closed");
    /// The session's: a warning. The bytes are processed all the same.
    BYTE_RATE = malformed(
        "byte_rate", "too many bytes: slow down, or this connection will be closed");
}

/// The frame is not one of the account realm's. Existing clients of that realm know this sentence, and have
/// no code.
pub(super) const FORMAT: Flaw = Flaw::malformed("bad_format", "Invalid message format");

impl Flaw {
    /// Makes a flaw: a field is missing, or has a wrong value.
    pub(super) const fn malformed(code: &'static str, detail: &'static str) -> Self {
        Flaw { code, detail, reason: Fault::Malformed }
    }

    /// Makes a flaw: a field is longer than its limit.
    pub(super) const fn too_long(code: &'static str, detail: &'static str) -> Self {
        Flaw { code, detail, reason: Fault::TooLong }
    }

    /// The sentence.
    pub(super) fn sentence(self) -> &'static str {
        self.detail
    }

    /// What the session does with a frame that has this flaw. `id` is the frame's own, as plain text. The
    /// books account for every chat message, the refused ones included, so they have to know whether the
    /// frame was meant to be one.
    pub(super) fn incoming(self, id: Option<Cow<'_, str>>, was_chat_message: bool) -> Incoming<'_> {
        let refused_message = was_chat_message.then_some(self.reason);
        Incoming::Malformed { detail: self.detail, code: self.code, id, refused_message }
    }
}
