//! Mistakes that event loops are known for. Each test here fails if its guard is removed. The exception
//! is pitfall 5: with edge triggering it does not show from outside, and the simulator finds it.
//!
//! `tests/README.md` lists all pitfalls by number, with the test for each, here or elsewhere, and the
//! deliberate bug that the test finds.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::harness::{
    ALICE, BOB, Door, PATIENCE, Server, TEXT, Wire, eventually, frame, message, pause,
    raise_descriptor_limit,
};

/// Pitfall 1: a shared outgoing buffer leaks one user's bytes to the next.
#[test]
fn bytes_for_one_client_never_reach_another() {
    let server = Server::start(&[]);
    for round in 0..30 {
        // A client that does not get all its answers: it is refused, or leaves early, or both.
        let mut first = server.wire();
        first.upgrade(&format!("/ws/{ALICE}?presence=none"));
        first.send(frame(TEXT, r#"{"type":"ping"}"#).repeat(200));
        first.send(frame(TEXT, "?").repeat(10));
        first.send(frame(2, ""));
        first.reset();
        let mut gone = server.wire();
        gone.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20));
        gone.reset();
        // The next client sees a 101, its list, and its own answers.
        let mut next = server.wire();
        next.upgrade(&format!("/ws/70000000{round:02}?presence=none"));
        next.send(frame(TEXT, r#"{"type":"ping"}"#));
        assert_eq!(next.text(), r#"{"type":"pong"}"#);
    }
}

/// Pitfall 2: when descriptors run out, the clients that wait in the backlog cause no new edge.
#[test]
fn a_client_that_waited_while_descriptors_were_short_is_served_once_there_are_some() {
    let server = Server::start(&[]);
    let mut watcher = server.wire();
    let mut exhausted = || {
        watcher.send("GET /metrics HTTP/1.1\r\nHost: switchboard\r\n\r\n");
        watcher.response().text().lines().any(|line| {
            let count = line.strip_prefix("switchboard_accept_exhausted_total ");
            count.is_some_and(|count| count != "0")
        })
    };
    assert!(!exhausted());
    let used = server.descriptors();
    limit_descriptors(&server, used + 3);
    // All clients connect at once, so there is a single edge.
    server.freeze();
    let mut crowd: Vec<Wire> = (0..10).map(|_| server.wire()).collect();
    server.thaw();
    eventually("descriptors run out", || exhausted().then_some(()));
    limit_descriptors(&server, used + 30);

    // No client connects after this, so there will be no other edge.
    let mut served = 0;
    for wire in &mut crowd {
        wire.try_send("GET /health HTTP/1.1\r\nHost: switchboard\r\n\r\n");
        // Clients that were refused meanwhile do not count.
        served += usize::from(wire.response_or_none().is_some_and(|answer| answer.status == 200));
    }
    assert!(served >= 4, "{served} of 10 were served");
    eventually("it says so", || {
        server.log().iter().any(|line| line.contains("out of descriptors")).then_some(())
    });
}

/// Sets the soft limit of a running server.
fn limit_descriptors(server: &Server, limit: usize) {
    let pid = server.pid().to_string();
    let limit = format!("--nofile={limit}:");
    let status = Command::new("prlimit").args(["--pid", &pid, &limit]).status();
    assert!(status.expect("util-linux is installed").success());
}

/// Pitfall 4: no further edge reports the input that a budget left unread.
#[test]
fn input_beyond_every_budget_is_read_to_its_end() {
    const EACH: usize = 30_000;
    let server = Server::start(&["--message-rate", "off", "--byte-rate", "off"]);
    let mut wires: Vec<Wire> = (0..6)
        .map(|n| {
            let mut wire = server.wire();
            wire.upgrade(&format!("/ws/700000000{n}?presence=none"));
            wire
        })
        .collect();
    // All the input arrives before the server reads any of it, and nothing arrives after it.
    server.freeze();
    let pings = frame(10, [0; 94]).repeat(EACH / 10);
    let last = frame(TEXT, r#"{"type":"ping"}"#);
    let writers: Vec<_> = wires
        .iter()
        .map(|wire| {
            let (mut writer, pings, last) = (wire.writer(), pings.clone(), last.clone());
            thread::spawn(move || {
                writer
                    .write_all(&pings)
                    .and_then(|()| writer.write_all(&last))
                    .expect("it is read");
            })
        })
        .collect();
    pause(Duration::from_millis(50));
    server.thaw();
    wires.iter_mut().for_each(|wire| assert_eq!(wire.text(), r#"{"type":"pong"}"#));
    writers.into_iter().for_each(|writer| writer.join().expect("it wrote"));
}

/// Pitfall 4, for the listener: more new connections at once than one turn accepts, or frees.
#[test]
fn a_crowd_beyond_the_budgets_of_a_turn_is_let_in_and_freed() {
    const CROWD: usize = 600;
    raise_descriptor_limit();
    let server = Server::start(&[]);
    let before = server.sockets();
    let crowd = server.crowd(CROWD, |n| format!("/ws/7000000{n:03}?presence=none"));
    assert_eq!(server.connections(), CROWD as u64);

    // When all of them end at once, all are freed, although nothing else happens.
    server.freeze();
    drop(crowd);
    server.thaw();
    eventually("all are freed", || (server.sockets() == before).then_some(()));
}

/// Pitfall 5: an event for a freed slot hits the slot's next tenant.
#[test]
fn a_slot_that_changes_hands_does_not_pass_its_past_on() {
    let server = Server::start(&[]);
    for round in 0..30 {
        let gone: Vec<Wire> = (0..8)
            .map(|n| {
                let mut wire = server.wire();
                wire.upgrade(&format!("/ws/800000{round:02}{n:02}?presence=none"));
                wire
            })
            .collect();
        // The old connections end and new ones take their slots in one batch of events.
        server.freeze();
        gone.into_iter().for_each(|mut wire| {
            wire.send(frame(TEXT, r#"{"type":"ping"}"#));
            wire.reset();
        });
        let mut next: Vec<Wire> = (0..8).map(|_| server.wire()).collect();
        for (n, wire) in next.iter_mut().enumerate() {
            wire.send(Wire::upgrade_request(
                &format!("/ws/900000{round:02}{n:02}?presence=none"),
                "",
            ));
        }
        server.thaw();
        for wire in &mut next {
            wire.expect_switch();
            wire.send(frame(TEXT, r#"{"type":"ping"}"#));
            assert_eq!(wire.text(), r#"{"type":"pong"}"#);
            wire.send(frame(8, []));
            wire.drain();
        }
    }
}

/// Pitfall 6: mio's listener has a backlog of 128. The kernel does not refuse further clients: they get
/// no answer at all.
#[test]
fn more_may_knock_at_once_than_the_usual_backlog_holds() {
    let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").expect("this is Linux");
    let most: usize = most.trim().parse().expect("a number");
    raise_descriptor_limit();
    let server = Server::start(&[]);
    server.freeze();
    // Nobody accepts these connections: all wait in the backlog.
    let crowd: Vec<TcpStream> = (0..most.min(400))
        .map(|_| TcpStream::connect_timeout(&server.address(), PATIENCE).expect("there is room"))
        .collect();
    server.thaw();
    drop(crowd);
}

/// Pitfall 17: for a client that never reads, the kernel takes megabytes before the server notices.
#[test]
fn the_kernel_keeps_little_for_a_client_that_does_not_read() {
    const BIG: usize = 16_000;
    let server = Server::start(&[]);
    let mut alice = server.narrow_wire();
    alice.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let mut bob = server.quiet(BOB);
    let mut taken = 0;
    while server.metrics()["switchboard_messages_in_outboxes"] == 0.0 {
        bob.send(message(ALICE, &"x".repeat(BIG)));
        bob.expect_nothing();
        taken += BIG;
    }
    assert!(taken < 1_000_000, "the kernel took {taken} bytes");
}

/// Pitfall 7: with Nagle's algorithm a small frame waits until the one before it is acknowledged.
#[test]
fn small_frames_leave_at_once() {
    let door = Door::open();
    let server = door.start(&[]);
    server.freeze();
    // The test accepts in place of the server, and sees the options that the socket inherits (tcp(7),
    // TCP_NODELAY).
    let _client = server.wire();
    assert!(door.accept().nodelay().expect("a TCP socket"));
    server.thaw();
}

/// Pitfall 7: a server that always asks for writability gets an event all the time, and one that never
/// asks gets none.
#[test]
fn room_is_asked_for_only_while_there_is_none() {
    let server = Server::start(&[]);
    let mut alice = server.narrow_wire();
    alice.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let mut bob = server.quiet(BOB);
    let waits_for_room = |expected| {
        eventually("the kernel knows who waits for room", || {
            (server.watched_for_room().len() == expected).then_some(())
        });
    };
    waits_for_room(0);
    let text = "x".repeat(16_000);
    for _ in 0..2 {
        (0..50).for_each(|_| bob.send(message(ALICE, &text)));
        waits_for_room(1);
        (0..50).for_each(|_| assert!(alice.text().contains("xxx")));
        waits_for_room(0);
    }
}

/// Pitfall 8: closing with unread input resets the connection, and the reset loses the close frame.
#[test]
fn a_close_frame_arrives_whatever_the_client_is_still_sending() {
    let server = Server::start(&[]);
    for _ in 0..10 {
        let mut wire = server.wire();
        wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
        let mut bytes = frame(2, "");
        bytes.resize(200_000, 0);
        wire.send(bytes);
        wire.expect_close(1003, "this protocol has no binary messages");
        wire.expect_end();
    }
}

/// Pitfall 8, for HTTP: the same with a body that nobody reads.
#[test]
fn an_answer_arrives_although_the_body_was_not_read() {
    let server = Server::start(&[]);
    for _ in 0..10 {
        let mut wire = server.wire();
        let mut request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n".to_vec();
        request.resize(request.len() + 200_000, b'x');
        wire.send(request);
        assert_eq!(wire.response().status, 405);
        wire.expect_end();
    }
}

/// Pitfall 12: after a UTF-8 or protocol error the server must read nothing more.
#[test]
fn what_follows_a_violation_is_not_heard() {
    let server = Server::start(&[]);
    let mut bob = server.quiet(BOB);
    let follows = frame(TEXT, message(BOB, "smuggled"));
    for violation in [frame(TEXT, b"\xFF"), frame(3, ""), frame(2, ""), frame(8, [])] {
        let mut wire = server.wire();
        wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
        wire.send([violation, follows.clone()].concat());
        wire.try_send(&follows);
        assert_eq!(wire.frame().0, 8);
        bob.expect_nothing();
    }
}

/// Pitfall 18: work that arises late in a turn waits for an unrelated event.
#[test]
fn senders_are_told_without_any_other_event() {
    // More messages than one turn settles (1,024), and fewer than one outbox holds.
    const COUNT: usize = 3_000;
    let server = Server::start(&["--message-rate", "off", "--byte-rate", "off"]);
    let mut alice = server.narrow_wire();
    alice.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let mut bob = server.quiet(BOB);
    let text = "x".repeat(280);
    (0..COUNT).for_each(|_| bob.send(message(ALICE, &text)));
    bob.expect_nothing();
    let waiting = server.metrics()["switchboard_messages_in_outboxes"] as usize;
    assert!(waiting > 1_024, "only {waiting} were more than the kernel took");
    alice.reset();
    for _ in 0..waiting {
        bob.expect(&format!(r#"{{"type":"undelivered","to":"{ALICE}","reason":"offline"}}"#));
    }
    bob.expect_nothing();
}

/// Pitfall 18, for presence: the phase that writes finds out that a phone has left.
#[test]
fn a_departure_is_published_without_any_other_event() {
    let server = Server::start(&["--message-rate", "off", "--byte-rate", "off"]);
    let mut alice = server.connect(ALICE);
    alice.expect_online(&[ALICE]);
    for round in 0..20 {
        let mut bob = server.narrow_wire();
        bob.upgrade(&format!("/ws/{BOB}?presence=none"));
        alice.expect_online(&[ALICE, BOB]);
        // The server writes to Bob while Bob leaves: in every second round a write fails.
        (0..30).for_each(|_| alice.send(message(BOB, &"x".repeat(8_000))));
        if round % 2 == 0 {
            bob.reset()
        } else {
            drop(bob)
        }
        loop {
            let text = alice.text();
            if text.contains("online_users") {
                assert_eq!(text, format!(r#"{{"type":"online_users","users":["{ALICE}"]}}"#));
                break;
            }
            assert!(text.contains("undelivered"), "{text}");
        }
        while server.metrics()["switchboard_messages_in_outboxes"] > 0.0 {}
        alice.send(r#"{"type":"ping"}"#);
        while alice.text() != r#"{"type":"pong"}"# {}
    }
}
