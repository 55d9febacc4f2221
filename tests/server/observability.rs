//! What an operator sees: whether it takes people in, and the pages that are only for him.

use nix::sys::signal::Signal;

use crate::harness::{ALICE, BOB, Server, Wire, eventually, frame, message};

/// A server with a listener for the operator, and these flags.
fn with_admin(flags: &[&str]) -> Server {
    Server::start(&[&["--admin-listen", "127.0.0.1:0"], flags].concat())
}

#[test]
fn a_server_is_ready_until_it_is_full_and_again_when_somebody_has_left() {
    let server = Server::start(&["--max-connections", "1"]);
    let ready = server.get("/ready");
    assert_eq!((ready.status, &ready.json()["status"]), (200, &"ready".into()));
    let alice = server.quiet(ALICE);
    let ready = server.get("/ready");
    assert_eq!((ready.status, &ready.json()["status"]), (503, &"full".into()));
    assert_eq!(ready.json()["connections"], 1);
    assert_eq!(server.get("/health").status, 200, "it is well all the same");
    drop(alice);
    eventually("a place is free", || (server.get("/ready").status == 200).then_some(()));
}

#[test]
fn a_server_that_shuts_down_is_not_ready() {
    let mut server = with_admin(&["--drain-timeout", "10s"]);
    // Somebody who does not answer the close frame keeps the drain going.
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let mut operator = server.admin_wire();
    operator.send("GET /ready HTTP/1.1\r\nHost: switchboard\r\n\r\n");
    assert_eq!(operator.response().status, 200);
    server.signal(Signal::SIGTERM);
    wire.expect_close(1001, "the server is shutting down");
    operator.send("GET /ready HTTP/1.1\r\nHost: switchboard\r\n\r\n");
    let ready = operator.response();
    assert_eq!((ready.status, &ready.json()["status"]), (503, &"draining".into()));
    drop((wire, operator));
    assert!(server.ended().success());
}

#[test]
fn metrics_are_public_only_while_the_operator_has_no_listener_of_his_own() {
    assert_eq!(Server::start(&[]).get("/metrics").status, 200);
    let server = with_admin(&[]);
    assert_eq!(server.get("/metrics").status, 404);
    assert_eq!(server.admin_get("/metrics").status, 200);
    for path in ["/", "/health", "/ready"] {
        assert_eq!(server.get(path).status, 200, "{path}");
        assert_eq!(server.admin_get(path).status, 200, "{path}");
    }
}

#[test]
fn nobody_chats_through_the_operators_listener() {
    let server = with_admin(&["--echo"]);
    for path in ["/ws/1234567890", "/echo"] {
        let mut wire = server.admin_wire();
        wire.send(Wire::upgrade_request(path, ""));
        wire.response().expect_error(404, "there is nothing at this address");
    }
}

#[test]
fn a_full_house_does_not_lock_the_operator_out() {
    let server = with_admin(&["--max-connections", "1"]);
    let _alice = server.quiet(ALICE);
    // Silent connections, until the server turns people away at the door.
    let mut crowd: Vec<Wire> = Vec::new();
    while !crowd.last().is_some_and(Wire::has_something_to_read) {
        assert!(crowd.len() < 2_000, "it is never full");
        crowd.push(server.wire());
        // Answered after all who came before were accepted or turned away.
        assert_eq!(server.admin_get("/health").status, 200);
    }
    assert_eq!(crowd.last_mut().expect("somebody").response().status, 503);
}

#[test]
fn a_crowd_at_the_operators_listener_takes_nobodys_place() {
    let server = with_admin(&[]);
    // Eight may stay; these stay silent, and the rest are turned away.
    let crowd: Vec<Wire> = (0..100).map(|_| server.admin_wire()).collect();
    eventually("most are turned away", || {
        let turned_away = crowd.iter().filter(|wire| wire.has_something_to_read()).count();
        (turned_away == 92).then_some(())
    });
    let (mut alice, mut bob) = (server.quiet(ALICE), server.quiet(BOB));
    alice.send(message(BOB, "hello"));
    bob.expect_message(ALICE, "hello");
    let mut silent = crowd.into_iter().next().expect("a hundred");
    silent.send(frame(1, "not HTTP"));
    assert_eq!(silent.response().status, 400);
}
