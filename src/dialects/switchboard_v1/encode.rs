//! Encodes an event as the frame for a client. The shape is fixed: these keys in this order, and no spaces.
//! Each arm shows the frame that it makes. `lists` has those with lists, and `pieces` what several frames have.
//!
//! An id that a client chose, a name and a text are any characters, so they are escaped. The ids of the server
//! need no escapes.

use super::lists;
use super::pieces::{finish, write_message, write_place, write_time};
use crate::chat;
use crate::chat::account::Event;
use crate::dialects::base;
use crate::dialects::json::Writer;
use crate::dialects::refusal::{MESSAGE_NOT_STORED, code, sentence};

/// The version of the server, for `welcome`.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Appends an event's frame.
pub(super) fn write(event: &chat::Event<'_>, out: &mut Vec<u8>) {
    let mut out = Writer(out);
    match *event {
        chat::Event::Account(ref event) => write_own(event, &mut out),
        chat::Event::Pong => base::write_pong(&mut out),
        chat::Event::Notice(text) => base::write_notice(text, &mut out),
        chat::Event::Error { detail, code, id } => base::write_error(detail, code, id, &mut out),
        // No connection of those realms speaks this dialect.
        chat::Event::Mobile(_) | chat::Event::Messenger(_) => {}
    }
}

fn write_own(event: &Event<'_>, out: &mut Writer<'_>) {
    match *event {
        Event::Welcome(user) => {
            out.raw(r#"{"type":"welcome","user":"#).string(user);
            out.raw(r#","server":"#).word(VERSION).raw("}");
        }
        Event::Said(ref message) | Event::Sent { ref message, .. } => write_message(message, out),
        Event::Stored { id, mid, at, delivered } => {
            out.raw(r#"{"type":"ack","id":"#).string(id);
            out.raw(r#","mid":"#).word(&mid.to_string());
            write_time("ts", at, out);
            out.raw(r#","status":"#).word(if delivered { "delivered" } else { "stored" }).raw("}");
        }
        Event::Edited { id, ref said, at } => {
            out.raw(r#"{"type":"edited","mid":"#).word(&said.mid.to_string());
            write_place(said.place, out);
            out.raw(r#","text":"#).string(said.text);
            write_time("ts", at, out);
            finish(id, out);
        }
        Event::Deleted { id, ref said, at } => {
            out.raw(r#"{"type":"deleted","mid":"#).word(&said.mid.to_string());
            write_place(said.place, out);
            write_time("ts", at, out);
            finish(id, out);
        }
        Event::HasRead { from, place, up_to } => {
            out.raw(r#"{"type":"read","from":"#).string(from);
            write_place(place, out);
            out.raw(r#","up_to":"#).word(&up_to.to_string()).raw("}");
        }
        Event::Typing { from, to, is_typing } => {
            out.raw(r#"{"type":"typing","from":"#).string(from);
            write_place(to, out);
            out.raw(r#","is_typing":"#).boolean(is_typing).raw("}");
        }
        Event::Receipt { from, place, id } => {
            out.raw(r#"{"type":"receipt","from":"#).string(from);
            write_place(place, out);
            out.raw(r#","id":"#).string(id).raw(r#","status":"read"}"#);
        }
        Event::Signal { from, place, data } => {
            out.raw(r#"{"type":"signal","from":"#).string(from);
            write_place(place, out);
            out.raw(r#","data":"#).raw(data).raw("}");
        }
        Event::Users { .. }
        | Event::UsersChanged { .. }
        | Event::Page { .. }
        | Event::Conversations { .. }
        | Event::UsersPage { .. }
        | Event::Rooms { .. }
        | Event::RoomNews { .. }
        | Event::RoomMembers { .. } => lists::write(event, out),
        Event::Refused { ref refusal, id } => {
            base::write_error(&sentence(refusal, MESSAGE_NOT_STORED), code(refusal), id, out);
        }
        // These are for the sockets of other protocols.
        Event::History(_)
        | Event::Notify { .. }
        | Event::UnreadReset { .. }
        | Event::Everyone(_)
        | Event::Ping => {}
    }
}
