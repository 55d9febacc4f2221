//! Notices to everybody, in the words of each protocol.

use serde_json::json;

use super::{Operated, upgraded};
use crate::harness::{ALICE, BOB, Wire};

#[test]
fn everybody_is_told_in_the_words_of_their_protocol() {
    let server = Operated::start(&["--echo"]);
    let (mut alice, mut bob, mut ada) =
        (server.quiet(ALICE), server.quiet(BOB), server.device("ada"));
    let mut stranger = server.stranger("/ws");
    let mut echo = server.wire();
    echo.upgrade("/echo");
    let order = json!({"text": "We restart at noon.\n\"Sorry\" 🙂"});
    let answer = server.order("/api/notice", &order.to_string());
    assert_eq!(answer, json!({"told": 3, "without_words": 1}));
    let frame = r#"{"type":"notice","text":"We restart at noon.\n\"Sorry\" 🙂"}"#;
    alice.expect(frame);
    bob.expect(frame);
    ada.expect("notice", &json!({"detail": order["text"]}));
    // A client that has not signed in is nobody's yet: its first frame is the answer to its `auth`.
    stranger.say("auth", &json!({"sessionId": "bea"}));
    stranger.expect("authenticated", &json!({"sessionId": "bea"}));
    let log = server.log().concat();
    assert!(log.contains("action=notice on=everybody by=127.0.0.1 count=3"), "{log}");
    assert!(!log.contains("noon"), "no text is logged: {log}");
}

#[test]
fn a_crowd_is_told_in_slices_and_each_once() {
    crate::harness::raise_descriptor_limit();
    let server = Operated::start(&[]);
    let mut crowd: Vec<Wire> = (0..600).map(|n| upgraded(&server, &format!("{n:010}"))).collect();
    assert_eq!(server.order("/api/notice", r#"{"text":"hi"}"#)["told"], 600);
    for wire in &mut crowd {
        assert_eq!(wire.text(), r#"{"type":"notice","text":"hi"}"#);
        assert!(!wire.has_something_to_read(), "it is told once");
    }
}

#[test]
fn a_notice_has_a_text_and_not_too_long_a_one() {
    let server = Operated::start(&[]);
    let mut alice = server.quiet(ALICE);
    let sentence = "a notice has 1 to 2048 bytes of UTF-8";
    for text in [String::new(), " \n".to_owned(), "é".repeat(1025)] {
        server.post("/api/notice", &json!({"text": text}).to_string()).expect_error(400, sentence);
    }
    let response = server.post("/api/notice", "{}");
    response.expect_error(400, "the body: missing field `text` at line 1 column 2");
    alice.expect_nothing();
    let longest = "é".repeat(1024);
    server.order("/api/notice", &json!({"text": longest}).to_string());
    assert_eq!(alice.json()["text"], longest);
}
