//! How the server ends: with a drain after the first signal, at once after the second.

use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::Signal;

use crate::harness::{ALICE, BOB, CAROL, Server, Wire, eventually, frame, message};

/// A client that delays the drain: it does not answer a close frame.
fn straggler(server: &Server) -> Wire {
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{CAROL}?presence=none"));
    wire
}

#[test]
fn everyone_is_sent_home_and_the_process_ends_well() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT] {
        let mut server = Server::start(&[]);
        let mut phones: Vec<_> =
            (0..20).map(|n| server.quiet(&format!("10000000{n:02}"))).collect();
        server.signal(signal);
        phones.iter_mut().for_each(|phone| _ = phone.expect_goodbye());
        assert_eq!(server.ended().code(), Some(0));
    }
}

#[test]
fn a_server_with_nobody_in_it_ends_at_once() {
    let mut server = Server::start(&["--drain-timeout", "1h"]);
    let _idle = server.wire();
    server.signal(Signal::SIGTERM);
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn what_was_queued_is_delivered_before_the_close() {
    const COUNT: usize = 50;
    let mut server = Server::start(&["--close-timeout", "1h"]);
    let mut alice = server.narrow_wire();
    alice.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let mut bob = server.quiet(BOB);
    let text = "x".repeat(16_000);
    (0..COUNT).for_each(|_| bob.send(message(ALICE, &text)));
    bob.expect_nothing();
    assert!(server.metrics()["switchboard_messages_in_outboxes"] > 0.0, "the reader is behind");

    server.signal(Signal::SIGTERM);
    bob.expect_goodbye();
    for _ in 0..COUNT {
        assert_eq!(alice.text(), format!(r#"{{"type":"message","from":"{BOB}","text":"{text}"}}"#));
    }
    alice.expect_goodbye();
    drop(alice);
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_draining_server_says_so_and_lets_nobody_in() {
    let mut server = Server::start(&["--close-timeout", "1h", "--drain-timeout", "1h"]);
    let mut straggler = straggler(&server);
    let mut early = server.wire();
    eventually("the straggler is in", || (server.connections() == 1).then_some(()));
    server.signal(Signal::SIGTERM);
    straggler.expect_goodbye();

    let response = server.get("/health");
    assert_eq!(response.status, 503);
    assert_eq!(response.json()["status"], "draining");
    assert_eq!(response.json()["connections"], 0);
    // One connection is new, and one was there before the drain.
    let request = Wire::upgrade_request(&format!("/ws/{ALICE}"), "");
    early.send(&request);
    for response in [server.http(&request), early.response()] {
        response.expect_error(503, "the server is shutting down");
        let seconds = response.header("Retry-After").and_then(|value| value.parse::<u32>().ok());
        assert!(seconds.is_some_and(|seconds| seconds > 0));
        assert_eq!(response.header("Connection"), Some("close"));
    }

    straggler.send(frame(8, [3, 233]));
    straggler.finish_writing();
    drop(early);
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130), (Signal::SIGQUIT, 131)] {
        let mut server = Server::start(&["--close-timeout", "1h", "--drain-timeout", "1h"]);
        let mut straggler = straggler(&server);
        server.signal(Signal::SIGTERM);
        straggler.expect_goodbye();
        server.signal(signal);
        let status = server.ended();
        assert_eq!((status.code(), status.signal()), (Some(code), None));
    }
}

#[test]
fn a_drain_ends_at_its_deadline_even_if_a_client_is_left() {
    let mut server = Server::start(&["--close-timeout", "1h", "--drain-timeout", "300ms"]);
    let mut straggler = straggler(&server);
    server.signal(Signal::SIGTERM);
    straggler.expect_goodbye();
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_newcomer_whose_list_is_due_is_sent_home_without_it() {
    let mut server = Server::start(&[]);
    let mut wire = server.wire();
    eventually("the client is accepted", || {
        (server.metrics()["switchboard_connections"] == 2.0).then_some(())
    });
    server.freeze();
    wire.send(Wire::upgrade_request(&format!("/ws/{ALICE}"), ""));
    server.signal(Signal::SIGTERM);
    server.thaw();
    // The server may see the signal or the request first. In both cases the client gets an answer, and
    // the connection ends.
    match wire.response().status {
        101 => wire.expect_goodbye(),
        status => assert_eq!(status, 503),
    }
    drop(wire);
    assert_eq!(server.ended().code(), Some(0));
}
