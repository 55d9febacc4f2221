//! The pieces that several frames have: a message, the field that names a conversation, times, and the end of an
//! answer. Called by `encode` and `lists`.

use crate::chat::account::{Said, Spot, UnixMs};
use crate::dialects::json::Writer;

/// Appends a message, live or in a list.
pub(super) fn write_message(message: &Said<'_>, out: &mut Writer<'_>) {
    out.raw(r#"{"type":"message","mid":"#).word(&message.mid.to_string());
    out.raw(r#","from":"#).string(message.from);
    write_place(message.place, out);
    out.raw(r#","text":"#).string(message.text);
    write_time("ts", message.at, out);
    if let Some(mid) = message.reply_to {
        out.raw(r#","reply_to":"#).word(&mid.to_string());
    }
    if let Some(at) = message.edited {
        write_time("edited", at, out);
    }
    out.raw(if message.is_deleted { r#","deleted":true}"# } else { "}" });
}

/// Appends the field that names a conversation, with a comma before it. That of everybody has none.
pub(super) fn write_place(place: Spot<'_>, out: &mut Writer<'_>) {
    match place {
        Spot::Everybody => {}
        Spot::User(name) => _ = out.raw(r#","to":"#).string(name),
        Spot::Room(room) => _ = out.raw(r#","room":"#).word(&room.to_string()),
    }
}

/// Ends a frame that carries the id of the command which it answers, if it has one.
pub(super) fn finish(id: Option<&str>, out: &mut Writer<'_>) {
    if let Some(id) = id {
        out.raw(r#","id":"#).string(id);
    }
    out.raw("}");
}

/// Appends a time with its key, and a comma before it.
pub(super) fn write_time(key: &str, at: UnixMs, out: &mut Writer<'_>) {
    out.raw(",").word(key).raw(":").raw(&at.0.to_string());
}
