//! [`Command`]: what a client of the realm may ask for on its socket.
//!
//! Names and texts are the characters that the client meant, without JSON's escapes: the store keeps them,
//! and another dialect may say them. Only a string that came with escapes is a copy.

use std::borrow::Cow;

use super::Quote;

/// A command. It borrows from the frame.
#[derive(Clone, Eq, PartialEq)]
pub enum Command<'a> {
    /// Store a message and pass it on.
    Say {
        /// The name of the recipient. `None`: everybody.
        to: Option<Cow<'a, str>>,
        /// The text, as the client sent it: unescaped, with the spaces around it.
        text: Cow<'a, str>,
    },
    /// Store a message in the place that the socket is for, a private conversation or a room, and pass it on.
    SayHere {
        /// The text, as the client sent it.
        text: Cow<'a, str>,
        /// What it replies to. In a room only.
        reply: Option<Quote<'a>>,
    },
    /// Tell others whether this user is typing.
    Typing {
        /// The name of the recipient. `None`: everybody.
        to: Option<Cow<'a, str>>,
        /// Whether the user is typing.
        is_typing: bool,
    },
    /// Send the list of the users who are online.
    ListUsers,
}

impl Command<'_> {
    /// Whether the command is a message.
    pub fn is_message(&self) -> bool {
        match self {
            Command::Say { .. } | Command::SayHere { .. } => true,
            Command::Typing { .. } | Command::ListUsers => false,
        }
    }
}

impl std::fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Command::Say { .. } => "Say",
            Command::SayHere { .. } => "SayHere",
            Command::Typing { .. } => "Typing",
            Command::ListUsers => "ListUsers",
        })
    }
}
