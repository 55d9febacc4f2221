//! Rooms: who may do what, who is told, and what MyChat sees of it.

use serde_json::{Value, json};

use super::super::client::Data;
use super::client::{Friend, in_room};

/// What all are told of a change of a room, without the id of the command.
fn news(room: &str, (creator, members): (&str, usize), event: &str, user: &str) -> Value {
    json!({
        "type": "room", "room": room, "name": "garden", "description": "", "creator": creator,
        "members": members, "event": event, "user": user,
    })
}

#[track_caller]
fn members(friend: &mut Friend, room: &str) -> Vec<String> {
    let answer = friend.ask(json!({ "type": "room_members", "room": room }));
    assert_eq!((&answer["type"], &answer["room"]), (&"room_members".into(), &room.into()));
    serde_json::from_value(answer["members"].clone()).expect("names")
}

#[test]
fn a_room_is_made_joined_left_and_deleted_and_all_members_are_told() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let [mut ada, mut tablet] = [0, 1].map(|_| server.friend(&token));
    let [mut bob, mut eve] = ["bob", "eve"].map(|name| server.new_friend(name));
    let room = ada.create_room("garden");
    tablet.expect(&news(&room, ("ada", 1), "created", "ada"));
    for (user, count) in [("bob", 2), ("eve", 3)] {
        let told = news(&room, ("ada", count), "added", user);
        assert_eq!(ada.ask(json!({ "type": "room_add", "room": room, "user": user })), told);
        tablet.expect(&told);
        bob.expect(&told);
        if user == "eve" {
            eve.expect(&told);
        }
    }
    assert_eq!(members(&mut eve, &room), ["ada", "bob", "eve"]);
    let rooms = eve.ask(json!({ "type": "rooms" }));
    let view = json!({
        "room": room, "name": "garden", "description": "", "creator": "ada", "members": 3,
    });
    assert_eq!(rooms, json!({ "type": "rooms", "rooms": [view] }));
    // Adding twice is fine, and no news to the others.
    let again = json!({ "type": "room_add", "room": room, "user": "bob" });
    assert_eq!(ada.ask(again), news(&room, ("ada", 3), "added", "bob"));
    bob.expect_silence();
    let left = news(&room, ("ada", 2), "left", "eve");
    assert_eq!(eve.ask(json!({ "type": "room_leave", "room": room })), left);
    for other in [&mut ada, &mut tablet, &mut bob] {
        other.expect(&left);
    }
    let removed = news(&room, ("ada", 1), "removed", "bob");
    assert_eq!(ada.ask(json!({ "type": "room_remove", "room": room, "user": "bob" })), removed);
    tablet.expect(&removed);
    bob.expect(&removed);
    let deleted = news(&room, ("ada", 1), "deleted", "ada");
    assert_eq!(ada.ask(json!({ "type": "room_delete", "room": room })), deleted);
    tablet.expect(&deleted);
    assert_eq!(ada.ask(json!({ "type": "rooms" })), json!({ "type": "rooms", "rooms": [] }));
    for other in [&mut bob, &mut eve] {
        other.expect_silence();
    }
}

#[test]
fn only_the_creator_changes_a_room_and_stays_in_it() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob, eve] = ["ada", "bob", "eve"].map(|name| server.new_friend(name));
    let room = ada.create_room("garden");
    ada.add(&room, &mut bob);
    let frame = |kind: &str, user: &str| json!({ "type": kind, "room": room, "user": user });
    let mut friends = [ada, bob, eve];
    for (who, frame, code) in [
        (1, frame("room_add", "eve"), "not_the_creator"),
        (1, frame("room_remove", "ada"), "not_the_creator"),
        (1, frame("room_remove", "bob"), "not_the_creator"),
        (1, frame("room_delete", ""), "not_the_creator"),
        (2, frame("room_add", "eve"), "not_a_member"),
        (2, frame("room_delete", ""), "not_a_member"),
        (2, frame("room_leave", ""), "not_a_member"),
        (2, frame("room_members", ""), "not_a_member"),
        (0, frame("room_remove", "ada"), "creator_stays"),
        (0, frame("room_leave", ""), "creator_stays"),
        (0, frame("room_add", "nobody"), "unknown_user"),
        (0, frame("room_remove", "nobody"), "unknown_user"),
    ] {
        assert_eq!(friends[who].refused(frame.clone()), code, "{frame}");
    }
    let [mut ada, mut bob, _] = friends;
    let unknown = json!({ "type": "room_leave", "room": "01112131-4151-6171-8191-a1b1c1d1e1f1" });
    assert_eq!(ada.refused(unknown), "unknown_room");
    let create = |name: &str, description: &str| json!({ "type": "room_create", "name": name, "description": description });
    assert_eq!(ada.refused(create(" ", "")), "bad_room_name");
    assert_eq!(ada.refused(create(&"x".repeat(65), "")), "bad_room_name");
    assert_eq!(ada.refused(create("x", &"x".repeat(513))), "bad_room_description");
    assert_eq!(members(&mut bob, &room), ["ada", "bob"]);
}

#[test]
fn a_change_over_http_is_told_here_and_one_from_here_closes_sockets_there() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let cookie = |browser: &super::super::mychat::browser::Browser| {
        vec![("Cookie", format!("session={}", browser.cookie("session").expect("signed in")))]
    };
    let mut ada_here = server.friend_at("/ws?presence=none", &cookie(&ada));
    let mut bob_here = server.friend_at("/ws?presence=none", &cookie(&bob));
    let room = ada.create_room(&server, "garden");
    ada_here.expect(&news(&room, ("ada", 1), "created", "ada"));
    ada.add(&server, &room, &bob);
    let added = news(&room, ("ada", 2), "added", "bob");
    ada_here.expect(&added);
    bob_here.expect(&added);
    let mut socket = bob.room(&server, &room);
    socket.say("from a page");
    ada_here.expect_said("bob", &in_room(&room), "from a page");
    bob_here.expect_said("bob", &in_room(&room), "from a page");
    socket.hear();
    // Who leaves here has no socket for the room any more.
    let left = news(&room, ("ada", 1), "left", "bob");
    assert_eq!(bob_here.ask(json!({ "type": "room_leave", "room": room })), left);
    ada_here.expect(&left);
    socket.expect_close(1008);
    assert_eq!(bob.read(&server, "/api/rooms"), json!([]));
    let mut socket = ada.room(&server, &room);
    let answer = ada.delete(&server, &format!("/api/rooms/{room}"));
    assert_eq!(answer.status, 200);
    ada_here.expect(&news(&room, ("ada", 1), "deleted", "ada"));
    socket.expect_close(1008);
    bob_here.expect_silence();
}

#[test]
fn who_is_removed_hears_and_reads_nothing_any_more() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.new_friend(name));
    let room = ada.create_room("garden");
    ada.add(&room, &mut bob);
    ada.say(&in_room(&room), "welcome");
    bob.expect_said("ada", &in_room(&room), "welcome");
    ada.ask(json!({ "type": "room_remove", "room": room, "user": "bob" }));
    assert_eq!(bob.hear()["event"], "removed");
    ada.say(&in_room(&room), "bob is gone");
    bob.expect_silence();
    let history = json!({ "type": "history", "room": room });
    assert_eq!(bob.refused(history), "not_a_member");
    let say = json!({ "type": "message", "room": room, "text": "x" });
    assert_eq!(bob.refused(say), "not_a_member");
    assert_eq!(bob.conversations().len(), 1);
}
