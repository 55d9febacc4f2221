//! MyChat, PROTOCOLS.md section 4: users with cookies, over HTTP and on four sockets.
//!
//! `forms` has registering, logging in and out, and the cookies.

mod browser;
mod forms;
