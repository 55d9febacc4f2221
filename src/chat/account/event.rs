//! [`Event`]: what a client of the realm is told on its socket.

use super::{Refusal, Seq, UnixMs};
use crate::chat::Handling;

/// An event. It borrows from the realm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// The last global messages, oldest first, for a client that has just connected.
    History(&'a [Said<'a>]),
    /// A message was stored. Sender and recipients all get this; for the sender of a global message it is
    /// the acknowledgement.
    Said(Said<'a>),
    /// A private message was stored. Only the sender's own connections get this.
    Sent {
        /// The message.
        message: Said<'a>,
        /// Whether the recipient was online when the message was committed.
        delivered: bool,
    },
    /// Another user is typing, or is not any more.
    Typing {
        /// Who.
        from: &'a str,
        /// To whom: `None` means everybody.
        to: Option<&'a str>,
        /// Whether the user is typing.
        is_typing: bool,
    },
    /// The users who are online.
    Users {
        /// Their names, each once, sorted.
        names: &'a [&'a str],
        /// What has happened.
        news: News<'a>,
        /// When the list was made.
        at: UnixMs,
    },
    /// A command of this client was refused, or could not be stored.
    Refused(Refusal<'a>),
}

impl<'a> Event<'a> {
    /// How an outbox queues this event.
    pub fn handling(&self) -> Handling<'a> {
        match self {
            // The receiving app shows it for a few seconds only.
            Event::Typing { .. } => Handling::FOR_CONNECTION.droppable(),
            // Nothing moves to another connection: every connection of a user gets its own copy.
            Event::History(_)
            | Event::Said(_)
            | Event::Sent { .. }
            | Event::Users { .. }
            | Event::Refused(_) => Handling::FOR_CONNECTION,
        }
    }
}

/// Why a list of users is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum News<'a> {
    /// The client asked for it, or too much has happened to be told.
    Nothing,
    /// This user came online.
    Joined(&'a str),
    /// This user went offline.
    Left(&'a str),
}

/// A stored message.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Said<'a> {
    /// Its place in its conversation.
    pub seq: Seq,
    /// The name of the sender.
    pub from: &'a str,
    /// The name of the recipient. `None`: everybody.
    pub to: Option<&'a str>,
    /// The text, without the spaces around it.
    pub text: &'a str,
    /// When the server received it.
    pub at: UnixMs,
}

impl std::fmt::Debug for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said").field("seq", &self.seq).finish_non_exhaustive()
    }
}
