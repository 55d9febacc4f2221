//! The account realm, PROTOCOLS.md section 3, and "Account sockets stay open": users with a name and a
//! password, over HTTP and on two protocols that share an address.
//!
//! `registering` has the requests over HTTP, `requests` their forms (methods, bodies, `Expect`), `cors` who may
//! read the answers, `full` who makes room. `chatterbox` and `websocket_chat` have the frames, `presence` who is
//! online, `page` the life of a page. `endings` says when a WebSocket is closed and when it is not, `waiting`
//! what happens while the store is slow, `draining` what a shutdown waits for, `storing` what outlives the
//! server, `privacy` where secrets are not, and `store_state` what the operator sees of the store. `crashes` kills the server under load again
//! and again; `told` holds its database against what clients were told. `budgets` says what one user
//! may ask for.

mod budgets;
mod chatterbox;
mod client;
mod cors;
mod crashes;
mod draining;
mod endings;
mod full;
mod held;
mod mychat;
mod page;
mod presence;
mod privacy;
mod registering;
mod requests;
mod store_state;
mod storing;
mod told;
mod waiting;
mod websocket_chat;
