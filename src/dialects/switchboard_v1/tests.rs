//! The frames of a client, wrong frames, and what becomes of a text on its way through the dialect.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat;
use crate::chat::PresenceMode;
use crate::chat::account::{
    Command, Event, MessageId, Query, RoomId, Said, Seq, Spot, Target, UnixMs,
};
use crate::dialects::Fault;
use crate::dialects::document::words;
use crate::dialects::page::appended;

/// 2026-02-28T23:59:59.007Z.
pub(super) const AT: UnixMs = UnixMs(1_772_323_199_007);
pub(super) const ROOM: &str = "01112131-4151-6171-8191-a1b1c1d1e1f1";

words! { COMMANDS, command_word(Command<'_>):
    Command::Say { .. } => "message",
    Command::Edit { .. } => "edit",
    Command::Delete { .. } => "delete",
    Command::Read { .. } => "read",
    Command::Typing { .. } => "typing",
    Command::Receipt { .. } => "receipt",
    Command::Signal { .. } => "signal",
    Command::ListUsers => "get_online_users",
    Command::Presence(_) => "presence",
    Command::Query { what: Query::History { .. }, .. } => "history",
    Command::Query { what: Query::Conversations, .. } => "conversations",
    Command::Query { what: Query::Users { .. }, .. } => "users",
    Command::Query { what: Query::Rooms, .. } => "rooms",
    Command::Query { what: Query::RoomMembers(_), .. } => "room_members",
    Command::Query { what: Query::CreateRoom { .. }, .. } => "room_create",
    Command::Query { what: Query::DeleteRoom(_), .. } => "room_delete",
    Command::Query { what: Query::AddMember { .. }, .. } => "room_add",
    Command::Query { what: Query::RemoveMember { .. }, .. } => "room_remove",
    Command::Query { what: Query::LeaveRoom(_), .. } => "room_leave",
    // This is for the sockets of another protocol.
    Command::SayHere { .. } => "",
}

pub(super) fn mid(seq: u32) -> MessageId {
    MessageId::of(7, Seq(seq))
}

pub(super) fn room() -> RoomId {
    RoomId::parse(ROOM).expect("a UUID")
}

pub(super) fn encode(event: &chat::Event<'_>) -> String {
    appended(|out| encode::write(event, out))
}

fn decode(text: &str) -> Incoming<'_> {
    read(Message::Text(text))
}

fn command(text: &str) -> Command<'_> {
    match decode(text) {
        Incoming::Command(chat::Command::Account(command)) => command,
        other => panic!("not a command: {other:?}: {text}"),
    }
}

/// The code of a frame that is malformed, its id, and how the books account for it.
#[track_caller]
fn flaw(text: &str) -> (&'static str, Option<String>, Option<Fault>) {
    match decode(text) {
        Incoming::Malformed { code, id, refused_message, .. } => {
            (code, id.map(Into::into), refused_message)
        }
        other => panic!("not malformed: {other:?}: {text}"),
    }
}

fn say<'a>(to: Target<'a>, text: &'a str, id: &'a str) -> Command<'a> {
    Command::Say { to, text: text.into(), id: Some(id.into()), reply_to: None }
}

fn user(name: &str) -> Target<'_> {
    Target::User(name.into())
}

#[test]
fn a_place_is_a_user_or_a_room_or_everybody_and_never_two() {
    let frame = |place: &str| format!(r#"{{"type":"message","text":"x","id":"1"{place}}}"#);
    for (place, to) in [
        ("", Target::Everybody),
        (r#","to":null"#, Target::Everybody),
        (r#","to":null,"room":null"#, Target::Everybody),
        (r#","to":"bob""#, user("bob")),
        (r#","to":"""#, user("")),
        (r#","to":"b\u006fb","room":null"#, user("bob")),
        (r#","room":"01112131-4151-6171-8191-A1B1C1D1E1F1""#, Target::Room(room())),
    ] {
        let frame = frame(place);
        assert!(command(&frame) == say(to, "x", "1"), "{frame}");
    }
    let refused = Some(Fault::Malformed);
    for (place, code) in [
        (r#","to":"bob","room":"01112131-4151-6171-8191-a1b1c1d1e1f1""#, "bad_place"),
        (r#","to":"bob","room":5"#, "bad_place"),
        (r#","to":5"#, "bad_to"),
        (r#","to":["bob"]"#, "bad_to"),
        (r#","to":"\ud800""#, "bad_to"),
        (r#","room":"x""#, "bad_room"),
        (r#","room":7"#, "bad_room"),
    ] {
        assert_eq!(flaw(&frame(place)), (code, Some("1".into()), refused), "{place}");
    }
}

#[test]
fn what_goes_to_apps_alone_needs_a_place() {
    let receipt = |place: &str| format!(r#"{{"type":"receipt","id":"1","status":"read"{place}}}"#);
    let signal = |place: &str| format!(r#"{{"type":"signal","data":[1, null]{place}}}"#);
    assert_eq!(flaw(&receipt("")).0, "no_place");
    assert_eq!(flaw(&signal("")).0, "no_place");
    let (place, to) = (format!(r#","room":"{ROOM}""#), Target::Room(room()));
    let expected = Command::Receipt { to: to.clone(), id: "1".into() };
    assert!(command(&receipt(&place)) == expected);
    assert!(command(&signal(&place)) == Command::Signal { to, data: "[1, null]" });
}

#[test]
fn a_message_with_a_flaw_is_refused_with_its_id_and_entered_in_the_books() {
    let long = "x".repeat(65);
    for (fields, code, id) in [
        (r#","id":"a""#, "bad_text", Some("a")),
        (r#","text":null,"id":"a""#, "bad_text", Some("a")),
        (r#","text":5,"id":"a""#, "bad_text", Some("a")),
        (r#","text":"\ud800","id":"a""#, "lone_surrogate", Some("a")),
        (r#","text":"x""#, "bad_id", None),
        (r#","text":"x","id":null"#, "bad_id", None),
        (r#","text":"x","id":5"#, "bad_id", None),
        (r#","text":"x","id":"""#, "bad_id", None),
        (&*format!(r#","text":"x","id":"{long}""#), "bad_id", None),
        (r#","text":"x","id":"a","reply_to":7"#, "bad_reply_to", Some("a")),
        (r#","text":"x","id":"a","reply_to":"0""#, "bad_reply_to", Some("a")),
        (r#","text":"x","id":"a","reply_to":"7x""#, "bad_reply_to", Some("a")),
    ] {
        let frame = format!(r#"{{"type":"message"{fields}}}"#);
        let expected = (code, id.map(str::to_owned), Some(Fault::Malformed));
        assert_eq!(flaw(&frame), expected, "{frame}");
    }
    let twice = r#"{"type":"message","text":"a","text":"b","id":"a"}"#;
    assert_eq!(flaw(twice), ("duplicate_key", Some("a".into()), None));
}

#[test]
fn every_other_frame_has_its_flaws_too() {
    let room = format!(r#""room":"{ROOM}""#);
    for (frame, code) in [
        (r#""type":"edit","text":"x","id":"a""#, "bad_mid"),
        (r#""type":"edit","mid":7,"text":"x","id":"a""#, "bad_mid"),
        (r#""type":"edit","mid":"-7","text":"x","id":"a""#, "bad_mid"),
        (r#""type":"edit","mid":"7","id":"a""#, "bad_text"),
        (r#""type":"edit","mid":"7","text":"\udfff","id":"a""#, "lone_surrogate"),
        (r#""type":"delete","mid":"","id":"a""#, "bad_mid"),
        (r#""type":"typing","id":"a""#, "bad_is_typing"),
        (r#""type":"typing","is_typing":1,"id":"a""#, "bad_is_typing"),
        (r#""type":"receipt","to":"bob","id":"a""#, "bad_status"),
        (r#""type":"receipt","to":"bob","id":"a","status":"delivered""#, "bad_status"),
        (r#""type":"signal","to":"bob","id":"a""#, "bad_data"),
        (r#""type":"signal","to":"bob","data":{"a":1,"a":1},"id":"a""#, "duplicate_key"),
        (r#""type":"history","limit":0,"id":"a""#, "bad_limit"),
        (r#""type":"history","limit":101,"id":"a""#, "bad_limit"),
        (r#""type":"history","limit":1.0,"id":"a""#, "bad_limit"),
        (r#""type":"history","limit":-1,"id":"a""#, "bad_limit"),
        (r#""type":"history","limit":65537,"id":"a""#, "bad_limit"),
        (r#""type":"history","limit":"5","id":"a""#, "bad_limit"),
        (r#""type":"history","before":7,"id":"a""#, "bad_before"),
        (r#""type":"read","id":"a""#, "bad_up_to"),
        (r#""type":"read","up_to":"9223372036854775808","id":"a""#, "bad_up_to"),
        (r#""type":"users","prefix":5,"id":"a""#, "bad_prefix"),
        (r#""type":"users","after":["x"],"id":"a""#, "bad_after"),
        (r#""type":"presence","mode":"loud","id":"a""#, "bad_mode"),
        (r#""type":"room_create","description":"","id":"a""#, "bad_name"),
        (r#""type":"room_create","name":"x","id":"a""#, "bad_description"),
        (r#""type":"room_delete","id":"a""#, "bad_room"),
        (r#""type":"room_leave","room":"x","id":"a""#, "bad_room"),
        (r#""type":"room_members","room":null,"id":"a""#, "bad_room"),
        (r#""type":"room_add","user":"bob","id":"a""#, "bad_room"),
        (&*format!(r#""type":"room_add",{room},"id":"a""#), "bad_user"),
        (&*format!(r#""type":"room_remove",{room},"user":7,"id":"a""#), "bad_user"),
        (r#""type":"chat","content":"x","id":"a""#, "unknown_type"),
        (r#""type":"Message","text":"x","id":"a""#, "unknown_type"),
        (r#""type":5,"id":"a""#, "bad_type"),
        (r#""content":"x","id":"a""#, "bad_type"),
    ] {
        assert_eq!(flaw(&format!("{{{frame}}}")), (code, Some("a".into()), None), "{frame}");
    }
    for frame in ["", "x", "null", r#"["message"]"#, r#"{"type":"ping"} x"#, r#"{"type":"ping",}"#]
    {
        assert_eq!(flaw(frame), ("not_an_object", None, None), "{frame}");
    }
    let bad_ids = [r#"{"type":"rooms","id":5}"#, r#"{"type":"delete","mid":"7","id":""}"#];
    for frame in bad_ids {
        assert_eq!(flaw(frame), ("bad_id", None, None), "{frame}");
    }
}

#[test]
fn a_page_has_50_messages_unless_the_client_says_how_many() {
    let limit = |frame: &str| match command(frame) {
        Command::Query { what: Query::History { limit, .. }, .. } => limit,
        other => panic!("{other:?}"),
    };
    assert_eq!(limit(r#"{"type":"history"}"#), 50);
    assert_eq!(limit(r#"{"type":"history","limit":null}"#), 50);
    assert_eq!(limit(r#"{"type":"history","limit":1}"#), 1);
    assert_eq!(limit(r#"{"type":"history","limit":100}"#), 100);
}

#[test]
fn the_words_of_the_base_protocol_are_understood() {
    assert_eq!(decode(r#"{"type":"ping","id":7}"#), Incoming::Reply(chat::Event::Pong));
    assert!(command(r#"{"type":"get_online_users"}"#) == Command::ListUsers);
    for (word, mode) in
        [("full", PresenceMode::Full), ("delta", PresenceMode::Delta), ("none", PresenceMode::None)]
    {
        let frame = format!(r#"{{"type":"presence","mode":"{word}"}}"#);
        assert!(command(&frame) == Command::Presence(mode));
    }
}

#[test]
fn binary_data_is_not_a_thing_in_this_protocol() {
    assert_eq!(read(Message::Binary(br#"{"type":"ping"}"#)), Incoming::Unacceptable);
}

proptest! {
    #[test]
    fn a_message_means_what_another_reader_reads(
        to in prop::option::of(any::<String>()), text in any::<String>(), id in "[^\\x00]{1,64}",
    ) {
        let frame = json!({ "type": "message", "to": to, "text": text, "id": id }).to_string();
        let to = to.as_deref().map_or(Target::Everybody, user);
        prop_assert!(command(&frame) == say(to, &text, &id), "{}", frame);
    }

    #[test]
    fn another_reader_reads_what_the_realm_has_said(
        (from, text, name, id) in (any::<String>(), any::<String>(), any::<String>(), any::<String>()),
        (seq, reply_to) in (any::<u32>(), prop::option::of(1..u32::MAX)),
        edited in prop::option::of(0..i64::MAX),
        is_deleted in any::<bool>(),
    ) {
        let (reply_to, edited) = (reply_to.map(mid), edited.map(UnixMs));
        let said = Said {
            mid: mid(seq), reply_to, edited, is_deleted,
            ..Said::plain(&from, Spot::User(&name), &text, AT)
        };
        let mut expected = json!({
            "type": "message", "mid": mid(seq).to_string(), "from": from, "to": name, "text": text,
            "ts": AT.0,
        });
        if let Some(mid) = reply_to {
            expected["reply_to"] = mid.to_string().into();
        }
        if let Some(at) = edited {
            expected["edited"] = at.0.into();
        }
        if is_deleted {
            expected["deleted"] = true.into();
        }
        let read = |event| serde_json::from_str::<Value>(&encode(&chat::Event::Account(event))).expect("JSON");
        prop_assert_eq!(read(Event::Said(said)), expected.clone());
        prop_assert_eq!(read(Event::Sent { message: said, delivered: true }), expected.clone());
        let page = Event::Page { id: Some(&id), place: Spot::User(&name), messages: &[said, said], more: true };
        prop_assert_eq!(read(page), json!({
            "type": "history", "to": name, "messages": [&expected, &expected], "more": true, "id": id,
        }));
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        decode(&text);
    }

    #[test]
    fn nothing_that_looks_like_a_frame_makes_it_panic(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30),
    ) {
        decode(&format!("{{{}", pieces.concat()));
        decode(&format!("{{{}}}", pieces.join(",")));
    }
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "\"",
    "\\ud800",
    "null",
    r#""type":"message""#,
    r#""type":"history""#,
    r#""type":"signal""#,
    r#""type":"room_add""#,
    r#""text":"x""#,
    r#""id":"1""#,
    r#""to":"bob""#,
    r#""room":"01112131-4151-6171-8191-a1b1c1d1e1f1""#,
    r#""mid":"7""#,
    r#""limit":1e400"#,
    r#""data":{"a":{}}"#,
];
