//! What a client gets for malformed frames of the chat, and for violations of WebSocket.
//!
//! After a malformed frame the connection stays open. A violation ends it.

use crate::harness::{
    ALICE, BINARY, BOB, CLOSE, CONTINUATION, PONG, Server, TEXT, Wire, frame, masked, message,
};

const PING: u8 = 9;
const FINAL: u8 = 0x80;

/// Opens a client that is signed in, and is about to misbehave.
fn villain(server: &Server) -> Wire {
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    wire
}

#[test]
fn a_malformed_frame_is_answered_with_the_reason_and_forgiven() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    let to = "to must be a mobile number: a string of 10 to 32 digits";
    let id = "id must be a string of 1 to 64 characters";
    let long_id = "ü".repeat(65);
    for (sent, detail) in [
        ("", "a frame must be one JSON object"),
        ("hello", "a frame must be one JSON object"),
        ("[]", "a frame must be one JSON object"),
        (r#"{"type":"ping"}{"type":"ping"}"#, "a frame must be one JSON object"),
        (r#"{"type":"ping","#, "a frame must be one JSON object"),
        (r#"{"type":"ping","type":"ping"}"#, "a key appears twice"),
        ("{}", "type must be a string"),
        (r#"{"type":1}"#, "type must be a string"),
        (r#"{"type":"shout"}"#, "unknown type"),
        (r#"{"type":"message","text":"a"}"#, to),
        (r#"{"type":"message","to":1234567890,"text":"a"}"#, to),
        (r#"{"type":"message","to":"123456789","text":"a"}"#, to),
        (r#"{"type":"message","to":"+1234567890","text":"a"}"#, to),
        (r#"{"type":"message","to":"1234567890"}"#, "text must be a string"),
        (r#"{"type":"message","to":"1234567890","text":1}"#, "text must be a string"),
        (r#"{"type":"message","to":"1234567890","text":"a","id":""}"#, id),
        (r#"{"type":"message","to":"1234567890","text":"a","id":7}"#, id),
        (&format!(r#"{{"type":"message","to":"{BOB}","text":"a","id":"{long_id}"}}"#), id),
        (&message(BOB, &"x".repeat(16 * 1024 + 1)), "text must not be over 16 KiB"),
        (r#"{"type":"typing","to":"1234567890"}"#, "is_typing must be true or false"),
        (r#"{"type":"typing","to":"1234567890","is_typing":1}"#, "is_typing must be true or false"),
        (r#"{"type":"receipt","to":"1234567890","status":"read"}"#, id),
        (r#"{"type":"receipt","to":"1234567890","id":"7"}"#, "status must be the string read"),
        (r#"{"type":"signal","to":"1234567890"}"#, "data must be there"),
        (
            &format!(r#"{{"type":"signal","to":"{BOB}","data":"{}"}}"#, "x".repeat(16 * 1024)),
            "data must not be over 16 KiB",
        ),
        (r#"{"type":"presence"}"#, "mode must be full, delta or none"),
        (r#"{"type":"presence","mode":"some"}"#, "mode must be full, delta or none"),
    ] {
        alice.send(sent);
        alice.expect_error(detail);
        alice.expect_nothing();
    }
}

#[test]
fn an_error_names_the_frame_that_caused_it_and_has_a_code() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    let long = message(BOB, &"x".repeat(16 * 1024 + 1)).replace("}", r#","id":"é\"1"}"#);
    let half = "a string must not have an unpaired surrogate";
    for (sent, detail, code, id) in [
        (
            r#"{"type":"message","to":"0087654321","id":"e2"}"#,
            "text must be a string",
            "bad_text",
            "e2",
        ),
        (r#"{"type":"shout","id":"e3"}"#, "unknown type", "unknown_type", "e3"),
        (r#"{"id":"e4"}"#, "type must be a string", "bad_type", "e4"),
        (
            r#"{"type":"ping","to":1,"to":2,"id":"e5"}"#,
            "a key appears twice",
            "duplicate_key",
            "e5",
        ),
        (&long, "text must not be over 16 KiB", "text_too_long", "é\"1"),
        (
            r#"{"type":"message","to":"0087654321","text":"\ud800","id":"e6"}"#,
            half,
            "lone_surrogate",
            "e6",
        ),
        (
            r#"{"type":"signal","to":"0087654321","data":["\udc00"],"id":"e7"}"#,
            half,
            "lone_surrogate",
            "e7",
        ),
    ] {
        alice.send(sent);
        assert_eq!(
            alice.expect_error(detail),
            (code.to_owned(), Some(id.to_owned())),
            "{sent:.60}"
        );
    }
    alice.send(r#"{"type":"message","to":"0087654321","text":"","id":7}"#);
    let (code, id) = alice.expect_error("id must be a string of 1 to 64 characters");
    assert_eq!((code.as_str(), id), ("bad_id", None));
}

#[test]
fn too_many_malformed_frames_in_a_row_end_the_connection() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    (0..51).for_each(|_| alice.send("?"));
    for _ in 0..51 {
        alice.expect_error("a frame must be one JSON object");
    }
    alice.expect_close(1008, "too many malformed frames");
}

#[test]
fn binary_data_is_not_acceptable() {
    let server = Server::start(&[]);
    let mut villain = villain(&server);
    villain.send(frame(BINARY, r#"{"type":"ping"}"#));
    villain.expect_close(1003, "this protocol has no binary messages");
}

#[test]
fn a_binary_message_in_fragments_is_refused_at_the_first_of_them() {
    let server = Server::start(&[]);
    let mut villain = villain(&server);
    let first = frame(BINARY, r#"{"type":"ping"}"#);
    // The first byte of a fragment: the final bit is not set.
    villain.send([first[0] & 0x7F]);
    villain.expect_close(1003, "this protocol has no binary messages");
}

#[test]
fn a_text_that_is_not_utf_8_ends_the_connection_at_its_first_wrong_byte() {
    let server = Server::start(&[]);
    // One frame; two fragments; and a frame whose end never arrives (Autobahn 6.4.3).
    let whole = frame(TEXT, b"{\xFF}");
    let fragments = [masked(TEXT, b"{\xE2\x82"), masked(CONTINUATION, b"(")].concat();
    let begun = frame(TEXT, b"{\xC0\xAF, and more")[..10].to_vec();
    for bytes in [whole, fragments, begun] {
        let mut villain = villain(&server);
        villain.send(bytes);
        villain.expect_close(1007, "the text is not UTF-8");
        villain.finish_writing();
        villain.expect_end();
    }
}

#[test]
fn a_message_over_the_limit_is_refused_by_its_header() {
    let server = Server::start(&["--max-message-bytes", "1KiB"]);
    let mut villain = villain(&server);
    villain.send(frame(TEXT, "x".repeat(1024)));
    assert!(villain.text().contains("a frame must be one JSON object"), "the limit is allowed");
    villain.send(&frame(TEXT, "x".repeat(1025))[..8]);
    villain.expect_close(1009, "the message is too big");
}

#[test]
fn fragments_count_towards_the_limit_together() {
    let server = Server::start(&["--max-message-bytes", "1KiB"]);
    let mut villain = villain(&server);
    villain.send(masked(TEXT, "x".repeat(1000)));
    villain.send(masked(CONTINUATION, "x".repeat(25)));
    villain.expect_close(1009, "the message is too big");
}

#[test]
fn a_violation_of_the_protocol_ends_the_connection_with_the_reason() {
    let server = Server::start(&[]);
    let unmasked = [FINAL | TEXT, 2, b'{', b'}'];
    let long_ping = frame(PING, [0; 126]);
    let not_minimal = [FINAL | TEXT, 0x80 | 126, 0, 5, 0, 0, 0, 0];
    let two_beginnings = [masked(TEXT, "{"), masked(TEXT, "}")].concat();
    for (sent, reason) in [
        (frame(0x40 | TEXT, "{}"), "a reserved bit is set, but no extension was agreed on"),
        (frame(3, "{}"), "the opcode is reserved"),
        (frame(11, ""), "the opcode is reserved"),
        (masked(PING, ""), "a control frame cannot be fragmented"),
        (frame(CONTINUATION, "{}"), "there is no message to continue"),
        (two_beginnings, "a message began before the last one had ended"),
        (unmasked.to_vec(), "a client's frames must be masked"),
        (long_ping, "a control frame has at most 125 bytes"),
        (not_minimal.to_vec(), "a length must take as few bytes as it can"),
        (frame(CLOSE, [3]), "a close code has two bytes"),
        (frame(CLOSE, 1005u16.to_be_bytes()), "this close code cannot be sent"),
    ] {
        let mut villain = villain(&server);
        villain.send(sent);
        villain.expect_close(1002, reason);
        villain.finish_writing();
        villain.expect_end();
    }
}

#[test]
fn a_websocket_ping_is_answered_even_between_the_fragments_of_a_message() {
    let server = Server::start(&[]);
    let mut alice = villain(&server);
    alice.send(masked(TEXT, r#"{"type":"#));
    alice.send(frame(PING, "are you there?"));
    assert_eq!(alice.frame(), (PONG, b"are you there?".to_vec()));
    alice.send(frame(CONTINUATION, r#""ping"}"#));
    assert_eq!(alice.text(), r#"{"type":"pong"}"#);
}

#[test]
fn a_pong_that_nobody_asked_for_is_not_answered() {
    let server = Server::start(&[]);
    let mut alice = villain(&server);
    alice.send(frame(PONG, "still here"));
    alice.send(frame(PING, "and you?"));
    assert_eq!(alice.frame(), (PONG, b"and you?".to_vec()));
}

#[test]
fn a_clients_close_is_answered_in_kind() {
    let server = Server::start(&[]);
    for (sent, answer) in [
        (frame(CLOSE, []), vec![]),
        (frame(CLOSE, [3, 232]), vec![3, 232]),
        (frame(CLOSE, b"\x0F\xA1see you"), vec![0x0F, 0xA1]),
    ] {
        let mut alice = villain(&server);
        alice.send(sent);
        assert_eq!(alice.frame(), (CLOSE, answer));
        alice.expect_end();
    }
}
