//! Decodes a client's frame into a [`Command`], or a [`Flaw`].
//!
//! serde splits the frame once, into raw values. Whatever is wrong with a frame, the sentence is the same:
//! existing clients know only this one. The realm judges the text, and finds the recipient.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::wire::ClientFields;
use crate::chat;
use crate::chat::account::{Command, Target};
use crate::dialects::Incoming;
use crate::dialects::flaw::{FORMAT, Flaw};
use crate::dialects::json::{boolean, object, required, word};

/// Decodes a frame.
pub(super) fn read(text: &str) -> Incoming<'_> {
    let Ok((kind, fields)) = split(text) else { return FORMAT.incoming(None, false) };
    match command(&kind, &fields) {
        Ok(command) => Incoming::Command(chat::Command::Account(command)),
        Err(flaw) => flaw.incoming(None, kind == "chat"),
    }
}

fn split(text: &str) -> Result<(Cow<'_, str>, ClientFields<'_>), Flaw> {
    let fields: ClientFields<'_> = object(text, FORMAT)?;
    Ok((word(required(fields.kind, FORMAT)?, FORMAT)?, fields))
}

fn command<'a>(kind: &str, fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    match kind {
        "chat" => {
            let text = word(required(fields.content, FORMAT)?, FORMAT)?;
            Ok(Command::Say { to: recipient(fields.recipient)?, text, id: None, reply_to: None })
        }
        "typing" => {
            let is_typing = boolean(required(fields.is_typing, FORMAT)?, FORMAT)?;
            Ok(Command::Typing { to: recipient(fields.recipient)?, is_typing })
        }
        "request_user_list" => Ok(Command::ListUsers),
        _ => Err(FORMAT),
    }
}

/// The name of the recipient. A recipient of another type is a flaw, and not everybody: a private text must
/// never become public.
fn recipient(field: Option<&RawValue>) -> Result<Target<'_>, Flaw> {
    match field {
        None => Ok(Target::Everybody),
        Some(raw) => word(raw, FORMAT).map(Target::User),
    }
}
