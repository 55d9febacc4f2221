//! The account realm, PROTOCOLS.md section 3, and "Account sockets stay open": users with a name and a
//! password, over HTTP and on two protocols that share an address.
//!
//! `registering` has the requests over HTTP, `chatterbox` and `websocket_chat` the frames, `presence` who is
//! online, `endings` when a WebSocket is closed and when it is not, and `storing` what outlives the server.
//! `crashes` kills the server under load again and again; `told` holds its database against what clients
//! were told.

mod chatterbox;
mod client;
mod cors;
mod crashes;
mod endings;
mod mychat;
mod presence;
mod registering;
mod store_state;
mod storing;
mod told;
mod websocket_chat;
