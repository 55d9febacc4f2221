//! A client's frame → what it asks for: a sign-in, a command, an answer on the spot, or what is
//! wrong. A *flaw* is what is wrong with a frame.
//!
//! The frame is taken apart into raw values, and so is its data once the type has said which fields
//! it has. Each is then looked at as little as possible. A content is not read.
//!
//! What passes on to another client is checked for what that client's model wants, for a frame
//! that does not fit it is lost there, or worse. What the server overwrites is checked for its
//! type all the same: it tells whoever writes a client of a mistake before it matters.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::LIMITS;
use super::flaw::Flaw;
use super::time::is_time;
use super::wire::{
    AnswerFields, AuthFields, ClientFields, InvitationFields, MessageFields, ReadFields,
    TypingFields,
};
use crate::chat::messenger::{Command, Invite, Message, Name, SignIn};
use crate::chat::{self, Event, ItemId, SessionId};
use crate::dialects::Incoming;
use crate::dialects::json::{boolean, object, required, word};

/// Understands a frame.
pub(super) fn read(text: &str) -> Incoming<'_> {
    let fields: ClientFields<'_> = match object(text, Flaw::NotAnObject, Flaw::DuplicateKey) {
        Ok(fields) => fields,
        Err(flaw) => return malformed(flaw),
    };
    let kind = match required(fields.kind, Flaw::Type).and_then(|raw| word(raw, Flaw::Type)) {
        Ok(kind) => kind,
        Err(flaw) => return malformed(flaw),
    };
    let command = match &*kind {
        "message_send" => message(fields.data).map(Command::Message),
        "message_read" => message_read(fields.data),
        "typing_indicator" => typing(fields.data),
        "ping" => return Incoming::Reply(Event::Pong),
        "auth" => return sign_in(fields.data).map_or_else(malformed, Incoming::SignIn),
        "invitation_send" => invite(fields.data).map(Command::Invite),
        "invitation_accept" => {
            answered(fields.data).map(|invitation| Command::Accept { invitation })
        }
        "invitation_decline" => {
            answered(fields.data).map(|invitation| Command::Decline { invitation })
        }
        _ => Err(Flaw::UnknownType),
    };
    match command {
        Ok(command) => Incoming::Command(chat::Command::Messenger(command)),
        Err(flaw) if kind == "message_send" => {
            Incoming::Malformed { detail: flaw.detail(), refused_message: Some(flaw.reason()) }
        }
        Err(flaw) => malformed(flaw),
    }
}

fn malformed<'a>(flaw: Flaw) -> Incoming<'a> {
    Incoming::Malformed { detail: flaw.detail(), refused_message: None }
}

fn sign_in(data: Option<&RawValue>) -> Result<SignIn<'_>, Flaw> {
    let fields: AuthFields<'_> = data_object(data)?;
    string(fields.profile_picture, Flaw::ProfilePicture)?;
    let name = match fields.name.map(|raw| word(raw, Flaw::Name)).transpose()? {
        // An empty name shows nothing: it is as good as none.
        Some(name) if !name.is_empty() => Some(Name::parse(name).map_err(|_| Flaw::Name)?),
        Some(_) | None => None,
    };
    Ok(SignIn {
        session: session(fields.session_id, Flaw::SessionId)?,
        name,
        receipts: fields.receipts.map_or(Ok(true), |raw| boolean(raw, Flaw::Receipts))?,
    })
}

fn invite(data: Option<&RawValue>) -> Result<Invite<'_>, Flaw> {
    let fields: InvitationFields<'_> = data_object(data)?;
    string(fields.sender_id, Flaw::SenderId)?;
    string(fields.sender_name, Flaw::SenderName)?;
    string(fields.status, Flaw::Status)?;
    // It counts only where `auth` had no name: an unfit one is not worth refusing the whole for.
    let sender_name = fields.sender_name.and_then(|raw| word(raw, Flaw::SenderName).ok());
    let expires_at = match fields.expires_at {
        Some(raw) if raw.get() == "null" => Some(raw.get()),
        other => time(other, Flaw::ExpiresAt)?,
    };
    Ok(Invite {
        id: item(fields.id, Flaw::Id)?,
        to: session(fields.recipient_id, Flaw::RecipientId)?,
        sender_name: sender_name.and_then(|name| Name::parse(name).ok()),
        text: string(fields.message, Flaw::Message)?.ok_or(Flaw::Message)?,
        created_at: time(fields.created_at, Flaw::CreatedAt)?,
        expires_at,
        metadata: metadata(fields.metadata)?,
    })
}

fn answered(data: Option<&RawValue>) -> Result<ItemId<'_>, Flaw> {
    let fields: AnswerFields<'_> = data_object(data)?;
    item(fields.invitation_id, Flaw::InvitationId)
}

fn message(data: Option<&RawValue>) -> Result<Message<'_>, Flaw> {
    let fields: MessageFields<'_> = data_object(data)?;
    string(fields.sender_id, Flaw::SenderId)?;
    fields.is_outgoing.map(|raw| boolean(raw, Flaw::IsOutgoing)).transpose()?;
    Ok(Message {
        id: item(fields.id, Flaw::Id)?,
        to: session(fields.recipient_id, Flaw::RecipientId)?,
        content: string(fields.content, Flaw::Content)?.ok_or(Flaw::Content)?,
        kind: string(fields.message_type, Flaw::MessageType)?,
        timestamp: time(fields.timestamp, Flaw::Timestamp)?,
        status: string(fields.status, Flaw::Status)?,
        metadata: metadata(fields.metadata)?,
        reply_to: reply_to(fields.reply_to_id)?,
        mentions: mentions(fields.mentions)?,
    })
}

fn message_read(data: Option<&RawValue>) -> Result<Command<'_>, Flaw> {
    let fields: ReadFields<'_> = data_object(data)?;
    Ok(Command::Read { message: item(fields.message_id, Flaw::MessageId)? })
}

fn typing(data: Option<&RawValue>) -> Result<Command<'_>, Flaw> {
    let fields: TypingFields<'_> = data_object(data)?;
    let to = session(fields.recipient_id, Flaw::RecipientId)?;
    let is_typing = boolean(required(fields.is_typing, Flaw::IsTyping)?, Flaw::IsTyping)?;
    Ok(Command::Typing { to, is_typing })
}

/// Takes a frame's data apart.
fn data_object<'a, T: Deserialize<'a>>(data: Option<&'a RawValue>) -> Result<T, Flaw> {
    object(required(data, Flaw::Data)?.get(), Flaw::Data, Flaw::DuplicateKey)
}

fn session(field: Option<&RawValue>, flaw: Flaw) -> Result<SessionId<'_>, Flaw> {
    SessionId::parse(word(required(field, flaw)?, flaw)?).map_err(|_| flaw)
}

fn item(field: Option<&RawValue>, flaw: Flaw) -> Result<ItemId<'_>, Flaw> {
    ItemId::parse(word(required(field, flaw)?, flaw)?).map_err(|_| flaw)
}

/// Checks which message is answered and returns it as it came.
fn reply_to(field: Option<&RawValue>) -> Result<Option<&str>, Flaw> {
    if field.is_some() {
        item(field, Flaw::ReplyToId)?;
    }
    Ok(field.map(RawValue::get))
}

/// Checks a time and returns it as it came.
fn time(field: Option<&RawValue>, flaw: Flaw) -> Result<Option<&str>, Flaw> {
    let Some(raw) = field else { return Ok(None) };
    if is_time(&word(raw, flaw)?) { Ok(Some(raw.get())) } else { Err(flaw) }
}

/// Checks what the app adds and returns it as it came. It is an object, of which only
/// the brackets are read.
fn metadata(field: Option<&RawValue>) -> Result<Option<&str>, Flaw> {
    let Some(json) = field.map(RawValue::get) else { return Ok(None) };
    if !json.starts_with('{') {
        return Err(Flaw::Metadata);
    }
    if json.len() > LIMITS.metadata_bytes {
        return Err(Flaw::MetadataTooLong);
    }
    if is_deeper_than(LIMITS.metadata_depth, json) {
        return Err(Flaw::MetadataTooDeep);
    }
    Ok(Some(json))
}

/// Whether more objects and lists than that are in one another. This is JSON, so that every bracket
/// has its counterpart; those in strings are text.
fn is_deeper_than(limit: usize, json: &str) -> bool {
    let (mut depth, mut in_string, mut is_escaped) = (0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

/// Checks who is mentioned and returns the list as it came.
fn mentions(field: Option<&RawValue>) -> Result<Option<&str>, Flaw> {
    let Some(json) = field.map(RawValue::get) else { return Ok(None) };
    serde_json::from_str(json).map(|Mentions| Some(json)).map_err(|_| Flaw::Mentions)
}

/// Checks that a field that is there is a string, and returns it as it came.
fn string(field: Option<&RawValue>, flaw: Flaw) -> Result<Option<&str>, Flaw> {
    let Some(json) = field.map(RawValue::get) else { return Ok(None) };
    if json.starts_with('"') { Ok(Some(json)) } else { Err(flaw) }
}

/// A list of mentions that is within its limits. It is counted rather than kept: how long it is,
/// a stranger chooses.
struct Mentions;

/// One of them.
#[derive(Deserialize)]
struct Mention<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Mentions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Mentions)
    }
}

impl<'de> Visitor<'de> for Mentions {
    type Value = Mentions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Mentions, A::Error> {
        let mut mentions = 0;
        while let Some(Mention(text)) = list.next_element()? {
            mentions += 1;
            if mentions > LIMITS.mentions || text.chars().nth(LIMITS.mention_chars).is_some() {
                return Err(A::Error::custom("over a limit"));
            }
        }
        Ok(self)
    }
}
