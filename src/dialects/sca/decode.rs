//! Decodes a client's frame into a [`Command`], an immediate answer, or a [`Flaw`].
//!
//! serde splits the frame once, into raw values. The decoder parses as little of each value as possible.
//! It compares a short word such as a type as the bytes that arrived, and unescapes it only if it has a
//! backslash. No known client writes one there, but any client may. It reads texts and data only to check
//! that every client can decode them.

use serde_json::value::RawValue;

use super::TEXT_BYTES;
use super::flaw::{TEXT_TOO_LONG, TO, TOKEN};
use super::wire::ClientFields;
use crate::chat::mobile::Command;
use crate::chat::{self, Event, Mobile};
use crate::dialects::base::{self, ID, TEXT};
use crate::dialects::flaw::{Flaw, UNKNOWN_TYPE};
use crate::dialects::json::{self, contents, required, word};
use crate::dialects::{Incoming, forwarded};

/// Decodes a frame.
pub(super) fn read(text: &str) -> Incoming<'_> {
    json::read(
        text,
        "message",
        |fields: &ClientFields<'_>| fields.kind,
        base::id_in,
        |kind, fields| {
            let command = match kind {
                "message" => message(fields)?,
                "ping" => return Ok(Incoming::Reply(Event::Pong)),
                "get_online_users" => Command::ListOnline,
                "typing" => typing(fields)?,
                "receipt" => receipt(fields)?,
                "signal" => signal(fields)?,
                "presence" => Command::Presence(base::mode(fields.mode)?),
                "token" => {
                    return Ok(Incoming::Token(word(required(fields.token, TOKEN)?, TOKEN)?));
                }
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
    if between_the_quotes.len() > TEXT_BYTES {
        return Err(TEXT_TOO_LONG);
    }
    forwarded::string(text)?;
    let id = fields.id.map(id).transpose()?;
    Ok(Command::Message { to, text, id })
}

fn typing<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let to = recipient(fields)?;
    Ok(Command::Typing { to, is_typing: base::is_typing(fields.is_typing)? })
}

fn receipt<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let to = recipient(fields)?;
    let id = id(required(fields.id, ID)?)?;
    base::status(fields.status)?;
    Ok(Command::Receipt { to, id })
}

fn signal<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let to = recipient(fields)?;
    Ok(Command::Signal { to, data: base::data(fields.data)? })
}

fn recipient(fields: &ClientFields<'_>) -> Result<Mobile, Flaw> {
    let digits = word(required(fields.to, TO)?, TO)?;
    Mobile::parse(digits.as_bytes()).map_err(|_| TO)
}

/// Checks an id, and returns it as it arrived.
fn id(raw: &RawValue) -> Result<&str, Flaw> {
    base::id(raw).map(|_| raw.get())
}
