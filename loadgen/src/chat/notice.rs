//! [`Notice`]: something that a person, or the program that reads the pipe, is to be told.
//!
//! Texts are raw, as they came: how they are shown is up to the reader of the notice. A conversation is named by
//! its label: a number, a name, `#room` or `everyone`. Made by the client.

use std::time::Duration;

use super::chats::Entry;
use super::ending::Ending;
use super::heard::Room;
use super::place::Kind;

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
    /// The server has stored the message.
    Stored {
        /// The conversation.
        to: String,
        /// The message.
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
    /// A peer has read a message of ours.
    Read {
        /// Who.
        by: String,
        /// The message; `None`: all up to now.
        id: Option<String>,
    },
    /// The author has changed a message.
    Changed {
        /// The conversation.
        place: String,
        /// What it says now; `None` if it was deleted.
        text: Option<String>,
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
    /// The server's operator says this to everybody.
    Announced(String),
    /// The server warns, or has refused something else.
    Warned {
        /// What it says.
        detail: String,
        /// The same in a word.
        code: String,
    },
    /// People have come or gone.
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
    /// From now on what is typed goes there.
    To {
        /// The conversation.
        who: String,
        /// Whether that person is online; `None` without a connection, and for many.
        is_online: Option<bool>,
        /// Whether there is a connection.
        is_connected: bool,
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
    /// Messages of a conversation that the server has kept.
    History {
        /// The conversation.
        place: String,
        /// The messages, the oldest first.
        entries: Vec<Entry>,
    },
    /// Our rooms: the answer to `/rooms`.
    Rooms(Vec<Room>),
    /// A room has changed.
    Room {
        /// How it is called.
        label: String,
        /// What has happened: `created`, `deleted`, `added`, `removed` or `left`.
        event: String,
        /// With which user.
        user: String,
    },
    /// The members of a room.
    Members {
        /// How it is called.
        label: String,
        /// Their names.
        members: Vec<String>,
    },
    /// This many messages were thrown away.
    Discarded(usize),
    /// What was typed cannot be done.
    Mistake(String),
    /// The help was asked for.
    Help(Kind),
}

/// One conversation, in a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Summary {
    /// What the conversation is called.
    pub(crate) with: String,
    /// How many messages are unread.
    pub(crate) unread: usize,
    /// Whether that person is online; `None` if there are many.
    pub(crate) is_online: Option<bool>,
}
