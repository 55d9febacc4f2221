//! [`Event`]: what a client of the realm is told on its socket.
//!
//! An event that answers a command carries the `id` that the client gave the command, if it gave one.

use super::{MessageId, Refusal, RoomId, RoomView, Said, Spot, UnixMs, UserId};
use crate::chat::Handling;

/// An event. It borrows from the realm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// This client is known as the user of this name: the first event of a client that speaks from the start.
    Welcome(&'a str),
    /// The last global messages, oldest first, for a client that has just connected.
    History(&'a [Said<'a>]),
    /// A message was stored. All streams get a global message, the sender's included: there it is the
    /// acknowledgement. Of a private message, the recipient's streams get it, and a stream that has just
    /// switched from Chatterbox gets all that it could not be told before. The sockets of a private
    /// conversation ([`Role::Pair`](super::Role)) get it on both sides, and those of a room get what is said
    /// there. A connection that is told [`Stored`](Event::Stored) is not told this.
    Said(Said<'a>),
    /// A private message was stored. The sender's streams get this, instead of `Said`.
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
        /// The conversation.
        to: Spot<'a>,
        /// Whether the user is typing.
        is_typing: bool,
    },
    /// A message of this connection is stored: the acknowledgement, for a client that gave it an id.
    Stored {
        /// The client's id.
        id: &'a str,
        /// The message.
        mid: MessageId,
        /// When the server received it.
        at: UnixMs,
        /// Whether this is the second acknowledgement: a connection of the recipient was sent the message.
        delivered: bool,
    },
    /// A message has another text.
    Edited {
        /// The id of the command, at the connection that sent it.
        id: Option<&'a str>,
        /// The message, as it is now.
        said: Said<'a>,
        /// When it was changed.
        at: UnixMs,
    },
    /// A message was deleted.
    Deleted {
        /// The id of the command, at the connection that sent it.
        id: Option<&'a str>,
        /// The message, without a text.
        said: Said<'a>,
        /// When it was deleted.
        at: UnixMs,
    },
    /// A user has read a conversation up to a message. The user's other streams are told, and those of the
    /// other user of a private conversation.
    HasRead {
        /// Who.
        from: &'a str,
        /// The conversation. A private one: the other user, or, at the other user's streams, their own name.
        place: Spot<'a>,
        /// The message.
        up_to: MessageId,
    },
    /// A user has read the message with this id of its sender's.
    Receipt {
        /// Who.
        from: &'a str,
        /// The conversation.
        place: Spot<'a>,
        /// The id.
        id: &'a str,
    },
    /// An app of another user says something to this user's.
    Signal {
        /// Who.
        from: &'a str,
        /// The conversation.
        place: Spot<'a>,
        /// JSON, which nobody here reads.
        data: &'a str,
    },
    /// The answer to [`Query::History`](super::Query::History).
    Page {
        /// The client's id.
        id: Option<&'a str>,
        /// The conversation. A private one: the other user.
        place: Spot<'a>,
        /// The messages, oldest first, the deleted ones included.
        messages: &'a [Said<'a>],
        /// Whether there are older ones.
        more: bool,
    },
    /// The answer to [`Query::Conversations`](super::Query::Conversations).
    Conversations {
        /// The client's id.
        id: Option<&'a str>,
        /// The conversations, that with the newest message first.
        list: &'a [Conversation<'a>],
    },
    /// The answer to [`Query::Users`](super::Query::Users).
    UsersPage {
        /// The client's id.
        id: Option<&'a str>,
        /// The names in their order, and whether each user is online.
        users: &'a [(&'a str, bool)],
        /// Whether there are more behind them.
        more: bool,
    },
    /// The answer to [`Query::Rooms`](super::Query::Rooms).
    Rooms {
        /// The client's id.
        id: Option<&'a str>,
        /// The rooms, the oldest first.
        rooms: &'a [RoomView<'a>],
    },
    /// A room has changed. Its members are told, and the one who is no member any more.
    RoomNews {
        /// The id of the command, at the connection that sent it.
        id: Option<&'a str>,
        /// The room, as it is now, or as it was.
        room: RoomView<'a>,
        /// What has happened.
        what: RoomNews,
        /// The user that it is about.
        user: &'a str,
    },
    /// The answer to [`Query::RoomMembers`](super::Query::RoomMembers).
    RoomMembers {
        /// The client's id.
        id: Option<&'a str>,
        /// The room.
        room: RoomId,
        /// The names of the members, the longest-standing first.
        members: &'a [&'a str],
    },
    /// The users who came or went since the last such event, by their state now.
    UsersChanged {
        /// The names of those who are online.
        joined: &'a [&'a str],
        /// The names of those who are not.
        left: &'a [&'a str],
        /// How many are online.
        online: usize,
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
    /// A sign of life, for notices sockets.
    Ping,
    /// A command of this client was refused, or could not be stored.
    Refused {
        /// Why.
        refusal: Refusal<'a>,
        /// The client's id.
        id: Option<&'a str>,
    },
}

impl<'a> Event<'a> {
    /// How an outbox queues this event.
    pub fn handling(&self) -> Handling<'a> {
        match self {
            // The receiving app shows it for a few seconds only; and a ping that comes late says nothing.
            Event::Typing { .. } | Event::Ping => Handling::FOR_CONNECTION.droppable(),
            // Nothing moves to another connection: every connection of a user gets its own copy.
            Event::Welcome(_)
            | Event::History(_)
            | Event::Said(_)
            | Event::Sent { .. }
            | Event::Stored { .. }
            | Event::Edited { .. }
            | Event::Deleted { .. }
            | Event::HasRead { .. }
            | Event::Receipt { .. }
            | Event::Signal { .. }
            | Event::Page { .. }
            | Event::Conversations { .. }
            | Event::UsersPage { .. }
            | Event::Rooms { .. }
            | Event::RoomNews { .. }
            | Event::RoomMembers { .. }
            | Event::Users { .. }
            | Event::UsersChanged { .. }
            | Event::Notify { .. }
            | Event::UnreadReset { .. }
            | Event::Everyone(_)
            | Event::Refused { .. } => Handling::FOR_CONNECTION,
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

/// What has happened to a room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RoomNews {
    /// The user has made it.
    Created,
    /// The user has deleted it.
    Deleted,
    /// The user is a member now.
    Added,
    /// The user is no member any more.
    Removed,
    /// The user has left it.
    Left,
}

/// A conversation of a user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Conversation<'a> {
    /// The conversation. A private one: the other user.
    pub place: Spot<'a>,
    /// The last message that was not deleted.
    pub last: Option<Said<'a>>,
    /// How many messages of others the user has not read.
    pub unread: u32,
    /// Of a private one: the message up to which the other user has read.
    pub read_by_other: Option<MessageId>,
}
