//! The frames of a client, one by one; wrong frames; and what becomes of a text on its way through the
//! dialect.

use proptest::prelude::*;
use serde_json::value::{RawValue, to_raw_value};

use super::wire::{ClientFrame, ServerFields};
use super::*;
use crate::chat::PresenceMode;
use crate::chat::mobile::{self, Command};
use crate::chat::{self, Event, Mobile};
use crate::dialects::Fault;

const TO: &str = "4915112345678";

fn mobile(digits: &str) -> Mobile {
    Mobile::parse(digits.as_bytes()).expect("10 to 32 digits")
}

fn decode(text: &str) -> Incoming<'_> {
    read(Message::Text(text))
}

fn command(text: &str) -> Command<'_> {
    match decode(text) {
        Incoming::Command(chat::Command::Mobile(command)) => command,
        other => panic!("not a command: {other:?}"),
    }
}

/// The flaw of a frame that is not a chat message.
fn flaw(text: &str) -> &'static str {
    match decode(text) {
        Incoming::Malformed { detail, refused_message: None, .. } => detail,
        other => panic!("not malformed: {other:?}"),
    }
}

/// The flaw of a frame that is a chat message.
fn message_flaw(fields: &str) -> (&'static str, Fault) {
    match decode(&format!(r#"{{"type":"message"{fields}}}"#)) {
        Incoming::Malformed { detail, refused_message: Some(reason), .. } => (detail, reason),
        other => panic!("not a refused message: {other:?}"),
    }
}

fn encode(event: &mobile::Event<'_>) -> String {
    let mut out = Vec::new();
    encode::write(&Event::Mobile(*event), &mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

#[test]
fn the_frames_of_the_original_app_are_understood() {
    assert_eq!(decode(r#"{"type":"ping"}"#), Incoming::Reply(Event::Pong));
    assert_eq!(command(r#"{"type":"get_online_users"}"#), Command::ListOnline);
    let message = Command::Message { to: mobile(TO), text: r#""Hi!""#, id: None };
    assert_eq!(command(r#"{"type":"message","to":"4915112345678","text":"Hi!"}"#), message);
}

#[test]
fn the_frames_of_newer_apps_are_understood() {
    let to = mobile(TO);
    let frames = [
        (
            r#"{"type":"message","to":"4915112345678","text":"Hi!","id":"a-1"}"#,
            Command::Message { to, text: r#""Hi!""#, id: Some(r#""a-1""#) },
        ),
        (
            r#"{"type":"typing","to":"4915112345678","is_typing":true}"#,
            Command::Typing { to, is_typing: true },
        ),
        (
            r#"{"type":"typing","to":"4915112345678","is_typing":false}"#,
            Command::Typing { to, is_typing: false },
        ),
        (
            r#"{"type":"receipt","to":"4915112345678","id":"a-1","status":"read"}"#,
            Command::Receipt { to, id: r#""a-1""# },
        ),
        (
            r#"{"type":"signal","to":"4915112345678","data":{"sdp": [1, null]}}"#,
            Command::Signal { to, data: r#"{"sdp": [1, null]}"# },
        ),
        (
            r#"{"type":"signal","to":"4915112345678","data":null}"#,
            Command::Signal { to, data: "null" },
        ),
        (r#"{"type":"presence","mode":"full"}"#, Command::Presence(PresenceMode::Full)),
        (r#"{"type":"presence","mode":"delta"}"#, Command::Presence(PresenceMode::Delta)),
        (r#"{"type":"presence","mode":"none"}"#, Command::Presence(PresenceMode::None)),
    ];
    for (frame, expected) in frames {
        assert_eq!(command(frame), expected, "{frame}");
    }
}

#[test]
fn what_a_client_writes_with_our_structs_is_what_we_read() {
    let data = to_raw_value(&[1, 2]).expect("a number list has a JSON form");
    let to = TO;
    let frames = [
        ClientFrame::Ping,
        ClientFrame::GetOnlineUsers,
        ClientFrame::Message { to, text: "a \"b\"", id: None },
        ClientFrame::Message { to, text: "a \"b\"", id: Some("7") },
        ClientFrame::Typing { to, is_typing: true },
        ClientFrame::Receipt { to, id: "7", status: "read" },
        ClientFrame::Signal { to, data: &data },
        ClientFrame::Presence { mode: "delta" },
    ];
    for frame in frames {
        let json = serde_json::to_string(&frame).expect("a frame has a JSON form");
        let understood = decode(&json);
        assert!(matches!(understood, Incoming::Command(_) | Incoming::Reply(_)), "{json}");
    }
}

#[test]
fn what_is_not_one_json_object_is_malformed() {
    let deep = "[".repeat(64 * 1024);
    let frames = [
        "",
        " ",
        "{",
        "hello",
        "5",
        "null",
        "\"ping\"",
        "[\"ping\"]",
        "{}{}",
        "{type:\"ping\"}",
        "{\"type\":\"ping\"} x",
        "{\"type\":\"ping\",}",
        "\u{feff}{\"type\":\"ping\"}",
        "{'type':'ping'}",
        "{\"type\":\"pi\nng\"}",
        "{\"type\":\"ping\",\"x\":01}",
        &deep,
    ];
    for frame in frames {
        assert_eq!(flaw(frame), "a frame must be one JSON object", "{frame:.40}");
    }
}

#[test]
fn a_type_that_is_missing_wrong_or_unknown_is_malformed() {
    for frame in ["{}", r#"{"type":null}"#, r#"{"type":5}"#, r#"{"type":{"a":"ping"}}"#] {
        assert_eq!(flaw(frame), "type must be a string");
    }
    for frame in [r#"{"type":""}"#, r#"{"type":"Ping"}"#, r#"{"type":"pong"}"#] {
        assert_eq!(flaw(frame), "unknown type");
    }
}

#[test]
fn a_key_that_means_something_may_appear_only_once() {
    let duplicates = [
        r#"{"type":"ping","type":"ping"}"#,
        r#"{"type":"ping","ty\u0070e":"get_online_users"}"#,
        r#"{"type":"ping","text":"a","text":"b"}"#,
        r#"{"type":"ping","id":null,"id":null}"#,
        r#"{"type":"ping","data":null,"data":1}"#,
    ];
    for frame in duplicates {
        assert_eq!(flaw(frame), "a key appears twice", "{frame}");
    }
}

#[test]
fn a_key_that_means_nothing_is_ignored_however_often() {
    let frame = r#" {"x":1,"type" : "ping" ,"x":[{}],"to":7} "#;
    assert_eq!(decode(frame), Incoming::Reply(Event::Pong));
}

#[test]
fn a_message_with_a_flaw_is_refused_and_entered_in_the_books() {
    let to = r#","to":"4915112345678""#;
    let text = r#","text":"x""#;
    let bad_to = "to must be a mobile number: a string of 10 to 32 digits";
    let bad_id = "id must be a string of 1 to 64 characters";
    let flaws = [
        (text.to_owned(), bad_to),
        (format!(r#"{text},"to":null"#), bad_to),
        (format!(r#"{text},"to":4915112345678"#), bad_to),
        (format!(r#"{text},"to":"123456789""#), bad_to),
        (format!(r#"{text},"to":"+4915112345678""#), bad_to),
        (format!(r#"{text},"to":"491511234567\u0000""#), bad_to),
        (format!(r#"{text},"to":"\ud800""#), bad_to),
        (to.to_owned(), "text must be a string"),
        (format!(r#"{to},"text":null"#), "text must be a string"),
        (format!(r#"{to},"text":5"#), "text must be a string"),
        (format!(r#"{to},"text":["x"]"#), "text must be a string"),
        (format!(r#"{to},"text":"\ud800""#), "a string must not have an unpaired surrogate"),
        (format!(r#"{to},"text":"\ude00\ud83d""#), "a string must not have an unpaired surrogate"),
        (format!(r#"{to}{text},"id":5"#), bad_id),
        (format!(r#"{to}{text},"id":"""#), bad_id),
        (format!(r#"{to}{text},"id":"\ud800""#), bad_id),
        (format!(r#"{to}{text},"id":"{}""#, "x".repeat(65)), bad_id),
    ];
    for (fields, detail) in flaws {
        assert_eq!(message_flaw(&fields), (detail, Fault::Malformed), "{fields}");
    }
}

#[test]
fn a_text_may_be_empty_and_as_long_as_its_limit_and_no_longer() {
    let frame = |text: &str| format!(r#","to":"4915112345678","text":"{text}""#);
    for text in [String::new(), "x".repeat(16 * 1024), "\\u0041".repeat(16 * 1024 / 6)] {
        let frame = format!(r#"{{"type":"message"{}}}"#, frame(&text));
        assert!(matches!(command(&frame), Command::Message { .. }));
    }
    let over = ["x".repeat(16 * 1024 + 1), "\\u0041".repeat(16 * 1024 / 6 + 1)];
    for text in over {
        let expected = ("text must not be over 16 KiB", Fault::TooLong);
        assert_eq!(message_flaw(&frame(&text)), expected);
    }
}

#[test]
fn an_error_names_the_frame_by_its_id_whatever_else_is_wrong_with_it() {
    let id_of = |frame: &str| match decode(frame) {
        Incoming::Malformed { id, .. } => id.map(String::from),
        other => panic!("not malformed: {other:?}"),
    };
    let frames = [
        r#"{"type":"message","to":"4915112345678","id":"e-2"}"#,
        r#"{"id":"e-2"}"#,
        r#"{"id":"\u0065-2","type":7}"#,
        r#"{"type":"shout","id":"e-2"}"#,
        r#"{"type":"message","to":"1","text":"x","id":"e-2"}"#,
        r#"{"type":"message","to":"4915112345678","text":"\ud800","id":"e-2"}"#,
        r#"{"type":"typing","to":"4915112345678","id":"e-2"}"#,
        r#"{"type":"receipt","to":"4915112345678","id":"e-2","status":"seen"}"#,
        r#"{"type":"signal","to":"4915112345678","id":"e-2"}"#,
        r#"{"type":"presence","id":"e-2"}"#,
        // Another key appears twice.
        r#"{"type":"message","to":"4915112345678","to":"4915112345678","text":"","id":"e-2"}"#,
        r#"{"type":"message","type":"message","id":"e-2"}"#,
    ];
    for frame in frames {
        assert_eq!(id_of(frame).as_deref(), Some("e-2"), "{frame}");
    }
    let longest = "ü".repeat(64);
    assert_eq!(id_of(&format!(r#"{{"id":"{longest}"}}"#)), Some(longest));
    for id in ["5", "null", "[]", r#""""#, r#""\ud800""#, &format!("{:?}", "ü".repeat(65))] {
        assert_eq!(id_of(&format!(r#"{{"type":"message","id":{id}}}"#)), None, "{id:.40}");
    }
    for frame in
        ["", "[\"e-2\"]", r#"["message","","","e-2"]"#, r#"{"id":"a","id":"a"}"#, r#"{"id":"e"} x"#]
    {
        assert_eq!(id_of(frame), None, "{frame}");
    }
}

#[test]
fn an_id_of_null_is_no_id() {
    let frame = r#"{"type":"message","to":"4915112345678","text":"","id":null}"#;
    assert!(matches!(command(frame), Command::Message { id: None, .. }));
}

#[test]
fn an_id_is_measured_in_characters_and_kept_as_it_was_written() {
    let escaped = r"\ud83d\ude00".repeat(64);
    for contents in ["😀".repeat(64), escaped, r"\u0041\n".to_owned()] {
        let id = format!("\"{contents}\"");
        let frame = format!(r#"{{"type":"receipt","to":"{TO}","id":{id},"status":"read"}}"#);
        assert_eq!(command(&frame), Command::Receipt { to: mobile(TO), id: &id });
    }
}

#[test]
fn every_other_frame_wants_its_fields() {
    let frames = [
        (
            r#""typing","to":"1","is_typing":true"#,
            "to must be a mobile number: a string of 10 to 32 digits",
        ),
        (r#""typing","to":"4915112345678""#, "is_typing must be true or false"),
        (r#""typing","to":"4915112345678","is_typing":1"#, "is_typing must be true or false"),
        (r#""typing","to":"4915112345678","is_typing":"true""#, "is_typing must be true or false"),
        (
            r#""receipt","to":"4915112345678","status":"read""#,
            "id must be a string of 1 to 64 characters",
        ),
        (r#""receipt","to":"4915112345678","id":"7""#, "status must be the string read"),
        (
            r#""receipt","to":"4915112345678","id":"7","status":"seen""#,
            "status must be the string read",
        ),
        (
            r#""receipt","to":"4915112345678","id":"7","status":true"#,
            "status must be the string read",
        ),
        (r#""signal","to":"4915112345678""#, "data must be there"),
        (r#""presence""#, "mode must be full, delta or none"),
        (r#""presence","mode":"all""#, "mode must be full, delta or none"),
        (r#""presence","mode":0"#, "mode must be full, delta or none"),
    ];
    for (fields, detail) in frames {
        assert_eq!(flaw(&format!(r#"{{"type":{fields}}}"#)), detail, "{fields}");
    }
}

#[test]
fn a_signal_may_be_as_long_as_its_limit_and_no_longer() {
    let frame = |data: &str| format!(r#"{{"type":"signal","to":"{TO}","data":{data}}}"#);
    let longest = format!("\"{}\"", "x".repeat(16 * 1024 - 2));
    assert!(matches!(command(&frame(&longest)), Command::Signal { .. }));
    let longer = format!("[{longest}]");
    assert_eq!(flaw(&frame(&longer)), "data must not be over 16 KiB");
}

#[test]
fn a_word_means_the_same_when_it_is_escaped() {
    let frame = r#"{"ty\u0070e":"\u006dessage","to":"\u0034915112345678","text":"x"}"#;
    let expected = Command::Message { to: mobile(TO), text: "\"x\"", id: None };
    assert_eq!(command(frame), expected);
    assert_eq!(decode(r#"{"type":"\u0070ing"}"#), Incoming::Reply(Event::Pong));
}

#[test]
fn data_that_some_client_cannot_decode_is_refused() {
    let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let (deepest, too_deep, far_too_deep) = (nested(64), nested(65), nested(8 * 1024));
    let frame = |data| format!(r#"{{"type":"signal","to":"{TO}","data":{data},"x":[{data}]}}"#);
    for data in
        [deepest.as_str(), "1e308", "-0.0", r#""\ud83d\ude00\u0000""#, r#"[{"a":1},{"a":1}]"#]
    {
        assert_eq!(command(&frame(data)), Command::Signal { to: mobile(TO), data });
    }
    let cases = [
        (too_deep.as_str(), "data must not be nested over 64 levels deep"),
        (&far_too_deep, "data must not be nested over 64 levels deep"),
        ("1e999", "a number must not be over 1.8e308"),
        (r#"{"a":[-1e400]}"#, "a number must not be over 1.8e308"),
        (r#""\ud800\u0000""#, "a string must not have an unpaired surrogate"),
        (r#"{"\udc00":0}"#, "a string must not have an unpaired surrogate"),
        (r#"{"a":1,"a":1}"#, "a key appears twice"),
    ];
    for (data, detail) in cases {
        assert_eq!(flaw(&frame(data)), detail, "{data:.40}");
    }
    let unclosed = format!(r#"{{"type":"signal","data":{}"#, "[{\"a\":".repeat(10 * 1024));
    assert_eq!(flaw(&unclosed), "a frame must be one JSON object");
}

#[test]
fn binary_data_is_not_a_thing_in_this_protocol() {
    assert_eq!(read(Message::Binary(br#"{"type":"ping"}"#)), Incoming::Unacceptable);
}

/// The JSON of a random string, in one of its many forms: each character is plain or escaped.
fn json_string() -> impl Strategy<Value = String> {
    prop::collection::vec((any::<char>(), any::<bool>()), 0..40).prop_map(|chars| {
        let mut json = String::from("\"");
        for (c, escaped) in chars {
            if escaped {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    json += &format!("\\u{unit:04x}");
                }
            } else {
                let plain = serde_json::to_string(&c).expect("a char has a JSON form");
                json += &plain[1..plain.len() - 1];
            }
        }
        json + "\""
    })
}

proptest! {
    #[test]
    fn a_text_arrives_as_the_json_that_it_was(text in json_string(), data in json_string()) {
        let frame = format!(r#"{{"type":"message","to":"{TO}","text":{text}}}"#);
        let Command::Message { to, text: read, .. } = command(&frame) else { panic!("a message") };
        let sent = encode(&mobile::Event::Message { from: to, to, text: read, id: None });
        let received: ServerFields<'_> = serde_json::from_str(&sent).expect("a frame");
        prop_assert_eq!(received.text.map(RawValue::get), Some(text.as_str()));

        let frame = format!(r#"{{"data":{data},"to":"{TO}","type":"signal"}}"#);
        let Command::Signal { data: read, .. } = command(&frame) else { panic!("a signal") };
        let sent = encode(&mobile::Event::Signal { from: to, data: read });
        let received: ServerFields<'_> = serde_json::from_str(&sent).expect("a frame");
        prop_assert_eq!(received.data.map(RawValue::get), Some(data.as_str()));
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
    }
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\",
    "\\u",
    "d800",
    "null",
    "true",
    "1e9",
    " ",
    "\u{0}",
    "\"type\":",
    "\"message\",",
    "\"to\":",
    "\"4915112345678\",",
    "\"text\":",
    "\"x\"",
    "\"id\":",
    "\"signal\",",
    "\"data\":",
    "é",
    "😀",
];
