//! The Session Messenger dialect of the messenger realm. A frame is a JSON object with a `type`, and
//! with `data` that is an object too. `PROTOCOL.md` lists all frames. Their shape is a contract with
//! the apps that speak the dialect.
//!
//! - [`wire`]: the fields of the frames, in both directions, for serde
//! - `decode`: a client's frame → a sign-in or a command
//! - `flaw`: what may be wrong with a frame, with a sentence for each
//! - `encode`: an event → a frame
//! - `routes`: the addresses where clients connect
//! - `time`: recognises ISO 8601 times
//!
//! Ids and names are decoded, because the chat looks them up: with escapes and without, they are the
//! same. All other values are only checked, so that no app gets what it cannot decode. They pass through
//! as the JSON that they were. Called by [`Dialect`](super::Dialect).

mod decode;
mod encode;
mod flaw;
mod routes;
#[cfg(test)]
mod tests;
mod time;
pub mod wire;

use super::{Allowance, Incoming, Manners, Message};

pub(crate) use routes::ROUTES;

/// The limits of a frame. The limits of ids and names are the chat's.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of JSON in the metadata of a message or an invitation.
    pub metadata_bytes: usize,
    /// The deepest nesting of objects and lists in the metadata, the outermost one included. An app's
    /// parser may be recursive and fail at deep nesting. A waiting invitation would reach it again at each
    /// `auth`.
    pub metadata_depth: usize,
    /// The most people mentioned in a message.
    pub mentions: usize,
    /// The most characters in one mention.
    pub mention_chars: usize,
}

/// The protocol's own limits. They are part of the contract, so they are not settings.
pub const LIMITS: Limits =
    Limits { metadata_bytes: 16 * 1024, metadata_depth: 64, mentions: 256, mention_chars: 256 };

/// The dialect's row.
pub(super) static MANNERS: Manners = Manners {
    subprotocol: None,
    allowance: Allowance::Chat,
    sign_in_sentence: Some("say who you are first, with auth"),
    tells_when_to_return: true,
    read,
    write: |event, _, out| encode::write(event, out),
};

fn read(message: Message<'_>) -> Incoming<'_> {
    match message {
        Message::Text(text) => decode::read(text),
        Message::Binary(_) => Incoming::Unacceptable,
    }
}
