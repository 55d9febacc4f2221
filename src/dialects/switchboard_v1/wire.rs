//! The frames of `switchboard.v1` as structs for serde, in both directions, and nothing else.
//!
//! A reader gets one flat struct with the fields of all frames of the other side, and looks at those of the
//! frame's type. A [`RawValue`] has been checked to be JSON, and not parsed. Unknown fields are ignored. A
//! known field that appears twice is an error.
//!
//! A client writes with [`ClientFrame`], and reads with [`ServerFields`]. The server writes by hand, like all
//! dialects. In each frame about a conversation, `to` or `room` says which one it is: neither is the one of
//! everybody.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// What a client has sent, as the server reads it. A field that is `null` counts as absent.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ClientFields<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<&'a RawValue>,
    pub id: Option<&'a RawValue>,
    pub to: Option<&'a RawValue>,
    pub room: Option<&'a RawValue>,
    pub text: Option<&'a RawValue>,
    pub reply_to: Option<&'a RawValue>,
    pub mid: Option<&'a RawValue>,
    pub is_typing: Option<&'a RawValue>,
    pub status: Option<&'a RawValue>,
    /// Any JSON, so this is the only field that may be `null` and still count as present.
    #[serde(default, deserialize_with = "even_null")]
    pub data: Option<&'a RawValue>,
    pub mode: Option<&'a RawValue>,
    pub before: Option<&'a RawValue>,
    pub limit: Option<&'a RawValue>,
    pub up_to: Option<&'a RawValue>,
    pub prefix: Option<&'a RawValue>,
    pub after: Option<&'a RawValue>,
    pub name: Option<&'a RawValue>,
    pub description: Option<&'a RawValue>,
    pub user: Option<&'a RawValue>,
}

/// A frame of a client, as a client writes it.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ClientFrame<'a> {
    #[serde(flatten)]
    pub body: ClientBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<&'a str>,
    /// The id by which the sender knows the frame again. A message needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
}

/// The type of a client's frame, with the fields that belong to it.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants and fields are those of the protocol, by name")]
pub enum ClientBody<'a> {
    Ping,
    GetOnlineUsers,
    Presence {
        mode: &'a str,
    },
    Message {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<&'a str>,
    },
    Edit {
        mid: &'a str,
        text: &'a str,
    },
    Delete {
        mid: &'a str,
    },
    Typing {
        is_typing: bool,
    },
    Receipt {
        status: &'a str,
    },
    Signal {
        data: &'a RawValue,
    },
    History {
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u16>,
    },
    Read {
        up_to: &'a str,
    },
    Conversations,
    Users {
        #[serde(skip_serializing_if = "Option::is_none")]
        prefix: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<&'a str>,
    },
    Rooms,
    RoomCreate {
        name: &'a str,
        description: &'a str,
    },
    RoomDelete,
    RoomAdd {
        user: &'a str,
    },
    RoomRemove {
        user: &'a str,
    },
    RoomLeave,
    RoomMembers,
}

/// What the server has sent, as a client reads it. A list stays raw until it is needed.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ServerFields<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub id: Option<Cow<'a, str>>,
    pub user: Option<Cow<'a, str>>,
    pub server: Option<&'a str>,
    pub mid: Option<&'a str>,
    pub from: Option<Cow<'a, str>>,
    pub to: Option<Cow<'a, str>>,
    pub room: Option<&'a str>,
    #[serde(borrow)]
    pub text: Option<Cow<'a, str>>,
    /// Milliseconds since the Unix epoch, as all times here.
    pub ts: Option<i64>,
    pub reply_to: Option<&'a str>,
    pub edited: Option<i64>,
    pub deleted: Option<bool>,
    pub status: Option<&'a str>,
    pub is_typing: Option<bool>,
    #[serde(default, deserialize_with = "even_null")]
    pub data: Option<&'a RawValue>,
    pub messages: Option<&'a RawValue>,
    pub more: Option<bool>,
    pub conversations: Option<&'a RawValue>,
    pub up_to: Option<&'a str>,
    /// The names of those online, or a list of [`UserFields`], depending on the type of the frame.
    pub users: Option<&'a RawValue>,
    pub rooms: Option<&'a RawValue>,
    pub name: Option<Cow<'a, str>>,
    pub description: Option<Cow<'a, str>>,
    pub creator: Option<Cow<'a, str>>,
    /// How many there are, or their names, depending on the type of the frame.
    pub members: Option<&'a RawValue>,
    pub event: Option<&'a str>,
    pub joined: Option<&'a RawValue>,
    pub left: Option<&'a RawValue>,
    pub online: Option<u64>,
    pub detail: Option<Cow<'a, str>>,
    pub code: Option<&'a str>,
}

/// A conversation of the client's user, as a client reads it.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ConversationFields<'a> {
    #[serde(borrow)]
    pub to: Option<Cow<'a, str>>,
    pub room: Option<&'a str>,
    /// The last message, as a frame of type `message`.
    pub last: Option<&'a RawValue>,
    pub unread: u64,
    pub read_by_other: Option<&'a str>,
}

/// A registered user, as a client reads it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct UserFields<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    pub online: bool,
}

/// A room of the client's user, as a client reads it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct RoomFields<'a> {
    pub room: &'a str,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    pub description: Cow<'a, str>,
    pub creator: Cow<'a, str>,
    pub members: u64,
}

fn even_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}
