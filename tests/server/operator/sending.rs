//! Messages of the app's own backend.

use serde_json::{Value, json};

use super::{Operated, request};
use crate::harness::{ALICE, BOB, CAROL, Phone, Wire, eventually, message};

fn send(server: &Operated, body: &Value) -> Value {
    server.order("/api/send", &body.to_string())
}

#[test]
fn a_message_reaches_a_number_and_the_backend_hears_what_became_of_it() {
    let server = Operated::start(&[]);
    let (mut alice, mut bob) = (server.quiet(ALICE), server.quiet(BOB));
    // Bob's number is the sender's here. Bob is online, and hears nothing of it.
    let body = json!({"from": BOB, "to": ALICE, "text": "Your \"code\" is 7 🙂"});
    assert_eq!(send(&server, &body), json!({"status": "delivered"}));
    alice.expect(r#"{"type":"message","from":"0000000002","text":"Your \"code\" is 7 🙂"}"#);
    let body = json!({"from": BOB, "to": ALICE, "text": "", "id": "a/1"});
    assert_eq!(send(&server, &body), json!({"status": "delivered"}));
    alice.expect(r#"{"type":"message","from":"0000000002","text":"","id":"a/1"}"#);
    let body = json!({"from": BOB, "to": CAROL, "text": "x", "id": "2"});
    assert_eq!(send(&server, &body), json!({"status": "offline"}));
    bob.expect_nothing();
    let metrics = server.admin_metrics();
    assert_eq!(metrics["switchboard_messages_received_total"], 3.0);
    assert_eq!(metrics["switchboard_messages_delivered_total"], 2.0);
    assert_eq!(metrics["switchboard_messages_undelivered_total{reason=\"offline\"}"], 1.0);
}

/// Alice, who does not read, so that messages wait; Bob, who has sent them; and their number.
fn with_full_socket(server: &Operated) -> (Wire, Phone, u32) {
    let mut alice = server.narrow_wire();
    alice.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let mut bob = server.quiet(BOB);
    let long = "x".repeat(15_000);
    let mut sent = 0;
    loop {
        bob.send(message(ALICE, &long));
        sent += 1;
        // The kernel has taken what it takes before the answer to the ping.
        bob.expect_nothing();
        if server.admin_metrics()["switchboard_messages_in_outboxes"] >= 3.0 {
            return (alice, bob, sent);
        }
    }
}

/// The recipient does not read, so the fate of the message is open until the recipient is gone.
#[test]
fn a_message_to_somebody_who_leaves_before_it_arrives_is_offline() {
    let server = Operated::start(&[]);
    let (alice, _bob, _) = with_full_socket(&server);
    let mut wire = server.admin_wire();
    let body = json!({"from": BOB, "to": ALICE, "text": "are you there?"}).to_string();
    wire.send(request("POST", "/api/send", &body));
    eventually("the backend's waits, too", || {
        (server.admin_metrics()["switchboard_requests_waiting"] > 0.0).then_some(())
    });
    alice.reset();
    assert_eq!(wire.response().json(), json!({"status": "offline"}));
}

/// The backend gives up before the fate of its message is decided. The books balance all the same.
#[test]
fn a_backend_that_hangs_up_loses_the_answer_and_nothing_else() {
    let server = Operated::start(&[]);
    let (mut alice, _bob, sent) = with_full_socket(&server);
    let all = f64::from(sent + 1);
    let mut wire = server.admin_wire();
    let body = json!({"from": BOB, "to": ALICE, "text": "last"}).to_string();
    wire.send(request("POST", "/api/send", &body));
    eventually("it waits", || {
        (server.admin_metrics()["switchboard_messages_received_total"] == all).then_some(())
    });
    wire.reset();
    while !alice.text().contains("last") {}
    eventually("all are delivered", || {
        (server.admin_metrics()["switchboard_messages_delivered_total"] == all).then_some(())
    });
}

#[test]
fn a_message_that_a_phone_could_not_send_the_backend_cannot_either() {
    let server = Operated::start(&[]);
    let mut alice = server.quiet(ALICE);
    let number = "a mobile number has 10 to 32 digits and nothing else";
    let id = "id must be a string of 1 to 64 characters";
    let long = "x".repeat(16 * 1024 + 1);
    for (body, sentence) in [
        (json!({"from": "x", "to": ALICE, "text": "x"}), format!("from: {number}")),
        (json!({"from": ALICE, "to": "1", "text": "x"}), format!("to: {number}")),
        (json!({"from": BOB, "to": ALICE, "text": "x", "id": ""}), id.to_owned()),
        (json!({"from": BOB, "to": ALICE, "text": "x", "id": "é".repeat(65)}), id.to_owned()),
        (
            json!({"from": BOB, "to": ALICE, "text": long}),
            "a text has at most 16 KiB as JSON".to_owned(),
        ),
    ] {
        server.post("/api/send", &body.to_string()).expect_error(400, &sentence);
    }
    let lone = format!(r#"{{"from":"{BOB}","to":"{ALICE}","text":"\ud800"}}"#);
    assert_eq!(server.post("/api/send", &lone).status, 400);
    alice.expect_nothing();
    assert_eq!(server.admin_metrics()["switchboard_messages_received_total"], 0.0);
    let longest = json!({"from": BOB, "to": ALICE, "text": &long[1..]});
    assert_eq!(send(&server, &longest), json!({"status": "delivered"}));
    assert_eq!(alice.json()["text"], long[1..]);
}
