//! When a WebSocket of a user is closed, and when it is not.

use std::time::Duration;

use super::client::Data;
use crate::harness::{PONG, TEXT, eventually, frame, pause};

const NOT_SIGNED_IN: &str = "Invalid or expired session token";

/// The opcode of a ping (RFC 6455 §5.5.2).
const PING: u8 = 9;

#[test]
fn a_bad_token_is_upgraded_and_closed_so_that_a_page_can_see_why() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let strange = token.replace(|c: char| c.is_ascii_digit(), "a");
    for query in ["", "null", "x", &token[1..], &strange, &format!("{token}0")] {
        let mut wire = server.wire();
        wire.upgrade(&format!("/ws?token={query}"));
        wire.expect_close(4001, NOT_SIGNED_IN);
    }
    server.visit("/ws?token=x").expect_close(4001, NOT_SIGNED_IN);
}

#[test]
fn a_logout_closes_the_websockets_of_its_token_and_no_others() {
    let data = Data::new();
    let server = data.start();
    let (token, other) = (server.join("ada"), server.log_in("ada"));
    let mut gone = [server.chatterbox(&token), server.websocket_chat(&token)];
    let mut stays = server.chatterbox(&other);
    server.log_out(&token);
    for member in &mut gone {
        member.expect_close(4001);
    }
    stays.speak("still here");
    stays.expect_message("ada", "still here");
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws?token={token}"));
    wire.expect_close(4001, NOT_SIGNED_IN);
}

#[test]
fn a_login_that_expires_closes_its_websockets_and_opens_nothing_more() {
    let data = Data::new();
    let server = data.start_with(&["--login-ttl", "2s"]);
    let token = server.join("ada");
    let mut ada = server.chatterbox(&token);
    ada.expect_close(4001);
    eventually("the token is worth nothing", || {
        (server.get_as(&token, "/users").status == 401).then_some(())
    });
}

#[test]
fn a_page_that_says_nothing_is_asked_for_a_sign_of_life_and_stays() {
    let data = Data::new();
    let server = data.start_with(&["--ping-timeout", "1s", "--sweep-interval", "100ms"]);
    let token = server.join("ada");
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws?token={token}"));
    assert_eq!(wire.frame().0, TEXT, "the history");
    // Six halves of the timeout: without the answers it would be over after two.
    for _ in 0..6 {
        let (opcode, payload) = wire.frame();
        assert_eq!(opcode, PING);
        wire.send(frame(PONG, payload));
    }
    wire.send(frame(TEXT, r#"{"content":"still here"}"#));
    let text = wire.text();
    assert!(
        text.starts_with(r#"{"type":"message","username":"ada","content":"still here""#),
        "{text}"
    );
}

#[test]
fn a_page_that_speaks_is_not_asked() {
    let data = Data::new();
    let server = data.start_with(&["--ping-timeout", "2s", "--sweep-interval", "100ms"]);
    let token = server.join("ada");
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws?token={token}"));
    assert_eq!(wire.frame().0, TEXT, "the history");
    for number in 0..15 {
        pause(Duration::from_millis(200));
        wire.send(frame(TEXT, format!(r#"{{"content":"message {number}"}}"#)));
        assert_eq!(wire.frame().0, TEXT, "no ping");
    }
}

#[test]
fn a_page_that_does_not_answer_is_gone_and_is_sent_home() {
    let data = Data::new();
    let server = data.start_with(&["--ping-timeout", "600ms", "--sweep-interval", "50ms"]);
    let token = server.join("ada");
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws?token={token}"));
    assert_eq!(wire.frame().0, TEXT, "the history");
    assert_eq!(wire.frame().0, PING);
    wire.expect_close(1001, "nothing was heard for too long");
}
