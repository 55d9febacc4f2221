//! The frames of MyChat's sockets, and the bodies of its requests and answers, as structs for serde, and
//! nothing else. A client sends most texts bare, so few frames of it have fields.
//!
//! A [`RawValue`] has been checked to be JSON, and not parsed. Unknown fields are ignored. A known field that
//! appears twice is an error. The server writes by hand, like all dialects; a client reads with the structs
//! that have no `Fields` in their names.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A frame on the socket of a room, as the server reads it, if the client has not sent a bare text.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct RoomFields<'a> {
    #[serde(borrow)]
    pub text: Option<&'a RawValue>,
    pub reply_to: Option<&'a RawValue>,
}

/// What a message replies to, as the server reads it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ReplyFields<'a> {
    #[serde(borrow)]
    pub sender_id: Option<&'a RawValue>,
    pub sender_name: Option<&'a RawValue>,
    pub text: Option<&'a RawValue>,
}

/// The body of `POST /api/rooms/create`, as the server reads it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's bodies, by name")]
pub struct NewRoomFields<'a> {
    #[serde(borrow)]
    pub name: Option<&'a RawValue>,
    pub description: Option<&'a RawValue>,
}

/// The body of `POST /api/rooms/{room_id}/add_user` and `…/remove_user`, as the server reads it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the field is that of the protocol's bodies, by name")]
pub struct MemberFields<'a> {
    #[serde(borrow)]
    pub user_id: Option<&'a RawValue>,
}

/// A frame of the server that is an object, as a client reads it.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct Frame<'a> {
    #[serde(rename = "type")]
    #[serde(borrow)]
    pub kind: Option<Cow<'a, str>>,
    pub user: Option<Cow<'a, str>>,
    pub text: Option<Cow<'a, str>>,
    pub time: Option<Cow<'a, str>>,
    pub sender_id: Option<Cow<'a, str>>,
    pub room_id: Option<Cow<'a, str>>,
    pub reply_to: Option<Reply<'a>>,
    pub from_id: Option<Cow<'a, str>>,
    pub from_name: Option<Cow<'a, str>>,
}

/// What a message replies to, as a client reads it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct Reply<'a> {
    #[serde(borrow)]
    pub sender_id: Cow<'a, str>,
    pub sender_name: Cow<'a, str>,
    pub text: Cow<'a, str>,
}

/// A user in the frame of the status socket, as a client reads it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct Status<'a> {
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    pub online: bool,
}
