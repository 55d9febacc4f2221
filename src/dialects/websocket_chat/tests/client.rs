//! The frames of a client: those of the page, those that our own structs write, and wrong ones.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::wire::ClientFrame;
use super::*;
use crate::dialects::page::examples;

#[test]
fn the_frames_of_the_page_are_understood() {
    let expected = [
        say(None, "Hello, all"),
        say(Some("bob"), "Hello, Bob"),
        typing(None, true),
        typing(Some("bob"), false),
        Command::ListUsers,
    ];
    let frames = examples(PAGE, "You send");
    assert_eq!(frames.len(), expected.len());
    for (frame, expected) in frames.into_iter().zip(expected) {
        assert!(command(frame) == expected, "{frame}");
    }
}

#[test]
fn what_a_client_writes_with_our_structs_is_what_we_read() {
    let frames = [
        (ClientFrame::Chat { content: "a \"b\"", recipient: None }, say(None, "a \"b\"")),
        (ClientFrame::Chat { content: "", recipient: Some("é") }, say(Some("é"), "")),
        (
            ClientFrame::Typing { is_typing: true, recipient: Some("bob") },
            typing(Some("bob"), true),
        ),
        (ClientFrame::Typing { is_typing: false, recipient: None }, typing(None, false)),
        (ClientFrame::RequestUserList, Command::ListUsers),
    ];
    for (frame, expected) in frames {
        let json = serde_json::to_string(&frame).expect("a frame has a JSON form");
        assert!(command(&json) == expected, "{json}");
    }
}

#[test]
fn a_recipient_that_is_null_or_absent_is_everybody_and_an_empty_one_is_not() {
    for frame in [
        r#"{"type":"chat","content":"x"}"#,
        r#"{"type":"chat","content":"x","recipient":null}"#,
        r#"{"type":"chat","content":"x","to":"bob","recipient":null,"is_typing":7}"#,
    ] {
        assert!(command(frame) == say(None, "x"), "{frame}");
    }
    assert!(command(r#"{"type":"chat","content":"x","recipient":""}"#) == say(Some(""), "x"));
}

#[test]
fn a_string_means_the_same_when_it_is_escaped() {
    let frame =
        r#"{"ty\u0070e":"\u0063hat","content":" \ud83e\udd80\n\"\/ ","recipient":"b\u006fb"}"#;
    assert!(command(frame) == say(Some("bob"), " 🦀\n\"/ "));
}

#[test]
fn what_is_not_one_json_object_with_a_type_is_malformed() {
    let deep = "[".repeat(64 * 1024);
    for frame in [
        "",
        " ",
        "hello",
        "5",
        "null",
        r#""chat""#,
        r#"["chat","x",null,true]"#,
        "{}",
        "{}{}",
        r#"{"type":"request_user_list"} x"#,
        r#"{"type":"request_user_list",}"#,
        "\u{feff}{\"type\":\"request_user_list\"}",
        r#"{"type":null,"content":"x"}"#,
        r#"{"type":5,"content":"x"}"#,
        r#"{"type":"","content":"x"}"#,
        r#"{"type":"Chat","content":"x"}"#,
        r#"{"type":"message","content":"x"}"#,
        r#"{"type":"\ud800","content":"x"}"#,
        // A text without a type is not said to everybody: it may have been meant for one.
        r#"{"content":"x"}"#,
        r#"{"content":"x","recipient":"bob"}"#,
        r#"{"type":"chat","type":"chat","content":"x"}"#,
        &deep,
    ] {
        assert_eq!(fault(frame), None);
    }
}

#[test]
fn a_message_with_a_flaw_is_refused_and_entered_in_the_books() {
    for fields in [
        "",
        r#","content":null"#,
        r#","content":5"#,
        r#","content":["x"]"#,
        r#","content":"\ud800""#,
        r#","content":"\udc00\ud800""#,
        r#","content":"x","recipient":5"#,
        r#","content":"x","recipient":false"#,
        r#","content":"x","recipient":["bob"]"#,
        r#","content":"x","recipient":{}"#,
        r#","content":"x","recipient":"\udfff""#,
    ] {
        let frame = format!(r#"{{"type":"chat"{fields}}}"#);
        assert_eq!(fault(&frame), Some(Fault::Malformed), "{frame}");
    }
}

#[test]
fn a_key_that_means_something_may_appear_only_once() {
    for fields in [
        r#""content":"a","content":"b""#,
        r#""content":"a","recipient":"bob","recipient":null"#,
        r#""content":"a","recipient":null,"recip\u0069ent":null"#,
        r#""content":"a","is_typing":1,"is_typing":1"#,
    ] {
        assert_eq!(fault(&format!(r#"{{"type":"chat",{fields}}}"#)), None, "{fields}");
    }
    assert!(command(r#"{"x":1,"type":"chat","x":2,"content":"a"}"#) == say(None, "a"));
}

#[test]
fn typing_wants_true_or_false() {
    for fields in [
        "",
        r#","is_typing":null"#,
        r#","is_typing":1"#,
        r#","is_typing":"true""#,
        r#","is_typing":true,"recipient":7"#,
    ] {
        assert_eq!(fault(&format!(r#"{{"type":"typing"{fields}}}"#)), None, "{fields}");
    }
}

#[test]
fn a_frame_that_is_cut_anywhere_is_malformed() {
    for frame in examples(PAGE, "You send") {
        for cut in 0..frame.len() {
            assert_eq!(fault(&frame[..cut]), None);
        }
    }
}

#[test]
fn binary_data_is_not_a_thing_in_this_protocol() {
    assert_eq!(read(Message::Binary(br#"{"type":"request_user_list"}"#)), Incoming::Unacceptable);
}

proptest! {
    #[test]
    fn a_message_means_what_another_reader_reads(
        to in prop::option::of(any::<String>()), text in any::<String>(), is_escaped in any::<bool>(),
    ) {
        let mut frame = json!({ "type": "chat", "content": text, "recipient": to }).to_string();
        if is_escaped {
            frame = in_ascii(&frame);
        }
        let read: Value = serde_json::from_str(&frame).expect("JSON");
        let expected = say(read["recipient"].as_str(), read["content"].as_str().expect("a string"));
        prop_assert!(command(&frame) == expected);
        prop_assert!(expected == say(to.as_deref(), &text));
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

/// The same JSON with every character beyond ASCII escaped.
fn in_ascii(json: &str) -> String {
    let mut out = String::new();
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
    }
    out
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "\"",
    ":",
    "\\",
    "\\ud800",
    "null",
    " ",
    "\u{0}",
    "é",
    r#""type":"chat""#,
    r#""type":"typing""#,
    r#""type":"request_user_list""#,
    r#""content":"x""#,
    r#""content":"\ud800""#,
    r#""recipient":null"#,
    r#""recipient":"\ud83e\udd80""#,
    r#""is_typing":true"#,
];
