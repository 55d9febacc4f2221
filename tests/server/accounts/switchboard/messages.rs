//! What is said: who is told, what the sender is told, and what becomes of a message that is sent twice.

use serde_json::{Value, json};

use super::super::client::Data;
use super::client::{Friend, in_room, take_time, to, to_all, with};

/// A message with an id.
fn message(place: &Value, text: &str, id: &str) -> Value {
    with(json!({ "type": "message", "text": text, "id": id }), place)
}

/// The acknowledgement of a message; its mid.
#[track_caller]
fn ack(friend: &mut Friend, id: &str, status: &str) -> String {
    let mut ack = friend.hear();
    take_time(&mut ack);
    let mid = ack["mid"].as_str().unwrap_or_else(|| panic!("{ack}")).to_owned();
    assert_eq!(ack, json!({ "type": "ack", "id": id, "mid": mid, "status": status }));
    mid
}

#[test]
fn a_message_to_everybody_is_acknowledged_once_and_told_to_all_other_devices() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let [mut phone, mut tablet] = [0, 1].map(|_| server.friend(&token));
    let mut bob = server.new_friend("bob");
    let mid = phone.say(&to_all(), " Hello, \"all\" 🦀\n");
    for other in [&mut tablet, &mut bob] {
        assert_eq!(other.expect_said("ada", &to_all(), "Hello, \"all\" 🦀"), mid, "trimmed");
    }
    for one in [&mut phone, &mut tablet, &mut bob] {
        one.expect_silence();
    }
    let next = bob.say(&to_all(), "Hi");
    let number = |mid: &str| mid.parse::<i64>().expect("a number");
    assert_eq!(number(&next), number(&mid) + 1, "a later one has a greater mid");
}

#[test]
fn a_private_message_is_stored_and_delivered_and_both_sides_see_whose_it_is() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let [mut phone, mut tablet] = [0, 1].map(|_| server.friend(&token));
    let (mut bob, mut eve) = (server.new_friend("bob"), server.new_friend("eve"));
    let mid = phone.deliver("bob", "for you");
    for other in [&mut tablet, &mut bob] {
        assert_eq!(other.expect_said("ada", &to("bob"), "for you"), mid);
    }
    let answer = bob.deliver("ada", "and for you");
    for other in [&mut phone, &mut tablet] {
        assert_eq!(other.expect_said("bob", &to("ada"), "and for you"), answer);
    }
    eve.expect_silence();
    // Nobody is there, so it is only stored.
    eve.close();
    phone.say(&to("eve"), "later");
    phone.expect_silence();
    assert_eq!(tablet.expect_said("ada", &to("eve"), "later").parse::<i64>().map(|_| ()), Ok(()));
}

#[test]
fn a_note_to_oneself_is_delivered_if_there_is_another_device() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let mut phone = server.friend(&token);
    phone.say(&to("ada"), "alone");
    phone.expect_silence();
    let mut tablet = server.friend(&token);
    let mid = phone.deliver("ada", "milk");
    assert_eq!(tablet.expect_said("ada", &to("ada"), "milk"), mid);
    assert_eq!(phone.texts(&to("ada")), ["alone", "milk"]);
    phone.expect_silence();
}

#[test]
fn a_message_in_a_room_is_told_to_its_members_alone() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob, mut eve] = ["ada", "bob", "eve"].map(|name| server.new_friend(name));
    let room = ada.create_room("garden");
    ada.add(&room, &mut bob);
    let mid = bob.say(&in_room(&room), "tomatoes");
    assert_eq!(ada.expect_said("bob", &in_room(&room), "tomatoes"), mid);
    eve.expect_silence();
    bob.expect_silence();
}

#[test]
fn a_message_may_reply_to_one_of_its_own_place() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.new_friend(name));
    let room = ada.create_room("garden");
    ada.add(&room, &mut bob);
    for place in [to_all(), in_room(&room)] {
        let first = ada.say(&place, "first");
        bob.expect_said("ada", &place, "first");
        let frame = json!({ "type": "message", "text": "re", "reply_to": first });
        let answer = bob.ask(with(frame, &place));
        assert_eq!((&answer["type"], &answer["status"]), (&"ack".into(), &"stored".into()));
        let reply = json!({ "reply_to": first });
        ada.expect_said("bob", &with(place.clone(), &reply), "re");
        assert_eq!(bob.history(&place).last().map(|last| &last["reply_to"]), Some(&first.into()));
    }
    let first = ada.deliver("bob", "first");
    bob.expect_said("ada", &to("bob"), "first");
    let answer =
        ada.ask(json!({ "type": "message", "to": "bob", "text": "re", "reply_to": first }));
    assert_eq!(answer["status"], "stored");
    let reply = json!({ "to": "bob", "reply_to": first });
    bob.expect_said("ada", &reply, "re");
}

#[test]
fn a_message_that_is_sent_again_is_stored_once_and_acknowledged_with_the_same_mid() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let mut ada = server.friend(&token);
    let mut bob = server.new_friend("bob");
    let again = message(&to("bob"), " once ", "x-1");
    ada.send(&again);
    let mid = ack(&mut ada, "x-1", "stored");
    assert_eq!(ack(&mut ada, "x-1", "delivered"), mid);
    bob.expect_said("ada", &to("bob"), "once");
    ada.send(&again);
    assert_eq!(ack(&mut ada, "x-1", "stored"), mid);
    // Also over another connection, and after a restart.
    ada.close();
    bob.expect_silence();
    drop(server);
    let server = data.start();
    let mut ada = server.friend(&token);
    ada.send(&again);
    assert_eq!(ack(&mut ada, "x-1", "stored"), mid);
    assert_eq!(ada.texts(&to("bob")), ["once"]);
    // A message that was changed is known by its id and place.
    let changed = ada.ask(json!({ "type": "edit", "mid": mid, "text": "twice" }));
    assert_eq!(changed["type"], "edited");
    ada.send(&again);
    assert_eq!(ack(&mut ada, "x-1", "stored"), mid);
    assert_eq!(ada.texts(&to("bob")), ["twice"]);
}

#[test]
fn an_id_belongs_to_one_text_in_one_place_of_one_user() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.new_friend(name));
    ada.send(&message(&to_all(), "first", "x-1"));
    let mid = ack(&mut ada, "x-1", "stored");
    bob.expect_said("ada", &to_all(), "first");
    for other in [
        message(&to_all(), "second", "x-1"),
        message(&to("bob"), "first", "x-1"),
        message(&to("ada"), "first", "x-1"),
    ] {
        ada.send(&other);
        let error = ada.hear();
        assert_eq!((&error["code"], &error["id"]), (&"id_reused".into(), &"x-1".into()), "{error}");
    }
    bob.expect_silence();
    // Another user may have the same id.
    bob.send(&message(&to_all(), "mine", "x-1"));
    assert_ne!(ack(&mut bob, "x-1", "stored"), mid);
    ada.expect_said("bob", &to_all(), "mine");
}

#[test]
fn a_message_that_is_refused_is_told_with_its_id_and_stored_nowhere() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.new_friend(name));
    let room = bob.create_room("private");
    let unknown = "01112131-4151-6171-8191-a1b1c1d1e1f1";
    let long = "x".repeat(5_001);
    for (fields, code) in [
        (json!({ "text": "" }), "empty_text"),
        (json!({ "text": " \n" }), "empty_text"),
        (json!({ "text": long }), "text_too_long"),
        (json!({ "text": "x", "to": "nobody" }), "unknown_user"),
        (json!({ "text": "x", "to": "Bob" }), "unknown_user"),
        (json!({ "text": "x", "room": unknown }), "unknown_room"),
        (json!({ "text": "x", "room": room }), "not_a_member"),
        (json!({ "text": "x", "to": "bob", "room": room }), "bad_place"),
        (json!({ "text": 5 }), "bad_text"),
        (json!({ "text": "x", "reply_to": "12345" }), "unknown_message"),
    ] {
        assert_eq!(ada.refused(with(json!({ "type": "message" }), &fields)), code, "{fields}");
    }
    ada.send(&json!({ "type": "message", "text": "without an id" }));
    let error = ada.hear();
    assert_eq!((&error["code"], error.get("id")), (&"bad_id".into(), None));
    bob.expect_silence();
    assert_eq!(ada.texts(&to_all()), [""; 0]);
    let longest = "é".repeat(5_000);
    ada.say(&to_all(), &longest);
    assert_eq!(ada.texts(&to_all()), [longest]);
}

#[test]
fn the_books_account_for_messages_that_are_sent_again_or_refused() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.new_friend("ada");
    let say = message(&to_all(), "first", "x-1");
    ada.send(&say);
    ack(&mut ada, "x-1", "stored");
    ada.send(&say);
    ack(&mut ada, "x-1", "stored");
    ada.send(&message(&to_all(), "second", "x-1"));
    assert_eq!(ada.hear()["code"], "id_reused");
    assert_eq!(
        ada.refused(json!({ "type": "message", "text": "x", "to": "nobody" })),
        "unknown_user"
    );
    let page = server.get("/metrics").text();
    for line in [
        "switchboard_account_messages_received_total 4",
        "switchboard_account_messages_stored_total 1",
        r#"switchboard_account_messages_refused_total{reason="repeated"} 1"#,
        r#"switchboard_account_messages_refused_total{reason="id_reused"} 1"#,
        r#"switchboard_account_messages_refused_total{reason="unknown"} 1"#,
    ] {
        assert!(page.contains(&format!("{line}\n")), "{line}: {page}");
    }
}
