//! HTTP/1.x messages as values: a [`Response`] becomes bytes.
//!
//! This room knows the message format (RFC 9112) and nothing else: no routes, no sockets, no clock,
//! no WebSocket. Called by `session`.

mod response;
mod status;

pub use response::Response;
pub use status::Status;
