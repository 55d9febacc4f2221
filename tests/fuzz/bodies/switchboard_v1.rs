//! Any text, as a frame of `switchboard.v1`. What the dialect makes of it is compared with what a reader of plain
//! JSON finds in it: above all, nothing that names a place is said anywhere else.

use switchboard::chat;
use switchboard::chat::account::{Command, Query, Target};
use switchboard::dialects::{Dialect, Incoming, Message};

use super::json::{field, fields, is_strict, word};

/// A frame.
pub(super) fn check(frame: &str) {
    let is_object = fields(frame).is_some();
    let kind = is_object.then(|| string(frame, "type")).flatten();
    match Dialect::SwitchboardV1.read(Message::Text(frame)) {
        Incoming::Command(chat::Command::Account(command)) => {
            let kind = kind.expect("only an object with a type is a command");
            check_command(frame, &kind, &command);
        }
        Incoming::Reply(chat::Event::Pong) => assert_eq!(kind.as_deref(), Some("ping")),
        Incoming::Malformed { id, refused_message, .. } => {
            assert!(refused_message.is_none() || kind.as_deref() == Some("message"));
            if let Some(id) = id {
                assert_eq!(word(frame, "id").as_deref(), Some(&*id), "it is the frame's own");
            }
        }
        other => panic!("no text is {other:?}"),
    }
}

fn check_command(frame: &str, kind: &str, command: &Command<'_>) {
    let id = match command {
        Command::Say { to, text, id, reply_to } => {
            assert_eq!(kind, "message");
            check_place(frame, to);
            assert_eq!(word(frame, "text").as_deref(), Some(&**text));
            let named = named(frame, "reply_to").and_then(|raw| serde_json::from_str(raw).ok());
            assert_eq!(reply_to.map(|mid| mid.0), number(named));
            assert!(id.is_some(), "a message has an id");
            id
        }
        Command::Edit { mid, text, id } => {
            assert_eq!(kind, "edit");
            assert_eq!(word(frame, "text").as_deref(), Some(&**text));
            assert_eq!(Some(mid.0), number(word(frame, "mid")));
            id
        }
        Command::Delete { mid, id } => {
            assert_eq!(kind, "delete");
            assert_eq!(Some(mid.0), number(word(frame, "mid")));
            id
        }
        Command::Read { place, up_to, id } => {
            assert_eq!(kind, "read");
            check_place(frame, place);
            assert_eq!(Some(up_to.0), number(word(frame, "up_to")));
            id
        }
        Command::Typing { to, is_typing } => {
            assert_eq!(kind, "typing");
            check_place(frame, to);
            let word = if *is_typing { "true" } else { "false" };
            return assert_eq!(field(frame, "is_typing"), Some(word));
        }
        Command::Receipt { to, id } => {
            assert!(kind == "receipt" && *to != Target::Everybody);
            check_place(frame, to);
            return assert_eq!(word(frame, "id").as_deref(), Some(&**id));
        }
        Command::Signal { to, data } => {
            assert!(kind == "signal" && *to != Target::Everybody && is_strict(data));
            check_place(frame, to);
            return assert_eq!(field(frame, "data"), Some(*data));
        }
        Command::ListUsers => return assert_eq!(kind, "get_online_users"),
        Command::Presence(_) => return assert_eq!(kind, "presence"),
        Command::SayHere { .. } => panic!("a message goes where its frame says"),
        Command::Query { id, what } => {
            check_query(frame, kind, what);
            id
        }
    };
    let given = named(frame, "id").and_then(|raw| serde_json::from_str::<String>(raw).ok());
    assert_eq!(id.as_deref(), given.as_deref());
}

fn check_query(frame: &str, kind: &str, what: &Query<'_>) {
    let expected = match what {
        Query::History { of, before, limit } => {
            check_place(frame, of);
            let named = named(frame, "before").and_then(|raw| serde_json::from_str(raw).ok());
            assert_eq!(before.map(|mid| mid.0), number(named));
            assert!((1..=100).contains(limit));
            "history"
        }
        Query::Conversations => "conversations",
        Query::Users { prefix, after } => {
            assert_eq!(prefix.is_some(), named(frame, "prefix").is_some());
            assert_eq!(after.is_some(), named(frame, "after").is_some());
            "users"
        }
        Query::Rooms => "rooms",
        Query::RoomMembers(_) => "room_members",
        Query::CreateRoom { name, description } => {
            assert_eq!(word(frame, "name").as_deref(), Some(&**name));
            assert_eq!(word(frame, "description").as_deref(), Some(&**description));
            "room_create"
        }
        Query::DeleteRoom(_) => "room_delete",
        Query::AddMember { user, .. } => {
            assert_eq!(word(frame, "user").as_deref(), Some(&**user));
            "room_add"
        }
        Query::RemoveMember { user, .. } => {
            assert_eq!(word(frame, "user").as_deref(), Some(&**user));
            "room_remove"
        }
        Query::LeaveRoom(_) => "room_leave",
    };
    assert_eq!(kind, expected);
}

/// Everybody is meant only if the frame names nobody, and a place is the one that it names.
fn check_place(frame: &str, place: &Target<'_>) {
    let (to, room) = (named(frame, "to"), named(frame, "room"));
    match place {
        Target::Everybody => assert!(to.is_none() && room.is_none()),
        Target::User(name) => {
            assert!(room.is_none());
            assert_eq!(word(frame, "to").as_deref(), Some(&**name));
        }
        Target::Room(id) => {
            assert!(to.is_none());
            let named = word(frame, "room").map(|room| room.to_ascii_lowercase());
            assert_eq!(named, Some(id.to_string()));
        }
    }
}

/// The value at a key, unless it is null.
fn named<'a>(frame: &'a str, key: &str) -> Option<&'a str> {
    field(frame, key).filter(|raw| *raw != "null")
}

fn string(frame: &str, key: &str) -> Option<String> {
    serde_json::from_str(field(frame, key)?).ok()
}

fn number(text: Option<String>) -> Option<i64> {
    text?.parse().ok()
}
