//! Encodes an event as the frame for a client. The shape is fixed: these keys in this order, and no
//! spaces. Each arm shows the frame that it makes.
//!
//! Chatterbox has no words for private messages, for typing and for who is online. The realm sends no such
//! event to a connection that speaks it.

use crate::chat::Event;
use crate::chat::account::{self, Said, Spot};
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
        Event::History(messages) => {
            out.raw(r#"{"type":"history","messages":["#);
            for (position, message) in messages.iter().enumerate() {
                out.raw(if position == 0 { "{" } else { ",{" });
                write_message(message, out);
                out.raw("}");
            }
            out.raw("]}");
        }
        Event::Said(message) if message.place == Spot::Everybody => {
            out.raw(r#"{"type":"message","#);
            write_message(&message, out);
            out.raw("}");
        }
        Event::Refused { refusal, .. } => error(&sentence(&refusal, MESSAGE_NOT_STORED), out),
        Event::Said(_)
        | Event::Welcome(_)
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
        | Event::Notify { .. }
        | Event::UnreadReset { .. }
        | Event::Everyone(_)
        | Event::Ping => {}
    }
}

fn write_message(message: &Said<'_>, out: &mut Writer<'_>) {
    out.raw(r#""username":"#).string(message.from);
    out.raw(r#","content":"#).string(message.text);
    out.raw(r#","timestamp":"#).word(&time::of_unix_ms(message.at));
}

fn error(sentence: &str, out: &mut Writer<'_>) {
    out.raw(r#"{"type":"error","detail":"#).string(sentence).raw("}");
}
