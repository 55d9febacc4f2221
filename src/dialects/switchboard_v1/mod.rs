//! The `switchboard.v1` dialect of the account realm: the base protocol's frames with usernames in place of
//! numbers, and frames for all that the realm keeps: histories, receipts, edits, rooms. `PROTOCOL.md` lists
//! all frames. Their shape is a contract with the apps that speak the dialect.
//!
//! - [`wire`]: the fields of the frames, in both directions, for serde
//! - `decode`: a client's frame → a command; `flaw`: what may be wrong with a frame
//! - `encode`: an event → a frame; `lists`: the frames with lists; `pieces`: what several frames have
//! - `routes`: the address where clients connect
//!
//! `base.rs` has what this dialect shares with [`sca`](super::sca). Texts and names are decoded, because the
//! realm stores them and says them in the words of other dialects. Called by [`Dialect`](super::Dialect).

mod decode;
#[cfg(test)]
mod document;
mod encode;
mod flaw;
mod lists;
mod pieces;
mod routes;
#[cfg(test)]
mod tests;
pub mod wire;

use super::{Allowance, Incoming, Manners, Message};

pub(crate) use routes::ROUTES;

/// The WebSocket subprotocol by which a client chooses this dialect.
pub const SUBPROTOCOL: &str = "switchboard.v1";

/// The dialect's row.
pub(super) static MANNERS: Manners = Manners {
    subprotocol: Some(SUBPROTOCOL),
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
