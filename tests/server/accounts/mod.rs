//! The account realm, PROTOCOLS.md section 3, and "Account sockets stay open": users with a name and a
//! password, over HTTP and on two protocols that share an address.
//!
//! `registering` has the requests over HTTP, `chatterbox` and `websocket_chat` the frames, `presence` who is
//! online, `endings` when a WebSocket is closed and when it is not, and `storing` what outlives the server.

mod chatterbox;
mod client;
mod cors;
mod endings;
mod mychat;
mod presence;
mod registering;
mod storing;
mod websocket_chat;
