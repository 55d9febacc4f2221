//! [`json`]: a notice as one line of JSON, for the program that reads the pipe.
//!
//! The values are what came, unchanged. But stdout may be a terminal after all, so every character that a terminal
//! could take for a command stands as an escape (`\u001b`), which JSON allows and every reader undoes.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::chat::{COMMANDS, Notice, Summary, is_hidden};

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
        Notice::Message { entry, id } => json!({
            "event": "message", "from": entry.from, "text": entry.text, "at": entry.at, "id": id,
        }),
        Notice::Said { to, text, id } => {
            json!({"event": "said", "to": to, "text": text, "id": id})
        }
        Notice::Delivered { to, id } => json!({"event": "delivered", "to": to, "id": id}),
        Notice::PutOff { to, id } => json!({"event": "waiting", "to": to, "id": id}),
        Notice::Read { by, id } => json!({"event": "read", "by": by, "id": id}),
        Notice::Refused { to, id, detail, code } => {
            json!({"event": "refused", "to": to, "id": id, "detail": detail, "code": code})
        }
        Notice::Warned { detail, code } => {
            json!({"event": "warning", "detail": detail, "code": code})
        }
        Notice::Presence { joined, left, online, known: _ } => {
            json!({"event": "presence", "joined": joined, "left": left, "online": online})
        }
        Notice::To { who, is_online, unread, entries: _ } => {
            json!({"event": "to", "who": who, "online": is_online, "unread": unread})
        }
        Notice::Who { names, found, online } => {
            json!({"event": "who", "names": names, "found": found, "online": online})
        }
        Notice::Chats(chats) => json!({
            "event": "chats",
            "chats": chats.iter().map(|Summary { with, unread, is_online }| {
                json!({"with": with, "unread": unread, "online": is_online})
            }).collect::<Vec<_>>(),
        }),
        Notice::Discarded(count) => json!({"event": "discarded", "count": count}),
        Notice::Mistake(detail) => json!({"event": "mistake", "detail": detail}),
        Notice::Help => json!({
            "event": "help",
            "commands": COMMANDS.map(|(word, argument, meaning)| {
                json!({"command": word, "argument": argument, "meaning": meaning})
            }),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Entry;

    #[test]
    fn a_hostile_text_is_harmless_on_a_terminal_and_whole_for_a_program() {
        let text = "a\x1b[2J\u{9b}\u{7f}\u{202e}\u{e0041}\n👍é";
        let entry = Entry { from: "1".to_owned(), text: text.to_owned(), at: 7 };
        let line = json(&Notice::Message { entry, id: None });
        let body = line.strip_suffix('\n').expect("one line");
        assert!(!body.contains(|c: char| c.is_control() || is_hidden(c)), "{body}");
        let value: Value = serde_json::from_str(body).expect("it is JSON");
        assert_eq!((&value["text"], &value["event"]), (&json!(text), &json!("message")));
    }
}
