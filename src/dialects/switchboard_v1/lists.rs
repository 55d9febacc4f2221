//! Encodes the events with lists: who is online, what answers a question, and what has become of a room. Called by
//! `encode`.

use super::pieces::{finish, write_message, write_place};
use crate::chat::account::{Conversation, Event, RoomNews, RoomView};
use crate::dialects::base;
use crate::dialects::json::{self, Writer};

/// Appends an event's frame. It appends nothing for an event that is none of these.
pub(super) fn write(event: &Event<'_>, out: &mut Writer<'_>) {
    match *event {
        Event::Users { names, .. } => base::write_online(out, |out| write_names(names, out)),
        Event::UsersChanged { joined, left, online } => base::write_presence(
            out,
            |out| write_names(joined, out),
            |out| write_names(left, out),
            online,
        ),
        Event::Page { id, place, messages, more } => {
            out.raw(r#"{"type":"history""#);
            write_place(place, out);
            out.raw(r#","messages":"#);
            json::list(messages, out, write_message);
            out.raw(r#","more":"#).boolean(more);
            finish(id, out);
        }
        Event::Conversations { id, list } => {
            out.raw(r#"{"type":"conversations","conversations":"#);
            json::list(list, out, write_conversation);
            finish(id, out);
        }
        Event::UsersPage { id, users, more } => {
            out.raw(r#"{"type":"users","users":"#);
            json::list(users, out, |(name, is_online), out| {
                out.raw(r#"{"name":"#).string(name);
                out.raw(r#","online":"#).boolean(*is_online).raw("}");
            });
            out.raw(r#","more":"#).boolean(more);
            finish(id, out);
        }
        Event::Rooms { id, rooms } => {
            out.raw(r#"{"type":"rooms","rooms":"#);
            json::list(rooms, out, |room, out| {
                out.raw("{");
                write_room(room, out);
                out.raw("}");
            });
            finish(id, out);
        }
        Event::RoomNews { id, ref room, what, user } => {
            out.raw(r#"{"type":"room","#);
            write_room(room, out);
            out.raw(r#","event":"#).word(match what {
                RoomNews::Created => "created",
                RoomNews::Deleted => "deleted",
                RoomNews::Added => "added",
                RoomNews::Removed => "removed",
                RoomNews::Left => "left",
            });
            out.raw(r#","user":"#).string(user);
            finish(id, out);
        }
        Event::RoomMembers { id, room, members } => {
            out.raw(r#"{"type":"room_members","room":"#).word(&room.to_string());
            out.raw(r#","members":"#);
            write_names(members, out);
            finish(id, out);
        }
        // `encode` has the others.
        _ => {}
    }
}

/// Appends a list of names.
fn write_names(names: &[&str], out: &mut Writer<'_>) {
    json::list(names, out, |name, out| _ = out.string(name));
}

fn write_conversation(conversation: &Conversation<'_>, out: &mut Writer<'_>) {
    let Conversation { place, last, unread, read_by_other } = conversation;
    // The place comes with a comma before it, so it cannot be first.
    out.raw(r#"{"unread":"#).number(*unread as usize);
    write_place(*place, out);
    out.raw(r#","last":"#);
    match last {
        Some(last) => write_message(last, out),
        None => _ = out.raw("null"),
    }
    out.raw(r#","read_by_other":"#);
    match read_by_other {
        Some(mid) => out.word(&mid.to_string()),
        None => out.raw("null"),
    };
    out.raw("}");
}

/// Appends the fields that describe a room.
fn write_room(room: &RoomView<'_>, out: &mut Writer<'_>) {
    out.raw(r#""room":"#).word(&room.id.to_string());
    out.raw(r#","name":"#).string(room.name);
    out.raw(r#","description":"#).string(room.description);
    out.raw(r#","creator":"#).string(room.creator);
    out.raw(r#","members":"#).number(room.members);
}
