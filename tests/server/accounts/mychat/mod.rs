//! MyChat, PROTOCOLS.md section 4: users with cookies, over HTTP and on four sockets.
//!
//! `forms` has registering, logging in and out, and the cookies; `pages` what a browser finds; `private` the
//! conversations of two users; `rooms` those of several; `sockets` who may open which, and who is online;
//! `requests` has methods and limits, `failing` a store that does not write, `draining` a shutdown; `attacks`
//! what an attacker tries, and finds nothing.

mod attacks;
pub(in crate::accounts) mod browser;
mod draining;
mod failing;
mod forms;
mod pages;
mod private;
mod requests;
mod rooms;
mod sockets;
