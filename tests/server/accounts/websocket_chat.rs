//! WebSocket Chat: private messages and typing; and how a connection comes to speak it.

use serde_json::json;

use super::client::{Data, Member};
use crate::harness::Server;

/// A server, and the tokens of three users.
fn three(data: &Data) -> (Server, [String; 3]) {
    let server = data.start();
    let tokens = ["ada", "bob", "eve"].map(|name| server.join(name));
    (server, tokens)
}

/// Asserts that the member has read all that the server had for it, but for messages that are stored later.
#[track_caller]
fn expect_nothing(member: &mut Member) {
    member.ask_for_users();
}

#[test]
fn everybody_gets_a_global_message_in_the_words_of_their_own_protocol() {
    let data = Data::new();
    let (server, [ada, bob, eve]) = three(&data);
    let (mut ada, mut bob) = (server.websocket_chat(&ada), server.websocket_chat(&bob));
    let mut eve = server.chatterbox(&eve);
    ada.chat(None, "  Hello, all  ");
    ada.expect_chat("ada", None, "Hello, all");
    bob.expect_chat("ada", None, "Hello, all");
    eve.expect_message("ada", "Hello, all");
    eve.speak("Hello, both");
    ada.expect_chat("eve", None, "Hello, both");
    bob.expect_chat("eve", None, "Hello, both");
    eve.expect_message("eve", "Hello, both");
    // A recipient that is left out is everybody.
    bob.send(&json!({ "type": "chat", "content": "without" }));
    bob.expect_chat("bob", None, "without");
}

#[test]
fn a_private_message_reaches_all_devices_of_both_and_nobody_else() {
    let data = Data::new();
    let (server, [ada_token, bob_token, eve_token]) = three(&data);
    let mut ada = [(); 2].map(|()| server.websocket_chat(&ada_token));
    let mut bob = [(); 2].map(|()| server.websocket_chat(&bob_token));
    let mut eve = server.websocket_chat(&eve_token);
    ada[0].chat(Some("bob"), " Hello, Bob ");
    for device in &mut ada {
        device.expect_chat_sent(("ada", "bob"), "Hello, Bob", true);
    }
    for device in &mut bob {
        device.expect_chat("ada", Some("bob"), "Hello, Bob");
    }
    // What is stored later comes later, so the private one would have come before.
    ada[0].chat(None, "for all");
    eve.expect_chat("ada", None, "for all");
}

#[test]
fn a_private_message_to_somebody_offline_is_stored_and_not_delivered() {
    let data = Data::new();
    let (server, [ada, ..]) = three(&data);
    let mut ada = server.websocket_chat(&ada);
    ada.chat(Some("bob"), "are you there?");
    ada.expect_chat_sent(("ada", "bob"), "are you there?", false);
}

#[test]
fn a_recipient_who_does_not_exist_is_named_in_the_error() {
    let data = Data::new();
    let (server, [ada, ..]) = three(&data);
    let mut ada = server.websocket_chat(&ada);
    for name in ["nobody", "Bob", "bob ", "<b>\"x\"</b>"] {
        ada.chat(Some(name), "hello?");
        ada.expect_chat_error(&format!("User {name} not found"));
    }
}

#[test]
fn a_frame_with_a_flaw_is_answered_with_the_sentence_in_both_fields() {
    let data = Data::new();
    let (server, [ada, ..]) = three(&data);
    let mut ada = server.websocket_chat(&ada);
    for frame in [
        "hello",
        "{}",
        r#"{"type":5}"#,
        r#"{"type":"shout","content":"x"}"#,
        r#"{"type":"chat"}"#,
        r#"{"type":"chat","content":5}"#,
        r#"{"type":"chat","content":"x","recipient":7}"#,
        r#"{"type":"typing"}"#,
    ] {
        ada.send_text(frame);
        ada.expect_chat_error("Invalid message format");
    }
    ada.chat(None, "   ");
    ada.expect_chat_error("Message cannot be empty");
    ada.chat(Some("bob"), &"ß".repeat(5001));
    ada.expect_chat_error("Message too long (max 5000 characters)");
    let longest = "ß".repeat(5000);
    ada.chat(None, &longest);
    ada.expect_chat("ada", None, &longest);
}

#[test]
fn typing_reaches_all_or_one_and_never_its_sender() {
    let data = Data::new();
    let (server, [ada, bob, eve]) = three(&data);
    let mut ada = server.websocket_chat(&ada);
    let (mut bob, mut eve) = (server.websocket_chat(&bob), server.websocket_chat(&eve));
    let typing = |is_typing, recipient: Option<&str>| json!({ "type": "typing", "username": "ada", "is_typing": is_typing, "recipient": recipient });
    ada.typing(None, true);
    bob.expect(&typing(true, None));
    eve.expect(&typing(true, None));
    ada.typing(Some("bob"), false);
    bob.expect(&typing(false, Some("bob")));
    expect_nothing(&mut ada);
    expect_nothing(&mut eve);
}

#[test]
fn a_type_or_a_recipient_of_whatever_value_makes_it_websocket_chat_for_good() {
    let data = Data::new();
    let (server, [ada, ..]) = three(&data);
    for frame in [
        json!({ "content": "secret", "recipient": "bob" }),
        json!({ "content": "secret", "recipient": null }),
        json!({ "content": "secret", "type": null }),
        json!({ "content": "secret", "type": 5 }),
    ] {
        let mut member = server.chatterbox(&ada);
        member.send(&frame);
        member.expect_chat_error("Invalid message format");
        // Once and for good: the words of Chatterbox are no more understood.
        member.speak("secret");
        member.expect_chat_error("Invalid message format");
    }
    // Not one of the texts has become public.
    let messages = server.get_as(&ada, "/messages/global").json();
    assert_eq!(messages, json!([]));
}

#[test]
fn at_the_switch_it_gets_what_was_committed_since_its_upgrade() {
    let data = Data::new();
    let (server, [ada, bob, _]) = three(&data);
    let (mut ada, mut bob) = (server.websocket_chat(&ada), server.chatterbox(&bob));
    ada.chat(Some("bob"), "before the switch");
    ada.expect_chat_sent(("ada", "bob"), "before the switch", false);
    ada.chat(None, "for all");
    ada.expect_chat("ada", None, "for all");
    bob.expect_message("ada", "for all");
    bob.send(&json!({ "type": "typing", "is_typing": false, "recipient": null }));
    // All in the order of the commits, and what it has heard in the other words, too: a page of this protocol
    // ignores those.
    bob.expect_chat("ada", Some("bob"), "before the switch");
    bob.expect_chat("ada", None, "for all");
    ada.expect(
        &json!({ "type": "typing", "username": "bob", "is_typing": false, "recipient": null }),
    );
    ada.chat(Some("bob"), "after the switch");
    ada.expect_chat_sent(("ada", "bob"), "after the switch", true);
    bob.expect_chat("ada", Some("bob"), "after the switch");
}
