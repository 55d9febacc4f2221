//! Who is online: lists with a sentence, each user once.

use super::client::Data;

#[test]
fn who_comes_and_goes_is_told_with_a_sentence() {
    let data = Data::new();
    let server = data.start();
    let [ada, bob] = ["ada", "bob"].map(|name| server.join(name));
    let mut ada = server.websocket_chat(&ada);
    let bob = server.websocket_chat(&bob);
    ada.until_users(&["ada", "bob"], "bob joined the chat");
    bob.close();
    ada.until_users(&["ada"], "bob left the chat");
}

#[test]
fn a_user_is_listed_once_however_many_devices_and_leaves_with_the_last() {
    let data = Data::new();
    let server = data.start();
    let [ada, bob] = ["ada", "bob"].map(|name| server.join(name));
    let mut ada = server.websocket_chat(&ada);
    // The protocol of a device makes no difference, and neither does its login.
    let devices = (server.websocket_chat(&bob), server.chatterbox(&server.log_in("bob")));
    ada.until_users(&["ada", "bob"], "bob joined the chat");
    devices.0.close();
    assert_eq!(ada.ask_for_users(), ["ada", "bob"]);
    devices.1.close();
    ada.until_users(&["ada"], "bob left the chat");
}

#[test]
fn the_list_that_was_asked_for_goes_to_the_asker_alone() {
    let data = Data::new();
    let server = data.start();
    let [ada, bob] = ["ada", "bob"].map(|name| server.join(name));
    let (mut ada, mut bob) = (server.websocket_chat(&ada), server.websocket_chat(&bob));
    ada.until_users(&["ada", "bob"], "bob joined the chat");
    for _ in 0..3 {
        assert_eq!(bob.ask_for_users(), ["ada", "bob"]);
    }
    bob.chat(None, "that was all");
    let next = ada.frame();
    assert_eq!((&next["type"], &next["content"]), (&"chat".into(), &"that was all".into()));
}

#[test]
fn the_public_numbers_count_users_and_what_they_wrote() {
    let data = Data::new();
    let server = data.start();
    let (ada, _) = (server.join("ada"), server.join("bob"));
    let mut devices = [server.chatterbox(&ada), server.chatterbox(&ada)];
    devices[0].speak("hello");
    devices[0].expect_message("ada", "hello");
    devices[0].speak(" ");
    devices[0].expect_error("Message cannot be empty");
    let stats = server.get("/stats").json();
    assert_eq!(stats["total_users"], 2);
    assert_eq!(stats["total_messages"], 1, "one was refused");
    assert_eq!((&stats["active_connections"], &stats["active_sessions"]), (&2.into(), &1.into()));
    assert_eq!(stats["activeUsers"], serde_json::json!([]));
}
