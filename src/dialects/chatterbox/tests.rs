//! The frames of a client and of the server, wrong frames, the frames that show another dialect, and the
//! page about the protocol.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::wire::{ClientFrame, MessageFields, ServerFields};
use super::*;
use crate::chat::account::{Command, Event, Failure, News, Refusal, Said, Spot, Target, UnixMs};
use crate::chat::{self, messenger, mobile};
use crate::dialects::page::{appended, examples};
use crate::dialects::{Dialect, Fault};

const PAGE: &str = include_str!("PROTOCOL.md");

/// 2026-02-28T23:59:59.007Z.
const AT: UnixMs = UnixMs(1_772_323_199_007);

fn decode(text: &str) -> Incoming<'_> {
    read(Message::Text(text))
}

/// The text that the frame says to everybody. Asserts that it does.
#[track_caller]
fn spoken(text: &str) -> String {
    match decode(text) {
        Incoming::Command(chat::Command::Account(Command::Say {
            to: Target::Everybody,
            text,
            id: None,
            reply_to: None,
        })) => text.into(),
        other => panic!("not said to everybody: {other:?}: {text}"),
    }
}

/// Asserts that the frame is malformed, and returns how the books account for it.
#[track_caller]
fn fault(text: &str) -> Option<Fault> {
    match decode(text) {
        Incoming::Malformed { detail: "Invalid message format", refused_message, .. } => {
            refused_message
        }
        other => panic!("not malformed: {other:?}: {text}"),
    }
}

fn encode(event: Event<'_>) -> String {
    encode_any(&chat::Event::Account(event))
}

fn encode_any(event: &chat::Event<'_>) -> String {
    appended(|out| encode::write(event, out))
}

fn said<'a>(from: &'a str, text: &'a str) -> Said<'a> {
    Said::plain(from, Spot::Everybody, text, AT)
}

#[test]
fn the_frame_of_the_page_is_understood_and_our_structs_write_it() {
    let frames = examples(PAGE, "You send");
    assert_eq!(frames, [r#"{"content":"Hello, all"}"#]);
    assert_eq!(spoken(frames[0]), "Hello, all");
    let written = serde_json::to_string(&ClientFrame { content: "Hello, all" });
    assert_eq!(written.expect("a frame has a JSON form"), frames[0]);
}

#[test]
fn every_event_has_its_fixed_frame_and_the_page_shows_it() {
    let second = Said { at: UnixMs(AT.0 + 1), ..said("bob", "Hello, Ada") };
    let history = [said("ada", "Hello, all"), second];
    let events = [
        Event::History(&history),
        Event::Said(said("ada", "Hello, all")),
        Event::Refused { refusal: Refusal::EmptyText, id: None },
    ];
    let frames = examples(PAGE, "You are sent");
    assert_eq!(frames.len(), events.len());
    for (frame, event) in frames.iter().zip(events) {
        assert_eq!(encode(event), *frame);
        let read: ServerFields<'_> = serde_json::from_str(frame).expect("our structs know it");
        assert!(frame.starts_with(&format!(r#"{{"type":"{}""#, read.kind)));
    }
    let read: ServerFields<'_> = serde_json::from_str(frames[0]).expect("our structs know it");
    let first = MessageFields {
        username: "ada".into(),
        content: "Hello, all".into(),
        timestamp: "2026-02-28T23:59:59.007Z",
    };
    assert_eq!(read.messages.expect("a history")[0], first);
    assert_eq!(encode(Event::History(&[])), r#"{"type":"history","messages":[]}"#);
}

#[test]
fn a_frame_with_a_type_or_a_recipient_shows_that_the_client_speaks_websocket_chat() {
    for frame in [
        r#"{"type":"chat","content":"x","recipient":"bob"}"#,
        r#"{"type":"request_user_list"}"#,
        r#"{"content":"x","recipient":"bob"}"#,
        r#"{"recipient":null,"content":"x"}"#,
        r#"{"content":"x","type":null}"#,
        r#"{"content":"x","type":5}"#,
        r#"{"content":"x","type":[{"a":"\ud800"}]}"#,
        r#"{"content":"x","recip\u0069ent":"bob"}"#,
        r#"{"content":5,"recipient":{}}"#,
        // What appears twice is malformed, and the client has shown what it speaks all the same.
        r#"{"content":"x","content":"y","recipient":"bob"}"#,
        r#"{"content":"x","recipient":"bob","recipient":null}"#,
        r#"{"type":1,"type":2,"content":"x"}"#,
    ] {
        assert_eq!(decode(frame), Incoming::Speaks(Dialect::WebsocketChat), "{frame}");
    }
}

#[test]
fn other_fields_are_ignored_and_a_field_within_another_shows_nothing() {
    for frame in [
        r#"{"username":"eve","content":"x","timestamp":5}"#,
        r#"{"content":"x","data":{"type":"chat","recipient":"bob"}}"#,
        r#"{"Type":"chat","Recipient":"bob","to":"bob","content":"x"}"#,
        r#" {"x":1, "content" : "\u0078" ,"x":[{}]} "#,
    ] {
        assert_eq!(spoken(frame), "x");
    }
    assert_eq!(spoken(r#"{"content":"type"}"#), "type");
    assert_eq!(spoken(r#"{"content":" \ud83e\udd80\n\"\/ "}"#), " 🦀\n\"/ ");
}

#[test]
fn what_is_not_one_json_object_with_a_content_is_malformed() {
    let deep = "[".repeat(64 * 1024);
    for frame in [
        "",
        " ",
        "hello",
        "5",
        "null",
        r#""content""#,
        r#"["type","recipient"]"#,
        r#"{"type":"chat","type":"chat" and more"#,
        r#"[{"content":"x"}]"#,
        "{}",
        r#"{"content":null}"#,
        r#"{"Content":"x"}"#,
        r#"{"content":"x"}{}"#,
        r#"{"content":"x"} x"#,
        r#"{"content":"x",}"#,
        r#"{'content':'x'}"#,
        "\u{feff}{\"content\":\"x\"}",
        r#"{"content":"x","content":"y"}"#,
        &deep,
    ] {
        assert_eq!(fault(frame), None);
    }
    for content in ["5", "true", r#"["x"]"#, "{}", r#""\ud800""#, r#""\udc00\ud800""#] {
        let frame = format!(r#"{{"content":{content}}}"#);
        assert_eq!(fault(&frame), Some(Fault::Malformed), "{frame}");
    }
}

#[test]
fn a_frame_that_is_cut_anywhere_is_malformed_and_shows_nothing() {
    for frame in [r#"{"content":"\u00e9x"}"#, r#"{"content":"x","recipient":"bob","type":"chat"}"#]
    {
        for cut in 0..frame.len() {
            assert_eq!(fault(&frame[..cut]), None);
        }
    }
}

#[test]
fn binary_data_is_not_a_thing_in_this_protocol() {
    assert_eq!(read(Message::Binary(br#"{"content":"x"}"#)), Incoming::Unacceptable);
}

#[test]
fn a_refusal_has_the_sentence_that_existing_clients_know_and_the_page_too() {
    let refusals = [
        (Refusal::EmptyText, "Message cannot be empty"),
        (Refusal::TextTooLong(5000), "Message too long (max 5000 characters)"),
    ];
    for (refusal, sentence) in refusals {
        let frame = encode(Event::Refused { refusal, id: None });
        assert_eq!(frame, format!(r#"{{"type":"error","detail":"{sentence}"}}"#));
        assert!(PAGE.contains(&format!("`{sentence}`")), "{sentence}");
    }
    assert!(PAGE.contains("`Invalid message format`"));
    let full = encode(Event::Refused { refusal: Refusal::Failed(Failure::Full), id: None });
    let expected = "your message could not be stored: the server's disk is full";
    assert_eq!(full, format!(r#"{{"type":"error","detail":"{expected}"}}"#));
}

#[test]
fn what_the_session_says_has_its_frame_and_what_chatterbox_has_no_words_for_has_none() {
    let error = encode_any(&chat::Event::Error { detail: "no \"x\"\n", code: "x", id: None });
    assert_eq!(error, r#"{"type":"error","detail":"no \"x\"\n"}"#);
    let private = Said { place: Spot::User("bob"), ..said("ada", "secret") };
    for event in [
        Event::Said(private),
        Event::Sent { message: private, delivered: true },
        Event::Typing { from: "ada", to: Spot::Everybody, is_typing: true },
        Event::Users { names: &["ada"], news: News::Joined("ada"), at: AT },
    ] {
        assert_eq!(encode(event), "");
    }
    assert_eq!(encode_any(&chat::Event::Pong), "");
    assert_eq!(encode_any(&chat::Event::Mobile(mobile::Event::OnlineUsers(&[]))), "");
    let foreign = messenger::Event::Typing { from: "ann", is_typing: true };
    assert_eq!(encode_any(&chat::Event::Messenger(foreign)), "");
}

proptest! {
    #[test]
    fn a_message_means_what_another_writer_wrote(text in any::<String>()) {
        prop_assert_eq!(spoken(&json!({ "content": text }).to_string()), text);
    }

    #[test]
    fn another_reader_reads_what_the_realm_has_said(
        from in any::<String>(), text in any::<String>(), others in 0..3_usize,
    ) {
        let mut expected = json!({
            "username": from, "content": text, "timestamp": "2026-02-28T23:59:59.007Z",
        });
        let history = vec![said(&from, &text); others];
        let frame: Value = serde_json::from_str(&encode(Event::History(&history))).expect("JSON");
        prop_assert_eq!(frame, json!({ "type": "history", "messages": vec![&expected; others] }));
        let frame = encode(Event::Said(said(&from, &text)));
        expected["type"] = "message".into();
        prop_assert_eq!(serde_json::from_str::<Value>(&frame).expect("JSON"), expected);
    }

    #[test]
    fn a_text_with_a_recipient_or_a_type_is_never_said_to_everybody(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..6),
        shows in prop::sample::select(&[r#""type":"x""#, r#""recipient":"bob""#, r#""recipient":null"#][..]),
        at in 0..6_usize,
    ) {
        let mut pieces = pieces;
        pieces.insert(at.min(pieces.len()), shows);
        let frame = format!("{{{}}}", pieces.join(","));
        prop_assert!(!matches!(decode(&frame), Incoming::Command(_)), "{}", frame);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        decode(&text);
    }
}

const PIECES: &[&str] = &[
    r#""content":"x""#,
    r#""content":5"#,
    r#""content":null"#,
    r#""x":{"content":"y"}"#,
    r#""\ud83e\udd80":1"#,
    r#""\ud800":1"#,
    "\"x\"",
    "",
];
