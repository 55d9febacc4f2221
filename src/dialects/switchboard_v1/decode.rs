//! Decodes a client's frame into a [`Command`], an immediate answer, or a [`Flaw`].
//!
//! serde splits the frame once, into raw values, and each value is parsed when its frame needs it. A field
//! that does not belong to the frame's type is not looked at. The realm judges texts, and finds users, rooms
//! and messages.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::flaw::*;
use super::wire::ClientFields;
use crate::chat::account::{Command, MessageId, Query, RoomId, Target};
use crate::chat::{self, Event};
use crate::dialects::base::{self, ID, TEXT};
use crate::dialects::flaw::{Flaw, UNKNOWN_TYPE};
use crate::dialects::json::{self, required, word};
use crate::dialects::{Incoming, forwarded};

/// The most messages of one page of a history.
const PAGE_MESSAGES: u16 = 100;

/// The messages of a page if the client does not say how many it wants.
const USUAL_MESSAGES: u16 = 50;

/// Decodes a frame.
pub(super) fn read(text: &str) -> Incoming<'_> {
    json::read(
        text,
        "message",
        |fields: &ClientFields<'_>| fields.kind,
        base::id_in,
        |kind, fields| {
            if kind == "ping" {
                return Ok(Incoming::Reply(Event::Pong));
            }
            let command = match query(kind, fields)? {
                Some(what) => Command::Query { id: id(fields)?, what },
                None => command(kind, fields)?,
            };
            Ok(Incoming::Command(chat::Command::Account(command)))
        },
    )
}

/// Decodes a frame that says or changes something. The queries have been looked for before.
fn command<'a>(kind: &str, fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    Ok(match kind {
        "message" => Command::Say {
            to: place(fields)?,
            text: text(fields.text)?,
            id: Some(base::id(required(fields.id, ID)?)?),
            reply_to: fields.reply_to.map(|raw| mid(raw, REPLY_TO)).transpose()?,
        },
        "edit" => Command::Edit {
            mid: mid(required(fields.mid, MID)?, MID)?,
            text: text(fields.text)?,
            id: id(fields)?,
        },
        "delete" => Command::Delete { mid: mid(required(fields.mid, MID)?, MID)?, id: id(fields)? },
        "read" => Command::Read {
            place: place(fields)?,
            up_to: mid(required(fields.up_to, UP_TO)?, UP_TO)?,
            id: id(fields)?,
        },
        "typing" => {
            Command::Typing { to: place(fields)?, is_typing: base::is_typing(fields.is_typing)? }
        }
        "receipt" => {
            let to = narrow_place(fields)?;
            let id = base::id(required(fields.id, ID)?)?;
            base::status(fields.status)?;
            Command::Receipt { to, id }
        }
        "signal" => Command::Signal { to: narrow_place(fields)?, data: base::data(fields.data)? },
        "get_online_users" => Command::ListUsers,
        "presence" => Command::Presence(base::mode(fields.mode)?),
        _ => return Err(UNKNOWN_TYPE),
    })
}

/// Decodes a frame that the realm answers. `None` if the type is none of theirs.
fn query<'a>(kind: &str, fields: &ClientFields<'a>) -> Result<Option<Query<'a>>, Flaw> {
    Ok(Some(match kind {
        "history" => Query::History {
            of: place(fields)?,
            before: fields.before.map(|raw| mid(raw, BEFORE)).transpose()?,
            limit: limit(fields.limit)?,
        },
        "conversations" => Query::Conversations,
        "users" => Query::Users {
            prefix: fields.prefix.map(|raw| word(raw, PREFIX)).transpose()?,
            after: fields.after.map(|raw| word(raw, AFTER)).transpose()?,
        },
        "rooms" => Query::Rooms,
        "room_members" => Query::RoomMembers(room(fields)?),
        "room_create" => Query::CreateRoom {
            name: word(required(fields.name, NAME)?, NAME)?,
            description: word(required(fields.description, DESCRIPTION)?, DESCRIPTION)?,
        },
        "room_delete" => Query::DeleteRoom(room(fields)?),
        "room_add" => Query::AddMember { room: room(fields)?, user: user(fields)? },
        "room_remove" => Query::RemoveMember { room: room(fields)?, user: user(fields)? },
        "room_leave" => Query::LeaveRoom(room(fields)?),
        _ => return Ok(None),
    }))
}

/// The conversation that a frame names. One that names two is refused: a private text must not be said in a
/// room.
fn place<'a>(fields: &ClientFields<'a>) -> Result<Target<'a>, Flaw> {
    match (fields.to, fields.room) {
        (None, None) => Ok(Target::Everybody),
        (Some(to), None) => word(to, TO).map(Target::User),
        (None, Some(_)) => room(fields).map(Target::Room),
        (Some(_), Some(_)) => Err(PLACE),
    }
}

/// The same, where it cannot be the conversation of everybody.
fn narrow_place<'a>(fields: &ClientFields<'a>) -> Result<Target<'a>, Flaw> {
    match place(fields)? {
        Target::Everybody => Err(NO_PLACE),
        place @ (Target::User(_) | Target::Room(_)) => Ok(place),
    }
}

fn room(fields: &ClientFields<'_>) -> Result<RoomId, Flaw> {
    RoomId::parse(&word(required(fields.room, ROOM)?, ROOM)?).ok_or(ROOM)
}

fn user<'a>(fields: &ClientFields<'a>) -> Result<Cow<'a, str>, Flaw> {
    word(required(fields.user, USER)?, USER)
}

fn id<'a>(fields: &ClientFields<'a>) -> Result<Option<Cow<'a, str>>, Flaw> {
    fields.id.map(base::id).transpose()
}

fn mid(raw: &RawValue, flaw: Flaw) -> Result<MessageId, Flaw> {
    MessageId::parse(&word(raw, flaw)?).ok_or(flaw)
}

fn text(field: Option<&RawValue>) -> Result<Cow<'_, str>, Flaw> {
    let raw = required(field, TEXT)?;
    forwarded::string(raw.get())?;
    word(raw, TEXT)
}

fn limit(field: Option<&RawValue>) -> Result<u16, Flaw> {
    let Some(raw) = field else { return Ok(USUAL_MESSAGES) };
    let limit = raw.get().parse().map_err(|_| LIMIT)?;
    if (1..=PAGE_MESSAGES).contains(&limit) { Ok(limit) } else { Err(LIMIT) }
}
