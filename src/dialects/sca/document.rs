//! `PROTOCOL.md` and `schema.json` agree with each other, with `wire.rs` and with the code.

use serde_json::value::to_raw_value;

use super::wire::{ClientFields, ClientFrame, ServerFields};
use super::*;
use crate::auth;
use crate::chat::mobile::{self, Command, Delivery};
use crate::chat::{self, Event, Mobile, Reason};
use crate::dialects::base;
use crate::dialects::document::{
    check_codes, codes_of, examples, fields, keys, schema, set, types, words,
};

const PAGE: &str = include_str!("PROTOCOL.md");
const SCHEMA: &str = include_str!("schema.json");
const ID: &str = "m-1";
const RAW_ID: &str = "\"m-1\"";
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMDEyMzQ1Njc4In0.c2ln";

words! { COMMANDS, command_word(Command<'_>):
    Command::Message { .. } => "message",
    Command::Typing { .. } => "typing",
    Command::Receipt { .. } => "receipt",
    Command::Signal { .. } => "signal",
    Command::ListOnline => "get_online_users",
    Command::Presence(_) => "presence",
}

words! { FRAMES, frame_word(ClientFrame<'_>):
    ClientFrame::Ping => "ping",
    ClientFrame::GetOnlineUsers => "get_online_users",
    ClientFrame::Message { .. } => "message",
    ClientFrame::Typing { .. } => "typing",
    ClientFrame::Receipt { .. } => "receipt",
    ClientFrame::Signal { .. } => "signal",
    ClientFrame::Presence { .. } => "presence",
    ClientFrame::Token { .. } => "token",
}

words! { EVENTS, event_word(mobile::Event<'_>):
    mobile::Event::Message { .. } | mobile::Event::Backend(_) => "message",
    mobile::Event::Typing { .. } => "typing",
    mobile::Event::Receipt { .. } => "receipt",
    mobile::Event::Signal { .. } => "signal",
    mobile::Event::Ack { .. } => "ack",
    mobile::Event::Undelivered { .. } => "undelivered",
    mobile::Event::OnlineUsers(_) => "online_users",
    mobile::Event::PresenceChanged { .. } => "presence",
}

fn sent() -> Vec<&'static str> {
    examples(PAGE, "What you send")
}

fn received() -> Vec<&'static str> {
    examples(PAGE, "What you are sent")
}

#[test]
fn every_frame_of_a_client_is_on_the_page_as_wire_writes_it_and_decode_reads_it() {
    let mut commands = vec!["ping"];
    for example in sent() {
        match read(Message::Text(example)) {
            Incoming::Command(chat::Command::Mobile(command)) => {
                commands.push(command_word(&command));
            }
            Incoming::Reply(Event::Pong) => {}
            Incoming::Token(token) => assert_eq!(token, TOKEN),
            other => panic!("{example}: {other:?}"),
        }
    }
    assert_eq!(set(&commands), set(&[COMMANDS, &["ping"]].concat()));

    let (to, text) = ("0087654321", "Hello!");
    let data = to_raw_value(&serde_json::json!({ "sdp": "v=0" })).expect("an object is JSON");
    let frames = [
        ClientFrame::Ping,
        ClientFrame::GetOnlineUsers,
        ClientFrame::Message { to, text, id: None },
        ClientFrame::Message { to, text, id: Some(ID) },
        ClientFrame::Typing { to, is_typing: true },
        ClientFrame::Receipt { to, id: ID, status: "read" },
        ClientFrame::Signal { to, data: &data },
        ClientFrame::Presence { mode: "full" },
        ClientFrame::Presence { mode: "delta" },
        ClientFrame::Presence { mode: "none" },
        ClientFrame::Token { token: TOKEN },
    ];
    assert_eq!(set(&frames.map(|frame| frame_word(&frame))), set(FRAMES));
    let written = frames.map(|frame| serde_json::to_string(&frame).expect("a frame is JSON"));
    assert_eq!(sent(), written);
}

#[test]
fn every_frame_of_the_server_is_on_the_page_as_it_is_written() {
    let mobile = |text: &str| Mobile::parse(text.as_bytes()).expect("ten digits");
    let (from, to) = (mobile("0012345678"), mobile("0087654321"));
    let (text, data) = ("\"Hello!\"", r#"{"sdp":"v=0"}"#);
    let undelivered = |id, reason| mobile::Event::Undelivered { to, id, reason };
    let (online, joined) = ([from, to], [to]);
    let events = [
        mobile::Event::OnlineUsers(&online),
        mobile::Event::PresenceChanged { joined: &joined, left: &[], online: 2 },
        mobile::Event::Message { from, to, text, id: None },
        mobile::Event::Message { from, to, text, id: Some(RAW_ID) },
        mobile::Event::Typing { from, is_typing: true },
        mobile::Event::Receipt { from, id: RAW_ID },
        mobile::Event::Signal { from, data },
        mobile::Event::Ack { id: RAW_ID, delivery: Delivery::Delivered },
        mobile::Event::Ack { id: RAW_ID, delivery: Delivery::Offline },
        undelivered(None, Reason::Offline),
        undelivered(None, Reason::Slow),
        undelivered(Some(RAW_ID), Reason::Slow),
    ];
    assert_eq!(set(&events.each_ref().map(event_word)), set(EVENTS));
    let (detail, code) = (base::TEXT.detail, base::TEXT.code);
    let about_one = Event::Error { detail, code, id: Some(ID) };
    let crate::dialects::flaw::Flaw { detail, code, .. } = crate::dialects::flaw::NOT_AN_OBJECT;
    let events = events.map(Event::Mobile).into_iter();
    let events = [Event::Pong].into_iter().chain(events);
    let events = events.chain([about_one, Event::Error { detail, code, id: None }]);
    let events = events.chain([Event::Notice("The server restarts at noon")]);
    let written = events.map(|event| {
        let mut out = Vec::new();
        encode::write(&event, &mut out);
        String::from_utf8(out).expect("JSON is UTF-8")
    });
    assert_eq!(received(), written.collect::<Vec<_>>());
}

#[test]
fn the_fields_on_the_page_are_those_of_wire_and_of_the_schema() {
    let (sent, received) = (sent(), received());
    assert_eq!(keys(&sent, None), fields::<ClientFields<'_>>());
    assert_eq!(keys(&received, None), fields::<ServerFields<'_>>());
    assert_eq!(schema(SCHEMA, "client", None), (types(&sent), keys(&sent, None)));
    assert_eq!(schema(SCHEMA, "server", None), (types(&received), keys(&received, None)));
    for example in received {
        let frame: ServerFields<'_> = serde_json::from_str(example).expect("a client reads it");
        assert!(types(&[example]).contains(frame.kind));
    }
}

#[test]
fn every_code_is_in_the_table_with_its_sentence() {
    let shared = crate::dialects::flaw::ALL.iter().copied();
    // A phone signs in with its address.
    let shared = shared.filter(|flaw| *flaw != crate::dialects::flaw::SIGNED_IN_ALREADY);
    let shared: Vec<_> = shared.collect();
    // The others can only be wrong with a request.
    let tokens = auth::Flaw::ALL.into_iter().skip(2).map(|flaw| (flaw.code(), flaw.sentence()));
    let all = codes_of(flaw::ALL).chain(codes_of(base::ALL)).chain(codes_of(&shared));
    check_codes(PAGE, all.chain(tokens));
}
