//! [`json`]: a notice as one line of JSON, for the program that reads the pipe.
//!
//! The values are what came, unchanged. But stdout may be a terminal after all, so every character that a terminal
//! could take for a command stands as an escape (`\u001b`), which JSON allows and every reader undoes.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::chat::{Entry, Notice, Room, Summary, commands, is_hidden};

/// The line, with its end.
pub(super) fn json(notice: &Notice) -> String {
    let plain = value(notice).to_string();
    let mut line = String::with_capacity(plain.len() + 1);
    for character in plain.chars() {
        if character.is_control() || is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(line, "\\u{unit:04x}").expect("writing to a string never fails");
            }
        } else {
            line.push(character);
        }
    }
    line.push('\n');
    line
}

fn value(notice: &Notice) -> Value {
    match notice {
        Notice::Connected { online } => json!({"event": "connected", "online": online}),
        Notice::Disconnected { ending, back_in } => json!({
            "event": "disconnected",
            "reason": ending.sentence().as_str(),
            "code": ending.code(),
            "back_in_ms": back_in.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        }),
        Notice::Message { entry, id } => {
            let mut message = message(entry);
            message["event"] = "message".into();
            message["id"] = id.clone().into();
            message
        }
        Notice::Said { to, text, id } => {
            json!({"event": "said", "to": to, "text": text, "id": id})
        }
        Notice::Stored { to, id } => json!({"event": "stored", "to": to, "id": id}),
        Notice::Delivered { to, id } => json!({"event": "delivered", "to": to, "id": id}),
        Notice::PutOff { to, id } => json!({"event": "waiting", "to": to, "id": id}),
        Notice::Read { by, id } => json!({"event": "read", "by": by, "id": id}),
        Notice::Refused { to, id, detail, code } => {
            json!({"event": "refused", "to": to, "id": id, "detail": detail, "code": code})
        }
        Notice::Announced(text) => json!({"event": "notice", "text": text}),
        Notice::Warned { detail, code } => {
            json!({"event": "warning", "detail": detail, "code": code})
        }
        Notice::Presence { joined, left, online, known: _ } => {
            json!({"event": "presence", "joined": joined, "left": left, "online": online})
        }
        Notice::Changed { place, text } => {
            json!({"event": "changed", "place": place, "text": text})
        }
        Notice::History { place, entries } => {
            let messages: Vec<Value> = entries.iter().map(message).collect();
            json!({"event": "history", "place": place, "messages": messages})
        }
        Notice::Rooms(rooms) => {
            json!({"event": "rooms", "rooms": rooms.iter().map(room).collect::<Vec<_>>()})
        }
        Notice::Room { label, event, user } => {
            json!({"event": "room", "place": label, "change": event, "user": user})
        }
        Notice::Members { label, members } => {
            json!({"event": "members", "place": label, "members": members})
        }
        Notice::To { who, is_online, unread, is_connected: _, entries: _ } => {
            json!({"event": "to", "who": who, "online": is_online, "unread": unread})
        }
        Notice::Who { names, found, online } => {
            json!({"event": "who", "names": names, "found": found, "online": online})
        }
        Notice::Chats(chats) => {
            json!({"event": "chats", "chats": chats.iter().map(chat).collect::<Vec<_>>()})
        }
        Notice::Discarded(count) => json!({"event": "discarded", "count": count}),
        Notice::Mistake(detail) => json!({"event": "mistake", "detail": detail}),
        Notice::Help(kind) => json!({
            "event": "help",
            "commands": commands(*kind).map(|(word, argument, meaning)| {
                json!({"command": word, "argument": argument, "meaning": meaning})
            }).collect::<Vec<_>>(),
        }),
    }
}

fn message(entry: &Entry) -> Value {
    json!({"place": entry.place, "from": entry.from, "text": entry.text, "at": entry.at})
}

fn room(room: &Room) -> Value {
    let Room { id, name, description, members } = room;
    json!({"room": id, "name": name, "description": description, "members": members})
}

fn chat(chat: &Summary) -> Value {
    let Summary { with, unread, is_online } = chat;
    json!({"with": with, "unread": unread, "online": is_online})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_text_is_harmless_on_a_terminal_and_whole_for_a_program() {
        let text = "a\x1b[2J\u{9b}\u{7f}\u{202e}\u{e0041}\n👍é";
        let (place, from) = ("1".to_owned(), "1".to_owned());
        let entry = Entry { place, from, text: text.to_owned(), at: 7, is_ours: false, mid: None };
        let line = json(&Notice::Message { entry, id: None });
        let body = line.strip_suffix('\n').expect("one line");
        assert!(!body.contains(|c: char| c.is_control() || is_hidden(c)), "{body}");
        let value: Value = serde_json::from_str(body).expect("it is JSON");
        assert_eq!((&value["text"], &value["event"]), (&json!(text), &json!("message")));
    }
}
