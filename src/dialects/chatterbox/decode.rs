//! Decodes a client's frame: into a [`Command`], into the dialect that it shows, or into a flaw.
//!
//! A frame is parsed twice: once for the fields of WebSocket Chat, and once for its content. A frame has one
//! short field here, so that costs little. With one parse, a `content` that appears twice would hide a
//! `recipient` behind it.

use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::wire::{ClientFields, OtherFields};
use crate::chat;
use crate::chat::account::{Command, Target};
use crate::dialects::flaw::{FORMAT, Flaw};
use crate::dialects::json::{object, required, word};
use crate::dialects::{Dialect, Incoming};

/// Decodes a frame.
pub(super) fn read(text: &str) -> Incoming<'_> {
    if is_websocket_chat(text) {
        return Incoming::Speaks(Dialect::WebsocketChat);
    }
    let fields: ClientFields<'_> = match object(text, FORMAT) {
        Ok(fields) => fields,
        Err(_) => return FORMAT.incoming(None, false),
    };
    match command(&fields) {
        Ok(command) => Incoming::Command(chat::Command::Account(command)),
        Err(flaw) => flaw.incoming(None, fields.content.is_some()),
    }
}

fn command<'a>(fields: &ClientFields<'a>) -> Result<Command<'a>, Flaw> {
    let text = word(required(fields.content, FORMAT)?, FORMAT)?;
    Ok(Command::Say { to: Target::Everybody, text, id: None, reply_to: None })
}

/// Whether the frame has a `type` or a `recipient`, with whatever value.
fn is_websocket_chat(text: &str) -> bool {
    // serde would accept an array in place of an object.
    if !text.trim_ascii_start().starts_with('{') {
        return false;
    }
    match serde_json::from_str::<OtherFields>(text) {
        Ok(fields) => fields.kind.is_some() || fields.recipient.is_some(),
        // All values are ignored, so the only error of this kind is that one of the two appears twice. What
        // is no JSON behind it shows nothing.
        Err(error) => {
            error.classify() == Category::Data && serde_json::from_str::<IgnoredAny>(text).is_ok()
        }
    }
}
