//! When a WebSocket of a user is closed, and when it is not.

use std::time::Duration;

use super::client::{Data, PASSWORD, credentials};
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
fn a_user_has_thirty_two_websockets_and_one_more_is_closed() {
    const MOST: usize = 32;
    let data = Data::new();
    let server = data.start();
    let tokens = [server.join("ada"), server.log_in("ada")];
    // They count together, whatever their login and their protocol.
    let mut members: Vec<_> =
        (0..MOST).map(|number| server.chatterbox(&tokens[number % 2])).collect();
    members[0].ask_for_users();
    for token in &tokens {
        let mut wire = server.wire();
        wire.upgrade(&format!("/ws?token={token}"));
        wire.expect_close(4008, "too many connections of one person");
    }
    // Nobody else is concerned, and a socket that goes makes room.
    server.chatterbox(&server.join("bob")).close();
    members.remove(1).close();
    let mut newest = server.chatterbox(&tokens[0]);
    newest.speak("the thirty-second");
    newest.expect_message("ada", "the thirty-second");
}

#[test]
fn a_user_who_is_deleted_beside_the_server_is_gone_without_a_restart_and_the_messages_stay() {
    let data = Data::new();
    let server = data.start();
    let (ada, bob) = (server.join("ada"), server.join("bob"));
    let mut stays = server.websocket_chat(&bob);
    let mut gone = [server.chatterbox(&ada), server.websocket_chat(&server.log_in("ada"))];
    stays.until_users(&["ada", "bob"], "ada joined the chat");
    gone[0].speak("what I said");
    gone[0].expect_message("ada", "what I said");
    gone[1].expect_chat("ada", None, "what I said");
    stays.expect_chat("ada", None, "what I said");
    data.tool(&["user", "delete", "ada"]);
    for member in &mut gone {
        member.expect_close(4001);
    }
    stays.until_users(&["bob"], "ada left the chat");
    assert_eq!(server.get_as(&ada, "/users").status, 401);
    assert_eq!(server.post("/login", &credentials("ada", PASSWORD)).status, 401);
    assert_eq!(server.post("/register", &credentials("Ada", PASSWORD)).status, 400, "not again");
    stays.chat(Some("ada"), "are you there?");
    stays.expect_chat_error("User ada not found");
    // What was said stays, also after a restart, and the others have lost nothing.
    drop(server);
    let (_, history) = data.start().enter(&bob);
    let said = (&history[0]["username"], &history[0]["content"]);
    assert_eq!(said, (&"ada".into(), &"what I said".into()));
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
    let server = data.start_with(&["--ping-timeout", "2s", "--sweep-interval", "100ms"]);
    let token = server.join("ada");
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws?token={token}"));
    assert_eq!(wire.frame().0, TEXT, "the history");
    // Four halves of the timeout: without the answers it would be over after two.
    for _ in 0..4 {
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
    // It speaks for longer than half of the timeout, and a busy machine does not make it silent for so long.
    let server = data.start_with(&["--ping-timeout", "4s", "--sweep-interval", "100ms"]);
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
