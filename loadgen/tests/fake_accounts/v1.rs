//! `switchboard.v1`, as the fake server speaks it.

use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};

use super::Flaw;
use super::chat::{Chat, Message, Place};
use super::frames::say;
use super::sockets::{Kind, Posted, field, other};

/// The most messages of one answer.
const MOST: u64 = 100;

/// A frame has come from this seat of this user.
pub(crate) fn hear(chat: &mut Chat, by: (usize, usize), frame: &Value, stream: &TcpStream) {
    let user = by.1;
    let id = frame["id"].clone();
    let answer = |mut with: Value| {
        if !id.is_null() {
            with["id"] = id.clone();
        }
        say(stream, &with);
    };
    let Some(place) = place(chat, user, frame) else {
        return answer(error("unknown_user"));
    };
    if !chat.may_read(user, &place) {
        return answer(error("not_a_member"));
    }
    let mid = |name: &str| field(frame, name).parse::<u64>().ok();
    match frame["type"].as_str().unwrap_or_default() {
        "ping" => say(stream, &json!({"type": "pong"})),
        "get_online_users" => say(stream, &chat.online_users()),
        "message" => message_of(chat, by, frame, place, stream),
        "typing" => type_in(chat, by, &place, frame),
        "history" if chat.flaw == Flaw::RefuseHistory => answer(error("busy")),
        "history" if chat.flaw == Flaw::WithholdHistory && chat.seats.len() > 1 => {}
        "history" => {
            let limit = frame["limit"].as_u64().unwrap_or(50).min(MOST);
            let (page, more) = chat.page(&place, mid("before"), limit as usize);
            let messages: Vec<_> = page.iter().map(|one| message(chat, one, one.from)).collect();
            let mut history = json!({"type": "history", "messages": messages, "more": more});
            name_place(chat, user, &place, &mut history);
            answer(history);
        }
        "conversations" if chat.flaw == Flaw::RefuseUnread => {
            chat.unread_asked += 1;
            drop(stream.shutdown(Shutdown::Both));
        }
        "conversations" => {
            let list: Vec<_> =
                chat.places(user).iter().map(|place| conversation(chat, user, place)).collect();
            answer(json!({"type": "conversations", "conversations": list}));
        }
        "read" => {
            let up_to = mid("up_to").unwrap_or(0);
            chat.mark_read(user, place.clone(), up_to);
            let mut read =
                json!({"type": "read", "from": chat.name(user), "up_to": up_to.to_string()});
            if let Some(other) = other(&place, user) {
                read["to"] = chat.name(other).into();
                for seat in chat.seats.iter().filter(|seat| seat.user == other) {
                    if matches!(seat.kind, Kind::V1(_)) {
                        say(&seat.stream, &read);
                    }
                }
            }
        }
        other => answer(of_rooms(chat, user, other, frame)),
    }
}

/// The answer to a frame about rooms.
fn of_rooms(chat: &mut Chat, user: usize, kind: &str, frame: &Value) -> Value {
    let id = field(frame, "room");
    match kind {
        "rooms" => {
            let own = chat.rooms.iter().filter(|(_, room)| room.members.contains(&user));
            let rooms: Vec<_> = own.map(|(id, _)| room(chat, id)).collect();
            json!({"type": "rooms", "rooms": rooms})
        }
        "room_create" => {
            let (name, about) = (field(frame, "name"), field(frame, "description"));
            let new = chat.create_room(name, about, user);
            event(chat, &new, "created", user)
        }
        "room_add" => {
            let Some(new) = chat.user(&field(frame, "user")) else { return error("unknown_user") };
            if let Some(room) = chat.rooms.get_mut(&id) {
                room.members.insert(new);
            }
            event(chat, &id, "added", new)
        }
        "room_delete" => {
            let answer = event(chat, &id, "deleted", user);
            chat.rooms.remove(&id);
            answer
        }
        "room_members" => {
            let members: Vec<_> =
                chat.rooms[&id].members.iter().map(|&user| chat.name(user)).collect();
            json!({"type": "room_members", "room": id, "members": members})
        }
        _ => error("unknown_type"),
    }
}

/// What a sender is told of a message.
pub(crate) fn acks(one: &Message, is_delivered: bool) -> Vec<Value> {
    let ack = |status: &str| {
        json!({"type": "ack", "id": one.id, "mid": one.mid.to_string(), "ts": one.ts,
            "status": status})
    };
    ["stored", "delivered"].into_iter().take(1 + usize::from(is_delivered)).map(ack).collect()
}

/// A message, written by `from`: the flaw may name another author.
pub(crate) fn message(chat: &Chat, one: &Message, from: usize) -> Value {
    let mut frame = json!({"type": "message", "mid": one.mid.to_string(),
        "from": chat.name(one.from), "text": one.text, "ts": one.ts});
    name_place(chat, from, &one.place, &mut frame);
    if one.reply.is_string() {
        frame["reply_to"] = one.reply.clone();
    }
    frame
}

fn message_of(
    chat: &mut Chat,
    by: (usize, usize),
    frame: &Value,
    place: Place,
    stream: &TcpStream,
) {
    let (id, text) = (field(frame, "id"), field(frame, "text"));
    let before = chat.sent_before(by.1, &id).cloned();
    match before {
        // Sent again: acknowledged again, and stored once.
        Some(known) if known.text == text && known.place == place => {
            acks(&known, false).iter().for_each(|ack| say(stream, ack));
        }
        Some(_) => {
            let mut refusal = error("id_reused");
            refusal["id"] = id.into();
            say(stream, &refusal);
        }
        None => {
            let reply = frame["reply_to"].clone();
            chat.post(by, Posted { place, text, reply, id });
        }
    }
}

fn type_in(chat: &mut Chat, by: (usize, usize), place: &Place, frame: &Value) {
    let mut typing = json!({"type": "typing", "is_typing": frame["is_typing"]});
    name_place(chat, by.1, place, &mut typing);
    chat.pass_typing(by, place, |kind| matches!(kind, Kind::V1(_)), ("from", typing));
}

fn conversation(chat: &Chat, user: usize, place: &Place) -> Value {
    let last = chat.history(place).last().map(|one| message(chat, one, one.from));
    let mut one = json!({"unread": chat.unread(user, place), "last": last, "read_by_other": null});
    name_place(chat, user, place, &mut one);
    one
}

fn place(chat: &Chat, user: usize, frame: &Value) -> Option<Place> {
    match (frame["to"].as_str(), frame["room"].as_str()) {
        (Some(to), _) => Some(Place::pair(user, chat.user(to)?)),
        (None, Some(room)) => Some(Place::Room(room.to_owned())),
        (None, None) => Some(Place::All),
    }
}

/// Says which conversation of this user it is.
fn name_place(chat: &Chat, user: usize, place: &Place, frame: &mut Value) {
    match place {
        Place::All => {}
        Place::Pair(..) => {
            frame["to"] = other(place, user).map(|other| chat.name(other)).into();
        }
        Place::Room(room) => frame["room"] = room.clone().into(),
    }
}

fn room(chat: &Chat, id: &str) -> Value {
    let room = &chat.rooms[id];
    json!({"room": id, "name": room.name, "description": room.description,
        "creator": chat.name(room.creator), "members": room.members.len()})
}

fn event(chat: &Chat, id: &str, what: &str, user: usize) -> Value {
    let mut frame = room(chat, id);
    frame["type"] = "room".into();
    frame["event"] = what.into();
    frame["user"] = chat.name(user).into();
    frame
}

fn error(code: &str) -> Value {
    json!({"type": "error", "detail": "No.", "code": code})
}
