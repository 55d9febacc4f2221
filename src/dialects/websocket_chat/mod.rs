//! The WebSocket Chat dialect of the account realm. A frame is a JSON object with a `type`. `PROTOCOL.md`
//! lists all frames, and the requests over HTTP. Their shape is a contract with the apps that speak the
//! dialect.
//!
//! - [`wire`]: the fields of the frames and of the bodies, in both directions, for serde
//! - `decode`: a client's frame → a command
//! - `encode`: an event → a frame
//! - `routes`: a request over HTTP → a call
//! - `answers`: a reply → a response
//!
//! Names and texts are decoded, because the realm stores them and says them in the words of other dialects.
//! No client begins with this dialect: [`chatterbox`](super::chatterbox) has the address. Called by
//! [`Dialect`](super::Dialect).

mod answers;
mod decode;
mod encode;
mod routes;
#[cfg(test)]
mod tests;
pub mod wire;

use super::{Allowance, Incoming, Manners, Message};

pub use super::refusal::NOT_SIGNED_IN;
pub use answers::words;
pub use routes::{ROUTES, token};

/// The dialect's row.
pub(super) static MANNERS: Manners = Manners {
    subprotocol: None,
    allowance: Allowance::Chat,
    sign_in_sentence: None,
    tells_when_to_return: false,
    read,
    write: |event, _, out| encode::write(event, out),
};

fn read(message: Message<'_>) -> Incoming<'_> {
    match message {
        Message::Text(text) => decode::read(text),
        Message::Binary(_) => Incoming::Unacceptable,
    }
}
