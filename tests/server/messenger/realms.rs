//! Two realms in one server: the people of one realm can't see those of the other, or write to them.

use serde_json::json;

use super::{ANN, BEN};
use crate::harness::{ALICE, BOB, Server, message};

#[test]
fn a_number_and_an_equal_session_id_are_two_people() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let mut alice = server.connect(ALICE);
    alice.expect_online(&[ALICE]);
    let mut other = server.device(ALICE);
    alice.expect_nothing();
    let mut ann = server.device(ANN);
    ann.write("1", ALICE, "hello");
    other.expect_message("1", ANN, "hello");
    ann.expect_status("1", "sent");
    ann.expect_status("1", "delivered");
    alice.expect_nothing();
    let mut bob = server.connect(BOB);
    bob.expect_online(&[ALICE, BOB]);
    alice.expect_online(&[ALICE, BOB]);
    bob.send(message(ALICE, "hello"));
    alice.expect_message(BOB, "hello");
    other.expect_nothing();
    // If one of them comes or goes, nothing changes for the other.
    other.close();
    ann.expect_offline(ALICE);
    alice.expect_nothing();
    bob.send(message(ALICE, "still there?"));
    alice.expect_message(BOB, "still there?");
}

#[test]
fn a_number_without_a_session_is_offline_to_sessions_and_the_reverse() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    let mut ann = server.device(BOB);
    ann.write("1", ALICE, "hello");
    ann.expect_status("1", "undelivered");
    alice.send(message(BOB, "hello"));
    alice.expect(&format!(r#"{{"type":"undelivered","to":"{BOB}","reason":"offline"}}"#));
    ann.expect_nothing();
}

#[test]
fn the_list_of_numbers_has_no_sessions_and_is_not_sent_for_them() {
    let server = Server::start(&[]);
    let mut alice = server.connect(ALICE);
    alice.expect_online(&[ALICE]);
    let devices: Vec<_> = (0..20).map(|n| server.device(&format!("900000000{n}"))).collect();
    drop(devices);
    crate::harness::eventually("they are gone", || (server.connections() == 1).then_some(()));
    alice.expect_nothing();
    alice.send(r#"{"type":"get_online_users"}"#);
    alice.expect_online(&[ALICE]);
}

#[test]
fn each_realm_speaks_its_own_protocol_only() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    for frame in [
        r#"{"type":"get_online_users"}"#.to_owned(),
        message(BEN, "hello"),
        r#"{"type":"presence","mode":"full"}"#.to_owned(),
    ] {
        ann.phone.send(frame);
        ann.expect_error();
    }
    let mut alice = server.quiet(ALICE);
    alice.send(json!({ "type": "auth", "data": { "sessionId": ANN } }).to_string());
    assert_eq!(alice.json()["type"], "error");
    alice.expect_nothing();
}
