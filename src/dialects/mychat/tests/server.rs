//! The frames of the server: those of the page, and what has no words.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::wire::{Frame, Status};
use super::*;
use crate::chat::account::{self, Event, News, Said, Spot};
use crate::chat::{self, mobile};
use crate::dialects::Dialect;
use crate::dialects::page::{appended, examples};

fn encode(event: Event<'_>, zone: &Zone) -> String {
    appended(|out| encode::write(&chat::Event::Account(event), zone, out))
}

fn private(text: &str) -> Said<'_> {
    Said::plain("ada", Spot::User("bob"), text, AT)
}

fn in_room<'a>(from: &'a str, text: &'a str, quote: Option<&'a Quote<'a>>) -> Said<'a> {
    let from_id = user(if from == "ada" { ADA } else { BOB });
    Said { from_id, quote, ..Said::plain(from, Spot::Room(room()), text, AT) }
}

#[test]
fn every_event_has_its_fixed_frame_and_the_page_shows_it() {
    let (ada, bob, quote) = (user(ADA), user(BOB), quote());
    let everyone = [(ada, "ada", true), (bob, "bob", false)];
    let events = [
        Event::Said(private("Hello, Bob")),
        Event::Said(in_room("ada", "Shall we?", None)),
        Event::Said(in_room("bob", "Yes, let us", Some(&quote))),
        Event::Ping,
        // The page's answer to it stands in the same row.
        Event::Ping,
        Event::Notify { from_id: ada, from: "ada", text: "Hello, Bob", at: AT },
        Event::UnreadReset { from_id: ada },
        Event::Everyone(&everyone),
    ];
    let frames = examples(PAGE, "You are sent");
    assert_eq!(frames.len(), events.len());
    for (frame, event) in frames.into_iter().zip(events) {
        if frame == r#"{"type":"pong"}"# {
            assert_eq!(decode::news(Message::Text(frame)), Incoming::Nothing);
            continue;
        }
        assert_eq!(encode(event, &Zone::default()), frame);
        if frame.starts_with('[') {
            let read: Vec<Status<'_>> = serde_json::from_str(frame).expect("our structs know it");
            assert_eq!((read.len(), &*read[1].name, read[1].online), (2, "bob", false));
            continue;
        }
        let known: Value = serde_json::from_str(frame).expect("JSON");
        let read: Frame<'_> = serde_json::from_str(frame).expect("our structs know it");
        assert_eq!(read.kind.as_deref(), known["type"].as_str());
        assert_eq!(read.user.as_deref(), known["user"].as_str());
        assert_eq!(read.text.as_deref(), known["text"].as_str());
        assert_eq!(read.time.as_deref(), known["time"].as_str());
        assert_eq!(read.sender_id.as_deref(), known["sender_id"].as_str());
        assert_eq!(read.room_id.as_deref(), known["room_id"].as_str());
        assert_eq!(read.from_id.as_deref(), known["from_id"].as_str());
        assert_eq!(read.from_name.as_deref(), known["from_name"].as_str());
        let reply = read.reply_to.map(|reply| reply.text.into_owned());
        assert_eq!(reply.as_deref(), known["reply_to"]["text"].as_str());
    }
}

#[test]
fn a_time_is_that_on_the_clock_of_the_server() {
    let shown = encode(Event::Said(private("x")), &zone());
    assert_eq!(shown, r#"{"user":"ada","text":"x","time":"00:29"}"#);
    let early = Said { at: UnixMs(5 * 3_600_000 + 7 * 60_000), ..private("x") };
    assert!(encode(Event::Said(early), &Zone::default()).ends_with(r#""time":"05:07"}"#));
}

#[test]
fn a_list_may_be_empty() {
    assert_eq!(encode(Event::Everyone(&[]), &Zone::default()), "[]");
}

#[test]
fn what_has_no_words_here_is_no_frame() {
    let events = [
        chat::Event::Pong,
        chat::Event::Error { detail: "x", code: "x", id: None },
        chat::Event::Mobile(mobile::Event::OnlineUsers(&[])),
        chat::Event::Account(Event::History(&[])),
        chat::Event::Account(Event::Sent { message: private("x"), delivered: true }),
        chat::Event::Account(Event::Typing { from: "ada", to: Spot::Everybody, is_typing: true }),
        chat::Event::Account(Event::Users { names: &[], news: News::Nothing, at: AT }),
        chat::Event::Account(Event::Refused { refusal: account::Refusal::EmptyText, id: None }),
    ];
    for event in &events {
        for dialect in [Dialect::MychatPair, Dialect::MychatRoom, Dialect::MychatNews] {
            let mut out = b"kept".to_vec();
            dialect.frame(event, &Zone::default(), &mut out);
            assert_eq!(out, b"kept", "{event:?}");
        }
    }
    let mut out = Vec::new();
    Dialect::MychatPair.frame(&chat::Event::Account(Event::Ping), &Zone::default(), &mut out);
    assert!(out.ends_with(br#"{"type":"ping"}"#) && out.len() > 15);
}

proptest! {
    #[test]
    fn another_reader_reads_what_was_said(
        from in any::<String>(), text in any::<String>(), id in any::<String>(), quoted in any::<String>(),
    ) {
        let said = Said { from: &from, ..private(&text) };
        let frame: Value = serde_json::from_str(&encode(Event::Said(said), &Zone::default())).expect("JSON");
        prop_assert_eq!(frame, json!({ "user": from, "text": text, "time": "23:59" }));

        let quote = Quote { sender_id: (&*id).into(), sender_name: (&*from).into(), text: (&*quoted).into() };
        let said = Said { from: &from, ..in_room("ada", &text, Some(&quote)) };
        let frame: Value = serde_json::from_str(&encode(Event::Said(said), &Zone::default())).expect("JSON");
        let reply = json!({ "sender_id": id, "sender_name": from, "text": quoted });
        prop_assert_eq!(frame, json!({
            "user": from, "text": text, "time": "23:59", "sender_id": ADA, "room_id": ROOM,
            "reply_to": reply,
        }));

        let notice = Event::Notify { from_id: user(BOB), from: &from, text: &text, at: AT };
        let frame: Value = serde_json::from_str(&encode(notice, &Zone::default())).expect("JSON");
        prop_assert_eq!(frame, json!({
            "type": "notify", "from_id": BOB, "from_name": from, "text": text, "time": "23:59",
        }));
    }
}
