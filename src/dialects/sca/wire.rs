//! The frames of the SCA protocol as structs for serde, in both directions, and nothing else.
//!
//! A reader gets one flat struct with the fields of all frames of the other side, and looks at those of
//! the frame's type. An enum tagged with `type` would be the obvious way. But serde buffers, and
//! allocates, the whole frame to find the tag, and cannot borrow raw JSON from that buffer. A
//! [`RawValue`] has been checked to be JSON, and not parsed. Unknown fields are ignored. A known field
//! that appears twice is an error.
//!
//! A client writes its frames with such an enum: [`ClientFrame`]. The server writes its frames by hand,
//! because their texts are raw JSON already. `loadgen` is a client: it uses [`ClientFrame`] and
//! [`ServerFields`].

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// What a client has sent, as the server reads it. A field that is `null` counts as absent.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ClientFields<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<&'a RawValue>,
    pub to: Option<&'a RawValue>,
    pub text: Option<&'a RawValue>,
    pub id: Option<&'a RawValue>,
    pub is_typing: Option<&'a RawValue>,
    pub status: Option<&'a RawValue>,
    /// Any JSON, so this is the only field that may be `null` and still count as present.
    #[serde(default, deserialize_with = "even_null")]
    pub data: Option<&'a RawValue>,
    pub mode: Option<&'a RawValue>,
    pub token: Option<&'a RawValue>,
}

/// What a client sends, as a client writes it.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants and fields are those of the protocol, by name")]
pub enum ClientFrame<'a> {
    Ping,
    GetOnlineUsers,
    Message {
        to: &'a str,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
    },
    Typing {
        to: &'a str,
        is_typing: bool,
    },
    Receipt {
        to: &'a str,
        id: &'a str,
        status: &'a str,
    },
    Signal {
        to: &'a str,
        data: &'a RawValue,
    },
    Presence {
        mode: &'a str,
    },
    Token {
        token: &'a str,
    },
}

/// What the server has sent, as a client reads it. Values that another client chose stay raw until they
/// are needed, and so does a list that may be long.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ServerFields<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    #[serde(borrow)]
    pub text: Option<&'a RawValue>,
    pub id: Option<&'a RawValue>,
    pub is_typing: Option<bool>,
    pub status: Option<&'a str>,
    pub reason: Option<&'a str>,
    #[serde(default, deserialize_with = "even_null")]
    pub data: Option<&'a RawValue>,
    pub users: Option<&'a RawValue>,
    pub joined: Option<&'a RawValue>,
    pub left: Option<&'a RawValue>,
    pub online: Option<u64>,
    pub detail: Option<String>,
    pub code: Option<&'a RawValue>,
}

fn even_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}
