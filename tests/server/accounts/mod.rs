//! The account realm, PROTOCOLS.md section 3, and "Account sockets stay open": users with a name and a
//! password, over HTTP and on two protocols that share an address.
//!
//! `registering` has the requests over HTTP, `requests` their forms (methods, bodies, `Expect`), `cors` who may
//! read the answers, `names` what a name may be, `attempts` how often an address may try, `logins` how long a
//! login lasts, `full` who makes room. `chatterbox` and `websocket_chat` have the frames, `rates` how many of
//! them, `presence` who is online, `page` the life of a page. `endings` says when a WebSocket is closed and when
//! it is not, `alive` that a silent one is asked first, `waiting` what happens while the store is slow,
//! `draining` what a shutdown waits for, `storing` what outlives the server, `privacy` where secrets are not, and
//! `store_state` what the operator sees of the store. `crashes` kills the server under load again and again;
//! `told` holds its database against what clients were told. `budgets` says what one user may ask for,
//! `page_of_limits` that LIMITS.md has each limit. `mychat` and `switchboard` are the other protocols of these users,
//! and `neighbours` has all of them in one conversation. `banned` says what a banned user cannot do, and `operated` what
//! the operator's orders do to users.

mod alive;
mod attempts;
mod banned;
mod budgets;
mod chatterbox;
mod client;
mod cors;
mod crashes;
mod draining;
mod endings;
mod full;
mod held;
mod importing;
mod logins;
mod mychat;
mod names;
mod neighbours;
#[path = "../../store/old_files.rs"]
mod old_files;
mod operated;
mod page;
mod page_of_limits;
mod presence;
mod privacy;
mod rates;
mod registering;
mod requests;
mod store_state;
mod storing;
mod switchboard;
mod told;
mod waiting;
mod websocket_chat;
