//! [`Event`]: what a client of the realm is told on its socket.

use super::{Refusal, RoomSaid, Said, UnixMs, UserId};
use crate::chat::Handling;

/// An event. It borrows from the realm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// The last global messages, oldest first, for a client that has just connected.
    History(&'a [Said<'a>]),
    /// A message was stored. All connections get it that a global message goes to, the sender's included:
    /// there it is the acknowledgement. Of a private message, the recipient's connections get it. A
    /// connection that has just switched from Chatterbox gets all that it could not be told before. The
    /// sockets of a private conversation ([`Role::Pair`](super::Role)) get it on both sides.
    Said(Said<'a>),
    /// A private message was stored. The sender's connections get this, instead of `Said`.
    Sent {
        /// The message.
        message: Said<'a>,
        /// Whether a connection of the recipient was told when the message was committed.
        delivered: bool,
    },
    /// Another user is typing, or is not any more.
    Typing {
        /// Who.
        from: &'a str,
        /// The name of the recipient. `None`: everybody.
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
    /// A private message for this user was stored. The newest notices socket of each login gets it.
    Notify {
        /// The id of the sender.
        from_id: UserId,
        /// The name of the sender.
        from: &'a str,
        /// The text.
        text: &'a str,
        /// When the server received it.
        at: UnixMs,
    },
    /// This user has read all that another user wrote. The newest notices socket of each login gets it.
    UnreadReset {
        /// The id of the other user.
        from_id: UserId,
    },
    /// All registered users in the order of registration, and whether each is online. For status sockets.
    Everyone(&'a [(UserId, &'a str, bool)]),
    /// A message in a room was stored. All sockets of the room get it, the sender's included.
    RoomSaid(RoomSaid<'a>),
    /// A sign of life, for notices sockets.
    Ping,
    /// A command of this client was refused, or could not be stored.
    Refused(Refusal<'a>),
}

impl<'a> Event<'a> {
    /// How an outbox queues this event.
    pub fn handling(&self) -> Handling<'a> {
        match self {
            // The receiving app shows it for a few seconds only; and a ping that comes late says nothing.
            Event::Typing { .. } | Event::Ping => Handling::FOR_CONNECTION.droppable(),
            // Nothing moves to another connection: every connection of a user gets its own copy.
            Event::History(_)
            | Event::Said(_)
            | Event::Sent { .. }
            | Event::Users { .. }
            | Event::Notify { .. }
            | Event::UnreadReset { .. }
            | Event::Everyone(_)
            | Event::RoomSaid(_)
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
