//! The Session Messenger dialect, spoken in the messenger realm: JSON objects with a `type`, and
//! with `data` that is one in turn. `PROTOCOL.md` lists them all; their shape is a contract with the
//! apps that speak it.
//!
//! - [`wire`]: the fields of the frames, in both directions, for serde
//! - `decode`: a client's frame → a sign-in or a command
//! - `flaw`: what may be wrong with one, in words
//! - `encode`: an event → a frame
//! - `time`: ISO 8601, to recognise and to write
//!
//! Ids and names are understood, for the chat looks them up: written with escapes or without,
//! they are the same. All else is looked at, so that no app is handed what it cannot take, but it
//! travels as the JSON that it was. Called by [`Dialect`](super::Dialect).

mod decode;
mod encode;
mod flaw;
#[cfg(test)]
mod tests;
mod time;
pub mod wire;

use super::{Allowance, Incoming, Manners, Message};

/// How much a frame may hold. Ids and names have their own limits, which are the chat's.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of JSON of what an app adds to a message or an invitation.
    pub metadata_bytes: usize,
    /// The most objects and lists in one another in it, itself included. An app's parser may be
    /// recursive, and what it fails at comes again with each `auth` while an invitation waits.
    pub metadata_depth: usize,
    /// The most people mentioned in a message.
    pub mentions: usize,
    /// The most characters by which one of them is mentioned.
    pub mention_chars: usize,
}

/// The protocol's own limits. They are part of the contract, and hence not settings.
pub const LIMITS: Limits =
    Limits { metadata_bytes: 16 * 1024, metadata_depth: 64, mentions: 256, mention_chars: 256 };

/// What there is to know of the dialect.
pub(super) static MANNERS: Manners = Manners {
    allowance: Allowance::Chat,
    sign_in_sentence: Some("say who you are first, with auth"),
    read,
    write: encode::write,
};

fn read(message: Message<'_>) -> Incoming<'_> {
    match message {
        Message::Text(text) => decode::read(text),
        Message::Binary(_) => Incoming::Unacceptable,
    }
}
