//! The frames of the WebSocket Chat protocol, and the bodies of its requests, as structs for serde, in both
//! directions, and nothing else.
//!
//! A reader gets one flat struct with the fields of all frames of the other side, and looks at those of the
//! frame's type. A [`RawValue`] has been checked to be JSON, and not parsed. Unknown fields are ignored. A
//! known field that appears twice is an error.
//!
//! A client writes with [`ClientFrame`] and [`Credentials`], and reads with [`ServerFields`]. The server
//! writes by hand, like all dialects.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What a client has sent, as the server reads it. A field that is `null` counts as absent.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ClientFields<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<&'a RawValue>,
    pub content: Option<&'a RawValue>,
    pub recipient: Option<&'a RawValue>,
    pub is_typing: Option<&'a RawValue>,
}

/// What a client sends, as a client writes it.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants and fields are those of the protocol, by name")]
pub enum ClientFrame<'a> {
    Chat { content: &'a str, recipient: Option<&'a str> },
    Typing { is_typing: bool, recipient: Option<&'a str> },
    RequestUserList,
}

/// What the server has sent, as a client reads it. A list that may be long stays raw until it is needed.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ServerFields<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    #[serde(borrow)]
    pub content: Option<Cow<'a, str>>,
    pub sender: Option<Cow<'a, str>>,
    pub timestamp: Option<&'a str>,
    pub is_global: Option<bool>,
    pub recipient: Option<Cow<'a, str>>,
    pub delivered: Option<bool>,
    pub username: Option<Cow<'a, str>>,
    pub is_typing: Option<bool>,
    pub users: Option<&'a RawValue>,
    pub message: Option<Cow<'a, str>>,
    pub detail: Option<Cow<'a, str>>,
}

/// The body of `POST /register` and `POST /login`, as the server reads it. It has no debug output, which
/// would show a password.
#[derive(Clone, Copy, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's bodies, by name")]
pub struct CredentialsFields<'a> {
    #[serde(borrow)]
    pub username: Option<&'a RawValue>,
    pub password: Option<&'a RawValue>,
}

/// The same body, as a client writes it.
#[derive(Clone, Copy, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's bodies, by name")]
pub struct Credentials<'a> {
    pub username: &'a str,
    pub password: &'a str,
}
