//! `PROTOCOL.md` and `schema.json` agree with each other, with `wire.rs` and with the code.

use serde_json::value::to_raw_value;

use super::tests::{AT, COMMANDS, ROOM, command_word, mid, room};
use super::wire::{
    ClientBody, ClientFields, ClientFrame, ConversationFields, RoomFields, ServerFields, UserFields,
};
use super::*;
use crate::chat;
use crate::chat::account::{
    self, Conversation, Event, News, Refusal, RoomNews, RoomView, Said, Spot, UnixMs, UserId,
};
use crate::dialects::base;
use crate::dialects::document::{
    check_codes, codes_of, examples, fields, keys, schema, set, types, words,
};
use crate::dialects::flaw::{FORMAT, SIGNED_IN_ALREADY};
use crate::dialects::refusal;

const PAGE: &str = include_str!("PROTOCOL.md");
const SCHEMA: &str = include_str!("schema.json");

words! { FRAMES, frame_word(ClientBody<'_>):
    ClientBody::Ping => "ping",
    ClientBody::GetOnlineUsers => "get_online_users",
    ClientBody::Presence { .. } => "presence",
    ClientBody::Message { .. } => "message",
    ClientBody::Edit { .. } => "edit",
    ClientBody::Delete { .. } => "delete",
    ClientBody::Typing { .. } => "typing",
    ClientBody::Receipt { .. } => "receipt",
    ClientBody::Signal { .. } => "signal",
    ClientBody::History { .. } => "history",
    ClientBody::Read { .. } => "read",
    ClientBody::Conversations => "conversations",
    ClientBody::Users { .. } => "users",
    ClientBody::Rooms => "rooms",
    ClientBody::RoomCreate { .. } => "room_create",
    ClientBody::RoomDelete => "room_delete",
    ClientBody::RoomAdd { .. } => "room_add",
    ClientBody::RoomRemove { .. } => "room_remove",
    ClientBody::RoomLeave => "room_leave",
    ClientBody::RoomMembers => "room_members",
}

fn sent() -> Vec<&'static str> {
    examples(PAGE, "What you send")
}

fn received() -> Vec<&'static str> {
    examples(PAGE, "What you are sent")
}

#[test]
fn every_frame_of_a_client_is_on_the_page_and_decode_reads_it() {
    let mut commands = vec!["ping"];
    for example in sent() {
        match read(Message::Text(example)) {
            Incoming::Command(chat::Command::Account(command)) => {
                commands.push(command_word(&command));
            }
            Incoming::Reply(chat::Event::Pong) => {}
            other => panic!("{example}: {other:?}"),
        }
    }
    commands.push("");
    assert_eq!(set(&commands), set(&[COMMANDS, &["ping"]].concat()));
}

#[test]
fn wire_writes_the_frames_of_the_page() {
    let data = to_raw_value(&serde_json::json!({ "sdp": "v=0" })).expect("an object is JSON");
    let (first, user) = ("30064771073", "bob");
    let all = |body, id| ClientFrame { body, to: None, room: None, id };
    let to = |body, id| ClientFrame { body, to: Some("bob"), room: None, id };
    let of_room = |body, id| ClientFrame { body, to: None, room: Some(ROOM), id };
    let text = |text| ClientBody::Message { text, reply_to: None };
    let answer = ClientBody::Message { text: "Yes", reply_to: Some(first) };
    let (name, description) = ("Ideas", "What to do next");
    let history = |before, limit| ClientBody::History { before, limit };
    let frames = [
        all(ClientBody::Ping, None),
        all(text("Hello, all"), Some("m-1")),
        to(text("Hello, Bob"), Some("m-2")),
        of_room(answer, Some("m-3")),
        all(ClientBody::Edit { mid: first, text: "Hello, Bob!" }, Some("e-1")),
        all(ClientBody::Delete { mid: first }, Some("e-2")),
        all(ClientBody::Typing { is_typing: true }, None),
        to(ClientBody::Typing { is_typing: false }, None),
        to(ClientBody::Receipt { status: "read" }, Some("m-2")),
        to(ClientBody::Signal { data: &data }, None),
        to(history(None, None), Some("h-1")),
        of_room(history(Some(first), Some(100)), None),
        all(ClientBody::Conversations, Some("c-1")),
        to(ClientBody::Read { up_to: first }, None),
        all(ClientBody::Users { prefix: Some("a"), after: Some("ada") }, Some("u-1")),
        all(ClientBody::GetOnlineUsers, None),
        all(ClientBody::Presence { mode: "delta" }, None),
        all(ClientBody::Rooms, Some("r-1")),
        all(ClientBody::RoomCreate { name, description }, Some("r-2")),
        of_room(ClientBody::RoomDelete, Some("r-3")),
        of_room(ClientBody::RoomAdd { user }, Some("r-4")),
        of_room(ClientBody::RoomRemove { user }, Some("r-5")),
        of_room(ClientBody::RoomLeave, Some("r-6")),
        of_room(ClientBody::RoomMembers, Some("r-7")),
    ];
    assert_eq!(set(&frames.each_ref().map(|frame| frame_word(&frame.body))), set(FRAMES));
    let written = frames.map(|frame| serde_json::to_string(&frame).expect("a frame is JSON"));
    assert_eq!(sent(), written);
}

words! { EVENTS, event_word(Event<'_>):
    Event::Welcome(_) => "welcome",
    Event::Users { .. } => "online_users",
    Event::UsersChanged { .. } => "presence",
    Event::Stored { .. } => "ack",
    Event::Said(_) => "message",
    Event::Sent { .. } => "a message of another device",
    Event::Edited { .. } => "edited",
    Event::Deleted { .. } => "deleted",
    Event::Typing { .. } => "typing",
    Event::Receipt { .. } => "receipt",
    Event::Signal { .. } => "signal",
    Event::Page { .. } => "history",
    Event::Conversations { .. } => "conversations",
    Event::HasRead { .. } => "read",
    Event::UsersPage { .. } => "users",
    Event::Rooms { .. } => "rooms",
    Event::RoomMembers { .. } => "room_members",
    Event::RoomNews { .. } => "room",
    Event::Refused { .. } => "error",
    // These are for the sockets of other protocols.
    Event::History(_) => "",
    Event::Notify { .. } => "",
    Event::UnreadReset { .. } => "",
    Event::Everyone(_) => "",
    Event::Ping => "",
}

#[test]
fn every_event_is_on_the_page_as_encode_writes_it() {
    let (bob, here) = (Spot::User("bob"), Spot::Room(room()));
    let later = UnixMs(AT.0 + 900);
    let first = Said { mid: mid(1), ..Said::plain("ada", bob, "Hello, Bob", AT) };
    let edited = Said { text: "Hello, Bob!", edited: Some(later), ..first };
    let deleted = Said { mid: mid(2), at: later, text: "", is_deleted: true, ..first };
    let last = Said { text: "Hello, Bob!", ..first };
    let answer = Said { from: "bob", place: here, text: "Yes", mid: mid(2), ..first };
    let view = |members| RoomView {
        id: room(),
        name: "Ideas",
        description: "What to do next",
        creator_id: UserId([0; 16]),
        creator: "ada",
        created: AT,
        members,
    };
    let conversation =
        |place, last, unread, read_by_other| Conversation { place, last, unread, read_by_other };
    let list = [
        conversation(bob, Some(last), 2, Some(mid(1))),
        conversation(here, None, 0, None),
        conversation(Spot::Everybody, None, 0, None),
    ];
    let (page, rooms) = ([edited, deleted], [view(2)]);
    let (users, members) = ([("ada", true), ("adam", false)], ["ada", "bob"]);
    let (added, left) = (RoomNews::Added, RoomNews::Left);
    let ack = |delivered| Event::Stored { id: "m-2", mid: mid(1), at: AT, delivered };
    let data = r#"{"sdp":"v=0"}"#;
    let about = |id, place, messages, more| Event::Page { id, place, messages, more };
    let has_read = |from, place, up_to| Event::HasRead { from, place, up_to };
    let events = [
        Event::Welcome("ada"),
        Event::Users { names: &["ada", "bob"], news: News::Joined("bob"), at: AT },
        Event::UsersChanged { joined: &["bob"], left: &[], online: 2 },
        ack(false),
        ack(true),
        Event::Said(Said { place: Spot::Everybody, text: "Hello, all", ..first }),
        Event::Sent { message: first, delivered: true },
        Event::Said(Said { reply_to: Some(mid(1)), ..answer }),
        Event::Edited { id: Some("e-1"), said: edited, at: later },
        Event::Deleted { id: None, said: Said { mid: mid(1), ..deleted }, at: later },
        Event::Typing { from: "ada", to: Spot::Everybody, is_typing: true },
        Event::Typing { from: "ada", to: bob, is_typing: false },
        Event::Receipt { from: "bob", place: Spot::User("ada"), id: "m-2" },
        Event::Signal { from: "bob", place: here, data },
        about(Some("h-1"), bob, &page, true),
        about(None, Spot::Everybody, &[], false),
        Event::Conversations { id: Some("c-1"), list: &list },
        has_read("bob", Spot::User("ada"), mid(1)),
        has_read("ada", here, mid(2)),
        Event::UsersPage { id: Some("u-1"), users: &users, more: false },
        Event::Rooms { id: Some("r-1"), rooms: &rooms },
        Event::RoomMembers { id: Some("r-7"), room: room(), members: &members },
        Event::RoomNews { id: Some("r-4"), room: view(2), what: added, user: "bob" },
        Event::RoomNews { id: None, room: view(1), what: left, user: "bob" },
    ];
    check_page(&events);
}

/// Asserts that the page has the frames of these events, and those that every dialect has.
fn check_page(events: &[Event<'_>]) {
    let mut told: Vec<&str> = events.iter().map(event_word).collect();
    told.extend(["", "error"]);
    assert_eq!(set(&told), set(EVENTS));
    let error = |flaw: crate::dialects::flaw::Flaw, id| chat::Event::Error {
        detail: flaw.detail,
        code: flaw.code,
        id,
    };
    let mut all: Vec<chat::Event<'_>> =
        events.iter().map(|event| chat::Event::Account(*event)).collect();
    all.insert(1, chat::Event::Pong);
    all.push(error(base::TEXT, Some("m-1")));
    all.push(error(crate::dialects::flaw::NOT_AN_OBJECT, None));
    all.push(chat::Event::Notice("The server restarts at noon"));
    let written: Vec<String> = all.iter().map(super::tests::encode).collect();
    let version = format!(r#""server":"{}""#, env!("CARGO_PKG_VERSION"));
    let page: Vec<String> =
        received().iter().map(|line| line.replace(r#""server":"0.1.0""#, &version)).collect();
    assert_eq!(page, written);
}

#[test]
fn what_is_for_other_protocols_has_no_frame_here() {
    for event in [
        Event::History(&[]),
        Event::Notify { from_id: UserId([1; 16]), from: "ada", text: "x", at: AT },
        Event::UnreadReset { from_id: UserId([1; 16]) },
        Event::Everyone(&[]),
        Event::Ping,
    ] {
        assert_eq!(event_word(&event), "");
        assert_eq!(super::tests::encode(&chat::Event::Account(event)), "");
    }
    let phones = chat::Event::Mobile(chat::mobile::Event::OnlineUsers(&[]));
    assert_eq!(super::tests::encode(&phones), "");
}

#[test]
fn the_fields_on_the_page_are_those_of_wire_and_of_the_schema() {
    let (sent, received) = (sent(), received());
    assert_eq!(keys(&sent, None), fields::<ClientFields<'_>>());
    assert_eq!(schema(SCHEMA, "client", None), (types(&sent), keys(&sent, None)));
    assert_eq!(schema(SCHEMA, "server", None), (types(&received), fields::<ServerFields<'_>>()));
    // Fields of a message in a list: an example of a frame has none of them.
    let of_lists = set(&["edited", "deleted"]);
    assert_eq!(&keys(&received, None) | &of_lists, fields::<ServerFields<'_>>());
    for example in received {
        let frame: ServerFields<'_> = serde_json::from_str(example).expect("a client reads it");
        assert!(types(&[example]).contains(frame.kind));
        let messages = frame.messages.map_or("[]", |raw| raw.get());
        let messages: Vec<ServerFields<'_>> = serde_json::from_str(messages).expect("messages");
        assert!(messages.iter().all(|message| message.kind == "message" && message.mid.is_some()));
        let list = frame.conversations.map_or("[]", |raw| raw.get());
        let list: Vec<ConversationFields<'_>> = serde_json::from_str(list).expect("conversations");
        assert!(list.iter().all(|one| one.last.is_none() == (one.unread == 0)));
        if frame.kind == "users" {
            let users = frame.users.expect("a list").get();
            let users: Vec<UserFields<'_>> = serde_json::from_str(users).expect("users");
            assert_eq!((&*users[1].name, users[1].online), ("adam", false));
        }
        let rooms = frame.rooms.map_or("[]", |raw| raw.get());
        let rooms: Vec<RoomFields<'_>> = serde_json::from_str(rooms).expect("rooms");
        assert!(rooms.iter().all(|one| one.room == ROOM && one.members == 2));
    }
}

/// The refusals that a client can be told of, with what they depend on as the page has it.
const REFUSALS: [Refusal<'static>; 18] = [
    Refusal::EmptyText,
    Refusal::TextTooLong(5_000),
    Refusal::NoSuchUser("X"),
    Refusal::NoSuchMessage,
    Refusal::NotYours,
    Refusal::IdReused,
    Refusal::NoSuchRoom,
    Refusal::NotAMember,
    Refusal::NotTheCreator,
    Refusal::CreatorStays,
    Refusal::TooManyRooms,
    Refusal::TooManyMembers,
    Refusal::RoomName(64),
    Refusal::RoomDescription(512),
    Refusal::Busy,
    Refusal::Failed(account::Failure::Full),
    Refusal::Failed(account::Failure::ReadOnly),
    Refusal::Failed(account::Failure::Io),
];

#[test]
fn every_code_is_in_the_table_with_its_sentence() {
    let shared = crate::dialects::flaw::ALL.iter().copied();
    // A client signs in with its address.
    let shared: Vec<_> = shared.filter(|flaw| *flaw != SIGNED_IN_ALREADY).collect();
    assert!(shared.iter().all(|flaw| flaw.code != FORMAT.code));
    let flaws = codes_of(flaw::ALL).chain(codes_of(base::ALL)).chain(codes_of(&shared));
    let refusals = REFUSALS.map(|refusal| {
        let sentence = refusal::sentence(&refusal, refusal::MESSAGE_NOT_STORED);
        (refusal::code(&refusal), &*sentence.into_owned().leak())
    });
    check_codes(PAGE, flaws.chain(refusals));
}
