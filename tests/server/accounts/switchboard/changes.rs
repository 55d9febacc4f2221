//! Edits and deletions: who is told, and what histories show afterwards, in every protocol.

use serde_json::{Value, json};

use super::super::client::Data;
use super::client::{Friend, in_room, to, to_all, with};

/// Edits a message; the answer is the frame that all are told.
#[track_caller]
fn edit(friend: &mut Friend, place: &Value, mid: &str, text: &str) -> Value {
    let mut answer = friend.ask(json!({ "type": "edit", "mid": mid, "text": text }));
    super::client::take_time(&mut answer);
    let expected = json!({ "type": "edited", "mid": mid, "text": text.trim() });
    let expected = with(expected, place);
    assert_eq!(answer, expected);
    expected
}

/// Deletes a message; the answer is the frame that all are told.
#[track_caller]
fn delete(friend: &mut Friend, place: &Value, mid: &str) -> Value {
    let mut answer = friend.ask(json!({ "type": "delete", "mid": mid }));
    super::client::take_time(&mut answer);
    let expected = with(json!({ "type": "deleted", "mid": mid }), place);
    assert_eq!(answer, expected);
    expected
}

#[test]
fn all_devices_of_all_in_the_place_are_told_of_a_change_and_nobody_else() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let [mut phone, mut tablet] = [0, 1].map(|_| server.friend(&token));
    let [mut bob, mut eve] = ["bob", "eve"].map(|name| server.new_friend(name));
    let room = phone.create_room("garden");
    tablet.hear();
    phone.add(&room, &mut bob);
    tablet.hear();
    for (place, strangers) in [(to_all(), false), (to("bob"), true), (in_room(&room), true)] {
        let mid = phone.say(&place, "one");
        if place == to("bob") {
            phone.hear();
        }
        tablet.expect_said("ada", &place, "one");
        bob.expect_said("ada", &place, "one");
        let edited = edit(&mut phone, &place, &mid, " two ");
        tablet.expect(&edited);
        bob.expect(&edited);
        let again = edit(&mut phone, &place, &mid, "three");
        tablet.expect(&again);
        bob.expect(&again);
        // Any device of the author may do it.
        let deleted = delete(&mut tablet, &place, &mid);
        phone.expect(&deleted);
        bob.expect(&deleted);
        if strangers {
            eve.expect_silence();
            continue;
        }
        eve.expect_said("ada", &place, "one");
        for told in [edited, again, deleted] {
            eve.expect(&told);
        }
    }
}

#[test]
fn a_history_has_the_latest_text_and_the_place_of_what_was_deleted() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.new_friend("ada");
    let token = server.join("bob");
    let mids = ["one", "two", "three"].map(|text| ada.say(&to("bob"), text));
    edit(&mut ada, &to("bob"), &mids[0], "ONE");
    delete(&mut ada, &to("bob"), &mids[1]);
    let place = to("bob");
    let message = |at: usize, text: &str, more: Value| {
        let fields = json!({ "type": "message", "mid": mids[at], "from": "ada", "text": text });
        with(with(fields, &place), &more)
    };
    let expected = [
        message(0, "ONE", json!({ "edited": true })),
        message(1, "", json!({ "deleted": true })),
        message(2, "three", json!({})),
    ];
    assert_eq!(ada.history(&to("bob")), expected);
    assert_eq!(server.friend(&token).history(&to("ada")), expected, "the same from the other side");
    let last = &ada.conversations()[0]["last"];
    assert_eq!(last, &expected[2]);
}

#[test]
fn a_change_is_in_the_histories_of_the_other_protocols_and_what_was_deleted_is_not() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let mut ada = server.friend(&token);
    let mids = ["one", "two", "three"].map(|text| ada.say(&to_all(), text));
    edit(&mut ada, &to_all(), &mids[0], "ONE");
    delete(&mut ada, &to_all(), &mids[1]);
    let contents = |server: &crate::harness::Server| -> Vec<String> {
        let (_, history) = server.enter(&token);
        let text = |one: &Value| one["content"].as_str().expect("a text").to_owned();
        let texts: Vec<String> = history.iter().map(text).collect();
        let page = server.get_as(&token, "/messages/global").json();
        let page: Vec<String> = page.as_array().expect("a list").iter().map(text).collect();
        assert_eq!(page, texts);
        texts
    };
    assert_eq!(contents(&server), ["ONE", "three"]);
    drop(server);
    assert_eq!(contents(&data.start()), ["ONE", "three"], "after a restart");
}

#[test]
fn what_is_deleted_cannot_be_edited_and_deleting_it_again_is_fine() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.new_friend("ada");
    let mid = ada.say(&to_all(), "oops");
    delete(&mut ada, &to_all(), &mid);
    let code = ada.refused(json!({ "type": "edit", "mid": mid, "text": "x" }));
    assert_eq!(code, "unknown_message");
    delete(&mut ada, &to_all(), &mid);
    assert_eq!(ada.refused(json!({ "type": "edit", "mid": "1", "text": " " })), "empty_text");
    let long = "x".repeat(5_001);
    assert_eq!(ada.refused(json!({ "type": "edit", "mid": "1", "text": long })), "text_too_long");
}

#[test]
fn what_was_deleted_unread_is_not_unread_any_more() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.new_friend(name));
    let mids = ["one", "two"].map(|text| ada.deliver("bob", text));
    let unread = |friend: &mut Friend| friend.conversations()[0]["unread"].clone();
    bob.expect_said("ada", &to("bob"), "one");
    bob.expect_said("ada", &to("bob"), "two");
    assert_eq!(unread(&mut bob), 2);
    let deleted = delete(&mut ada, &to("bob"), &mids[0]);
    bob.expect(&deleted);
    assert_eq!(unread(&mut bob), 1);
}
