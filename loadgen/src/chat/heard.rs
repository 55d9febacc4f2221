//! [`Heard`]: what a frame of the server says, in either protocol.
//!
//! Everything is owned: a person reads few frames. What is unknown is ignored, as the protocols want it. Knows no
//! state.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use switchboard::dialects::sca::wire::ServerFields;
use switchboard::dialects::switchboard_v1::wire::{
    ConversationFields, RoomFields, ServerFields as NamedFields,
};

use super::place::{Kind, Place};

/// What a frame says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Heard {
    /// Our name, as the server has it.
    Welcome(String),
    /// The people who are online, all of them.
    Online(Vec<String>),
    /// People have come and gone.
    Presence { joined: Vec<String>, left: Vec<String> },
    /// A peer writes.
    Message(Message),
    /// The message with this id is stored.
    Stored(String),
    /// The recipient's socket has the message with this id.
    Delivered(String),
    /// The message with this id has not been delivered: the recipient is offline, or reads too slowly.
    Undelivered(String),
    /// A peer has read a message of ours.
    Read { from: String, id: Option<String> },
    /// Another device of ours has read the conversation.
    ReadElsewhere(Place),
    /// A message was changed, or deleted if there is no text.
    Changed { place: Place, text: Option<String> },
    /// Messages of a conversation, the oldest first: the answer to the request with this id.
    History { id: Option<String>, place: Place, messages: Vec<Message> },
    /// Our conversations, with the number of unread messages.
    Conversations(Vec<(Place, usize)>),
    /// Our rooms.
    Rooms(Vec<Room>),
    /// A room has changed.
    Room { room: Room, event: String, user: String },
    /// The members of a room.
    Members { room: String, members: Vec<String> },
    /// The server's operator says something to everybody.
    Announced(String),
    /// A frame of ours was refused, or a limit is near.
    Error { detail: String, code: String, id: Option<String> },
    /// Any other sign of life.
    Other,
}

/// A message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Message {
    /// The conversation, if that is not the one with the sender.
    pub(super) place: Option<Place>,
    pub(super) from: String,
    pub(super) text: String,
    pub(super) id: Option<String>,
    pub(super) mid: Option<u64>,
    pub(super) at: Option<i64>,
}

/// A room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Room {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) description: String,
    /// How many members it has.
    pub(crate) members: u64,
}

impl Heard {
    /// Understands a frame. `me` is our name.
    pub(super) fn understand(kind: Kind, me: &str, json: &str) -> Self {
        match kind {
            Kind::Numbers => of_numbers(json).unwrap_or(Heard::Other),
            Kind::Names => of_names(me, json).unwrap_or(Heard::Other),
        }
    }
}

/// The id of the request that a frame answers.
pub(super) fn answers(kind: Kind, json: &str) -> Option<String> {
    match kind {
        Kind::Numbers => None,
        Kind::Names => {
            let fields = serde_json::from_str::<NamedFields<'_>>(json).ok()?;
            Some(fields.id?.into_owned())
        }
    }
}

fn of_numbers(json: &str) -> Option<Heard> {
    let fields = serde_json::from_str::<ServerFields<'_>>(json).ok()?;
    let owned = |field: Option<&str>| field.map(str::to_owned);
    let id: Option<String> = parsed(fields.id);
    Some(match fields.kind {
        "online_users" => Heard::Online(parsed(fields.users)?),
        "presence" => presence(fields.joined, fields.left),
        "message" => {
            let (from, text) = (owned(fields.from)?, parsed(fields.text)?);
            Heard::Message(Message { place: None, from, text, id, mid: None, at: None })
        }
        "ack" if fields.status == Some("delivered") => Heard::Delivered(id?),
        "ack" | "undelivered" => Heard::Undelivered(id?),
        "receipt" if fields.status == Some("read") => {
            Heard::Read { from: owned(fields.from)?, id: Some(id?) }
        }
        "notice" => Heard::Announced(parsed(fields.text)?),
        "error" => Heard::Error {
            detail: fields.detail.unwrap_or_default(),
            code: parsed(fields.code).unwrap_or_default(),
            id,
        },
        _ => return None,
    })
}

fn of_names(me: &str, json: &str) -> Option<Heard> {
    let fields = serde_json::from_str::<NamedFields<'_>>(json).ok()?;
    let place = place(me, fields.from.as_deref(), fields.to.as_deref(), fields.room);
    let id = fields.id.as_deref().map(str::to_owned);
    Some(match fields.kind {
        "welcome" => Heard::Welcome(fields.user?.into_owned()),
        "online_users" => Heard::Online(parsed(fields.users)?),
        "presence" => presence(fields.joined, fields.left),
        "message" => Heard::Message(message(me, &fields)?),
        "ack" if fields.status == Some("delivered") => Heard::Delivered(id?),
        "ack" => Heard::Stored(id?),
        "receipt" if fields.status == Some("read") => {
            Heard::Read { from: fields.from?.into_owned(), id }
        }
        "read" if fields.from.as_deref() == Some(me) => Heard::ReadElsewhere(place),
        "read" => Heard::Read { from: fields.from?.into_owned(), id: None },
        "edited" => Heard::Changed { place, text: Some(fields.text?.into_owned()) },
        "deleted" => Heard::Changed { place, text: None },
        "history" => {
            let frames: Vec<&RawValue> = serde_json::from_str(fields.messages?.get()).ok()?;
            let read = |frame: &&RawValue| {
                let fields = serde_json::from_str::<NamedFields<'_>>(frame.get()).ok()?;
                message(me, &fields)
            };
            // The place is that of our request, so a `to` in it is the other person.
            let place = self::place(me, Some(me), fields.to.as_deref(), fields.room);
            Heard::History { id, place, messages: frames.iter().filter_map(read).collect() }
        }
        "conversations" => {
            let all = fields.conversations?.get();
            let all = serde_json::from_str::<Vec<ConversationFields<'_>>>(all).ok()?;
            Heard::Conversations(all.iter().map(|one| conversation(me, one)).collect())
        }
        "rooms" => {
            let all = serde_json::from_str::<Vec<RoomFields<'_>>>(fields.rooms?.get()).ok()?;
            Heard::Rooms(all.iter().map(room).collect())
        }
        "room" => {
            let (user, event) = (fields.user?.into_owned(), fields.event?.to_owned());
            let room = Room {
                id: fields.room?.to_owned(),
                name: fields.name?.into_owned(),
                description: fields.description.unwrap_or_default().into_owned(),
                members: parsed(fields.members).unwrap_or_default(),
            };
            Heard::Room { room, event, user }
        }
        "room_members" => {
            Heard::Members { room: fields.room?.to_owned(), members: parsed(fields.members)? }
        }
        "notice" => Heard::Announced(fields.text?.into_owned()),
        "error" => Heard::Error {
            detail: fields.detail.unwrap_or_default().into_owned(),
            code: fields.code.unwrap_or_default().to_owned(),
            id,
        },
        _ => return None,
    })
}

/// The conversation of a frame. In a private one, `to` is the recipient, who may be us.
fn place(me: &str, from: Option<&str>, to: Option<&str>, room: Option<&str>) -> Place {
    match (to, room) {
        (_, Some(room)) => Place::Room(room.to_owned()),
        (Some(to), None) if to == me => Place::Person(from.unwrap_or(me).to_owned()),
        (Some(to), None) => Place::Person(to.to_owned()),
        (None, None) => Place::Everyone,
    }
}

fn message(me: &str, fields: &NamedFields<'_>) -> Option<Message> {
    let from = fields.from.as_deref()?;
    Some(Message {
        place: Some(place(me, Some(from), fields.to.as_deref(), fields.room)),
        from: from.to_owned(),
        text: fields.text.as_deref().unwrap_or_default().to_owned(),
        id: fields.mid.map(str::to_owned),
        mid: Some(fields.mid?.parse().ok()?),
        at: fields.ts,
    })
}

fn conversation(me: &str, fields: &ConversationFields<'_>) -> (Place, usize) {
    let place = place(me, Some(me), fields.to.as_deref(), fields.room);
    (place, usize::try_from(fields.unread).unwrap_or(usize::MAX))
}

fn room(fields: &RoomFields<'_>) -> Room {
    Room {
        id: fields.room.to_owned(),
        name: fields.name.clone().into_owned(),
        description: fields.description.clone().into_owned(),
        members: fields.members,
    }
}

fn presence(joined: Option<&RawValue>, left: Option<&RawValue>) -> Heard {
    let names = |raw| parsed::<Vec<String>>(raw).unwrap_or_default();
    Heard::Presence { joined: names(joined), left: names(left) }
}

fn parsed<T: DeserializeOwned>(field: Option<&RawValue>) -> Option<T> {
    field.and_then(|raw| serde_json::from_str(raw.get()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(json: &str) -> Heard {
        Heard::understand(Kind::Numbers, "0", json)
    }

    fn names(json: &str) -> Heard {
        Heard::understand(Kind::Names, "ada", json)
    }

    fn message(from: &str, text: &str, id: Option<&str>) -> Heard {
        let id = id.map(str::to_owned);
        let (from, text) = (from.to_owned(), text.to_owned());
        Heard::Message(Message { place: None, from, text, id, mid: None, at: None })
    }

    fn person(name: &str) -> Place {
        Place::Person(name.to_owned())
    }

    #[test]
    fn each_frame_of_the_protocol_of_numbers_is_understood() {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let read = Heard::Read { from: "1".into(), id: Some("x".into()) };
        for (json, heard) in [
            (r#"{"type":"online_users","users":["1","2"]}"#, Heard::Online(list(&["1", "2"]))),
            (
                r#"{"type":"presence","joined":["1"],"left":["2"],"online":1}"#,
                Heard::Presence { joined: list(&["1"]), left: list(&["2"]) },
            ),
            (r#"{"type":"message","from":"1","text":"a\nb"}"#, message("1", "a\nb", None)),
            (r#"{"type":"message","from":"1","text":"","id":"x"}"#, message("1", "", Some("x"))),
            (r#"{"type":"ack","id":"x","status":"delivered"}"#, Heard::Delivered("x".into())),
            (r#"{"type":"ack","id":"x","status":"offline"}"#, Heard::Undelivered("x".into())),
            (
                r#"{"type":"undelivered","to":"1","reason":"slow","id":"x"}"#,
                Heard::Undelivered("x".into()),
            ),
            (r#"{"type":"receipt","from":"1","id":"x","status":"read"}"#, read),
            (
                r#"{"type":"error","detail":"no","code":"bad_text","id":"x"}"#,
                Heard::Error { detail: "no".into(), code: "bad_text".into(), id: Some("x".into()) },
            ),
            (r#"{"type":"pong"}"#, Heard::Other),
            (r#"{"type":"tomorrow","text":7}"#, Heard::Other),
        ] {
            assert_eq!(numbers(json), heard, "{json}");
        }
    }

    #[test]
    fn a_message_belongs_to_the_conversation_that_its_fields_name() {
        for (json, place) in [
            (
                r#"{"type":"message","mid":"7","from":"bob","to":"ada","text":"a","ts":1}"#,
                person("bob"),
            ),
            (
                r#"{"type":"message","mid":"7","from":"ada","to":"bob","text":"a","ts":1}"#,
                person("bob"),
            ),
            (
                r#"{"type":"message","mid":"7","from":"bob","room":"r","text":"a","ts":1}"#,
                Place::Room("r".into()),
            ),
            (r#"{"type":"message","mid":"7","from":"bob","text":"a","ts":1}"#, Place::Everyone),
        ] {
            let Heard::Message(message) = names(json) else { panic!("{json}") };
            assert_eq!((message.place, message.mid, message.at), (Some(place), Some(7), Some(1)));
        }
    }

    /// The frames of the protocol's own page.
    #[test]
    fn each_frame_on_the_page_of_the_protocol_of_names_is_understood() {
        let page = include_str!("../../../src/dialects/switchboard_v1/PROTOCOL.md");
        let (_, sent) = page.split_once("## What you are sent").expect("the page has it");
        let (sent, _) = sent.split_once("## What became").expect("the next heading");
        let frames: Vec<&str> = sent.lines().filter(|line| line.starts_with('{')).collect();
        assert!(frames.len() > 20, "only {}", frames.len());
        for json in frames {
            // A heartbeat's answer, and what this client does not show.
            let is_quiet = ["pong", "typing", "users", "signal"];
            let is_quiet =
                is_quiet.iter().any(|kind| json.contains(&format!("\"type\":\"{kind}\"")));
            assert_eq!(names(json) == Heard::Other, is_quiet, "{json}");
        }
    }

    #[test]
    fn a_history_and_a_list_of_conversations_are_those_of_their_places() {
        let json = r#"{"type":"history","to":"bob","messages":[{"type":"message","mid":"7","from":"bob",
            "to":"ada","text":"a","ts":1},{"no":"message"}],"more":true,"id":"h"}"#;
        let Heard::History { id, place, messages } = names(json) else { panic!("a history") };
        assert_eq!((id.as_deref(), place, messages.len()), (Some("h"), person("bob"), 1));
        let json = r#"{"type":"conversations","conversations":[{"unread":2,"to":"bob","last":null,
            "read_by_other":null},{"unread":0,"last":null,"read_by_other":null}]}"#;
        let all = vec![(person("bob"), 2), (Place::Everyone, 0)];
        assert_eq!(names(json), Heard::Conversations(all));
        let json = r#"{"type":"read","from":"ada","to":"bob","up_to":"7"}"#;
        assert_eq!(names(json), Heard::ReadElsewhere(person("bob")));
    }

    #[test]
    fn what_is_malformed_is_ignored() {
        for json in [
            "",
            "hello",
            "[]",
            r#"{"type":"message","from":"1","text":7}"#,
            r#"{"type":"message","text":"a"}"#,
            r#"{"type":"ack","status":"delivered"}"#,
            r#"{"type":"online_users"}"#,
            r#"{"type":"history"}"#,
            r#"{"type":"room","room":"r"}"#,
        ] {
            assert_eq!(numbers(json), Heard::Other, "{json}");
            assert_eq!(names(json), Heard::Other, "{json}");
        }
    }
}
