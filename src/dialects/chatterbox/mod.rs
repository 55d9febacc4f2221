//! The Chatterbox dialect of the account realm. A frame of a client is a JSON object with a `content`, and
//! everybody sees it. `PROTOCOL.md` lists all frames. Their shape is a contract with the apps that speak
//! the dialect.
//!
//! - [`wire`]: the fields of the frames, in both directions, for serde
//! - `decode`: a client's frame → a command
//! - `encode`: an event → a frame
//!
//! Every client at `/ws?token=` begins with this dialect. A frame with a `type` or a `recipient` shows that
//! it speaks WebSocket Chat ([`websocket_chat`](super::websocket_chat)), which shares the address and the
//! requests over HTTP. Called by [`Dialect`](super::Dialect).

mod decode;
mod encode;
mod routes;
#[cfg(test)]
mod tests;
pub mod wire;

pub(crate) use routes::ROUTES;

use super::{Allowance, Incoming, Manners, Message};

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
