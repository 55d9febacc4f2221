//! A client's frame → what it asks for: a [`Command`], an answer on the spot, or what is wrong.
//! A *flaw* is what is wrong with a frame.
//!
//! The frame is taken apart once, into raw values; each is then looked at as little as possible. A
//! short word such as a type is compared as the bytes it came in, and unescaped only if there is a
//! backslash in it, which no known client writes but any may. The text is not read.

use serde_json::value::RawValue;

use super::LIMITS;
use super::wire::ClientFields;
use crate::chat::mobile::{Command, PresenceMode};
use crate::chat::{self, Event, Mobile};
use crate::dialects::json::{boolean, contents, object, required, word};
use crate::dialects::{Incoming, RefusalReason};

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
        "message" => message(&fields),
        "ping" => return Incoming::Reply(Event::Pong),
        "get_online_users" => Ok(Command::ListOnline),
        "typing" => typing(&fields),
        "receipt" => receipt(&fields),
        "signal" => signal(&fields),
        "presence" => presence(&fields),
        _ => Err(Flaw::UnknownType),
    };
    match command {
        Ok(command) => Incoming::Command(chat::Command::Mobile(command)),
        Err(flaw) if kind == "message" => {
            Incoming::Malformed { detail: flaw.detail(), refused_message: Some(flaw.reason()) }
        }
        Err(flaw) => malformed(flaw),
    }
}

fn malformed(flaw: Flaw) -> Incoming<'static> {
    Incoming::Malformed { detail: flaw.detail(), refused_message: None }
}

fn message<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let to = recipient(fields)?;
    let text = required(fields.text, Flaw::Text)?.get();
    let between_the_quotes = contents(text).ok_or(Flaw::Text)?;
    if between_the_quotes.len() > LIMITS.text_bytes {
        return Err(Flaw::TextTooLong);
    }
    let id = fields.id.map(id).transpose()?;
    Ok(Command::Message { to, text, id })
}

fn typing<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let to = recipient(fields)?;
    let is_typing = boolean(required(fields.is_typing, Flaw::IsTyping)?, Flaw::IsTyping)?;
    Ok(Command::Typing { to, is_typing })
}

fn receipt<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let to = recipient(fields)?;
    let id = id(required(fields.id, Flaw::Id)?)?;
    let status = word(required(fields.status, Flaw::Status)?, Flaw::Status)?;
    if status != "read" {
        return Err(Flaw::Status);
    }
    Ok(Command::Receipt { to, id })
}

fn signal<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let to = recipient(fields)?;
    let data = required(fields.data, Flaw::Data)?.get();
    if data.len() > LIMITS.signal_bytes {
        return Err(Flaw::DataTooLong);
    }
    Ok(Command::Signal { to, data })
}

fn presence<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let mode = word(required(fields.mode, Flaw::Mode)?, Flaw::Mode)?;
    PresenceMode::parse(&mode).map(Command::Presence).ok_or(Flaw::Mode)
}

fn recipient(fields: &ClientFields<'_>) -> Result<Mobile, Flaw> {
    let digits = word(required(fields.to, Flaw::To)?, Flaw::To)?;
    Mobile::parse(digits.as_bytes()).map_err(|_| Flaw::To)
}

/// Checks an id and returns it as it came. Half a surrogate pair is no character.
fn id(raw: &RawValue) -> Result<&str, Flaw> {
    let id = word(raw, Flaw::Id)?;
    let chars = id.chars().take(LIMITS.id_chars + 1).count();
    if (1..=LIMITS.id_chars).contains(&chars) { Ok(raw.get()) } else { Err(Flaw::Id) }
}

/// What is wrong with a frame.
#[derive(Clone, Copy)]
enum Flaw {
    NotAnObject,
    DuplicateKey,
    Type,
    UnknownType,
    To,
    Text,
    TextTooLong,
    Id,
    IsTyping,
    Status,
    Data,
    DataTooLong,
    Mode,
}

impl Flaw {
    /// The flaw in words, for whoever writes a client. They quote nothing of the frame.
    fn detail(self) -> &'static str {
        match self {
            Flaw::NotAnObject => "a frame must be one JSON object",
            Flaw::DuplicateKey => "a key appears twice",
            Flaw::Type => "type must be a string",
            Flaw::UnknownType => "unknown type",
            Flaw::To => "to must be a mobile number: a string of 10 to 32 digits",
            Flaw::Text => "text must be a string",
            Flaw::TextTooLong => "text must not be over 16 KiB",
            Flaw::Id => "id must be a string of 1 to 64 characters",
            Flaw::IsTyping => "is_typing must be true or false",
            Flaw::Status => "status must be the string read",
            Flaw::Data => "data must be there",
            Flaw::DataTooLong => "data must not be over 16 KiB",
            Flaw::Mode => "mode must be full, delta or none",
        }
    }

    /// The heading for a message with this flaw.
    fn reason(self) -> RefusalReason {
        match self {
            Flaw::TextTooLong => RefusalReason::TooLong,
            Flaw::NotAnObject
            | Flaw::DuplicateKey
            | Flaw::Type
            | Flaw::UnknownType
            | Flaw::To
            | Flaw::Text
            | Flaw::Id
            | Flaw::IsTyping
            | Flaw::Status
            | Flaw::Data
            | Flaw::DataTooLong
            | Flaw::Mode => RefusalReason::Malformed,
        }
    }
}
