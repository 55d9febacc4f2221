//! The frames of a client, one by one; wrong frames; every frame of the server; and what becomes of a
//! message on its way through. This file holds what all these tests need.

mod client;
mod document;
mod flaws;
mod journey;
mod server;

use serde_json::Value;

use super::*;
use crate::chat::messenger::{self, Command, ItemId, Message as Words, Name, PersonId};
use crate::chat::{self, Event};
use crate::dialects::Fault;
use crate::dialects::page::appended;

const TIME: &str = r#""2026-02-28T23:59:59.999""#;

fn session(id: &str) -> PersonId<'_> {
    PersonId::parse(id).expect("an id")
}

fn item(id: &str) -> ItemId<'_> {
    ItemId::parse(id).expect("an id")
}

fn name(name: &str) -> Option<Name<'_>> {
    Some(Name::parse(name).expect("a name"))
}

fn decode(text: &str) -> Incoming<'_> {
    read(Message::Text(text))
}

fn command(text: &str) -> Command<'_> {
    match decode(text) {
        Incoming::Command(chat::Command::Messenger(command)) => command,
        other => panic!("not a command: {other:?}"),
    }
}

/// The flaw of a frame that is not a chat message.
fn flaw(text: &str) -> &'static str {
    match decode(text) {
        Incoming::Malformed { detail, refused_message: None, .. } => detail,
        other => panic!("not malformed: {other:?}"),
    }
}

/// The flaw of a frame that is a chat message.
fn message_flaw(text: &str) -> (&'static str, Fault) {
    match decode(text) {
        Incoming::Malformed { detail, refused_message: Some(reason), .. } => (detail, reason),
        other => panic!("not a refused message: {other:?}"),
    }
}

/// A frame of that type and data. One field is replaced, added, or (`None`) removed.
fn with(kind: &str, data: &Value, field: &str, json: Option<&str>) -> String {
    let mut fields: Vec<String> = Vec::new();
    for (key, value) in data.as_object().expect("data is an object") {
        if key != field {
            fields.push(format!("{key:?}:{value}"));
        }
    }
    fields.extend(json.map(|json| format!("{field:?}:{json}")));
    format!(r#"{{"type":"{kind}","data":{{{}}}}}"#, fields.join(","))
}

/// A JSON string of `chars` characters, each of two bytes.
fn string_of(chars: usize) -> String {
    format!("\"{}\"", "ß".repeat(chars))
}

fn encode(event: messenger::Event<'_>) -> String {
    encode_any(&Event::Messenger(event))
}

fn encode_any(event: &Event<'_>) -> String {
    appended(|out| encode::write(event, out))
}

fn minimal_message<'a>() -> Words<'a> {
    Words {
        id: item("m-1"),
        to: session("bob"),
        content: r#""Hi!""#,
        kind: None,
        timestamp: None,
        status: None,
        metadata: None,
        reply_to: None,
        mentions: None,
    }
}

fn full_message<'a>() -> Words<'a> {
    Words {
        kind: Some(r#""image""#),
        timestamp: Some(TIME),
        status: Some(r#""sending""#),
        metadata: Some(r#"{"w": 1}"#),
        reply_to: Some(r#""m-0""#),
        mentions: Some(r#"["bob", "\u0065ve"]"#),
        ..minimal_message()
    }
}
