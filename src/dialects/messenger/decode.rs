//! Decodes a client's frame into a sign-in, a command, an immediate answer, or a [`Flaw`].
//!
//! serde splits the frame into raw values. The type says which fields the data has, and then serde
//! splits the data too. A decoder parses as little of each value as possible.
//!
//! Fields that we forward are checked against what existing clients can decode. A client would lose a
//! frame with a wrong field, or crash. Fields that we overwrite are checked for their type too, so that
//! the author of a client learns of a mistake early.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::LIMITS;
use super::flaw::*;
use super::time::is_time;
use super::wire::{
    AnswerFields, AuthFields, ClientFields, DataField, IdField, InvitationFields, MessageFields,
    ReadFields, TypeField, TypingFields,
};
use crate::chat::messenger::{Command, Invite, ItemId, Message, Name, PersonId, SignIn};
use crate::chat::{self, Event};
use crate::dialects::flaw::{Flaw, NOT_AN_OBJECT, TYPE, UNKNOWN_TYPE};
use crate::dialects::json::{self, boolean, object, required, word};
use crate::dialects::{Incoming, forwarded};

/// Decodes a frame.
pub(super) fn read(text: &str) -> Incoming<'_> {
    json::read(
        text,
        "message_send",
        |fields: &ClientFields<'_>| fields.kind,
        id_in,
        |kind, fields| {
            let command = match kind {
                "message_send" => Command::Message(message(fields.data)?),
                "message_read" => message_read(fields.data)?,
                "typing_indicator" => typing(fields.data)?,
                "ping" => return Ok(Incoming::Reply(Event::Pong)),
                "auth" => return sign_in(fields.data).map(Incoming::SignIn),
                "invitation_send" => Command::Invite(invite(fields.data)?),
                "invitation_accept" => Command::Accept { invitation: answered(fields.data)? },
                "invitation_decline" => Command::Decline { invitation: answered(fields.data)? },
                _ => return Err(UNKNOWN_TYPE),
            };
            Ok(Incoming::Command(chat::Command::Messenger(command)))
        },
    )
}

fn sign_in(data: Option<&RawValue>) -> Result<SignIn<'_>, Flaw> {
    let fields: AuthFields<'_> = data_object(data)?;
    string(fields.profile_picture, PROFILE_PICTURE)?;
    let name = fields.name.map(|raw| {
        // Half a pair is what a client leaves that cuts names by their UTF-16 length. The length is not wrong.
        text(Some(raw), NAME)?;
        word(raw, NAME)
    });
    let name = match name.transpose()? {
        // An app can't show an empty name, so it counts as no name.
        Some(name) if !name.is_empty() => Some(Name::parse(name).map_err(|_| NAME)?),
        Some(_) | None => None,
    };
    Ok(SignIn {
        id: session(fields.session_id, SESSION_ID)?,
        name,
        receipts: fields.receipts.map_or(Ok(true), |raw| boolean(raw, RECEIPTS))?,
    })
}

fn invite(data: Option<&RawValue>) -> Result<Invite<'_>, Flaw> {
    let fields: InvitationFields<'_> = data_object(data)?;
    string(fields.sender_id, SENDER_ID)?;
    string(fields.sender_name, SENDER_NAME)?;
    string(fields.status, STATUS)?;
    // The name matters only if `auth` gave none. So an unfit name is ignored, and the frame accepted.
    let sender_name = fields.sender_name.and_then(|raw| word(raw, SENDER_NAME).ok());
    let expires_at = match fields.expires_at {
        Some(raw) if raw.get() == "null" => Some(raw.get()),
        other => time(other, EXPIRES_AT)?,
    };
    Ok(Invite {
        id: item(fields.id, ID)?,
        to: session(fields.recipient_id, RECIPIENT_ID)?,
        sender_name: sender_name.and_then(|name| Name::parse(name).ok()),
        text: text(fields.message, MESSAGE)?.ok_or(MESSAGE)?,
        created_at: time(fields.created_at, CREATED_AT)?,
        expires_at,
        metadata: metadata(fields.metadata)?,
    })
}

fn answered(data: Option<&RawValue>) -> Result<ItemId<'_>, Flaw> {
    let fields: AnswerFields<'_> = data_object(data)?;
    item(fields.invitation_id, INVITATION_ID)
}

fn message(data: Option<&RawValue>) -> Result<Message<'_>, Flaw> {
    let fields: MessageFields<'_> = data_object(data)?;
    string(fields.sender_id, SENDER_ID)?;
    fields.is_outgoing.map(|raw| boolean(raw, IS_OUTGOING)).transpose()?;
    Ok(Message {
        id: item(fields.id, ID)?,
        to: session(fields.recipient_id, RECIPIENT_ID)?,
        content: text(fields.content, CONTENT)?.ok_or(CONTENT)?,
        kind: text(fields.message_type, MESSAGE_TYPE)?,
        timestamp: time(fields.timestamp, TIMESTAMP)?,
        status: text(fields.status, STATUS)?,
        metadata: metadata(fields.metadata)?,
        reply_to: reply_to(fields.reply_to_id)?,
        mentions: mentions(fields.mentions)?,
    })
}

fn message_read(data: Option<&RawValue>) -> Result<Command<'_>, Flaw> {
    let fields: ReadFields<'_> = data_object(data)?;
    Ok(Command::Read { message: item(fields.message_id, MESSAGE_ID)? })
}

fn typing(data: Option<&RawValue>) -> Result<Command<'_>, Flaw> {
    let fields: TypingFields<'_> = data_object(data)?;
    let to = session(fields.recipient_id, RECIPIENT_ID)?;
    let is_typing = boolean(required(fields.is_typing, IS_TYPING)?, IS_TYPING)?;
    Ok(Command::Typing { to, is_typing })
}

/// Finds the id of a frame that has a flaw, so that the error can name it. It is the id that the frame's
/// type has; if the type is wrong too, it is the field `id`.
fn id_in(frame: &str) -> Option<Cow<'_, str>> {
    let TypeField { kind } = object(frame, NOT_AN_OBJECT).unwrap_or(TypeField { kind: None });
    let DataField { data } = object(frame, NOT_AN_OBJECT).ok()?;
    let kind = kind.and_then(|kind| word(kind, TYPE).ok());
    let id = match kind.as_deref() {
        Some("invitation_accept" | "invitation_decline") => {
            data_object::<AnswerFields<'_>>(data).ok()?.invitation_id
        }
        Some("message_read") => data_object::<ReadFields<'_>>(data).ok()?.message_id,
        Some(_) | None => data_object::<IdField<'_>>(data).ok()?.id,
    };
    Some(item(id, ID).ok()?.into_text())
}

/// Splits a frame's data into its fields.
fn data_object<'a, T: Deserialize<'a>>(data: Option<&'a RawValue>) -> Result<T, Flaw> {
    object(required(data, DATA)?.get(), DATA)
}

fn session(field: Option<&RawValue>, flaw: Flaw) -> Result<PersonId<'_>, Flaw> {
    PersonId::parse(word(required(field, flaw)?, flaw)?).map_err(|_| flaw)
}

fn item(field: Option<&RawValue>, flaw: Flaw) -> Result<ItemId<'_>, Flaw> {
    ItemId::parse(word(required(field, flaw)?, flaw)?).map_err(|_| flaw)
}

/// Checks the id of the message that this one answers, and returns it as it arrived.
fn reply_to(field: Option<&RawValue>) -> Result<Option<&str>, Flaw> {
    if field.is_some() {
        item(field, REPLY_TO_ID)?;
    }
    Ok(field.map(RawValue::get))
}

/// Checks a time, and returns it as it arrived.
fn time(field: Option<&RawValue>, flaw: Flaw) -> Result<Option<&str>, Flaw> {
    let Some(raw) = field else { return Ok(None) };
    if is_time(&word(raw, flaw)?) { Ok(Some(raw.get())) } else { Err(flaw) }
}

/// Checks the metadata of an app, and returns it as it arrived. It is an object.
fn metadata(field: Option<&RawValue>) -> Result<Option<&str>, Flaw> {
    let Some(json) = field.map(RawValue::get) else { return Ok(None) };
    if !json.starts_with('{') {
        return Err(METADATA);
    }
    if json.len() > LIMITS.metadata_bytes {
        return Err(METADATA_TOO_LONG);
    }
    forwarded::value(json, LIMITS.metadata_depth, METADATA_TOO_DEEP)?;
    Ok(Some(json))
}

/// Checks the list of people mentioned, and returns it as it arrived.
fn mentions(field: Option<&RawValue>) -> Result<Option<&str>, Flaw> {
    let Some(json) = field.map(RawValue::get) else { return Ok(None) };
    forwarded::string(json)?;
    serde_json::from_str(json).map(|Mentions| Some(json)).map_err(|_| MENTIONS)
}

/// Checks that a field is a string that every client can decode, if it is present, and returns it as it
/// arrived.
fn text(field: Option<&RawValue>, flaw: Flaw) -> Result<Option<&str>, Flaw> {
    let text = string(field, flaw)?;
    text.map_or(Ok(()), forwarded::string)?;
    Ok(text)
}

/// Checks that a field is a string, if it is present, and returns it as it arrived. Such a field is not
/// forwarded.
fn string(field: Option<&RawValue>, flaw: Flaw) -> Result<Option<&str>, Flaw> {
    let Some(json) = field.map(RawValue::get) else { return Ok(None) };
    if json.starts_with('"') { Ok(Some(json)) } else { Err(flaw) }
}

/// A list of mentions that is within its limits. It is counted and not kept, because the client chooses
/// its length.
struct Mentions;

/// One mention.
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
