//! The opening handshake: how a connection becomes a WebSocket, however its bytes arrive.
//!
//! `refusals` and `origin` test the requests that are refused.

use std::io::Write as _;

use crate::harness::{ALICE, BOB, Server, TEXT, Wire, frame};

#[test]
fn the_answer_has_exactly_the_headers_that_strict_clients_expect() {
    let server = Server::start(&[]);
    // `upgrade` compares the headers letter by letter. The server does not accept compression.
    let mut wire = server.wire();
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    wire.send(Wire::upgrade_request(&format!("/ws/{ALICE}"), offer));
    wire.expect_switch();
    assert_eq!(wire.text(), format!(r#"{{"type":"online_users","users":["{ALICE}"]}}"#));
}

#[test]
fn headers_are_understood_in_every_spelling_that_the_standard_allows() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    wire.send(format!(
        "GET /ws/{ALICE} HTTP/1.1\r\nhost:switchboard\r\nUPGRADE: h2c, WebSocket\r\n\
         connection: keep-alive,\t upgrade\r\nConnection: foo\r\n\
         sec-websocket-key:   dGhlIHNhbXBsZSBub25jZQ==  \r\nSEC-WEBSOCKET-VERSION: 13\r\n\r\n"
    ));
    wire.expect_switch();
}

#[test]
fn a_request_may_arrive_in_two_pieces_cut_anywhere() {
    let server = Server::start(&[]);
    let requests = [
        "GET /health HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\r\n".to_owned(),
        "POST /health HTTP/1.1\r\nHost: switchboard\r\nContent-Length: 1\r\n\r\n".to_owned(),
        Wire::upgrade_request(&format!("/ws/{ALICE}?presence=none"), "Connection: close\r\n"),
    ];
    for (request, status) in requests.iter().zip([200, 405, 101]) {
        // Each connection has its own cut. All of them wait for their second half at the same time.
        let cuts = 1..request.len();
        let mut wires: Vec<Wire> = cuts.clone().map(|_| server.wire()).collect();
        wires.iter_mut().zip(cuts.clone()).for_each(|(wire, cut)| wire.send(&request[..cut]));
        for (wire, cut) in wires.iter_mut().zip(cuts) {
            // A number may change hands only a few times, so it has to be offline in between.
            wire.send(&request[cut..]);
            assert_eq!(wire.response().status, status, "cut at {cut}");
            if status == 101 {
                wire.send(frame(8, []));
                wire.frame();
                wire.expect_end();
            }
        }
    }
}

#[test]
fn frames_may_come_in_the_same_segment_as_the_request() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    let mut bytes = Wire::upgrade_request(&format!("/ws/{ALICE}"), "").into_bytes();
    bytes.extend(frame(TEXT, r#"{"type":"ping"}"#));
    bytes.extend(frame(TEXT, "?"));
    wire.send(bytes);
    wire.expect_switch();
    assert!(wire.text().starts_with(r#"{"type":"online_users""#), "nothing precedes the list");
    assert_eq!(wire.text(), r#"{"type":"pong"}"#);
    assert_eq!(
        wire.text(),
        r#"{"type":"error","detail":"a frame must be one JSON object","code":"not_an_object"}"#
    );
}

#[test]
fn a_plain_request_may_be_followed_by_an_upgrade_on_the_same_connection() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    let plain = "GET / HTTP/1.1\r\nHost: switchboard\r\n\r\n";
    let upgrade = Wire::upgrade_request(&format!("/ws/{ALICE}"), "");
    wire.send(format!("{plain}{upgrade}"));
    assert_eq!(wire.response().status, 200);
    wire.expect_switch();
    assert!(wire.text().starts_with(r#"{"type":"online_users""#));
}

#[test]
fn frames_may_arrive_byte_by_byte() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let bytes = [
        frame(
            TEXT,
            format!(r#"{{"type":"message","to":"{ALICE}","text":"{}"}}"#, "ü€🦀".repeat(20)),
        ),
        frame(9, "ping"),
        frame(TEXT, r#"{"type":"ping"}"#),
    ];
    for byte in bytes.concat() {
        wire.send([byte]);
    }
    assert!(wire.text().ends_with(&format!(r#""text":"{}"}}"#, "ü€🦀".repeat(20))));
    assert_eq!(wire.frame(), (10, b"ping".to_vec()));
    assert_eq!(wire.text(), r#"{"type":"pong"}"#);
}

#[test]
fn a_number_of_the_wrong_kind_is_refused_with_the_reason() {
    let server = Server::start(&[]);
    let long = "1".repeat(33);
    for number in ["", "123456789", &long, "12345678901a", "+1234567890", "%31234567890"] {
        let response = server.http(Wire::upgrade_request(&format!("/ws/{number}"), ""));
        response.expect_error(400, "a mobile number has 10 to 32 digits and nothing else");
    }
    for number in ["1234567890", &long[1..]] {
        let response = server.http(Wire::upgrade_request(&format!("/ws/{number}"), ""));
        assert_eq!(response.status, 101);
    }
}

#[test]
fn an_upgrade_that_is_refused_leaves_the_connection_usable() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    wire.send(Wire::upgrade_request("/ws/123", ""));
    assert_eq!(wire.response().status, 400);
    wire.upgrade(&format!("/ws/{BOB}"));
    assert!(wire.writer().write(&frame(TEXT, r#"{"type":"ping"}"#)).is_ok());
    assert!(wire.text().starts_with(r#"{"type":"online_users""#));
    assert_eq!(wire.text(), r#"{"type":"pong"}"#);
}

#[test]
fn a_cookie_of_9_kb_is_refused_by_default_and_let_in_by_the_flag() {
    let cookie = format!("Cookie: session={}\r\n", "x".repeat(9 * 1024));
    let request = Wire::upgrade_request(&format!("/ws/{ALICE}?presence=none"), &cookie);
    let server = Server::start(&[]);
    server.http(&request).expect_error(431, "the request headers are too long");
    let server = Server::start(&["--http-head", "16KiB"]);
    let mut wire = server.wire();
    wire.send(&request);
    wire.expect_switch();
    let longer = format!("Cookie: session={}\r\n", "x".repeat(16 * 1024));
    let request = Wire::upgrade_request(&format!("/ws/{BOB}"), &longer);
    server.http(&request).expect_error(431, "the request headers are too long");
}
