//! The frames of the Chatterbox protocol as structs for serde, in both directions, and nothing else.
//!
//! A [`RawValue`] has been checked to be JSON, and not parsed. Unknown fields are ignored. A known field
//! that appears twice is an error. A client writes with [`ClientFrame`], and reads with [`ServerFields`].
//! The server writes by hand, like all dialects.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What a client has sent, as the server reads it. A `content` that is `null` counts as absent.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the field is that of the protocol's frame, by name")]
pub struct ClientFields<'a> {
    #[serde(borrow)]
    pub content: Option<&'a RawValue>,
}

/// The fields by which a client shows that it speaks WebSocket Chat. A field that is `null` is there.
#[derive(Clone, Copy, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct OtherFields {
    #[serde(default, rename = "type", deserialize_with = "even_null")]
    pub kind: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "even_null")]
    pub recipient: Option<IgnoredAny>,
}

/// What a client sends, as a client writes it.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the field is that of the protocol's frame, by name")]
pub struct ClientFrame<'a> {
    pub content: &'a str,
}

/// What the server has sent, as a client reads it.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ServerFields<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    #[serde(borrow)]
    pub messages: Option<Vec<MessageFields<'a>>>,
    pub username: Option<Cow<'a, str>>,
    pub content: Option<Cow<'a, str>>,
    pub timestamp: Option<&'a str>,
    pub detail: Option<Cow<'a, str>>,
}

/// A message of the history.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct MessageFields<'a> {
    #[serde(borrow)]
    pub username: Cow<'a, str>,
    pub content: Cow<'a, str>,
    pub timestamp: &'a str,
}

fn even_null<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<IgnoredAny>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}
