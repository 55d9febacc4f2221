//! The SCA dialect of the `mobile` realm. A frame is a JSON object with a `type`. `PROTOCOL.md` lists
//! all frames. Their shape is a contract with the apps that speak the dialect.
//!
//! - [`wire`]: the fields of the frames, in both directions, for serde
//! - `decode`: a client's frame → a command
//! - `flaw`: what may be wrong with a frame, with a code and a sentence for each
//! - `encode`: an event → a frame
//! - `routes`: the address where clients connect
//!
//! Texts, data and ids are checked, and not decoded. They pass through as the JSON that they were, quotes
//! included, so the receiving app reads exactly the bytes that the sending app wrote. On the usual path neither
//! direction allocates. Called by [`Dialect`](super::Dialect).

mod decode;
#[cfg(test)]
mod document;
mod encode;
mod flaw;
mod routes;
#[cfg(test)]
mod tests;
pub mod wire;

use super::{Allowance, Incoming, Manners, Message};

pub(crate) use routes::ROUTES;

/// The limits of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of JSON between the quotes of a message's text.
    pub text_bytes: usize,
    /// The most bytes of JSON of a signal's data.
    pub signal_bytes: usize,
    /// The deepest nesting of objects and lists in a signal's data, the outermost one included. An app's
    /// parser may be recursive, and fail at deep nesting.
    pub signal_depth: usize,
    /// The most characters of an id. It has at least one.
    pub id_chars: usize,
}

/// The protocol's own limits. They are part of the contract, so they are not settings.
pub const LIMITS: Limits =
    Limits { text_bytes: 16 * 1024, signal_bytes: 16 * 1024, signal_depth: 64, id_chars: 64 };

/// The dialect's row.
pub(super) static MANNERS: Manners = Manners {
    subprotocol: None,
    allowance: Allowance::Chat,
    sign_in_sentence: None,
    read,
    write: |event, _, out| encode::write(event, out),
};

fn read(message: Message<'_>) -> Incoming<'_> {
    match message {
        Message::Text(text) => decode::read(text),
        Message::Binary(_) => Incoming::Unacceptable,
    }
}
