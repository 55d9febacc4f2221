//! Floods: many clients that connect, or that never finish their request, while two people chat.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::harness::{
    ALICE, BOB, Phone, Server, Wire, eventually, message, pause, raise_descriptor_limit,
};

/// The least number of messages that the two exchange.
const WORDS: usize = 50;

/// A server without a message rate, which does not log the ends of connections.
fn start(flags: &[&str]) -> Server {
    let usual = ["--message-rate", "off", "--byte-rate", "off", "--log", "error"];
    Server::start(&[&usual[..], flags].concat())
}

/// Lets two people chat until the flood is over. Each message arrives before the next one is sent.
fn chat_during(server: &Server, flood: impl FnOnce() + Send) -> (Phone, Phone) {
    let (mut alice, mut bob) = (server.quiet(ALICE), server.quiet(BOB));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            flood();
            is_over.store(true, Ordering::Relaxed);
        });
        let mut words = 0;
        while words < WORDS || !is_over.load(Ordering::Relaxed) {
            alice.send(message(BOB, &words.to_string()));
            bob.expect_message(ALICE, &words.to_string());
            words += 1;
        }
    });
    (alice, bob)
}

#[test]
fn a_flood_of_connections_that_come_and_go_stops_nobody_from_chatting_and_leaves_nothing() {
    const COMING_AND_GOING: usize = 3_000;
    let server = start(&[]);
    let before = server.sockets();
    let chatting = chat_during(&server, || {
        for n in 0..COMING_AND_GOING {
            let mut wire = server.wire();
            match n % 4 {
                0 => wire.reset(),
                1 => drop(wire),
                2 => assert!(wire.try_send("GET /health HT")),
                _ => assert!(wire.try_send(Wire::upgrade_request("/ws/3000000000", ""))),
            }
        }
    });
    eventually("the flood has left", || (server.sockets() == before + 2).then_some(()));
    drop(chatting);
}

#[test]
fn a_flood_of_connections_that_stay_is_turned_away_when_the_house_is_full() {
    const HOUSE: usize = 20;
    const STAYING: usize = 1_000;
    raise_descriptor_limit();
    let server = start(&["--max-connections", "20"]);
    let chatting = chat_during(&server, || {
        let mut crowd: Vec<Wire> = (0..STAYING).map(|_| server.wire()).collect();
        for (n, wire) in crowd.iter_mut().enumerate() {
            let path = format!("/ws/1000000{n:03}?presence=none");
            wire.try_send(Wire::upgrade_request(&path, ""));
        }
        let answers = crowd.iter_mut().filter_map(Wire::response_or_none);
        let statuses: Vec<u16> = answers.map(|answer| answer.status).collect();
        let let_in = statuses.iter().filter(|&&status| status == 101).count();
        assert_eq!(let_in, HOUSE - 2, "{statuses:?}");
        assert!(statuses.iter().all(|&status| status == 101 || status == 503), "{statuses:?}");
    });
    eventually("there is room again", || (server.connections() == 2).then_some(()));
    drop(chatting);
}

/// A slowloris attack: each client sends a byte of its request now and then.
#[test]
fn three_hundred_requests_that_never_end_hold_up_nobody_and_end_themselves() {
    let server = start(&["--handshake-timeout", "1s"]);
    let chatting = chat_during(&server, || {
        let mut crowd: Vec<Wire> = (0..300).map(|_| server.wire()).collect();
        for wire in &mut crowd {
            wire.try_send("GET / HTTP/1.1\r\nX: ");
        }
        // The server answers a client and closes the connection. Until then the client sends more.
        while crowd.iter().any(|wire| !wire.has_something_to_read()) {
            for wire in &mut crowd {
                wire.try_send("x");
            }
            pause(Duration::from_millis(20));
        }
        for wire in &mut crowd {
            assert_eq!(wire.response_or_none().map(|answer| answer.status), Some(408));
        }
    });
    eventually("they have left", || {
        (server.metrics()["switchboard_connections"] == 3.0).then_some(())
    });
    drop(chatting);
}
