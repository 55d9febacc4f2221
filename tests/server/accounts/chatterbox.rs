//! Chatterbox: what everybody says to everybody.

use serde_json::json;

use super::client::{Data, assert_is_time, keys};

#[test]
fn everybody_gets_a_message_its_sender_included() {
    let data = Data::new();
    let server = data.start();
    let (mut ada, mut bob) =
        (server.chatterbox(&server.join("ada")), server.chatterbox(&server.join("bob")));
    ada.speak("  Hello, \"all\" <b> 🦀\n ");
    for member in [&mut ada, &mut bob] {
        member.expect_message("ada", "Hello, \"all\" <b> 🦀");
    }
    bob.send_text(r#"{"content":"\u0048i \ud83e\udd80","username":"eve","timestamp":"never"}"#);
    for member in [&mut ada, &mut bob] {
        member.expect_message("bob", "Hi 🦀");
    }
}

#[test]
fn who_connects_gets_the_last_fifty_messages_oldest_first_and_then_what_follows() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let (mut ada, history) = server.enter(&token);
    assert!(history.is_empty(), "{history:?}");
    for number in 1..=52 {
        ada.speak(&format!("message {number}"));
        ada.expect_message("ada", &format!("message {number}"));
    }
    let (mut second, history) = server.enter(&token);
    assert_eq!(history.len(), 50);
    for (number, message) in (3..=52).zip(&history) {
        assert_eq!(keys(message), ["content", "timestamp", "username"]);
        assert_eq!(message["username"], "ada");
        assert_eq!(message["content"], format!("message {number}"));
        assert_is_time(&message["timestamp"]);
    }
    ada.speak("and one more");
    second.expect_message("ada", "and one more");
}

#[test]
fn a_frame_with_a_flaw_is_answered_to_its_sender_alone() {
    let data = Data::new();
    let server = data.start();
    let (mut ada, mut bob) =
        (server.chatterbox(&server.join("ada")), server.chatterbox(&server.join("bob")));
    for frame in ["", "hello", "5", "[]", "{}", r#"{"content":5}"#, r#"{"content":"\ud800"}"#] {
        ada.send_text(frame);
        ada.expect_error("Invalid message format");
    }
    for content in ["", "   ", "\u{a0}\n\t"] {
        ada.speak(content);
        ada.expect_error("Message cannot be empty");
    }
    ada.speak(&"ß".repeat(5001));
    ada.expect_error("Message too long (max 5000 characters)");
    // The limit counts characters, without the spaces around them.
    let longest = "ß".repeat(5000);
    ada.speak(&format!("   {longest}  "));
    ada.expect_message("ada", &longest);
    bob.expect_message("ada", &longest);
}

#[test]
fn all_hear_all_messages_in_the_same_order_which_is_that_of_the_history() {
    let data = Data::new();
    let server = data.start();
    let tokens = ["ada", "bob", "eve"].map(|name| server.join(name));
    let mut members = tokens.each_ref().map(|token| server.chatterbox(token));
    for number in 0..10 {
        for (place, member) in members.iter_mut().enumerate() {
            member.speak(&format!("{place}-{number}"));
        }
    }
    let heard = members.each_mut().map(|member| -> Vec<String> {
        let frames = (0..30).map(|_| member.hear());
        frames.map(|frame| frame["content"].as_str().expect("a content").to_owned()).collect()
    });
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0], heard[2]);
    // What one has said stays in its order.
    for place in 0..3 {
        let own: Vec<_> =
            heard[0].iter().filter(|one| one.starts_with(&place.to_string())).collect();
        assert_eq!(
            own,
            (0..10)
                .map(|number| format!("{place}-{number}"))
                .collect::<Vec<_>>()
                .iter()
                .collect::<Vec<_>>()
        );
    }
    let (_, history) = server.enter(&tokens[0]);
    let stored: Vec<_> = history.iter().map(|one| one["content"].clone()).collect();
    assert_eq!(json!(stored), json!(heard[0]));
}

#[test]
fn who_speaks_chatterbox_hears_nothing_of_private_messages_typing_and_lists() {
    let data = Data::new();
    let server = data.start();
    let (ada, bob) = (server.join("ada"), server.join("bob"));
    let (mut reader, mut writer) = (server.chatterbox(&bob), server.websocket_chat(&ada));
    writer.chat(Some("bob"), "for you alone");
    writer.expect_chat_sent(("ada", "bob"), "for you alone", false);
    writer.typing(None, true);
    writer.typing(Some("bob"), true);
    writer.chat(None, "for all");
    reader.expect_message("ada", "for all");
}
