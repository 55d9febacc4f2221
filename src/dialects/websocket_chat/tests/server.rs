//! The frames of the server: those of the page, and what the realm's refusals become.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::wire::ServerFields;
use super::*;
use crate::chat::account::{Failure, News, Refusal};
use crate::chat::{messenger, mobile};
use crate::dialects::page::examples;

#[test]
fn every_event_has_its_fixed_frame_and_the_page_shows_it() {
    let users = |names, news| Event::Users { names, news, at: AT };
    let private = said(Some("bob"), "Hello, Bob");
    let events = [
        Event::Said(said(None, "Hello, all")),
        Event::Said(private),
        Event::Sent { message: private, delivered: true },
        Event::Typing { from: "ada", to: spot(None), is_typing: true },
        Event::Typing { from: "ada", to: spot(Some("bob")), is_typing: false },
        users(&["ada", "bob"], News::Joined("bob")),
        users(&["ada"], News::Left("bob")),
        users(&["ada", "bob"], News::Nothing),
        Event::Refused { refusal: Refusal::NoSuchUser("bob"), id: None },
    ];
    let frames = examples(PAGE, "You are sent");
    assert_eq!(frames.len(), events.len());
    for (frame, event) in frames.into_iter().zip(events) {
        assert_eq!(encode(event), frame);
        let known: Value = serde_json::from_str(frame).expect("JSON");
        let read: ServerFields<'_> = serde_json::from_str(frame).expect("our structs know it");
        assert_eq!(read.kind, known["type"].as_str().expect("a type"));
        assert_eq!(read.content.as_deref(), known["content"].as_str());
        assert_eq!(read.sender.as_deref(), known["sender"].as_str());
        assert_eq!(read.timestamp, known["timestamp"].as_str());
        assert_eq!(read.is_global, known["is_global"].as_bool());
        assert_eq!(read.recipient.as_deref(), known["recipient"].as_str());
        assert_eq!(read.delivered, known["delivered"].as_bool());
        assert_eq!(read.username.as_deref(), known["username"].as_str());
        assert_eq!(read.is_typing, known["is_typing"].as_bool());
        assert_eq!(read.users.is_some(), known.get("users").is_some());
        assert_eq!(read.message.as_deref(), known["message"].as_str());
        assert_eq!(read.detail.as_deref(), known["detail"].as_str());
    }
}

#[test]
fn a_list_may_be_empty_and_a_message_undelivered() {
    let list = encode(Event::Users { names: &[], news: News::Nothing, at: UnixMs(0) });
    let expected = r#"{"type":"user_list_update","users":[],"message":null,"timestamp":"1970-01-01T00:00:00.000Z"}"#;
    assert_eq!(list, expected);
    let sent = encode(Event::Sent { message: said(Some("bob"), "x"), delivered: false });
    assert!(sent.ends_with(r#""recipient":"bob","delivered":false}"#), "{sent}");
}

#[test]
fn a_refusal_has_the_sentence_that_existing_clients_know_twice() {
    let refusals = [
        (Refusal::EmptyText, "Message cannot be empty"),
        (Refusal::TextTooLong(5000), "Message too long (max 5000 characters)"),
        (Refusal::NoSuchUser("Zoë \"x\""), "User Zoë \"x\" not found"),
        (
            Refusal::Failed(Failure::Full),
            "your message could not be stored: the server's disk is full",
        ),
        (
            Refusal::Failed(Failure::ReadOnly),
            "your message could not be stored: the server's database is read-only",
        ),
        (
            Refusal::Failed(Failure::Io),
            "your message could not be stored: the server's database has failed",
        ),
        (Refusal::NotSignedIn, "Invalid or expired session token"),
        (Refusal::Busy, "the server is busy: try again later"),
        (Refusal::TooOften(Duration::ZERO), "too many attempts: try again later"),
        (Refusal::Draining, "the server is shutting down"),
    ];
    for (refusal, sentence) in refusals {
        let frame: Value =
            serde_json::from_str(&encode(Event::Refused { refusal, id: None })).expect("JSON");
        assert_eq!(frame, json!({ "type": "error", "message": sentence, "detail": sentence }));
    }
}

#[test]
fn the_page_has_the_sentences_that_a_message_can_be_refused_with() {
    for refusal in [Refusal::EmptyText, Refusal::TextTooLong(5000), Refusal::NoSuchUser("X")] {
        let read: Value =
            serde_json::from_str(&encode(Event::Refused { refusal, id: None })).expect("JSON");
        let sentence = read["message"].as_str().expect("a sentence");
        assert!(PAGE.contains(&format!("`{sentence}`")), "{sentence}");
    }
    let Incoming::Malformed { detail, .. } = decode("") else { panic!("it is malformed") };
    assert!(PAGE.contains(&format!("`{detail}`")), "{detail}");
}

#[test]
fn what_the_session_says_has_its_frame_and_what_another_realm_says_has_none() {
    let error = encode_any(&chat::Event::Error { detail: "no \"x\"\n", code: "x", id: None });
    assert_eq!(error, r#"{"type":"error","message":"no \"x\"\n","detail":"no \"x\"\n"}"#);
    assert_eq!(encode_any(&chat::Event::Pong), "");
    assert_eq!(encode_any(&chat::Event::Mobile(mobile::Event::OnlineUsers(&[]))), "");
    let foreign = messenger::Event::Typing { from: "ann", is_typing: true };
    assert_eq!(encode_any(&chat::Event::Messenger(foreign)), "");
    assert_eq!(encode(Event::History(&[said(None, "x")])), "", "Chatterbox has that frame");
}

proptest! {
    #[test]
    fn another_reader_reads_what_the_realm_has_said(
        (from, text) in (any::<String>(), any::<String>()),
        to in prop::option::of(any::<String>()),
        delivered in any::<bool>(),
    ) {
        let message = Said { from: &from, ..said(to.as_deref(), &text) };
        let mut expected = json!({
            "type": "chat",
            "content": text,
            "sender": from,
            "timestamp": "2026-02-28T23:59:59.007Z",
            "is_global": to.is_none(),
            "recipient": to,
        });
        let frame: Value = serde_json::from_str(&encode(Event::Said(message))).expect("JSON");
        prop_assert_eq!(&frame, &expected);
        let sent = encode(Event::Sent { message, delivered });
        expected["type"] = "chat_sent".into();
        expected["delivered"] = delivered.into();
        prop_assert_eq!(&serde_json::from_str::<Value>(&sent).expect("JSON"), &expected);
    }

    #[test]
    fn another_reader_reads_who_is_online_and_who_is_typing(
        names in prop::collection::vec(any::<String>(), 0..5), name in any::<String>(),
        to in prop::option::of(any::<String>()),
    ) {
        let borrowed: Vec<&str> = names.iter().map(String::as_str).collect();
        let list = Event::Users { names: &borrowed, news: News::Joined(&name), at: AT };
        let frame: Value = serde_json::from_str(&encode(list)).expect("JSON");
        prop_assert_eq!(frame, json!({
            "type": "user_list_update",
            "users": names,
            "message": format!("{name} joined the chat"),
            "timestamp": "2026-02-28T23:59:59.007Z",
        }));
        let typing = Event::Typing { from: &name, to: spot(to.as_deref()), is_typing: true };
        let frame: Value = serde_json::from_str(&encode(typing)).expect("JSON");
        prop_assert_eq!(frame, json!({
            "type": "typing", "username": name, "is_typing": true, "recipient": to,
        }));
    }
}
