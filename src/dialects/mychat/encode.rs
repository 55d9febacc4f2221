//! Encodes an event as the frame for a client. The shape is fixed: these keys in this order, and no spaces.
//! Each arm shows the frame that it makes. A time is that on the server's clock, `HH:MM`.
//!
//! The protocol has no frame for an error: what goes wrong on a socket ends it, and the page opens it again.

use std::io::Write as _;

use crate::chat::Event;
use crate::chat::account::{self, Quote, RoomId, Said, Spot, UnixMs};
use crate::dialects::json::Writer;
use crate::timer::Zone;

/// Appends an event's frame.
pub(super) fn write(event: &Event<'_>, zone: &Zone, out: &mut Vec<u8>) {
    match event {
        Event::Account(event) => write_own(event, zone, &mut Writer(out)),
        Event::Error { .. } | Event::Pong | Event::Mobile(_) | Event::Messenger(_) => {}
        // A page takes every text for a message of the other person, so there is no word for a notice.
        Event::Notice(_) => {}
    }
}

fn write_own(event: &account::Event<'_>, zone: &Zone, out: &mut Writer<'_>) {
    use account::Event;
    match *event {
        Event::Said(message @ Said { place: Spot::Room(room), .. }) => {
            room_message(&message, room, zone, out);
        }
        Event::Said(message) => {
            out.raw(r#"{"user":"#).string(message.from);
            out.raw(r#","text":"#).string(message.text);
            out.raw(r#","time":"#);
            clock(message.at, zone, out);
            out.raw("}");
        }
        Event::Notify { from_id, from, text, at } => {
            out.raw(r#"{"type":"notify","from_id":"#).word(&from_id.to_string());
            out.raw(r#","from_name":"#).string(from);
            out.raw(r#","text":"#).string(text);
            out.raw(r#","time":"#);
            clock(at, zone, out);
            out.raw("}");
        }
        Event::UnreadReset { from_id } => {
            out.raw(r#"{"type":"unread_reset","from_id":"#).word(&from_id.to_string()).raw("}");
        }
        Event::Everyone(all) => {
            out.raw("[");
            for (position, (id, name, is_online)) in all.iter().enumerate() {
                out.raw(if position == 0 { "" } else { "," });
                out.raw(r#"{"id":"#).word(&id.to_string());
                out.raw(r#","name":"#).string(name);
                out.raw(r#","online":"#).boolean(*is_online).raw("}");
            }
            out.raw("]");
        }
        Event::Ping => _ = out.raw(r#"{"type":"ping"}"#),
        Event::Welcome(_)
        | Event::History(_)
        | Event::Sent { .. }
        | Event::Stored { .. }
        | Event::Edited { .. }
        | Event::Deleted { .. }
        | Event::HasRead { .. }
        | Event::Typing { .. }
        | Event::Receipt { .. }
        | Event::Signal { .. }
        | Event::Page { .. }
        | Event::Conversations { .. }
        | Event::UsersPage { .. }
        | Event::Rooms { .. }
        | Event::RoomNews { .. }
        | Event::RoomMembers { .. }
        | Event::Users { .. }
        | Event::UsersChanged { .. }
        | Event::Refused { .. } => {}
    }
}

/// Appends a message of a room, live or of its history.
pub(super) fn room_message(message: &Said<'_>, room: RoomId, zone: &Zone, out: &mut Writer<'_>) {
    out.raw(r#"{"user":"#).string(message.from);
    out.raw(r#","text":"#).string(message.text);
    out.raw(r#","time":"#);
    clock(message.at, zone, out);
    out.raw(r#","sender_id":"#).word(&message.from_id.to_string());
    out.raw(r#","room_id":"#).word(&room.to_string());
    if let Some(Quote { sender_id, sender_name, text }) = message.quote {
        out.raw(r#","reply_to":{"sender_id":"#).string(sender_id);
        out.raw(r#","sender_name":"#).string(sender_name);
        out.raw(r#","text":"#).string(text).raw("}");
    }
    out.raw("}");
}

/// Appends what a clock on the wall shows.
pub(super) fn clock(at: UnixMs, zone: &Zone, out: &mut Writer<'_>) {
    let (hour, minute) = zone.clock(at.0);
    write!(out.0, "\"{hour:02}:{minute:02}\"").expect("writing to a Vec cannot fail");
}
