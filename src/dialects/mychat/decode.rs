//! Decodes what a client sends on its sockets. The address of a socket says where a text goes, so a text is
//! all that a frame needs; in a room it may come with what it replies to.
//!
//! No text is malformed: what is not an object with a `text` is itself the text. The realm judges its length.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::wire::{ReplyFields, RoomFields};
use crate::chat;
use crate::chat::account::{Command, Quote};
use crate::dialects::flaw::FORMAT;
use crate::dialects::json::{object, word};
use crate::dialects::{Incoming, Message};

/// Decodes a frame on the socket of a private conversation: every text is a bare one.
pub(super) fn pair(message: Message<'_>) -> Incoming<'_> {
    match message {
        Message::Text(text) => say(text.into(), None),
        Message::Binary(_) => Incoming::Unacceptable,
    }
}

/// Decodes a frame on the socket of a room.
pub(super) fn room(message: Message<'_>) -> Incoming<'_> {
    match message {
        Message::Text(text) => match with_reply(text) {
            Some((text, reply)) => say(text, reply),
            None => say(text.into(), None),
        },
        Message::Binary(_) => Incoming::Unacceptable,
    }
}

/// Decodes a frame on a socket where the client only listens: the answer to a ping, or nothing of ours.
pub(super) fn news(message: Message<'_>) -> Incoming<'_> {
    match message {
        Message::Text(_) => Incoming::Nothing,
        Message::Binary(_) => Incoming::Unacceptable,
    }
}

fn say<'a>(text: Cow<'a, str>, reply: Option<Quote<'a>>) -> Incoming<'a> {
    Incoming::Command(chat::Command::Account(Command::SayHere { text, reply }))
}

/// The text and the quote of an object. `None` if the frame is no object, or has no string `text`.
fn with_reply(frame: &str) -> Option<(Cow<'_, str>, Option<Quote<'_>>)> {
    let fields: RoomFields<'_> = object(frame, FORMAT).ok()?;
    let text = word(fields.text?, FORMAT).ok()?;
    Some((text, fields.reply_to.and_then(quote)))
}

/// A quote. A string that is missing, or is none, counts as empty: a page shows all three.
fn quote(raw: &RawValue) -> Option<Quote<'_>> {
    let fields: ReplyFields<'_> = object(raw.get(), FORMAT).ok()?;
    Some(Quote {
        sender_id: string(fields.sender_id).unwrap_or_default(),
        sender_name: string(fields.sender_name).unwrap_or_default(),
        text: string(fields.text).unwrap_or_default(),
    })
}

fn string(field: Option<&RawValue>) -> Option<Cow<'_, str>> {
    word(field?, FORMAT).ok()
}
