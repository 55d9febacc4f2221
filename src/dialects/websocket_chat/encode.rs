//! Encodes an event as the frame for a client. The shape is fixed: these keys in this order, and no
//! spaces. Each arm shows the frame that it makes.

use crate::chat::Event;
use crate::chat::account::{self, News, Said, Spot};
use crate::dialects::json::Writer;
use crate::dialects::refusal::{MESSAGE_NOT_STORED, sentence};
use crate::dialects::time;

/// Appends an event's frame.
pub(super) fn write(event: &Event<'_>, out: &mut Vec<u8>) {
    let mut out = Writer(out);
    match *event {
        Event::Account(ref event) => write_own(event, &mut out),
        // Its page shows the sentence of an error to the user, and knows no other frame that does so.
        Event::Error { detail, .. } | Event::Notice(detail) => error(detail, &mut out),
        // This protocol has no heartbeat, and a connection that speaks it is in the account realm only.
        Event::Pong | Event::Mobile(_) | Event::Messenger(_) => {}
    }
}

fn write_own(event: &account::Event<'_>, out: &mut Writer<'_>) {
    use account::Event;
    match *event {
        // There are no rooms here.
        Event::Said(Said { place: Spot::Room(_), .. }) => {}
        Event::Said(message) => {
            out.raw(r#"{"type":"chat""#);
            write_message(&message, out);
            out.raw("}");
        }
        Event::Sent { message, delivered } => {
            out.raw(r#"{"type":"chat_sent""#);
            write_message(&message, out);
            out.raw(r#","delivered":"#).boolean(delivered).raw("}");
        }
        Event::Typing { from, to, is_typing } => {
            out.raw(r#"{"type":"typing","username":"#).string(from);
            out.raw(r#","is_typing":"#).boolean(is_typing);
            out.raw(r#","recipient":"#);
            recipient(to.user(), out);
            out.raw("}");
        }
        Event::Users { names, news, at } => {
            out.raw(r#"{"type":"user_list_update","users":["#);
            for (position, name) in names.iter().enumerate() {
                out.raw(if position == 0 { "" } else { "," }).string(name);
            }
            out.raw(r#"],"message":"#);
            match news {
                News::Nothing => out.raw("null"),
                News::Joined(name) => out.string(&format!("{name} joined the chat")),
                News::Left(name) => out.string(&format!("{name} left the chat")),
            };
            out.raw(r#","timestamp":"#).word(&time::of_unix_ms(at)).raw("}");
        }
        Event::Refused { refusal, .. } => error(&sentence(&refusal, MESSAGE_NOT_STORED), out),
        // What a client has missed comes to it as single messages. The others are for other protocols.
        Event::Welcome(_)
        | Event::History(_)
        | Event::Stored { .. }
        | Event::Edited { .. }
        | Event::Deleted { .. }
        | Event::HasRead { .. }
        | Event::Receipt { .. }
        | Event::Signal { .. }
        | Event::Page { .. }
        | Event::Conversations { .. }
        | Event::UsersPage { .. }
        | Event::Rooms { .. }
        | Event::RoomNews { .. }
        | Event::RoomMembers { .. }
        | Event::UsersChanged { .. }
        | Event::Notify { .. }
        | Event::UnreadReset { .. }
        | Event::Everyone(_)
        | Event::Ping => {}
    }
}

/// Appends the fields of a message, with a comma before each.
fn write_message(message: &Said<'_>, out: &mut Writer<'_>) {
    out.raw(r#","content":"#).string(message.text);
    out.raw(r#","sender":"#).string(message.from);
    out.raw(r#","timestamp":"#).word(&time::of_unix_ms(message.at));
    out.raw(r#","is_global":"#).boolean(message.place == Spot::Everybody);
    out.raw(r#","recipient":"#);
    recipient(message.place.user(), out);
}

fn recipient(name: Option<&str>, out: &mut Writer<'_>) {
    match name {
        Some(name) => out.string(name),
        None => out.raw("null"),
    };
}

/// Appends an error. Pages show its `message`, and other clients its `detail`.
fn error(sentence: &str, out: &mut Writer<'_>) {
    out.raw(r#"{"type":"error","message":"#).string(sentence);
    out.raw(r#","detail":"#).string(sentence).raw("}");
}
