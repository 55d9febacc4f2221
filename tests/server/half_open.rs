//! Connections that end without a close frame: both halves, one half, or in the middle of a frame.

use crate::harness::{ALICE, BOB, Server, TEXT, eventually, frame, message};

#[test]
fn a_phone_that_vanishes_leaves_the_list() {
    let server = Server::start(&[]);
    let mut alice = server.connect(ALICE);
    alice.expect_online(&[ALICE]);
    for _ in 0..5 {
        let mut bob = server.connect(BOB);
        bob.expect_online(&[ALICE, BOB]);
        alice.expect_online(&[ALICE, BOB]);
        bob.reset();
        alice.expect_online(&[ALICE]);
    }
}

/// Pitfall 3: after a short read the server may skip the next read, but not if the event has also
/// reported the end of the stream.
#[test]
fn a_phone_that_hangs_up_its_half_is_gone_after_its_last_words() {
    let server = Server::start(&[]);
    let mut alice = server.connect(ALICE);
    alice.expect_online(&[ALICE]);
    for in_one_event in [false, true] {
        let mut bob = server.quiet(BOB);
        alice.expect_online(&[ALICE, BOB]);
        if in_one_event {
            server.freeze();
        }
        bob.send(message(ALICE, "bye"));
        bob.hang_up_half();
        if in_one_event {
            server.thaw();
        }
        alice.expect_message(BOB, "bye");
        alice.expect_online(&[ALICE]);
    }
    eventually("nothing is left of the phone", || {
        (server.metrics()["switchboard_connections"] == 2.0).then_some(())
    });
}

#[test]
fn a_reset_in_the_middle_of_a_frame_or_a_request_costs_nothing() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    for cut in [1, 3, 6, 20] {
        let mut bob = server.wire();
        bob.upgrade(&format!("/ws/{BOB}?presence=none"));
        bob.send(&frame(TEXT, message(ALICE, "half"))[..cut]);
        bob.reset();
        let mut nobody = server.wire();
        nobody.send("GET /health HTTP/1.1\r\nHo");
        nobody.reset();
    }
    eventually("they are gone", || {
        (server.metrics()["switchboard_connections"] == 2.0).then_some(())
    });
    alice.expect_nothing();
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_client_that_resets_before_it_is_accepted_is_no_trouble() {
    let server = Server::start(&[]);
    for _ in 0..50 {
        server.wire().reset();
    }
    assert_eq!(server.get("/health").status, 200);
}
