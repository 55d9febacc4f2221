//! Histories page by page, the list of conversations, and marks of what was read.

use serde_json::{Value, json};

use super::super::client::Data;
use super::client::{Friend, in_room, to, to_all, with};

/// The texts of a page, the mid of its first message, and whether there is more.
#[track_caller]
fn page(friend: &mut Friend, frame: &Value) -> (Vec<String>, String, bool) {
    let answer = friend.ask(with(json!({ "type": "history" }), frame));
    assert_eq!(answer["type"], "history", "{answer}");
    let messages = answer["messages"].as_array().expect("a list");
    let text = |message: &Value| message["text"].as_str().expect("a text").to_owned();
    let first = messages.first().and_then(|first| first["mid"].as_str()).unwrap_or_default();
    let more = answer["more"].as_bool().expect("yes or no");
    (messages.iter().map(text).collect(), first.to_owned(), more)
}

fn numbers(from: usize, to: usize) -> Vec<String> {
    (from..=to).map(|number| number.to_string()).collect()
}

#[test]
fn a_history_is_read_page_by_page_from_its_end_to_its_beginning() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.new_friend("ada");
    server.register("bob");
    for number in 1..=120 {
        ada.say(&to("bob"), &number.to_string());
    }
    let (texts, first, more) = page(&mut ada, &to("bob"));
    assert_eq!((texts, more), (numbers(71, 120), true), "50 if the client does not say");
    let next = json!({ "to": "bob", "before": first, "limit": 70 });
    let (texts, first, more) = page(&mut ada, &next);
    assert_eq!((texts, more), (numbers(1, 70), false), "exactly as many as there are");
    let (texts, _, more) = page(&mut ada, &json!({ "to": "bob", "before": first }));
    assert_eq!((texts, more), (Vec::new(), false));
    let (texts, ..) = page(&mut ada, &json!({ "to": "bob", "limit": 100 }));
    assert_eq!(texts, numbers(21, 120));
    let (texts, _, more) = page(&mut ada, &json!({ "to": "bob", "limit": 1 }));
    assert_eq!((texts, more), (numbers(120, 120), true));
    for limit in [json!(0), json!(101), json!(-1), json!("5"), json!(1.5)] {
        let frame = json!({ "type": "history", "to": "bob", "limit": limit });
        assert_eq!(ada.refused(frame), "bad_limit", "{limit}");
    }
}

#[test]
fn a_page_of_long_texts_is_shorter_and_says_that_there_is_more() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.new_friend("ada");
    // Each is 20,000 bytes of text, and 30,000 of JSON.
    let long = "\u{1}😀".repeat(2_500);
    let longest = long.chars().cycle().take(5_000).collect::<String>();
    for _ in 0..14 {
        ada.say(&to_all(), &longest);
    }
    let (mut before, mut seen, mut pages) = (String::new(), 0, 0);
    loop {
        let frame = match before.as_str() {
            "" => json!({ "limit": 100 }),
            mid => json!({ "limit": 100, "before": mid }),
        };
        let (texts, first, more) = page(&mut ada, &frame);
        assert!(texts.iter().all(|text| *text == longest));
        (before, seen, pages) = (first, seen + texts.len(), pages + 1);
        if !more {
            break;
        }
    }
    assert_eq!(seen, 14);
    assert!(pages > 1, "14 of them are too long for one page");
}

#[test]
fn conversations_are_those_of_the_reader_with_the_newest_first() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob, mut eve] = ["ada", "bob", "eve"].map(|name| server.new_friend(name));
    let none = json!({ "last": null, "unread": 0, "read_by_other": null });
    assert_eq!(ada.conversations(), [none], "that of everybody");
    let room = ada.create_room("garden");
    ada.add(&room, &mut bob);
    let places = |list: &[Value]| -> Vec<Value> {
        let place = |one: &Value| match (one.get("to"), one.get("room")) {
            (Some(to), None) => to.clone(),
            (None, room) => room.cloned().unwrap_or(Value::Null),
            (Some(_), Some(_)) => panic!("{one}"),
        };
        list.iter().map(place).collect()
    };
    bob.deliver("ada", "private");
    ada.expect_said("bob", &to("ada"), "private");
    crate::harness::pause(std::time::Duration::from_millis(2));
    bob.say(&in_room(&room), "in the room");
    ada.expect_said("bob", &in_room(&room), "in the room");
    crate::harness::pause(std::time::Duration::from_millis(2));
    eve.say(&to_all(), "to all");
    ada.expect_said("eve", &to_all(), "to all");
    bob.hear();
    let list = ada.conversations();
    assert_eq!(places(&list), [Value::Null, room.as_str().into(), "bob".into()]);
    assert_eq!(list[2]["last"]["text"], "private");
    assert_eq!(list[1]["last"]["room"], room);
    let unread: Vec<&Value> = list.iter().map(|one| &one["unread"]).collect();
    assert_eq!(unread, [1, 1, 1]);
    // One's own messages are read.
    let unread: Vec<Value> = bob.conversations().iter().map(|one| one["unread"].clone()).collect();
    assert_eq!(unread, [1, 0, 0]);
    assert_eq!(places(&eve.conversations()), [Value::Null]);
}

#[test]
fn a_place_is_read_up_to_a_message_and_both_sides_see_it() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let [mut phone, mut tablet] = [0, 1].map(|_| server.friend(&token));
    let mut bob = server.new_friend("bob");
    let mids = ["one", "two", "three"].map(|text| bob.deliver("ada", text));
    for device in [&mut phone, &mut tablet] {
        for text in ["one", "two", "three"] {
            device.expect_said("bob", &to("ada"), text);
        }
    }
    let state = |friend: &mut Friend| {
        let one = friend.conversations().into_iter().find(|one| one.get("to").is_some());
        let one = one.expect("a private one");
        (one["unread"].as_u64().expect("a number"), one["read_by_other"].clone())
    };
    assert_eq!(state(&mut phone), (3, Value::Null));
    assert_eq!(state(&mut bob), (0, Value::Null));
    let read = |mid: &str| json!({ "type": "read", "to": "bob", "up_to": mid });
    phone.send(&read(&mids[1]));
    tablet.expect(&json!({ "type": "read", "from": "ada", "to": "bob", "up_to": mids[1] }));
    bob.expect(&json!({ "type": "read", "from": "ada", "to": "bob", "up_to": mids[1] }));
    assert_eq!(state(&mut phone), (1, Value::Null));
    assert_eq!(state(&mut bob), (0, mids[1].as_str().into()));
    // A mark never goes back, and never beyond the last message.
    phone.send(&read(&mids[0]));
    tablet.expect(&json!({ "type": "read", "from": "ada", "to": "bob", "up_to": mids[1] }));
    bob.hear();
    let far = (mids[2].parse::<i64>().expect("a number") + 5).to_string();
    phone.send(&read(&far));
    tablet.expect(&json!({ "type": "read", "from": "ada", "to": "bob", "up_to": mids[2] }));
    bob.expect(&json!({ "type": "read", "from": "ada", "to": "bob", "up_to": mids[2] }));
    assert_eq!(state(&mut phone), (0, Value::Null));
    phone.expect_silence();
}

#[test]
fn in_a_room_and_among_all_only_ones_own_devices_are_told_what_was_read() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let [mut phone, mut tablet] = [0, 1].map(|_| server.friend(&token));
    let mut bob = server.new_friend("bob");
    let room = phone.create_room("garden");
    tablet.hear();
    phone.add(&room, &mut bob);
    tablet.hear();
    for place in [in_room(&room), to_all()] {
        let mids = ["one", "two"].map(|text| bob.say(&place, text));
        for device in [&mut phone, &mut tablet] {
            for text in ["one", "two"] {
                device.expect_said("bob", &place, text);
            }
        }
        phone.send(&with(json!({ "type": "read", "up_to": mids[0] }), &place));
        let read = json!({ "type": "read", "from": "ada", "up_to": mids[0] });
        tablet.expect(&with(read, &place));
        bob.expect_silence();
        let is_it = |one: &Value| one.get("room") == place.get("room");
        let list = phone.conversations();
        let one = list.iter().find(|one| is_it(one)).expect("the place");
        assert_eq!((&one["unread"], &one["read_by_other"]), (&1.into(), &Value::Null));
    }
}

#[test]
fn what_was_said_before_one_came_is_not_unread() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.new_friend("ada");
    ada.say(&to_all(), "before");
    let room = ada.create_room("garden");
    ada.say(&in_room(&room), "before");
    crate::harness::pause(std::time::Duration::from_millis(2));
    let mut bob = server.new_friend("bob");
    ada.add(&room, &mut bob);
    let unread = |friend: &mut Friend| -> Vec<u64> {
        let list = friend.conversations();
        list.iter().map(|one| one["unread"].as_u64().expect("a number")).collect()
    };
    assert_eq!(unread(&mut bob), [0, 0]);
    ada.say(&in_room(&room), "after");
    ada.say(&to_all(), "after");
    bob.expect_said("ada", &in_room(&room), "after");
    bob.expect_said("ada", &to_all(), "after");
    assert_eq!(unread(&mut bob), [1, 1]);
}
