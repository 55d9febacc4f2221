//! `/echo`, for conformance suites: every message comes back as it was.

use tungstenite::Message;

use crate::harness::{CONTINUATION, Server, TEXT, Wire, frame, masked};

#[test]
fn it_is_there_only_if_the_operator_says_so() {
    let request = Wire::upgrade_request("/echo", "");
    assert_eq!(Server::start(&[]).http(&request).status, 404);
    assert_eq!(Server::start(&["--echo"]).http(&request).status, 101);
}

#[test]
fn texts_and_binary_data_come_back_as_they_were() {
    let server = Server::start(&["--echo"]);
    let mut phone = server.visit("/echo");
    let large: Vec<u8> = (0..1 << 20).map(|n| (n % 251) as u8).collect();
    for message in [
        Message::text(""),
        Message::text("not JSON, and 🦀"),
        Message::binary(vec![]),
        Message::binary(vec![0, 255, 128]),
        Message::text("x".repeat(125)),
        Message::text("x".repeat(126)),
        Message::text("x".repeat(65_535)),
        Message::text("x".repeat(65_536)),
        Message::binary(large),
    ] {
        phone.say(message.clone());
        assert!(phone.hear() == message, "a message of {} bytes", message.len());
    }
}

#[test]
fn fragments_come_back_as_one_message() {
    let server = Server::start(&["--echo"]);
    let mut wire = server.wire();
    wire.upgrade("/echo");
    wire.send(masked(TEXT, "one, "));
    wire.send(frame(9, "ping"));
    wire.send(masked(CONTINUATION, ""));
    wire.send(frame(CONTINUATION, "two"));
    assert_eq!(wire.frame(), (10, b"ping".to_vec()));
    assert_eq!(wire.frame(), (TEXT, b"one, two".to_vec()));
}

#[test]
fn a_ping_is_answered_with_its_payload() {
    let server = Server::start(&["--echo"]);
    let mut phone = server.visit("/echo");
    phone.say(Message::Ping(vec![7; 125].into()));
    assert_eq!(phone.hear(), Message::Pong(vec![7; 125].into()));
}

#[test]
fn a_client_of_echo_is_not_in_the_chat() {
    let server = Server::start(&["--echo"]);
    let _echo = server.visit("/echo");
    let mut alice = server.connect("0000000001");
    alice.expect_online(&["0000000001"]);
    assert_eq!(server.connections(), 2);
}
