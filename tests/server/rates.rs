//! Too much from one client: the server warns it once, then disconnects it. No other client notices.
//!
//! The rates here give one token an hour. So a test can count, however slow the machine is.

use std::time::Duration;

use tungstenite::Message;

use crate::harness::{
    ALICE, BOB, CAROL, CLOSE, CONTINUATION, PONG, Phone, Server, TEXT, Wire, eventually, frame,
    masked, message, pause,
};

const PING_FRAME: u8 = 9;
const PING: &str = r#"{"type":"ping"}"#;
const TOO_MANY: &str = "too many messages: slow down, or this connection will be closed";
const TOO_MUCH: &str = "too many bytes: slow down, or this connection will be closed";

fn hits(server: &Server, limit: &str) -> f64 {
    server.metrics()[&format!("switchboard_limits_hit_total{{limit=\"{limit}\"}}")]
}

#[test]
fn too_many_messages_are_a_warning_and_then_the_end_and_none_before_it_is_lost() {
    let server = Server::start(&["--message-rate", "1/1h:40"]);
    let mut bob = server.quiet(BOB);
    let mut alice = server.quiet(ALICE);
    (0..51).for_each(|n| alice.send(message(BOB, &n.to_string())));
    alice.expect_error(TOO_MANY);
    alice.expect_close(1008, "too many messages");
    (0..50).for_each(|n| bob.expect_message(ALICE, &n.to_string()));
    assert_eq!(hits(&server, "message_rate"), 1.0);
    let metrics = server.metrics();
    assert_eq!(metrics[r#"switchboard_connections_ended_total{outcome="message_rate"}"#], 1.0);
    assert_eq!(metrics["switchboard_messages_received_total"], 50.0);
    bob.expect_nothing();
}

#[test]
fn control_frames_count_as_any_other() {
    let server = Server::start(&["--message-rate", "1/1h:40"]);
    for (opcode, answered) in [(PING_FRAME, true), (PONG, false)] {
        let mut wire = server.wire();
        wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
        wire.send(frame(opcode, b"").repeat(60));
        let pongs = |wire: &mut Wire, count| {
            (0..count).for_each(|_| assert_eq!(wire.frame(), (PONG, Vec::new())));
        };
        if answered {
            pongs(&mut wire, 40);
        }
        assert_eq!(
            wire.text(),
            format!(r#"{{"type":"error","detail":"{TOO_MANY}","code":"message_rate"}}"#)
        );
        if answered {
            pongs(&mut wire, 10);
        }
        wire.expect_close(1008, "too many messages");
    }
}

/// The server hands out no message between fragments, and an empty fragment costs its sender six bytes.
#[test]
fn empty_fragments_count_as_any_other_frame() {
    let server = Server::start(&["--message-rate", "1/1h:40"]);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    // The server may close the connection while the test still writes.
    wire.try_send([masked(TEXT, ""), masked(CONTINUATION, "").repeat(30_000)].concat());
    assert_eq!(
        wire.text(),
        format!(r#"{{"type":"error","detail":"{TOO_MANY}","code":"message_rate"}}"#)
    );
    wire.expect_close(1008, "too many messages");
    let metrics = server.metrics();
    assert_eq!(metrics[r#"switchboard_connections_ended_total{outcome="message_rate"}"#], 1.0);
}

#[test]
fn a_large_message_in_many_fragments_arrives() {
    let server = Server::start(&[]);
    let (mut alice, mut bob) = (server.wire(), server.quiet(BOB));
    alice.upgrade(&format!("/ws/{ALICE}?presence=none"));
    // Some libraries cut a message in this way, because they send a block at a time.
    let text = "x".repeat(16_000);
    let whole = message(BOB, &text);
    let mut pieces = whole.as_bytes().chunks(100).peekable();
    let mut opcode = TEXT;
    while let Some(piece) = pieces.next() {
        let is_final = pieces.peek().is_none();
        alice.send(masked(opcode | if is_final { 0x80 } else { 0 }, piece));
        opcode = CONTINUATION;
    }
    bob.expect_message(ALICE, &text);
    assert_eq!(hits(&server, "message_rate"), 0.0);
}

#[test]
fn too_many_bytes_are_a_warning_and_then_the_end() {
    let flags = ["--max-message-bytes", "2KiB", "--byte-rate", "1/1h:10KiB"];
    let server = Server::start(&flags);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let letter = frame(TEXT, message(BOB, &"x".repeat(1000)));
    // One message at a time, because the number of bytes in a read decides where the rate is exceeded.
    for _ in 0..9 {
        wire.send(&letter);
        assert!(wire.text().contains("undelivered"));
    }
    wire.send(&letter);
    assert_eq!(
        wire.text(),
        format!(r#"{{"type":"error","detail":"{TOO_MUCH}","code":"byte_rate"}}"#)
    );
    assert!(wire.text().contains("undelivered"));
    wire.send(letter.repeat(3));
    let (_, close) = std::iter::from_fn(|| Some(wire.frame()))
        .find(|(opcode, _)| *opcode == CLOSE)
        .expect("frames go on until there is one");
    assert_eq!(close, [&1008u16.to_be_bytes()[..], b"too many bytes"].concat());
    assert_eq!(hits(&server, "byte_rate"), 1.0);
}

#[test]
fn a_client_that_heeds_the_warning_stays() {
    let server = Server::start(&["--message-rate", "50:10"]);
    let mut alice = server.quiet(ALICE);
    let mut pongs = 0;
    let mut until = |alice: &mut Phone, count| {
        while pongs < count {
            pongs += usize::from(alice.text() == r#"{"type":"pong"}"#);
        }
    };
    (0..11).for_each(|_| alice.send(PING));
    // Eleven messages at once are one too many. Two more would have ended the connection. A server that has not read them
    // yet would take them together with the later ones.
    until(&mut alice, 11);
    pause(Duration::from_millis(300));
    (0..10).for_each(|_| alice.send(PING));
    until(&mut alice, 21);
}

#[test]
fn a_rate_can_be_off() {
    let server = Server::start(&["--message-rate", "off", "--byte-rate", "off"]);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    wire.send(frame(PING_FRAME, b"").repeat(2_000));
    (0..2_000).for_each(|_| assert_eq!(wire.frame().0, PONG));
    assert_eq!(hits(&server, "message_rate"), 0.0);
}

#[test]
fn a_flood_of_pings_is_cut_off_and_delays_nobody() {
    let server = Server::start(&["--message-rate", "1/1h:400"]);
    let (mut bob, mut carol) = (server.quiet(BOB), server.quiet(CAROL));
    for n in 0..20 {
        let mut flood = server.wire();
        flood.upgrade(&format!("/ws/5000000{n:03}?presence=none"));
        // The server may close the connection while the test still writes.
        flood.try_send(frame(PING_FRAME, b"").repeat(20_000));
        carol.send(message(BOB, "calm"));
        bob.expect_message(CAROL, "calm");
    }
    eventually("all floods are over", || (server.connections() == 2).then_some(()));
    assert_eq!(hits(&server, "message_rate"), 20.0);
}

#[test]
fn two_hundred_clients_that_ask_for_the_list_as_fast_as_they_may_delay_nobody() {
    const ASKERS: usize = 200;
    const TIMES: usize = 400;
    let server = Server::start(&["--message-rate", "1/1h:401"]);
    let (mut bob, mut carol) = (server.quiet(BOB), server.quiet(CAROL));
    let mut askers: Vec<Wire> = (0..ASKERS).map(|_| server.wire()).collect();
    for (n, asker) in askers.iter_mut().enumerate() {
        asker.upgrade(&format!("/ws/6000000{n:03}?presence=none"));
    }
    let asking = frame(TEXT, r#"{"type":"get_online_users"}"#).repeat(TIMES);
    for asker in &mut askers {
        asker.send(&asking);
    }
    carol.send(message(BOB, "calm"));
    bob.expect_message(CAROL, "calm");
    // Each client is answered, but not once for each request: a list that is on its way answers all
    // requests before it.
    for asker in &mut askers {
        assert!(asker.text().contains("online_users"));
    }
    carol.expect_nothing();
    let lists = server.metrics()["switchboard_presence_lists_total"];
    assert!(lists < (ASKERS * TIMES / 20) as f64, "{lists} lists");
    assert_eq!(hits(&server, "message_rate"), 0.0);
}

#[test]
fn a_conformance_suite_is_not_limited() {
    let server = Server::start(&["--echo", "--message-rate", "1/1h:1"]);
    let mut suite = server.visit("/echo");
    for _ in 0..100 {
        suite.say(Message::text("again"));
        assert_eq!(suite.hear(), Message::text("again"));
    }
    // The number of fragments of a message has no limit either.
    let mut wire = server.wire();
    wire.upgrade("/echo");
    let fragments = [masked(TEXT, "a"), masked(CONTINUATION, "").repeat(20_000)].concat();
    wire.send([fragments, frame(CONTINUATION, "z")].concat());
    assert_eq!(wire.text(), "az");
}
