//! The dialects: each puts one chat protocol's frames into the chat's [`Command`]s, and the chat's
//! [`Event`]s into that protocol's frames. A *message* here is what WebSocket calls one: a whole
//! text or a whole piece of binary data, free of its framing.
//!
//! A dialect keeps no state: what it makes of a message depends on the message alone. It knows no
//! socket, no frame header, and not who is online. It never fails either: what it cannot
//! understand is [`Incoming::Malformed`], and the session decides how much of that it puts up with.
//!
//! To start reading, take `echo`: the smallest dialect there can be. [`sca`] is the usual one, and
//! [`messenger`] that of another realm. A new dialect is a variant of [`Dialect`] and a folder.

mod echo;
mod flaw;
mod json;
pub mod messenger;
pub mod sca;

use crate::chat::messenger::SignIn;
use crate::chat::{Command, Event};

/// The language that a connection speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// Simple Chat App: JSON objects with a `type`. The README lists them.
    Sca,
    /// Session Messenger: JSON objects with a `type` and `data`, of which the first signs in.
    Messenger,
    /// Everything comes back as it was: for measuring, and for Autobahn.
    Echo,
}

/// A whole WebSocket message that somebody has sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Message<'a> {
    /// From a text frame, or several.
    Text(&'a str),
    /// From a binary frame, or several.
    Binary(&'a [u8]),
}

/// What a message turned out to be. It borrows from the message's bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Incoming<'a> {
    /// Who the sender says he is.
    SignIn(SignIn<'a>),
    /// Something for the chat to do.
    Command(Command<'a>),
    /// Something to be answered on the spot, with this, without the chat.
    Reply(Event<'a>),
    /// To be sent back as it came.
    Echo(Message<'a>),
    /// No sense could be made of it. The sender is told, and the session counts a strike.
    Malformed {
        /// What is wrong, in words that quote nothing.
        detail: &'static str,
        /// Where it was clearly a chat message: the heading under which the books, which account
        /// for every message, enter this one.
        refused_message: Option<RefusalReason>,
    },
    /// A kind of data that the protocol does not have: close code 1003 (RFC 6455 §7.4.1).
    Unacceptable,
}

/// Why a message was refused before the chat ever saw it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RefusalReason {
    /// A field is missing, or is not what it should be.
    Malformed,
    /// Its text is over the limit.
    TooLong,
}

impl Dialect {
    /// Understands a message.
    pub fn read(self, message: Message<'_>) -> Incoming<'_> {
        match self {
            Dialect::Sca => sca::read(message),
            Dialect::Messenger => messenger::read(message),
            Dialect::Echo => echo::read(message),
        }
    }

    /// Whether whoever speaks it says who he is in his first message, and not in the address.
    pub fn begins_with_sign_in(self) -> bool {
        match self {
            Dialect::Messenger => true,
            Dialect::Sca | Dialect::Echo => false,
        }
    }

    /// Appends the text of a message that says what the event says. An event that the dialect has
    /// no words for appends nothing, and nothing is to be sent then.
    pub fn write(self, event: &Event<'_>, out: &mut Vec<u8>) {
        match self {
            Dialect::Sca => sca::write(event, out),
            Dialect::Messenger => messenger::write(event, out),
            Dialect::Echo => echo::write(event, out),
        }
    }
}
