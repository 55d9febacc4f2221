//! MyChat, PROTOCOLS.md section 4: users with cookies, over HTTP and on four sockets.
//!
//! `forms` has registering, logging in and out, and the cookies; `pages` what a browser finds; `private` the
//! conversations of two users; `rooms` those of several; `sockets` who may open which, and who is online;
//! `attacks` what an attacker tries, and finds nothing.

mod attacks;
mod browser;
mod forms;
mod pages;
mod private;
mod rooms;
mod sockets;
