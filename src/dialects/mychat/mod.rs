//! The MyChat dialect of the account realm: cookies, private conversations, rooms, and four sockets.
//! `PROTOCOL.md` lists all frames, and the requests over HTTP. Their shape is a contract with the app that
//! speaks the dialect.
//!
//! - [`wire`]: the fields of the frames and of the bodies, for serde
//! - `forms`: registering, logging in and logging out, with forms and cookies
//! - `routes`: a request over HTTP → a call; `answers`: a reply → a response
//! - `sockets`: the addresses of the four sockets
//! - `decode`: a client's frame → a command; `encode`: an event → a frame
//!
//! What a socket is for is said by its address, and how a text is read depends on it. So there are three
//! dialects for the four sockets, with the same words for events. Called by [`Dialect`](super::Dialect).

mod answers;
mod decode;
mod encode;
mod forms;
mod routes;
mod sockets;
#[cfg(test)]
mod tests;
pub mod wire;

pub use answers::{error, words};
pub use forms::{ROUTES as FORMS, session};
pub use routes::{ROUTES, user_at};
pub use sockets::SOCKETS;

use super::{Allowance, Incoming, Manners, Message};

/// The row for the socket of a private conversation.
pub(super) static PAIR: Manners = manners(decode::pair);

/// The row for the socket of a room.
pub(super) static ROOM: Manners = manners(decode::room);

/// The row for the sockets where the client only listens.
pub(super) static NEWS: Manners = manners(decode::news);

const fn manners(read: for<'m> fn(Message<'m>) -> Incoming<'m>) -> Manners {
    Manners {
        subprotocol: None,
        allowance: Allowance::Chat,
        sign_in_sentence: None,
        tells_when_to_return: false,
        read,
        write: encode::write,
    }
}
