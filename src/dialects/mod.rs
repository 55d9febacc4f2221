//! The dialects: each puts one chat protocol's frames into the chat's [`Command`]s, and the chat's
//! [`Event`]s into that protocol's frames. A *message* here is what WebSocket calls one: a whole
//! text or a whole piece of binary data, free of its framing.
//!
//! A dialect keeps no state: what it makes of a message depends on the message alone. It knows no
//! socket, and not who is online. It never fails either: what it cannot
//! understand is [`Incoming::Malformed`], and the session decides how much of that it puts up with.
//!
//! To start reading, take `echo`: the smallest dialect there can be. [`sca`] is the usual one, and
//! [`messenger`] that of another realm. A new dialect is a folder with its [`Manners`], a variant of
//! [`Dialect`], and its place in the table below.

mod echo;
mod flaw;
mod json;
pub mod messenger;
pub mod sca;

use crate::chat::messenger::SignIn;
use crate::chat::{Audience, Command, Event};
use crate::ws;

/// Why a message is refused before the chat sees it.
pub use crate::chat::Fault;

/// The language that a connection speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// Simple Chat App: JSON objects with a `type`. `sca/PROTOCOL.md` lists them.
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
        refused_message: Option<Fault>,
    },
    /// A kind of data that the protocol does not have: close code 1003 (RFC 6455 §7.4.1).
    Unacceptable,
}

/// Everything about a dialect, in one row: a static in the dialect's own folder.
#[derive(Debug)]
pub struct Manners {
    /// Which of the operator's limits its connections are held to.
    pub allowance: Allowance,
    /// Where a connection signs in by its first frame: the reason of close code 4001 for one that
    /// does not. None where the address says who the client is.
    pub sign_in_sentence: Option<&'static str>,
    /// Understands a message.
    read: for<'m> fn(Message<'m>) -> Incoming<'m>,
    /// Appends the text of a message that says what the event says.
    write: fn(&Event<'_>, &mut Vec<u8>),
}

/// Which of the operator's limits a connection is held to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Allowance {
    /// All of them: it is a chat client.
    Chat,
    /// A conformance suite's: messages of up to 16 MiB, at any rate.
    Conformance,
}

/// The rows, in the order of the variants of [`Dialect`].
static TABLE: [&Manners; Dialect::COUNT] = [&sca::MANNERS, &messenger::MANNERS, &echo::MANNERS];

impl Dialect {
    /// How many there are. [`place`](Dialect::place) is below it.
    pub const COUNT: usize = 3;

    /// The dialect in whose words an audience is shown its list.
    pub fn of(audience: Audience) -> Dialect {
        match audience {
            Audience::Mobile => Dialect::Sca,
        }
    }

    /// The dialect's place in a table of all dialects.
    pub fn place(self) -> usize {
        self as usize
    }

    /// The dialect's row.
    pub fn manners(self) -> &'static Manners {
        TABLE[self.place()]
    }

    /// Understands a message.
    pub fn read(self, message: Message<'_>) -> Incoming<'_> {
        (self.manners().read)(message)
    }

    /// Appends the text of a message that says what the event says; nothing where the dialect has
    /// no words for it. The chat hands no such event to a connection.
    pub fn write(self, event: &Event<'_>, out: &mut Vec<u8>) {
        (self.manners().write)(event, out);
    }

    /// Appends the text frame around what [`write`](Dialect::write) appends.
    pub fn frame(self, event: &Event<'_>, out: &mut Vec<u8>) {
        ws::text_frame(out, |payload| self.write(event, payload));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dialect_finds_its_own_row() {
        let rows = [
            (Dialect::Sca, &sca::MANNERS),
            (Dialect::Messenger, &messenger::MANNERS),
            (Dialect::Echo, &echo::MANNERS),
        ];
        assert_eq!(rows.len(), Dialect::COUNT);
        for (dialect, row) in rows {
            assert!(std::ptr::eq(dialect.manners(), row), "{dialect:?}");
        }
    }
}
