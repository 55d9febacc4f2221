//! The frames of a client: on each socket, and whatever they are.

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::chat;
use crate::chat::account::Command;
use crate::dialects::Dialect;
use crate::dialects::page::examples;

fn said(incoming: Incoming<'_>) -> (Cow<'_, str>, Option<Quote<'_>>) {
    match incoming {
        Incoming::Command(chat::Command::Account(Command::SayHere { text, reply })) => {
            (text, reply)
        }
        other => panic!("not a message: {other:?}"),
    }
}

fn in_room(text: &str) -> (Cow<'_, str>, Option<Quote<'_>>) {
    said(Dialect::MychatRoom.read(Message::Text(text)))
}

fn in_pair(text: &str) -> Cow<'_, str> {
    let (text, reply) = said(Dialect::MychatPair.read(Message::Text(text)));
    assert!(reply.is_none(), "a private message replies to nothing");
    text
}

#[test]
fn the_page_shows_every_frame_that_is_not_a_bare_text() {
    let frames = examples(PAGE, "You send");
    let expected = [("Yes, let us", None), ("Yes, let us", Some(quote()))];
    assert_eq!(frames.len(), expected.len());
    for (frame, (text, reply)) in frames.into_iter().zip(expected) {
        let (read, quoted) = in_room(frame);
        assert!(read == text && quoted == reply, "{frame}");
        assert_eq!(in_pair(frame), frame, "on a private socket it is plain text");
    }
}

#[test]
fn what_is_no_object_with_a_text_is_itself_the_text() {
    for text in [
        "hello",
        "",
        "  ",
        "{",
        "{}",
        "null",
        "[\"text\"]",
        "\"text\"",
        r#"{"text":5}"#,
        r#"{"text":null}"#,
        r#"{"text":["x"]}"#,
        r#"{"Text":"x"}"#,
        r#"{"text":"x"} y"#,
        r#"{"text":"x","text":"y"}"#,
        r#"{"text":"\ud800"}"#,
        r#"{"reply_to":{"text":"x"}}"#,
    ] {
        let (read, quoted) = in_room(text);
        assert!(read == text && quoted.is_none(), "{text}");
    }
}

#[test]
fn a_quote_never_has_a_null_and_what_is_no_quote_is_none() {
    let read = |reply: &str| {
        let frame = format!(r#" {{"more":1,"reply_to":{reply},"text":"\u0078"}}"#);
        let (text, quote) = in_room(&frame);
        assert_eq!(text, "x");
        quote.map(|quote| [quote.sender_id, quote.sender_name, quote.text].map(Cow::into_owned))
    };
    for (reply, expected) in [
        ("null", None),
        ("\"x\"", None),
        ("[]", None),
        ("[\"a\",\"b\",\"c\"]", None),
        (r#"{"text":"x","text":"y"}"#, None),
        ("{}", Some(["", "", ""])),
        (r#"{"sender_id":null,"sender_name":5,"text":"\ud800"}"#, Some(["", "", ""])),
        (r#"{"text":"\u0061","sender_id":"i","more":{}}"#, Some(["i", "", "a"])),
    ] {
        assert_eq!(read(reply), expected.map(|texts| texts.map(str::to_owned)), "{reply}");
    }
}

#[test]
fn binary_data_is_unacceptable_and_listeners_have_nothing_to_say() {
    for read in [decode::pair, decode::room, decode::news] {
        assert_eq!(read(Message::Binary(b"{}")), Incoming::Unacceptable);
    }
    for text in [r#"{"type":"pong"}"#, "x", ""] {
        assert_eq!(decode::news(Message::Text(text)), Incoming::Nothing, "{text}");
    }
}

proptest! {
    #[test]
    fn every_text_is_said_as_it_is(text in any::<String>()) {
        prop_assert_eq!(in_pair(&text), text.as_str());
        if !text.trim_start().starts_with('{') {
            prop_assert_eq!(in_room(&text).0, text.as_str());
        }
    }

    #[test]
    fn a_frame_means_what_another_writer_wrote(
        text in any::<String>(), id in any::<String>(), name in any::<String>(), quoted in any::<String>(),
    ) {
        let reply = json!({ "sender_id": id, "sender_name": name, "text": quoted });
        let frame = json!({ "text": text, "reply_to": reply }).to_string();
        let (read, quote) = in_room(&frame);
        let quote = quote.expect("there is one");
        prop_assert_eq!(read, text);
        prop_assert_eq!([&*quote.sender_id, &*quote.sender_name, &*quote.text], [&*id, &*name, &*quoted]);
    }

    #[test]
    fn wherever_a_frame_is_cut_it_is_plain_text(cut in 0..60_usize) {
        let frame = r#"{"text":"hello","reply_to":{"sender_id":"a","text":"b"}}"#;
        let part = &frame[..cut.min(frame.len() - 1)];
        let (text, quote) = in_room(part);
        prop_assert!(text == part && quote.is_none(), "{}", part);
    }
}
