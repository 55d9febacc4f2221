//! [`Notice`]: something that a person, or the program that reads the pipe, is to be told.
//!
//! Texts are raw, as they came: how they are shown is up to the reader of the notice. Made by the client.

use std::time::Duration;

use super::chats::Entry;
use super::ending::Ending;

/// Something to be told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Notice {
    /// The connection stands, and the first list has come with this many people.
    Connected {
        /// How many are online.
        online: usize,
    },
    /// The connection has ended, or none came about.
    Disconnected {
        /// Why.
        ending: Ending,
        /// The time until the next attempt; `None` if there will be none.
        back_in: Option<Duration>,
    },
    /// A message has come.
    Message {
        /// The message.
        entry: Entry,
        /// Its id, if it has one.
        id: Option<String>,
    },
    /// A message of ours waits to be sent.
    Said {
        /// The recipient.
        to: String,
        /// What.
        text: String,
        /// Its id.
        id: String,
    },
    /// The recipient's socket has the message.
    Delivered {
        /// The recipient.
        to: String,
        /// The message.
        id: String,
    },
    /// The recipient is offline: the message waits, and so do others to the same person.
    PutOff {
        /// The recipient.
        to: String,
        /// The message.
        id: String,
    },
    /// Somebody has read a message of ours.
    Read {
        /// Who.
        by: String,
        /// The message.
        id: String,
    },
    /// The server has refused a message.
    Refused {
        /// The recipient.
        to: String,
        /// The message.
        id: String,
        /// Why.
        detail: String,
        /// The same in a word.
        code: String,
    },
    /// The server warns, or has refused something else.
    Warned {
        /// What it says.
        detail: String,
        /// The same in a word.
        code: String,
    },
    /// Somebody has come or gone.
    Presence {
        /// Who has come.
        joined: Vec<String>,
        /// Who has gone.
        left: Vec<String>,
        /// Those of both who have a conversation with us.
        known: Vec<String>,
        /// How many are online now.
        online: usize,
    },
    /// From now on what is typed goes to this person.
    To {
        /// Who.
        who: String,
        /// Whether that person is online; `None` without a connection.
        is_online: Option<bool>,
        /// How many messages were unread.
        unread: usize,
        /// The newest of them.
        entries: Vec<Entry>,
    },
    /// Who is online: the answer to `/who`.
    Who {
        /// Those whose name has the part that was asked for, as many as are shown.
        names: Vec<String>,
        /// How many there are.
        found: usize,
        /// How many are online.
        online: usize,
    },
    /// The conversations: the answer to `/chats`.
    Chats(Vec<Summary>),
    /// This many messages were thrown away.
    Discarded(usize),
    /// What was typed cannot be done.
    Mistake(String),
    /// The help was asked for.
    Help,
}

/// One conversation, in a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Summary {
    /// With this person.
    pub(crate) with: String,
    /// How many messages are unread.
    pub(crate) unread: usize,
    /// Whether that person is online.
    pub(crate) is_online: bool,
}
