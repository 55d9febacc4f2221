//! Clients that are silent, or too slow with what they have begun: deadlines, and the sweep.
//!
//! A client that is meant to stay sends many signs of life within each timeout. Where a client has to act in time, it
//! has two seconds, because on a busy machine the test itself may pause for half a second.

use std::time::Duration;

use crate::harness::{ALICE, BOB, PONG, Server, TEXT, Wire, eventually, frame, masked, pause};

const SILENT: (u16, &str) = (1001, "nothing was heard for too long");

#[test]
fn a_silent_phone_is_sent_home_and_leaves_the_list() {
    let server = Server::start(&["--ping-timeout", "1s", "--sweep-interval", "100ms"]);
    let mut alice = server.connect(ALICE);
    let _heartbeat = alice.keep_alive();
    alice.expect_online(&[ALICE]);
    let mut bob = server.connect(BOB);
    bob.expect_online(&[ALICE, BOB]);
    alice.expect_online(&[ALICE, BOB]);
    bob.expect_close(SILENT.0, SILENT.1);
    alice.expect_online(&[ALICE]);
    assert_eq!(server.connections(), 1);
    assert_eq!(server.metrics()[r#"switchboard_connections_ended_total{outcome="silent"}"#], 1.0);
}

#[test]
fn the_ping_timeout_may_be_shorter_than_the_one_of_the_handshake() {
    let server = Server::start(&[
        "--ping-timeout",
        "200ms",
        "--sweep-interval",
        "50ms",
        "--handshake-timeout",
        "1h",
    ]);
    server.quiet(ALICE).expect_close(SILENT.0, SILENT.1);
}

/// Pitfall 9: the timer fires while the phone still sends signs of life, and has to fire again later.
#[test]
fn a_phone_that_falls_silent_later_is_sent_home_as_well() {
    let server = Server::start(&["--ping-timeout", "300ms", "--sweep-interval", "50ms"]);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    for _ in 0..10 {
        // On a slow machine the server may have closed the connection already.
        wire.try_send(frame(PONG, ""));
        pause(Duration::from_millis(50));
    }
    wire.expect_close(SILENT.0, SILENT.1);
}

#[test]
fn any_frame_is_a_sign_of_life() {
    let server = Server::start(&["--ping-timeout", "2s", "--sweep-interval", "50ms"]);
    let signs = [
        frame(TEXT, r#"{"type":"ping"}"#),
        frame(9, "ping"),
        frame(PONG, ""),
        frame(TEXT, "nonsense"),
        // One byte of a message at a time is enough.
        vec![],
    ];
    let mut silent = server.quiet("5000000000");
    let mut lively: Vec<_> = (0..signs.len())
        .map(|n| {
            let mut wire = server.wire();
            wire.upgrade(&format!("/ws/600000000{n}?presence=none"));
            wire
        })
        .collect();
    let slowly = frame(TEXT, "x".repeat(120));
    for step in 0..45 {
        for (wire, sign) in lively.iter_mut().zip(&signs) {
            if sign.is_empty() { wire.send(&slowly[step..=step]) } else { wire.send(sign) }
        }
        pause(Duration::from_millis(70));
    }
    // One and a half timeouts are over. Without its sign of life each phone would have been
    // disconnected like this one.
    silent.expect_close(SILENT.0, SILENT.1);
    assert_eq!(server.connections(), signs.len() as u64);
}

#[test]
fn a_sweep_removes_many_at_once_and_is_published_once() {
    const SILENT_ONES: usize = 100;
    let server = Server::start(&["--ping-timeout", "1s", "--sweep-interval", "1500ms"]);
    let mut alice = server.quiet(ALICE);
    let _heartbeat = alice.keep_alive();
    let crowd: Vec<_> =
        (0..SILENT_ONES).map(|n| server.quiet(&format!("70000000{n:02}"))).collect();
    alice.send(r#"{"type":"presence","mode":"full"}"#);
    alice.text();
    eventually("the crowd is gone", || (server.connections() == 1).then_some(()));
    let mut lists = 1;
    while alice.text() != format!(r#"{{"type":"online_users","users":["{ALICE}"]}}"#) {
        lists += 1;
    }
    assert!(lists <= 4, "{lists} lists for two sweeps or so");
    drop(crowd);
}

#[test]
fn sweeps_that_were_missed_cost_nothing() {
    let server = Server::start(&["--sweep-interval", "1ns"]);
    // The server missed over a billion sweeps. To run them one by one would take too long.
    pause(Duration::from_millis(1_500));
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_connection_that_never_asks_for_anything_is_closed() {
    let server = Server::start(&["--handshake-timeout", "200ms"]);
    server.wire().expect_end();
}

/// Sends byte by byte, and returns whether the server answered before the last byte.
fn is_cut_short(wire: &mut Wire, bytes: impl IntoIterator<Item = u8>) -> bool {
    bytes.into_iter().any(|byte| {
        pause(Duration::from_millis(10));
        wire.has_something_to_read() || !wire.try_send([byte])
    })
}

#[test]
fn a_request_that_is_never_finished_is_answered_408_however_it_drips() {
    let server = Server::start(&["--handshake-timeout", "300ms"]);
    let mut wire = server.wire();
    let head = "GET /health HTTP/1.1\r\nHost: switchboard\r\nX-Drip: ";
    assert!(is_cut_short(&mut wire, head.bytes().chain([b'x'; 500])), "it may drip for ever");
    let response = wire.response();
    response.expect_error(408, "the request took too long to arrive");
    assert_eq!(response.header("Connection"), Some("close"));
    wire.expect_end();
}

#[test]
fn an_idle_connection_of_plain_http_is_closed() {
    let server = Server::start(&["--handshake-timeout", "2s"]);
    let mut wire = server.wire();
    wire.send("GET /health HTTP/1.1\r\nHost: switchboard\r\n\r\n");
    assert_eq!(wire.response().status, 200);
    wire.expect_end();
}

#[test]
fn a_message_that_takes_too_long_to_arrive_ends_the_connection_however_it_drips() {
    let server = Server::start(&["--frame-timeout", "300ms"]);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    assert!(is_cut_short(&mut wire, frame(TEXT, "x".repeat(1_000))), "it may drip for ever");
    wire.expect_close(1008, "a frame took too long to arrive");
}

#[test]
fn a_fragmented_message_is_not_kept_alive_by_pings() {
    let server = Server::start(&["--frame-timeout", "300ms"]);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    wire.send(masked(TEXT, "x"));
    while !wire.has_something_to_read() && wire.try_send(frame(PONG, "")) {
        pause(Duration::from_millis(10));
    }
    wire.expect_close(1008, "a frame took too long to arrive");
}

#[test]
fn a_client_that_does_not_answer_a_close_is_closed_all_the_same() {
    let server = Server::start(&["--close-timeout", "200ms"]);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    wire.send(frame(2, ""));
    wire.expect_close(1003, "this protocol has no binary messages");
    eventually("it is closed without our help", || {
        (server.metrics()["switchboard_connections"] == 1.0).then_some(())
    });
}

/// A page whose timers sleep says nothing by itself. Its browser answers the server's pings.
#[test]
fn a_page_that_says_nothing_stays_if_it_asks_for_pings_and_its_browser_answers() {
    const PING: u8 = 9;
    let server = Server::start(&["--ping-timeout", "2s", "--sweep-interval", "50ms"]);
    let mut pages: Vec<_> = ["/ws/1234567890?presence=none&pings=server", "/ws?pings=server"]
        .map(|path| {
            let mut wire = server.wire();
            wire.upgrade(path);
            wire
        })
        .into();
    pages[1].send(frame(TEXT, r#"{"type":"auth","data":{"sessionId":"a page"}}"#));
    assert!(pages[1].text().contains("authenticated"));
    let mut others = [server.quiet("5000000000"), server.visit("/ws/5000000001?presence=none")];
    for _ in 0..3 {
        for page in &mut pages {
            assert_eq!(page.frame(), (PING, Vec::new()));
            page.send(frame(PONG, ""));
        }
    }
    // Three pings are a second apart each: longer than a silent client may stay.
    others.iter_mut().for_each(|other| other.expect_close(SILENT.0, SILENT.1));
    assert_eq!(server.connections(), 2);
    for page in &mut pages {
        assert_eq!(page.frame(), (PING, Vec::new()));
        page.expect_close(SILENT.0, SILENT.1);
    }
}
