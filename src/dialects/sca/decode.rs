//! Decodes a client's frame into a [`Command`], an immediate answer, or a [`Flaw`].
//!
//! serde splits the frame once, into raw values. The decoder parses as little of each value as possible.
//! It compares a short word such as a type as the bytes that arrived, and unescapes it only if it has a
//! backslash. No known client writes one there, but any client may. It reads texts and data only to check
//! that every client can decode them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::LIMITS;
use super::flaw::*;
use super::wire::{ClientFields, IdField};
use crate::chat::PresenceMode;
use crate::chat::mobile::Command;
use crate::chat::{self, Event, Mobile};
use crate::dialects::flaw::{Flaw, NOT_AN_OBJECT, UNKNOWN_TYPE};
use crate::dialects::json::{self, boolean, contents, object, required, word};
use crate::dialects::{Incoming, forwarded};

/// Decodes a frame.
pub(super) fn read(text: &str) -> Incoming<'_> {
    json::read(
        text,
        "message",
        |fields: &ClientFields<'_>| fields.kind,
        id_in,
        |kind, fields| {
            let command = match kind {
                "message" => message(fields)?,
                "ping" => return Ok(Incoming::Reply(Event::Pong)),
                "get_online_users" => Command::ListOnline,
                "typing" => typing(fields)?,
                "receipt" => receipt(fields)?,
                "signal" => signal(fields)?,
                "presence" => presence(fields)?,
                _ => return Err(UNKNOWN_TYPE),
            };
            Ok(Incoming::Command(chat::Command::Mobile(command)))
        },
    )
}

fn message<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let to = recipient(fields)?;
    let text = required(fields.text, TEXT)?.get();
    let between_the_quotes = contents(text).ok_or(TEXT)?;
    if between_the_quotes.len() > LIMITS.text_bytes {
        return Err(TEXT_TOO_LONG);
    }
    forwarded::string(text)?;
    let id = fields.id.map(id).transpose()?;
    Ok(Command::Message { to, text, id })
}

fn typing<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let to = recipient(fields)?;
    let is_typing = boolean(required(fields.is_typing, IS_TYPING)?, IS_TYPING)?;
    Ok(Command::Typing { to, is_typing })
}

fn receipt<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let to = recipient(fields)?;
    let id = id(required(fields.id, ID)?)?;
    let status = word(required(fields.status, STATUS)?, STATUS)?;
    if status != "read" {
        return Err(STATUS);
    }
    Ok(Command::Receipt { to, id })
}

fn signal<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let to = recipient(fields)?;
    let data = required(fields.data, DATA)?.get();
    if data.len() > LIMITS.signal_bytes {
        return Err(DATA_TOO_LONG);
    }
    forwarded::value(data, LIMITS.signal_depth, DATA_TOO_DEEP)?;
    Ok(Command::Signal { to, data })
}

fn presence<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let mode = word(required(fields.mode, MODE)?, MODE)?;
    PresenceMode::parse(&mode).map(Command::Presence).ok_or(MODE)
}

fn recipient(fields: &ClientFields<'_>) -> Result<Mobile, Flaw> {
    let digits = word(required(fields.to, TO)?, TO)?;
    Mobile::parse(digits.as_bytes()).map_err(|_| TO)
}

/// Checks an id, and returns it as it arrived.
fn id(raw: &RawValue) -> Result<&str, Flaw> {
    characters(raw).map(|_| raw.get())
}

/// Returns the characters of an id. Half a surrogate pair is no character.
fn characters(raw: &RawValue) -> Result<Cow<'_, str>, Flaw> {
    let id = word(raw, ID)?;
    let chars = id.chars().take(LIMITS.id_chars + 1).count();
    if (1..=LIMITS.id_chars).contains(&chars) { Ok(id) } else { Err(ID) }
}

/// Finds the id of a frame that has a flaw, so that the error can name it.
fn id_in(frame: &str) -> Option<Cow<'_, str>> {
    let IdField { id } = object(frame, NOT_AN_OBJECT).ok()?;
    characters(id?).ok()
}
