//! Clients that do not read: what it costs them, and that it costs no other client anything.

use std::thread;

use crate::harness::{
    ALICE, BOB, CAROL, Phone, Server, TEXT, Wire, eventually, frame, message, users,
};

const BIG: usize = 16_000;

/// Signs in a phone that does not read.
fn sleeper(server: &Server, query: &str) -> Wire {
    let mut wire = server.narrow_wire();
    wire.upgrade(&format!("/ws/{ALICE}{query}"));
    wire
}

/// Writes to the sleeper until the kernel takes no more for it.
fn fill(server: &Server, writer: &mut Phone) -> usize {
    let text = "x".repeat(BIG);
    for count in 1.. {
        writer.send(message(ALICE, &text));
        writer.expect_nothing();
        // The turn that answered has also written. The kernel did not take what is still in an outbox.
        if server.metrics()["switchboard_messages_in_outboxes"] > 0.0 {
            return count;
        }
    }
    unreachable!("the loop has no other end")
}

#[test]
fn a_reader_who_falls_too_far_behind_is_given_up_and_its_senders_are_told() {
    const COUNT: usize = 100;
    let server = Server::start(&["--outbox-bytes", "100KiB"]);
    let mut sleeper = sleeper(&server, "?presence=none");
    let mut bob = server.quiet(BOB);
    let mut carol = server.quiet(CAROL);
    let text = "x".repeat(BIG);
    for n in 0..COUNT {
        bob.send(format!(r#"{{"type":"message","to":"{ALICE}","text":"{text}","id":"{n}"}}"#));
        // Meanwhile the others chat.
        carol.send(message(CAROL, "tick"));
        carol.expect_message(CAROL, "tick");
    }
    let (mut delivered, mut slow, mut offline) = (0, 0, 0);
    for _ in 0..COUNT {
        let frame = bob.json();
        match (frame["type"].as_str(), frame["reason"].as_str(), frame["status"].as_str()) {
            (Some("ack"), None, Some("delivered")) => delivered += 1,
            (Some("ack"), None, Some("offline")) => offline += 1,
            (Some("undelivered"), Some("slow"), None) => slow += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(
        delivered > 0 && slow >= 100 * 1024 / BIG && offline > 0,
        "{delivered} {slow} {offline}"
    );
    bob.send(r#"{"type":"get_online_users"}"#);
    bob.expect_online(&[BOB, CAROL]);
    let metrics = server.metrics();
    assert_eq!(metrics["switchboard_messages_received_total"], (2 * COUNT) as f64);
    assert_eq!(metrics[r#"switchboard_messages_undelivered_total{reason="slow"}"#], slow as f64);
    assert_eq!(metrics[r#"switchboard_connections_ended_total{outcome="slow"}"#], 1.0);
    assert_eq!(metrics[r#"switchboard_limits_hit_total{limit="outbox_bytes"}"#], 1.0);
    assert_eq!(metrics["switchboard_messages_in_outboxes"], 0.0);
    assert_eq!(metrics["switchboard_outbox_bytes"], 0.0);
    sleeper.drain();
}

#[test]
fn a_reader_who_reads_nothing_for_too_long_is_given_up() {
    // The test has to notice in time that a message waits.
    let server = Server::start(&["--write-timeout", "2s"]);
    let mut sleeper = sleeper(&server, "?presence=none");
    let mut bob = server.quiet(BOB);
    fill(&server, &mut bob);
    eventually("the sleeper is given up", || {
        let slow = server.metrics()[r#"switchboard_connections_ended_total{outcome="slow"}"#];
        (slow == 1.0).then_some(())
    });
    assert_eq!(server.metrics()[r#"switchboard_limits_hit_total{limit="write_timeout"}"#], 1.0);
    assert_eq!(bob.json()["reason"], "slow");
    sleeper.drain();
}

#[test]
fn a_reader_who_was_behind_catches_up_with_every_message_in_order() {
    const COUNT: usize = 60;
    let server = Server::start(&[]);
    let mut sleeper = sleeper(&server, "?presence=none");
    let mut bob = server.quiet(BOB);
    let text = |n: usize| format!("{n:-<16000}");
    (0..COUNT).for_each(|n| bob.send(message(ALICE, &text(n))));
    bob.expect_nothing();
    assert!(server.metrics()["switchboard_messages_in_outboxes"] > 0.0, "the sleeper is behind");
    for n in 0..COUNT {
        let expected = format!(r#"{{"type":"message","from":"{BOB}","text":"{}"}}"#, text(n));
        assert_eq!(sleeper.text(), expected);
    }
}

#[test]
fn typing_is_dropped_for_a_reader_who_is_behind() {
    let server = Server::start(&[]);
    let mut sleeper = sleeper(&server, "?presence=none");
    let mut bob = server.quiet(BOB);
    let count = fill(&server, &mut bob);
    for is_typing in [true, false] {
        bob.send(format!(r#"{{"type":"typing","to":"{ALICE}","is_typing":{is_typing}}}"#));
    }
    bob.expect_nothing();
    assert_eq!(server.metrics()["switchboard_typing_dropped_slow_total"], 2.0);
    bob.send(message(ALICE, "last"));
    (0..count).for_each(|_| assert!(sleeper.text().contains("xxx")));
    assert!(sleeper.text().contains("last"));
}

#[test]
fn presence_waits_for_a_reader_who_is_behind_and_is_then_right() {
    let server = Server::start(&[]);
    let mut sleeper = sleeper(&server, "");
    let mut bob = server.quiet(BOB);
    fill(&server, &mut bob);
    let _carol = come_and_go(&server);
    // The first list, and the one with Bob, were on their way before the sleeper fell behind. All later
    // changes are in one list.
    let mut presence = presence_until(&mut sleeper, CAROL);
    assert!(presence.len() <= 3, "{presence:?}");
    let list = users(&presence.pop().expect("the last one"));
    assert_eq!(list.expect("a list"), [CAROL, ALICE, BOB]);
    sleeper.send(frame(TEXT, r#"{"type":"ping"}"#));
    assert_eq!(sleeper.text(), r#"{"type":"pong"}"#);
}

#[test]
fn a_reader_that_has_missed_a_delta_starts_again_from_a_list() {
    let server = Server::start(&[]);
    let mut sleeper = sleeper(&server, "?presence=delta");
    let mut bob = server.quiet(BOB);
    fill(&server, &mut bob);
    let encoded = || server.metrics()["switchboard_presence_encoded_total"];
    let before = encoded();
    let _carol = come_and_go(&server);
    eventually("the sleeper misses a delta", || (encoded() > before).then_some(()));
    let list = presence_until(&mut sleeper, CAROL).pop().expect("the last one");
    assert_eq!(users(&list).expect("a list"), [CAROL, ALICE, BOB]);
}

/// A phone connects and leaves ten times. Then Carol connects and stays.
fn come_and_go(server: &Server) -> Phone {
    (0..10).for_each(|_| server.quiet("4000000000").close());
    let carol = server.quiet(CAROL);
    eventually("all have come and gone", || (server.connections() == 3).then_some(()));
    carol
}

/// Lets the sleeper read, and returns its presence frames, up to one that mentions this number.
fn presence_until(sleeper: &mut Wire, number: &str) -> Vec<String> {
    let mut told = Vec::new();
    while !told.last().is_some_and(|text: &String| text.contains(number)) {
        let text = sleeper.text();
        if !text.contains("message") {
            told.push(text);
        }
    }
    told
}

#[test]
fn more_than_an_outbox_holds_in_one_turn_is_no_fault_of_a_reader_who_reads() {
    const COUNT: usize = 200;
    let server = Server::start(&["--outbox-bytes", "4KiB"]);
    let mut alice = server.quiet(ALICE);
    let mut writers: Vec<Wire> = (0..5)
        .map(|n| {
            let mut wire = server.wire();
            wire.upgrade(&format!("/ws/500000000{n}?presence=none"));
            wire
        })
        .collect();
    // The server reads all messages in a single turn.
    server.freeze();
    let burst = frame(TEXT, message(ALICE, "now")).repeat(COUNT);
    writers.iter_mut().for_each(|writer| writer.send(&burst));
    server.thaw();
    for _ in 0..COUNT * writers.len() {
        assert!(alice.text().ends_with(r#""text":"now"}"#));
    }
    alice.expect_nothing();
}

#[test]
fn a_reader_who_does_not_read_delays_nobody() {
    let server = Server::start(&["--outbox-bytes", "64KiB"]);
    let _sleepers: Vec<Wire> = (0..5)
        .map(|n| {
            let mut wire = server.narrow_wire();
            wire.upgrade(&format!("/ws/500000000{n}?presence=none"));
            wire
        })
        .collect();
    let mut flooder = server.quiet(BOB);
    let flood = thread::spawn(move || {
        let text = "x".repeat(BIG);
        for n in 0..300 {
            flooder.send(message(&format!("500000000{}", n % 5), &text));
        }
        flooder
    });
    let mut carol = server.quiet(CAROL);
    for n in 0..200 {
        carol.send(message(CAROL, &n.to_string()));
        carol.expect_message(CAROL, &n.to_string());
    }
    drop(flood.join().expect("it wrote"));
}

/// Pitfall 18: a client's own acknowledgements, which a turn queues near its end, overflow its outbox.
/// The server disconnects the client without a later event.
#[test]
fn a_reader_with_too_many_acknowledgements_is_given_up_though_nothing_else_happens() {
    const CAP: usize = 64 * 1024;
    let server = Server::start(&["--outbox-bytes", "64KiB"]);
    let mut bob = server.quiet(BOB);
    let alone = server.sockets();
    let mut sleeper = sleeper(&server, "?presence=none");
    fill(&server, &mut bob);
    let text = "x".repeat(1_000);
    while server.metrics()["switchboard_outbox_bytes"] < (CAP - 3_000) as f64 {
        bob.send(message(ALICE, &text));
        bob.expect_nothing();
    }
    let letters =
        (0..100).map(|n| format!(r#"{{"type":"message","to":"{BOB}","text":"","id":"{n}"}}"#));
    let letters: Vec<u8> = letters.flat_map(|letter| frame(TEXT, letter)).collect();
    // All messages arrive in one read, so the server acknowledges them in one turn.
    server.freeze();
    sleeper.send(letters);
    server.thaw();
    eventually("the sleeper is given up", || (server.sockets() == alone).then_some(()));
    assert_eq!(server.connections(), 1);
}
