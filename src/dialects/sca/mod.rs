//! The SCA dialect, spoken in the `mobile` realm: JSON objects with a `type`. `PROTOCOL.md` lists
//! them all; their shape is a contract with the apps that speak it.
//!
//! - [`wire`]: the fields of the frames, in both directions, for serde
//! - `decode`: a client's frame → a command
//! - `encode`: an event → a frame
//!
//! Texts, data and ids are never looked into: they travel as the JSON that they were, quotes
//! included, so that what one app has written is what the other reads, to the byte. On the usual
//! path neither direction allocates. Called by [`Dialect`](super::Dialect).

mod decode;
mod encode;
#[cfg(test)]
mod tests;
pub mod wire;

use super::{Allowance, Incoming, Manners, Message};

/// How much a frame may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of JSON between the quotes of a message's text.
    pub text_bytes: usize,
    /// The most bytes of JSON of a signal's data.
    pub signal_bytes: usize,
    /// The most characters of an id, of which it has at least one.
    pub id_chars: usize,
}

/// The protocol's own limits. They are part of the contract, and hence not settings.
pub const LIMITS: Limits = Limits { text_bytes: 16 * 1024, signal_bytes: 16 * 1024, id_chars: 64 };

/// What there is to know of the dialect.
pub(super) static MANNERS: Manners =
    Manners { allowance: Allowance::Chat, sign_in_sentence: None, read, write: encode::write };

fn read(message: Message<'_>) -> Incoming<'_> {
    match message {
        Message::Text(text) => decode::read(text),
        Message::Binary(_) => Incoming::Unacceptable,
    }
}
