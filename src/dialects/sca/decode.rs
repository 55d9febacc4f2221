//! A client's frame → what it asks for: a [`Command`], an answer on the spot, or what is wrong.
//! A *flaw* is what is wrong with a frame.
//!
//! The frame is taken apart once, by serde, into raw values; each is then looked at as little as
//! possible. A short word such as a type is compared as the bytes it came in, and unescaped only
//! if there is a backslash in it, which no known client writes but any may. The text is not read.
//!
//! A key that means something may be there once only: of two readers, one would take the first,
//! the other the last. What is ignored may repeat: nobody reads it, and remembering which keys
//! there were would cost memory that a stranger chooses.

use std::borrow::Cow;

use serde_json::error::Category;
use serde_json::value::RawValue;

use super::LIMITS;
use super::wire::ClientFields;
use crate::chat::mobile::{Command, PresenceMode};
use crate::chat::{self, Event, Mobile};
use crate::dialects::{Incoming, RefusalReason};

/// Understands a frame.
pub(super) fn read(text: &str) -> Incoming<'_> {
    let fields = match fields(text) {
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

/// Takes the frame apart.
fn fields(text: &str) -> Result<ClientFields<'_>, Flaw> {
    // serde would take an array for an object without keys, its values in the order of the fields.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Flaw::NotAnObject);
    }
    serde_json::from_str(text).map_err(|error| match error.classify() {
        // All values are raw: the only thing that serde itself can object to is a key.
        Category::Data => Flaw::DuplicateKey,
        Category::Syntax | Category::Eof | Category::Io => Flaw::NotAnObject,
    })
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
    let is_typing = match fields.is_typing.map(RawValue::get) {
        Some("true") => true,
        Some("false") => false,
        Some(_) | None => return Err(Flaw::IsTyping),
    };
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

/// What a string says. Only one that has escapes costs an allocation.
fn word(raw: &RawValue, flaw: Flaw) -> Result<Cow<'_, str>, Flaw> {
    let contents = contents(raw.get()).ok_or(flaw)?;
    if contents.contains('\\') {
        serde_json::from_str(raw.get()).map(Cow::Owned).map_err(|_| flaw)
    } else {
        Ok(Cow::Borrowed(contents))
    }
}

/// What stands between the quotes of a string; None if the JSON is something else.
fn contents(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

fn required(field: Option<&RawValue>, flaw: Flaw) -> Result<&RawValue, Flaw> {
    field.ok_or(flaw)
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
