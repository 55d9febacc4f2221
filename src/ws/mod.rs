//! WebSocket (RFC 6455), sans-IO, over tungstenite's public parts. So far the opening handshake.

pub mod handshake;
