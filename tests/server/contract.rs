//! The contract of the base protocol, PROTOCOLS.md section 1: every frame, letter by letter.
//!
//! `malformed` tests wrong frames, `presence` who is online, and `refusals` the answers over HTTP.

use std::io::Write as _;
use std::thread;

use crate::harness::{ALICE, BOB, CAROL, Server, TEXT, frame, message, users};

#[test]
fn a_ping_is_answered_with_a_pong() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    alice.send(r#"{"type":"ping"}"#);
    alice.expect(r#"{"type":"pong"}"#);
}

#[test]
fn the_first_frame_is_the_list_with_ones_own_number_once() {
    let server = Server::start(&[]);
    let mut alice = server.connect(ALICE);
    alice.expect(&format!(r#"{{"type":"online_users","users":["{ALICE}"]}}"#));
}

#[test]
fn everyone_is_told_the_list_when_somebody_comes_or_goes() {
    let server = Server::start(&[]);
    let mut alice = server.connect(ALICE);
    alice.expect_online(&[ALICE]);
    let mut bob = server.connect(BOB);
    bob.expect_online(&[ALICE, BOB]);
    alice.expect_online(&[ALICE, BOB]);
    let mut carol = server.connect(CAROL);
    for phone in [&mut alice, &mut bob, &mut carol] {
        phone.expect_online(&[ALICE, BOB, CAROL]);
    }
    bob.close();
    for phone in [&mut alice, &mut carol] {
        phone.expect_online(&[ALICE, CAROL]);
        phone.expect_nothing();
    }
}

#[test]
fn a_client_that_asks_for_the_list_gets_it_and_nobody_else_does() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    let mut bob = server.quiet(BOB);
    alice.send(r#"{"type":"get_online_users"}"#);
    alice.expect_online(&[ALICE, BOB]);
    bob.expect_nothing();
}

#[test]
fn a_message_reaches_its_recipient_and_the_sender_gets_no_copy() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    let mut bob = server.quiet(BOB);
    let mut carol = server.quiet(CAROL);
    alice.send(message(CAROL, "Hello"));
    carol.expect(&format!(r#"{{"type":"message","from":"{ALICE}","text":"Hello"}}"#));
    alice.expect_nothing();
    bob.expect_nothing();
}

#[test]
fn a_person_may_write_to_their_own_number() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    alice.send(message(ALICE, "Milk, bread"));
    alice.expect_message(ALICE, "Milk, bread");
}

#[test]
fn a_text_is_passed_on_as_the_json_it_was() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    let mut bob = server.quiet(BOB);
    let longest = "x".repeat(16 * 1024);
    let texts = [
        "",
        r#"tab \t newline \n quote \" backslash \\ slash \/ null \u0000"#,
        r"an escaped letter \u00e9 and a pair \ud83d\ude00",
        "grüße 你好 🦀 \u{2028} \u{7f}",
        "<script>alert(1)</script>",
        &longest,
    ];
    for text in texts {
        alice.send(message(BOB, text));
        bob.expect_message(ALICE, text);
    }
}

#[test]
fn keys_may_come_in_any_order_with_spaces_and_strangers_among_them() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    let mut bob = server.quiet(BOB);
    alice.send(format!(
        "\n{{ \"text\" : \"a\" , \"x\":1, \"x\":{{}},\t\"to\":\"{BOB}\", \"type\":\"message\" }} "
    ));
    bob.expect_message(ALICE, "a");
}

#[test]
fn a_message_with_an_id_carries_it_and_is_acknowledged_once_it_is_delivered() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    let mut bob = server.quiet(BOB);
    alice.send(format!(r#"{{"type":"message","to":"{BOB}","text":"a","id":"m-\u0031 ü"}}"#));
    bob.expect(&format!(r#"{{"type":"message","from":"{ALICE}","text":"a","id":"m-\u0031 ü"}}"#));
    alice.expect(r#"{"type":"ack","id":"m-\u0031 ü","status":"delivered"}"#);
}

#[test]
fn a_message_to_somebody_offline_is_reported_to_its_sender() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    alice.send(message(BOB, "a"));
    alice.expect(&format!(r#"{{"type":"undelivered","to":"{BOB}","reason":"offline"}}"#));
    alice.send(format!(r#"{{"type":"message","to":"{BOB}","text":"a","id":"7"}}"#));
    alice.expect(r#"{"type":"ack","id":"7","status":"offline"}"#);
}

#[test]
fn typing_receipts_and_signals_are_relayed() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    let mut bob = server.quiet(BOB);
    for (sent, arrives) in [
        (r#""type":"typing","is_typing":true"#, r#""type":"typing","from":"F","is_typing":true"#),
        (r#""type":"typing","is_typing":false"#, r#""type":"typing","from":"F","is_typing":false"#),
        (
            r#""type":"receipt","id":"7","status":"read""#,
            r#""type":"receipt","from":"F","id":"7","status":"read""#,
        ),
        (r#""type":"signal","data":null"#, r#""type":"signal","from":"F","data":null"#),
        (
            r#""type":"signal","data":{"sdp": [1, "v=0\r\n"]}"#,
            r#""type":"signal","from":"F","data":{"sdp": [1, "v=0\r\n"]}"#,
        ),
    ] {
        alice.send(format!(r#"{{{sent},"to":"{BOB}"}}"#));
        bob.expect(&format!("{{{}}}", arrives.replace('F', ALICE)));
    }
    alice.expect_nothing();
}

#[test]
fn what_is_relayed_to_somebody_offline_is_dropped_without_a_word() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    alice.send(format!(r#"{{"type":"typing","to":"{BOB}","is_typing":true}}"#));
    alice.send(format!(r#"{{"type":"receipt","to":"{BOB}","id":"7","status":"read"}}"#));
    alice.send(format!(r#"{{"type":"signal","to":"{BOB}","data":1}}"#));
    alice.expect_nothing();
}

#[test]
fn nothing_precedes_the_first_list_not_even_a_flood_of_messages() {
    const VISITS: usize = 20;
    let server = Server::start(&["--message-rate", "off", "--byte-rate", "off"]);
    let mut flooder = server.wire();
    flooder.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let mut writer = flooder.writer();
    let flood = thread::spawn(move || {
        let many: Vec<u8> = frame(TEXT, message(BOB, "now")).repeat(20);
        while writer.write_all(&many).is_ok() {}
    });
    // The flooder is told so while Bob is offline, and has to read it.
    let reader = thread::spawn(move || flooder.drain());
    let mut heard = 0;
    for _ in 0..VISITS {
        let mut bob = server.connect(BOB);
        bob.expect_online(&[ALICE, BOB]);
        heard += usize::from(users(&bob.text()).is_none());
        bob.reset();
    }
    assert_eq!(heard, VISITS, "the flood does reach Bob, after the list");
    server.connect(ALICE).expect_online(&[ALICE]); // A new connection with this number ends the flood.
    flood.join().expect("it stops when the server has closed");
    reader.join().expect("as does this");
}

#[test]
fn messages_between_two_people_arrive_once_each_and_in_order() {
    const COUNT: usize = 2_000;
    let server = Server::start(&["--message-rate", "off", "--byte-rate", "off"]);
    let mut alice = server.quiet(ALICE);
    let mut bob = server.quiet(BOB);
    let writer = thread::spawn(move || {
        (0..COUNT).for_each(|n| alice.send(message(BOB, &n.to_string())));
        alice
    });
    (0..COUNT).for_each(|n| bob.expect_message(ALICE, &n.to_string()));
    writer.join().expect("it wrote").expect_nothing();
}
