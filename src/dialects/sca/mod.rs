//! The SCA dialect of the `mobile` realm. A frame is a JSON object with a `type`. `PROTOCOL.md` lists
//! all frames. Their shape is a contract with the apps that speak the dialect.
//!
//! - [`wire`]: the fields of the frames, in both directions, for serde
//! - `decode`: a client's frame → a command
//! - `flaw`: what may be wrong with a frame, with a code and a sentence for each; `base.rs` has those that
//!   it shares with `switchboard_v1`
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

/// The most bytes of JSON between the quotes of a message's text. It is part of the contract, so it is no
/// setting.
pub(super) const TEXT_BYTES: usize = 16 * 1024;

/// The dialect's row.
pub(super) static MANNERS: Manners = Manners {
    subprotocol: None,
    allowance: Allowance::Chat,
    sign_in_sentence: None,
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
