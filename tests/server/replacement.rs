//! A number on two connections: the newer one wins, and nobody else notices.

use std::time::Duration;

use crate::harness::{ALICE, BOB, Server, TEXT, Wire, eventually, frame, message, pause};

const REPLACED: (u16, &str) = (4000, "replaced by a newer connection");

#[test]
fn the_newer_connection_wins_and_the_older_is_told_so() {
    let server = Server::start(&[]);
    let mut older = server.connect(ALICE);
    older.expect_online(&[ALICE]);
    let mut newer = server.connect(ALICE);
    newer.expect_online(&[ALICE]);
    older.expect_close(REPLACED.0, REPLACED.1);
    let mut bob = server.quiet(BOB);
    bob.send(message(ALICE, "where are you?"));
    newer.until_online(&[ALICE, BOB]);
    newer.expect_message(BOB, "where are you?");
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_replacement_is_no_news_for_anybody_else() {
    let server = Server::start(&[]);
    let mut full = server.connect(BOB);
    full.expect_online(&[BOB]);
    let mut older = server.connect(ALICE);
    older.expect_online(&[ALICE, BOB]);
    full.expect_online(&[ALICE, BOB]);
    let mut delta = server.connect("0000000009?presence=delta");
    delta.expect_online(&[ALICE, BOB, "0000000009"]);
    full.until_online(&[ALICE, BOB, "0000000009"]);
    let mut newer = server.connect(ALICE);
    newer.expect_online(&[ALICE, BOB, "0000000009"]);
    older.until_online(&[ALICE, BOB, "0000000009"]);
    older.expect_close(REPLACED.0, REPLACED.1);
    // This is longer than a delta ever waits.
    pause(Duration::from_millis(150));
    full.expect_nothing();
    delta.expect_nothing();
}

#[test]
fn messages_not_yet_begun_for_the_older_one_move_to_the_newer() {
    const COUNT: usize = 60;
    let server = Server::start(&[]);
    let mut older = server.narrow_wire();
    older.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let mut bob = server.quiet(BOB);
    let text = |n: usize| format!("{n:-<16000}");
    (0..COUNT).for_each(|n| bob.send(message(ALICE, &text(n))));
    bob.expect_nothing(); // All messages are queued by now. The kernel has no room for most of them.
    assert!(server.metrics()["switchboard_messages_in_outboxes"] > 0.0);

    let mut newer = server.connect(ALICE);
    newer.expect_online(&[ALICE, BOB]);
    let mut arrived = 0;
    let expected = |n| format!(r#"{{"type":"message","from":"{BOB}","text":"{}"}}"#, text(n));
    while older.frame_is_text(&expected(arrived)) {
        arrived += 1;
    }
    assert!((1..COUNT).contains(&arrived), "{arrived} went out before");
    (arrived..COUNT).for_each(|n| newer.expect(&expected(n)));
    bob.expect_nothing();
    let metrics = server.metrics();
    assert_eq!(metrics["switchboard_messages_delivered_total"], COUNT as f64);
}

#[test]
fn what_waits_for_the_list_of_a_new_connection_moves_on_with_the_number() {
    let server = Server::start(&[]);
    let mut bob = server.wire();
    bob.upgrade(&format!("/ws/{BOB}?presence=none"));
    let (mut older, mut newer) = (server.wire(), server.wire());
    eventually("all are accepted", || {
        (server.metrics()["switchboard_connections"] == 4.0).then_some(())
    });
    // All this arrives while the server is stopped, so it happens in one turn.
    server.freeze();
    older.send(Wire::upgrade_request(&format!("/ws/{ALICE}"), ""));
    bob.send(frame(TEXT, message(ALICE, "welcome")));
    newer.send(Wire::upgrade_request(&format!("/ws/{ALICE}"), ""));
    server.thaw();
    newer.expect_switch();
    assert!(newer.text().contains("online_users"));
    assert_eq!(newer.text(), format!(r#"{{"type":"message","from":"{BOB}","text":"welcome"}}"#));
}

#[test]
fn two_phones_that_fight_over_a_number_are_slowed_down() {
    let server = Server::start(&[]);
    let mut phones = vec![server.quiet(ALICE)];
    for _ in 0..3 {
        phones.push(server.quiet(ALICE));
        let older = phones.len() - 2;
        phones[older].expect_close(REPLACED.0, REPLACED.1);
    }
    let response = server.http(Wire::upgrade_request(&format!("/ws/{ALICE}"), ""));
    response.expect_error(429, "this number changes hands too often");
    let seconds: u64 =
        response.header("Retry-After").expect("it says when").parse().expect("a number");
    assert!((1..=5).contains(&seconds), "{seconds}");
    assert_eq!(server.metrics()[r#"switchboard_limits_hit_total{limit="replacement_rate"}"#], 1.0);
    phones.pop().expect("the last one stays").expect_nothing();
}

/// Each address of 127.0.0.0/8 is this machine (RFC 1122 §3.2.1.3), so a test can use several of them.
#[test]
fn a_stranger_at_another_address_does_not_use_up_what_the_owner_may_do() {
    let server = Server::start(&["--replacement-rate", "1/1h:3"]);
    let request = Wire::upgrade_request(&format!("/ws/{ALICE}?presence=none"), "");
    let take = |from: [u8; 4]| {
        let mut wire = server.wire_from(from);
        wire.send(&request);
        let status = wire.response().status;
        (wire, status)
    };
    let (stranger, owner) = ([127, 0, 0, 2], [127, 0, 0, 1]);
    let (mut phone, status) = take(owner);
    assert_eq!(status, 101);
    let mut others: Vec<_> = (0..3).map(|_| take(stranger)).collect();
    assert!(others.iter().all(|(_, status)| *status == 101));
    phone.expect_close(REPLACED.0, REPLACED.1);
    for _ in 0..20 {
        assert_eq!(take(stranger).1, 429);
    }
    let mut phones: Vec<_> = (0..3).map(|_| take(owner)).collect();
    assert!(phones.iter().all(|(_, status)| *status == 101));
    assert_eq!(take(owner).1, 429);
    others[2].0.expect_close(REPLACED.0, REPLACED.1);
    let (mut last, _) = phones.pop().expect("three");
    last.send(frame(TEXT, r#"{"type":"ping"}"#));
    assert_eq!(last.text(), r#"{"type":"pong"}"#);
}

#[test]
fn the_replaced_one_leaving_does_not_take_the_number_offline() {
    let server = Server::start(&[]);
    let older = server.quiet(ALICE);
    let mut newer = server.quiet(ALICE);
    older.reset();
    let mut bob = server.quiet(BOB);
    bob.send(message(ALICE, "still there?"));
    newer.expect_message(BOB, "still there?");
    newer.send(r#"{"type":"get_online_users"}"#);
    newer.expect_online(&[ALICE, BOB]);
}
