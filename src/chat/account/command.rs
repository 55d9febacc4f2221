//! [`Command`]: what a client of the realm may ask for on its socket. [`Query`]: a command that has an answer.
//! [`Target`]: the conversation that a command names.
//!
//! Names and texts are the characters that the client meant, without JSON's escapes: the store keeps them,
//! and another dialect may say them. Only a string that came with escapes is a copy. An `id` is the client's
//! own; it comes back in what answers the command.

use std::borrow::Cow;

use super::{MessageId, Quote, RoomId, Spot};
use crate::chat::PresenceMode;

/// A command. It borrows from the frame.
#[derive(Clone, Eq, PartialEq)]
pub enum Command<'a> {
    /// Store a message and pass it on.
    Say {
        /// The conversation.
        to: Target<'a>,
        /// The text, as the client sent it: unescaped, with the spaces around it.
        text: Cow<'a, str>,
        /// The client's id. The same user's message with the same id is stored once.
        id: Option<Cow<'a, str>>,
        /// The message that it replies to, in the same conversation.
        reply_to: Option<MessageId>,
    },
    /// Store a message in the place that the socket is for, a private conversation or a room, and pass it on.
    SayHere {
        /// The text, as the client sent it.
        text: Cow<'a, str>,
        /// What it replies to. In a room only.
        reply: Option<Quote<'a>>,
    },
    /// Give a message of this user another text.
    Edit {
        /// The message.
        mid: MessageId,
        /// The text, as the client sent it.
        text: Cow<'a, str>,
        /// The client's id.
        id: Option<Cow<'a, str>>,
    },
    /// Delete a message of this user.
    Delete {
        /// The message.
        mid: MessageId,
        /// The client's id.
        id: Option<Cow<'a, str>>,
    },
    /// Note that this user has read a conversation up to a message.
    Read {
        /// The conversation.
        place: Target<'a>,
        /// The message.
        up_to: MessageId,
        /// The client's id.
        id: Option<Cow<'a, str>>,
    },
    /// Tell others whether this user is typing.
    Typing {
        /// The conversation.
        to: Target<'a>,
        /// Whether the user is typing.
        is_typing: bool,
    },
    /// Tell others that this user has read the message with an id of its sender's.
    Receipt {
        /// The conversation.
        to: Target<'a>,
        /// The id.
        id: Cow<'a, str>,
    },
    /// Pass something on to the apps of others.
    Signal {
        /// The conversation.
        to: Target<'a>,
        /// JSON, which nobody here reads.
        data: &'a str,
    },
    /// Send the list of the users who are online.
    ListUsers,
    /// Tell this client in another form who is online.
    Presence(PresenceMode),
    /// Answer a question, or change a room.
    Query {
        /// The client's id.
        id: Option<Cow<'a, str>>,
        /// The question.
        what: Query<'a>,
    },
}

/// A command that is answered with an event of its own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Query<'a> {
    /// Messages of a conversation.
    History {
        /// The conversation.
        of: Target<'a>,
        /// Those before this message. `None`: the newest.
        before: Option<MessageId>,
        /// The most messages.
        limit: u16,
    },
    /// All conversations of this user.
    Conversations,
    /// Registered users, in the order of their names.
    Users {
        /// Those whose names begin with this, in any case.
        prefix: Option<Cow<'a, str>>,
        /// Those behind this name.
        after: Option<Cow<'a, str>>,
    },
    /// The rooms of this user.
    Rooms,
    /// The members of a room.
    RoomMembers(RoomId),
    /// A new room.
    CreateRoom {
        /// The name, as the client sent it.
        name: Cow<'a, str>,
        /// The description, as the client sent it. It may be empty.
        description: Cow<'a, str>,
    },
    /// The end of a room.
    DeleteRoom(RoomId),
    /// A new member of a room.
    AddMember {
        /// The room.
        room: RoomId,
        /// The name of the user.
        user: Cow<'a, str>,
    },
    /// One member less.
    RemoveMember {
        /// The room.
        room: RoomId,
        /// The name of the user.
        user: Cow<'a, str>,
    },
    /// This user leaves a room.
    LeaveRoom(RoomId),
}

/// A conversation, as a client names it.
#[derive(Clone, Eq, PartialEq)]
pub enum Target<'a> {
    /// The one of everybody.
    Everybody,
    /// The private one with the user of this name.
    User(Cow<'a, str>),
    /// The one of a room.
    Room(RoomId),
}

impl Target<'_> {
    /// The same, as an event names it.
    pub fn spot(&self) -> Spot<'_> {
        match self {
            Target::Everybody => Spot::Everybody,
            Target::User(name) => Spot::User(name),
            Target::Room(room) => Spot::Room(*room),
        }
    }
}

impl Command<'_> {
    /// Whether the command is a message.
    pub fn is_message(&self) -> bool {
        match self {
            Command::Say { .. } | Command::SayHere { .. } => true,
            Command::Edit { .. }
            | Command::Delete { .. }
            | Command::Read { .. }
            | Command::Typing { .. }
            | Command::Receipt { .. }
            | Command::Signal { .. }
            | Command::ListUsers
            | Command::Presence(_)
            | Command::Query { .. } => false,
        }
    }
}

impl std::fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Command::Say { .. } => "Say",
            Command::SayHere { .. } => "SayHere",
            Command::Edit { .. } => "Edit",
            Command::Delete { .. } => "Delete",
            Command::Read { .. } => "Read",
            Command::Typing { .. } => "Typing",
            Command::Receipt { .. } => "Receipt",
            Command::Signal { .. } => "Signal",
            Command::ListUsers => "ListUsers",
            Command::Presence(_) => "Presence",
            Command::Query { .. } => "Query",
        })
    }
}

impl std::fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Target::Everybody => "Everybody",
            Target::User(_) => "User",
            Target::Room(_) => "Room",
        })
    }
}
