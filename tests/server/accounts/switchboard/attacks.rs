//! What a stranger tries: ids of messages and rooms that belong to others, and ids that nobody has. The answers do
//! not tell which is which.

use serde_json::{Value, json};

use super::super::client::Data;
use super::client::{Friend, in_room, to, to_all, with};

/// All commands that name a message, with this one.
fn about(mid: &str, place: &Value) -> Vec<Value> {
    [
        json!({ "type": "edit", "mid": mid, "text": "hacked" }),
        json!({ "type": "delete", "mid": mid }),
        with(json!({ "type": "read", "up_to": mid }), place),
        with(json!({ "type": "history", "before": mid }), place),
        with(json!({ "type": "message", "text": "hacked", "reply_to": mid }), place),
    ]
    .to_vec()
}

#[test]
fn the_id_of_a_message_opens_nothing_to_a_stranger() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob, mut eve] = ["ada", "bob", "eve"].map(|name| server.new_friend(name));
    let room = ada.create_room("private");
    ada.add(&room, &mut bob);
    let private = ada.deliver("bob", "secret");
    bob.expect_said("ada", &to("bob"), "secret");
    let in_the_room = ada.say(&in_room(&room), "secret");
    bob.expect_said("ada", &in_room(&room), "secret");
    // Eve has places of her own, where she may say something.
    eve.say(&to("eve"), "mine");
    let own = eve.create_room("hers");
    let nobody = "9223372036854775807";
    for mid in [&*private, &*in_the_room, nobody, "4611686018427387905"] {
        for place in [to_all(), to("eve"), to("bob"), in_room(&own)] {
            for frame in about(mid, &place) {
                let code = eve.refused(frame.clone());
                assert_eq!(code, "unknown_message", "{frame}");
            }
        }
        for frame in about(mid, &in_room(&room)).into_iter().skip(2) {
            assert_eq!(eve.refused(frame.clone()), "not_a_member", "{frame}");
        }
    }
    for friend in [&mut ada, &mut bob] {
        friend.expect_silence();
    }
    assert_eq!(bob.texts(&to("ada")), ["secret"]);
    assert_eq!(bob.texts(&in_room(&room)), ["secret"]);
}

#[test]
fn who_may_read_a_message_may_not_change_it_unless_it_is_their_own() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.new_friend(name));
    let room = ada.create_room("garden");
    ada.add(&room, &mut bob);
    for place in [to_all(), to("bob"), in_room(&room)] {
        let mid = ada.say(&place, "hers");
        if place == to("bob") {
            ada.hear();
        }
        bob.expect_said("ada", &place, "hers");
        for frame in about(&mid, &place).into_iter().take(2) {
            assert_eq!(bob.refused(frame), "not_yours");
        }
        ada.expect_silence();
    }
}

#[test]
fn an_author_who_is_no_member_any_more_changes_nothing_in_the_room() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.new_friend(name));
    let room = ada.create_room("garden");
    ada.add(&room, &mut bob);
    let mid = bob.say(&in_room(&room), "mine");
    ada.expect_said("bob", &in_room(&room), "mine");
    ada.ask(json!({ "type": "room_remove", "room": room, "user": "bob" }));
    bob.hear();
    for frame in about(&mid, &to_all()).into_iter().take(2) {
        assert_eq!(bob.refused(frame), "unknown_message");
    }
    ada.expect_silence();
    assert_eq!(ada.texts(&in_room(&room)), ["mine"]);
}

#[test]
fn a_message_of_another_place_is_none_of_this_one() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.new_friend(name));
    let global = ada.say(&to_all(), "to all");
    let private = ada.deliver("bob", "to bob");
    bob.hear();
    bob.hear();
    for (mid, place) in [(&global, to("bob")), (&private, to_all()), (&private, to("ada"))] {
        for frame in about(mid, &place).into_iter().skip(2) {
            assert_eq!(ada.refused(frame.clone()), "unknown_message", "{frame}");
        }
    }
    bob.expect_silence();
}

#[test]
fn a_stranger_is_in_no_list_and_hears_nothing_of_a_room() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.new_friend(name));
    let room = ada.create_room("private");
    let frames = |friend: &mut Friend| {
        let rooms = friend.ask(json!({ "type": "rooms" }));
        (rooms["rooms"].clone(), friend.conversations().len())
    };
    assert_eq!(frames(&mut bob), (json!([]), 1));
    for kind in ["room_members", "room_delete", "room_leave"] {
        assert_eq!(bob.refused(json!({ "type": kind, "room": room })), "not_a_member", "{kind}");
    }
    bob.expect_silence();
    ada.expect_silence();
}
