//! Sending people away.

use serde_json::json;

use super::{Operated, upgraded};
use crate::harness::{ALICE, BOB, CLOSE, Wire, eventually, frame, message, raise_descriptor_limit};

const REASON: &str = "sent away by the operator";

#[test]
fn a_number_is_sent_away_with_the_reason_and_nobody_else() {
    let server = Operated::start(&[]);
    let (mut alice, mut bob) = (server.quiet(ALICE), server.quiet(BOB));
    let order = json!({"number": ALICE, "reason": "spam — bye"});
    assert_eq!(server.order("/api/disconnect", &order.to_string()), json!({"disconnected": 1}));
    alice.expect_close(4005, "spam — bye");
    bob.expect_nothing();
    assert_eq!(server.connections(), 1);
    assert_eq!(server.order("/api/disconnect", &order.to_string()), json!({"disconnected": 0}));
    let line = eventually("the order is logged", || {
        server.log().into_iter().find(|line| line.contains("the operator's order"))
    });
    for field in ["action=disconnect", "on=number", "by=127.0.0.1", "count=1"] {
        assert!(line.contains(field), "{field} is missing in {line}");
    }
    let log = server.log().concat();
    assert!(!log.contains(ALICE) && !log.contains("spam"), "no name and no text: {log}");
    let ended = server.server.admin_get("/metrics").text();
    assert!(ended.contains("switchboard_connections_ended_total{outcome=\"sent_away\"} 1"));
}

#[test]
fn all_devices_of_a_session_are_sent_away() {
    let server = Operated::start(&[]);
    let mut devices = [server.device("ada"), server.device("ada")];
    let mut other = server.device("bea");
    let answer = server.order("/api/disconnect", r#"{"session":"ada"}"#);
    assert_eq!(answer, json!({"disconnected": 2}));
    devices.iter_mut().for_each(|device| device.expect_close(4005));
    other.expect_nothing();
}

#[test]
fn an_address_is_sent_away_and_its_neighbour_stays() {
    let server = Operated::start(&[]);
    let open = |address| {
        let mut wire = server.wire_from(address);
        wire.upgrade(&format!("/ws/00000000{}0?presence=none", address[3]));
        wire
    };
    let mut gone = [open([127, 1, 0, 10]), open([127, 1, 0, 11])];
    let mut stays = open([127, 2, 0, 12]);
    let answer = server.order("/api/disconnect", r#"{"address":"127.1.0.0/16"}"#);
    assert_eq!(answer, json!({"disconnected": 2}));
    gone.iter_mut().for_each(|wire| wire.expect_close(4005, REASON));
    stays.send(frame(1, r#"{"type":"ping"}"#));
    assert_eq!(stays.text(), r#"{"type":"pong"}"#);
    // A request that is no WebSocket is not sent away: it is the operator's, for example.
    let answer = server.order("/api/disconnect", r#"{"address":"127.0.0.0/8"}"#);
    assert_eq!(answer, json!({"disconnected": 1}));
}

#[test]
fn senders_of_messages_to_a_client_that_is_sent_away_are_told_and_the_books_balance() {
    let server = Operated::start(&[]);
    let mut bob = server.quiet(BOB);
    // Alice does not read, so that messages wait for her.
    let mut alice = server.narrow_wire();
    alice.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let long = "x".repeat(15_000);
    let metrics = || server.admin_metrics();
    let mut sent = 0.0;
    while metrics()["switchboard_messages_in_outboxes"] < 3.0 {
        bob.send(message(ALICE, &long));
        sent += 1.0;
        bob.expect_nothing();
    }
    server.order("/api/disconnect", &json!({"number": ALICE}).to_string());
    bob.expect(&format!(r#"{{"type":"undelivered","to":"{ALICE}","reason":"offline"}}"#));
    drop(alice);
    eventually("all are accounted for", || {
        let metrics = metrics();
        let undelivered = metrics["switchboard_messages_undelivered_total{reason=\"offline\"}"];
        let sum = undelivered + metrics["switchboard_messages_delivered_total"];
        (metrics["switchboard_messages_in_outboxes"] == 0.0 && sum == sent).then_some(())
    });
}

/// A slice has 256 connections, so this takes several turns; meanwhile others are served.
#[test]
fn a_crowd_is_sent_away_in_slices_while_it_floods() {
    raise_descriptor_limit();
    let server = Operated::start(&[]);
    let mut crowd: Vec<Wire> = (0..700).map(|n| upgraded(&server, &format!("{n:010}"))).collect();
    let ping = frame(1, r#"{"type":"ping"}"#).repeat(20);
    crowd.iter_mut().for_each(|wire| wire.send(&ping));
    let answer = server.order("/api/disconnect", r#"{"address":"127.0.0.1"}"#);
    assert_eq!(answer, json!({"disconnected": 700}));
    for wire in &mut crowd {
        // The answers to its pings may come first.
        let goodbye = loop {
            match wire.frame() {
                (CLOSE, payload) => break payload,
                (_, payload) => assert_eq!(payload, br#"{"type":"pong"}"#),
            }
        };
        assert_eq!(goodbye[..2], 4005_u16.to_be_bytes());
    }
    drop(crowd);
    eventually("all are gone", || (server.connections() == 0).then_some(()));
}

#[test]
fn one_connection_is_sent_away_and_a_former_one_is_not_taken_for_its_successor() {
    let server = Operated::start(&[]);
    let mut alice = server.quiet(ALICE);
    // The slot is right, and the generation is not.
    let wrong = server.order("/api/disconnect", r#"{"connection":"0-4000000000"}"#);
    assert_eq!(wrong, json!({"disconnected": 0}));
    alice.expect_nothing();
    let right = server.order("/api/disconnect", r#"{"connection":"0-0"}"#);
    assert_eq!(right, json!({"disconnected": 1}));
    alice.expect_close(4005, REASON);
}

#[test]
fn what_is_wrong_with_an_order_is_said_and_nobody_is_sent_away() {
    let server = Operated::start(&[]);
    let mut alice = server.quiet(ALICE);
    let one = "give one of number, session, account, address and connection";
    let long = json!({"number": ALICE, "reason": "é".repeat(62)}).to_string();
    let both = json!({"number": ALICE, "session": "a"}).to_string();
    for (body, sentence) in [
        ("{}", one),
        (&*both, one),
        (r#"{"reason":"x"}"#, one),
        (r#"{"number":"12"}"#, "a mobile number has 10 to 32 digits and nothing else"),
        (r#"{"session":""}"#, "a session has 1 to 256 characters, and no control characters"),
        (r#"{"address":"here"}"#, "a network looks like 10.0.0.0/8, 2001:db8::/32 or 127.0.0.1"),
        (r#"{"connection":"-1-2"}"#, "a connection looks like 12-3456"),
        (r#"{"connection":"+1-2"}"#, "a connection looks like 12-3456"),
        (&*long, "a reason has at most 123 bytes of UTF-8"),
        ("", "the body must be one JSON object"),
        ("[\"0123456789\"]", "the body must be one JSON object"),
    ] {
        server.post("/api/disconnect", body).expect_error(400, sentence);
    }
    let many = json!({"number": ALICE}).to_string().replace('}', r#","number":"1234567890"}"#);
    for body in
        ["{", r#"{"number":7}"#, r#"{"nubmer":"0123456789"}"#, "{\"number\":\"\\ud800\"}", &many]
    {
        let response = server.post("/api/disconnect", body);
        let detail = response.json()["detail"].as_str().expect("a sentence").to_owned();
        assert!(response.status == 400 && detail.starts_with("the body: "), "{body}: {detail}");
    }
    alice.expect_nothing();
}
