//! The frames of the Session Messenger protocol as structs for serde, in both directions, and nothing
//! else.
//!
//! The server reads a frame in two steps. The first reads the type, and leaves the data raw. The second
//! reads the fields that the type has. A [`RawValue`] has been checked to be JSON, and not parsed. In
//! what the server reads, a field that is `null` counts as absent, except where its comment says
//! otherwise. Unknown fields are ignored. A known field that appears twice is an error.
//!
//! A client writes its frames with an enum: [`ClientFrame`], with all that the apps write. The server
//! writes its frames by hand, because much of them is raw JSON already. `loadgen` is a client, and uses
//! [`ClientFrame`] and [`ServerFrame`].

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// What a client has sent, as the server reads it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ClientFields<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<&'a RawValue>,
    pub data: Option<&'a RawValue>,
}

/// The type of a frame, whatever else is in the frame.
#[derive(Clone, Copy, Debug, Deserialize)]
#[expect(missing_docs, reason = "the field is one of the protocol, by name")]
pub struct TypeField<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<&'a RawValue>,
}

/// The data of a frame, whatever else is in the frame.
#[derive(Clone, Copy, Debug, Deserialize)]
#[expect(missing_docs, reason = "the field is one of the protocol, by name")]
pub struct DataField<'a> {
    #[serde(borrow)]
    pub data: Option<&'a RawValue>,
}

/// The id in the data of a message or an invitation, whatever else is in the data.
#[derive(Clone, Copy, Debug, Deserialize)]
#[expect(missing_docs, reason = "the field is one of the protocol, by name")]
pub struct IdField<'a> {
    #[serde(borrow)]
    pub id: Option<&'a RawValue>,
}

/// The data of an `auth`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct AuthFields<'a> {
    #[serde(borrow)]
    pub session_id: Option<&'a RawValue>,
    pub name: Option<&'a RawValue>,
    pub profile_picture: Option<&'a RawValue>,
    pub receipts: Option<&'a RawValue>,
}

/// The data of an `invitation_send`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct InvitationFields<'a> {
    #[serde(borrow)]
    pub id: Option<&'a RawValue>,
    pub sender_id: Option<&'a RawValue>,
    pub sender_name: Option<&'a RawValue>,
    pub recipient_id: Option<&'a RawValue>,
    pub message: Option<&'a RawValue>,
    pub status: Option<&'a RawValue>,
    pub created_at: Option<&'a RawValue>,
    /// `null` says that the invitation never ends, as far as its sender is concerned. An absent field
    /// says nothing about its end.
    #[serde(default, deserialize_with = "even_null")]
    pub expires_at: Option<&'a RawValue>,
    pub metadata: Option<&'a RawValue>,
}

/// The data of an `invitation_accept` or an `invitation_decline`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct AnswerFields<'a> {
    #[serde(borrow)]
    pub invitation_id: Option<&'a RawValue>,
}

/// The data of a `message_send`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct MessageFields<'a> {
    #[serde(borrow)]
    pub id: Option<&'a RawValue>,
    pub sender_id: Option<&'a RawValue>,
    pub recipient_id: Option<&'a RawValue>,
    pub content: Option<&'a RawValue>,
    pub message_type: Option<&'a RawValue>,
    pub timestamp: Option<&'a RawValue>,
    pub status: Option<&'a RawValue>,
    pub is_outgoing: Option<&'a RawValue>,
    pub metadata: Option<&'a RawValue>,
    pub reply_to_id: Option<&'a RawValue>,
    pub mentions: Option<&'a RawValue>,
}

/// The data of a `message_read`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ReadFields<'a> {
    #[serde(borrow)]
    pub message_id: Option<&'a RawValue>,
}

/// The data of a client's `typing_indicator`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct TypingFields<'a> {
    #[serde(borrow)]
    pub recipient_id: Option<&'a RawValue>,
    pub is_typing: Option<&'a RawValue>,
}

/// What a client sends, as a client writes it.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the variants and fields are those of the protocol, by name")]
pub enum ClientFrame<'a> {
    Auth {
        session_id: &'a str,
        name: Option<&'a str>,
        profile_picture: Option<&'a str>,
        /// Whether the client wants to be told what becomes of its messages. Older apps leave this out.
        #[serde(skip_serializing_if = "Option::is_none")]
        receipts: Option<bool>,
    },
    Ping,
    InvitationSend {
        id: &'a str,
        sender_id: &'a str,
        sender_name: &'a str,
        recipient_id: &'a str,
        message: &'a str,
        status: &'a str,
        created_at: &'a str,
        expires_at: Option<&'a str>,
        metadata: Option<&'a RawValue>,
    },
    InvitationAccept {
        invitation_id: &'a str,
    },
    InvitationDecline {
        invitation_id: &'a str,
    },
    MessageSend {
        id: &'a str,
        sender_id: &'a str,
        recipient_id: &'a str,
        content: &'a str,
        message_type: &'a str,
        timestamp: &'a str,
        status: &'a str,
        is_outgoing: bool,
        metadata: Option<&'a RawValue>,
        reply_to_id: Option<&'a str>,
        mentions: Option<&'a [&'a str]>,
    },
    MessageRead {
        message_id: &'a str,
    },
    TypingIndicator {
        recipient_id: &'a str,
        is_typing: bool,
    },
}

/// What the server has sent, as a client reads it.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ServerFrame<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    #[serde(borrow, default)]
    pub data: ServerFields<'a>,
}

/// The data of any frame of the server: all fields that one may have. A client looks at those of the
/// frame's type. Values that another client chose stay raw until they are needed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the protocol's frames, by name")]
pub struct ServerFields<'a> {
    #[serde(borrow)]
    pub id: Option<&'a RawValue>,
    pub session_id: Option<&'a RawValue>,
    pub message_id: Option<&'a RawValue>,
    pub sender_id: Option<&'a RawValue>,
    pub sender_name: Option<&'a RawValue>,
    pub recipient_id: Option<&'a RawValue>,
    pub content: Option<&'a RawValue>,
    pub message: Option<&'a RawValue>,
    pub message_type: Option<&'a RawValue>,
    pub timestamp: Option<&'a RawValue>,
    pub created_at: Option<&'a RawValue>,
    pub expires_at: Option<&'a RawValue>,
    pub status: Option<&'a RawValue>,
    pub is_outgoing: Option<bool>,
    pub is_typing: Option<bool>,
    pub metadata: Option<&'a RawValue>,
    pub reply_to_id: Option<&'a RawValue>,
    pub mentions: Option<&'a RawValue>,
    pub detail: Option<String>,
    pub code: Option<&'a RawValue>,
}

fn even_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}
