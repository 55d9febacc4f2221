//! WebSocket (RFC 6455), sans-IO: bytes in, [`Item`]s out; [`Frame`]s in, bytes out.
//!
//! A *frame* is what travels, a header and its payload; a *message* is what was meant, one frame or
//! several *fragments*; *control frames* (ping, pong, close) stand alone and may come between fragments.
//! The room is built over tungstenite's public parts: it parses and formats headers, and knows the
//! codes and the accept key. Its own socket type is the oracle in our tests.
//!
//! Nothing here knows HTTP routes, sockets, clocks or chat. The session uses it as the server, the
//! load generator as a client.

mod close;
mod frame;
mod header;
mod item;
mod mask;
mod message;
mod reader;
mod violation;

pub mod handshake;

#[cfg(test)]
mod tests;

pub use frame::{Frame, text_frame};
pub use item::Item;
pub use reader::Reader;
pub use tungstenite::protocol::frame::coding::CloseCode;
pub use violation::Violation;

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// Reads masked frames, writes unmasked ones.
    Server,
    /// Reads unmasked frames, writes masked ones.
    Client,
}

/// How much this room takes from a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The payload of one message, all its fragments together, in bytes.
    pub message_bytes: usize,
    /// Whether binary messages are taken. If not, one is refused at the first byte of its first frame.
    pub binary: bool,
}

impl Default for Limits {
    /// 64 KiB a message, of either kind.
    fn default() -> Self {
        Limits { message_bytes: 64 * 1024, binary: true }
    }
}
