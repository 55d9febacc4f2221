//! Too much from one client of the account realm: it is warned in the words of its protocol, then closed.
//!
//! The rate here gives one token an hour, so a test can count.

use serde_json::{Value, json};

use super::client::{Data, Member};
use crate::harness::{CLOSE, TEXT, frame};

const FLAGS: [&str; 2] = ["--message-rate", "1/1h:40"];
const TOO_MANY: &str = "too many messages: slow down, or this connection will be closed";
/// The burst, and the quarter of it that may be overdrawn. One more ends the connection.
const HEARD: usize = 50;

/// Reads on until the server closes, and returns the warnings among what came.
#[track_caller]
fn warnings(member: &mut Member) -> Vec<Value> {
    let mut frames = member.until_close(1008);
    frames.retain(|frame| frame["type"] == "error");
    frames
}

#[test]
fn chatterbox_is_warned_in_detail_and_nothing_that_was_heard_is_lost() {
    let data = Data::new();
    let server = data.start_with(&FLAGS);
    let (token, other) = (server.join("ada"), server.join("bob"));
    let (mut ada, mut bob) = (server.chatterbox(&token), server.chatterbox(&other));
    for number in 0..=HEARD {
        ada.speak(&number.to_string());
    }
    assert_eq!(warnings(&mut ada), [json!({ "type": "error", "detail": TOO_MANY })]);
    for number in 0..HEARD {
        bob.expect_message("ada", &number.to_string());
    }
    // Another connection of the same login has a rate of its own.
    let mut again = server.chatterbox(&token);
    again.speak("I am back");
    bob.expect_message("ada", "I am back");
}

#[test]
fn websocket_chat_is_warned_in_both_fields() {
    let data = Data::new();
    let server = data.start_with(&FLAGS);
    let token = server.join("ada");
    // Its first frame is the question for the list.
    let mut ada = server.websocket_chat(&token);
    for number in 0..HEARD {
        ada.chat(None, &number.to_string());
    }
    let warning = json!({ "type": "error", "message": TOO_MANY, "detail": TOO_MANY });
    assert_eq!(warnings(&mut ada), [warning]);
}

/// There is no frame for an error in this protocol.
#[test]
fn a_page_of_mychat_is_closed_without_a_frame_that_it_would_show_as_a_message() {
    let data = Data::new();
    let server = data.start_with(&FLAGS);
    let id = server.register("ada")["id"].as_str().expect("an id").to_owned();
    let token = server.log_in("ada");
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{id}/{id}?token={token}"));
    for number in 0..=HEARD {
        wire.try_send(frame(TEXT, number.to_string()));
    }
    let mut heard = 0;
    loop {
        let (opcode, payload) = wire.frame();
        if opcode == CLOSE {
            assert_eq!(payload[..2], 1008_u16.to_be_bytes());
            break;
        }
        let message: Value = serde_json::from_slice(&payload).expect("JSON");
        assert_eq!(
            (&message["user"], &message["text"]),
            (&json!("ada"), &json!(heard.to_string()))
        );
        heard += 1;
    }
    assert!(heard <= HEARD, "{heard}");
}
