//! Any text, as a frame of SCA. What it makes of one is compared with what a reader of plain JSON
//! finds in it, and what it says about it has to be JSON again, with texts and ids as they came.

use switchboard::chat::mobile::{Command, Delivery, Event};
use switchboard::chat::{self, Mobile, Reason};
use switchboard::dialects::{Dialect, Incoming, Message};
use switchboard::timer::Zone;

use super::json::{field, fields, is_strict, word};

/// A frame.
pub fn check(bytes: &[u8]) {
    assert_eq!(Dialect::Sca.read(Message::Binary(bytes)), Incoming::Unacceptable);
    let Ok(text) = str::from_utf8(bytes) else { return };
    let is_object = fields(text).is_some();
    match Dialect::Sca.read(Message::Text(text)) {
        Incoming::Command(chat::Command::Mobile(command)) => {
            assert!(is_object, "only an object is a command");
            check_command(text, command);
        }
        Incoming::Token(token) => assert_eq!(word(text, "token").as_deref(), Some(&*token)),
        Incoming::Reply(event) => {
            assert!(is_object, "only an object is answered");
            assert_eq!(event, chat::Event::Pong);
            assert_eq!(word(text, "type").as_deref(), Some("ping"));
        }
        Incoming::Malformed { detail, code, id, refused_message } => {
            // Of two faults the first is named; a key that stands twice may come before the end.
            match detail {
                "a frame must be one JSON object" => assert!(!is_object),
                "a key appears twice" => {}
                _ => assert!(is_object, "{detail}"),
            }
            if refused_message.is_some() {
                assert_eq!(word(text, "type").as_deref(), Some("message"));
            }
            let said = say(&chat::Event::Error { detail, code, id: id.as_deref() });
            assert_eq!(field(&said, "detail"), Some(format!("{detail:?}").as_str()));
            assert_eq!(word(&said, "code").as_deref(), Some(code));
            assert_eq!(word(&said, "id"), id.map(String::from));
            if is_object && let Some(id) = word(&said, "id") {
                assert_eq!(word(text, "id"), Some(id));
            }
        }
        Incoming::Command(chat::Command::Messenger(_) | chat::Command::Account(_))
        | Incoming::SignIn(_)
        | Incoming::Echo(_)
        | Incoming::Nothing
        | Incoming::Speaks(_)
        | Incoming::Unacceptable => panic!("no text is any of these"),
    }
}

/// What the chat would make of a command has to say what the frame said, to the byte.
fn check_command(frame: &str, command: Command<'_>) {
    let kind = word(frame, "type");
    let kind = kind.as_deref();
    match command {
        Command::Message { to, text, id } => {
            assert_eq!(kind, Some("message"));
            check_to(frame, to);
            assert_eq!(field(frame, "text"), Some(text));
            assert!(text.len() <= 16 * 1024 + 2);
            // `null` counts as absent.
            assert_eq!(field(frame, "id").filter(|id| *id != "null"), id);
            let said = written(&Event::Message { from: to, to, text, id });
            assert_eq!((field(&said, "text"), field(&said, "id")), (Some(text), id));
            let said = written(&Event::Undelivered { to, id, reason: Reason::Slow });
            assert_eq!(field(&said, "id"), id);
            if let Some(id) = id {
                let said = written(&Event::Ack { id, delivery: Delivery::Delivered });
                assert_eq!(field(&said, "id"), Some(id));
            }
        }
        Command::Typing { to, is_typing } => {
            assert_eq!(kind, Some("typing"));
            check_to(frame, to);
            let word = if is_typing { "true" } else { "false" };
            assert_eq!(field(frame, "is_typing"), Some(word));
            let said = written(&Event::Typing { from: to, is_typing });
            assert_eq!(field(&said, "is_typing"), Some(word));
        }
        Command::Receipt { to, id } => {
            assert_eq!(kind, Some("receipt"));
            check_to(frame, to);
            assert_eq!(field(frame, "id"), Some(id));
            let said = written(&Event::Receipt { from: to, id });
            assert_eq!(field(&said, "id"), Some(id));
        }
        Command::Signal { to, data } => {
            assert_eq!(kind, Some("signal"));
            check_to(frame, to);
            assert_eq!(field(frame, "data"), Some(data));
            assert!(data.len() <= 16 * 1024);
            let said = written(&Event::Signal { from: to, data });
            assert_eq!(field(&said, "data"), Some(data));
        }
        Command::ListOnline => assert_eq!(kind, Some("get_online_users")),
        Command::Presence(_) => assert_eq!(kind, Some("presence")),
    }
}

fn check_to(frame: &str, to: Mobile) {
    assert_eq!(word(frame, "to"), Some(to.to_string()));
}

/// What a client is told of an event: one JSON object.
fn written(event: &Event<'_>) -> String {
    say(&chat::Event::Mobile(*event))
}

fn say(event: &chat::Event<'_>) -> String {
    let mut out = Vec::new();
    Dialect::Sca.write(event, &Zone::default(), &mut out);
    let text = String::from_utf8(out).expect("JSON is UTF-8");
    assert!(fields(&text).is_some() && is_strict(&text));
    text
}
