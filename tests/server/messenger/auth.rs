//! Signing in: the first frame, in time; and what may come instead of it.

use std::time::Duration;

use serde_json::json;

use super::{ANN, BEN};
use crate::harness::{BINARY, Server, Wire, eventually, frame, pause};

/// How many people are online in this realm, according to the server's page.
fn sessions(server: &Server) -> u64 {
    server.get("/stats").json()["active_sessions"].as_u64().expect("a number")
}

#[test]
fn both_addresses_lead_to_the_same_realm() {
    let server = Server::start(&[]);
    let mut ann = server.stranger("/ws");
    let mut ben = server.stranger("/");
    ann.say("auth", &json!({ "sessionId": ANN, "name": "Ann", "profilePicture": "ann.png" }));
    ann.expect("authenticated", &json!({ "sessionId": ANN }));
    ben.say("auth", &json!({ "sessionId": BEN, "name": null, "profilePicture": null }));
    ben.expect("authenticated", &json!({ "sessionId": BEN }));
    ann.write("1", BEN, "hello");
    ben.expect_message("1", ANN, "hello");
}

#[test]
fn an_address_with_a_token_is_another_realms() {
    let server = Server::start(&[]);
    let response = server.http(Wire::upgrade_request("/ws?token=abc", ""));
    response.expect_error(404, "accounts are off: start the server with --data DIR");
    // The server ignores any other query.
    for path in ["/ws?version=2", "/?version=2"] {
        let mut ann = server.stranger(path);
        ann.say("auth", &json!({ "sessionId": ANN }));
        ann.expect("authenticated", &json!({ "sessionId": ANN }));
    }
}

#[test]
fn the_pages_of_strangers_do_not_get_in() {
    let server = Server::start(&[]);
    for path in ["/ws", "/"] {
        let request = Wire::upgrade_request(path, "Origin: http://stranger.example\r\n");
        assert_eq!(server.http(request).status, 403, "{path}");
    }
}

#[test]
fn a_session_id_is_all_that_is_needed() {
    let server = Server::start(&[]);
    server.device_with(&json!({ "sessionId": ANN })).expect_nothing();
}

#[test]
fn a_heartbeat_has_no_data_in_either_direction() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    ann.phone.send(r#"{"type":"ping"}"#);
    ann.phone.expect(r#"{"type":"pong"}"#);
}

#[test]
fn whatever_comes_before_auth_ends_the_connection_with_4001() {
    let server = Server::start(&[]);
    for first in [
        r#"{"type":"ping"}"#,
        r#"{"type":"message_send","data":{"id":"1","recipientId":"ann","content":"hello"}}"#,
        r#"{"type":"invitation_send","data":{"id":"1","recipientId":"ann","message":"hello"}}"#,
        r#"{"type":"typing_indicator","data":{"recipientId":"ann","isTyping":true}}"#,
        r#"{"type":"message","to":"0000000001","text":"another protocol"}"#,
        r#"{"type":"nonsense","data":{}}"#,
        r#"{"data":{"sessionId":"ann"}}"#,
        "hello",
        "[]",
        "",
    ] {
        let mut stranger = server.stranger("/ws");
        stranger.phone.send(first);
        stranger.expect_turned_away();
    }
    assert_eq!(sessions(&server), 0);
}

#[test]
fn nothing_that_was_said_before_auth_has_happened() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let mut stranger = server.stranger("/ws");
    stranger.write("1", ANN, "hello");
    stranger.expect_turned_away();
    ann.expect_nothing();
}

#[test]
fn a_client_that_does_not_sign_in_in_time_is_closed_with_4001() {
    // Ann has to sign in within that time.
    let server = Server::start(&["--handshake-timeout", "2s"]);
    let mut ann = server.device(ANN);
    for path in ["/ws", "/"] {
        server.stranger(path).expect_turned_away();
    }
    // Two deadlines later, the client that has signed in is still connected.
    ann.expect_nothing();
}

#[test]
fn signs_of_life_are_not_signing_in() {
    let server = Server::start(&["--handshake-timeout", "2s"]);
    let mut stranger = server.stranger("/ws");
    let _heartbeat = stranger.keep_alive();
    stranger.expect_turned_away();
}

#[test]
fn a_client_that_hangs_up_before_signing_in_is_nobody() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    server.stranger("/ws").phone.reset();
    let half = server.stranger("/");
    half.phone.hang_up_half();
    server.stranger("/ws").close();
    let mut cut = server.wire();
    cut.upgrade("/ws");
    let whole = frame(1, r#"{"type":"auth","data":{"sessionId":"ben"}}"#);
    cut.send(&whole[..whole.len() / 2]);
    cut.reset();
    eventually("they are gone", || (server.connections() == 1).then_some(()));
    assert_eq!(sessions(&server), 1);
    ann.expect_nothing();
    drop(half);
}

#[test]
fn an_auth_that_is_not_one_signs_nobody_in() {
    let server = Server::start(&[]);
    for data in [
        json!({}),
        json!(null),
        json!([ANN]),
        json!({ "sessionId": null }),
        json!({ "sessionId": 1 }),
        json!({ "sessionId": [ANN] }),
        json!({ "sessionId": "" }),
        json!({ "sessionId": "new\nline" }),
        json!({ "sessionId": ANN, "name": 1 }),
        json!({ "sessionId": ANN, "name": {} }),
        json!({ "sessionId": ANN, "profilePicture": 1 }),
        json!({ "name": "Ann" }),
    ] {
        let mut stranger = server.stranger("/ws");
        stranger.say("auth", &data);
        stranger.expect_turned_away();
    }
    assert_eq!(sessions(&server), 0);
}

#[test]
fn nobody_signs_in_twice_on_one_connection() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let mut ben = server.device(BEN);
    for id in [ANN, BEN] {
        ann.say("auth", &json!({ "sessionId": id }));
        ann.expect_error();
    }
    // Ann still has the first id.
    ann.write("1", BEN, "hello");
    ben.expect_message("1", ANN, "hello");
}

#[test]
fn binary_frames_are_1003_once_one_is_signed_in() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    wire.upgrade("/ws");
    wire.send(frame(BINARY, r#"{"type":"auth","data":{"sessionId":"ann"}}"#));
    let (_, payload) = wire.frame();
    assert_eq!(payload[..2], 4001_u16.to_be_bytes(), "it is not auth");
    let mut ann = server.device(ANN);
    ann.phone.say(tungstenite::Message::binary(b"{}".to_vec()));
    ann.expect_close(1003);
}

#[test]
fn auth_may_arrive_byte_by_byte() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    wire.upgrade("/ws");
    for byte in frame(1, r#"{"type":"auth","data":{"sessionId":"ann"}}"#) {
        wire.send([byte]);
        pause(Duration::from_micros(200));
    }
    assert_eq!(wire.text(), r#"{"type":"authenticated","data":{"sessionId":"ann"}}"#);
}
