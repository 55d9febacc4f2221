//! Rooms: who may do what with one, what is said in one, and when its sockets are closed.

use serde_json::{Value, json};

use super::super::client::{Data, assert_is_time};
use super::browser::{Browser, assert_is_clock, error};
use crate::harness::Server;

#[track_caller]
fn assert_done(answer: &crate::harness::Response) {
    assert_eq!((answer.status, answer.json()), (200, json!({ "status": "ok" })));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
}

/// What the server says of a room, without the time.
#[track_caller]
fn view(mut room: Value) -> Value {
    let fields = room.as_object_mut().expect("an object");
    assert_is_time(&fields.remove("created_at").expect("a time"));
    room
}

fn member(other: &Browser) -> Value {
    json!({ "user_id": other.id() })
}

#[test]
fn a_user_makes_a_room_and_it_is_in_their_list() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    assert_eq!(ada.read(&server, "/api/rooms"), json!([]));
    let body = json!({ "name": " Garden & \"co\" ", "description": "<b>tomatoes</b>" });
    let answer = ada.post(&server, "/api/rooms/create", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'), "a random UUID");
    let expected = json!({
        "id": id, "name": "Garden & \"co\"", "description": "<b>tomatoes</b>",
        "creator_id": ada.id(), "creator_name": "ada", "member_count": 1,
    });
    assert_eq!(view(answer.json()), expected);
    assert_eq!(view(ada.read(&server, &format!("/api/rooms/{id}"))), expected);
    assert_eq!(view(ada.read(&server, "/api/rooms")[0].take()), expected);
    assert_eq!(bob.read(&server, "/api/rooms"), json!([]), "only the caller's rooms");
    for body in [json!({ "name": "x", "description": null }), json!({ "name": "x" })] {
        let answer = ada.post(&server, "/api/rooms/create", &body);
        assert_eq!((answer.status, &answer.json()["description"]), (200, &"".into()));
    }
    assert_eq!(ada.read(&server, "/api/rooms").as_array().map(Vec::len), Some(3));
}

#[test]
fn a_body_that_makes_no_room_is_refused_with_a_sentence() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.newcomer("ada");
    let long = "x".repeat(65);
    for body in [
        json!({}),
        json!({ "name": null }),
        json!({ "name": 5 }),
        json!({ "name": "" }),
        json!({ "name": "  " }),
        json!({ "name": long }),
        json!({ "name": "a\u{7}b" }),
        json!({ "name": "a\u{202e}b" }),
        json!({ "name": "a", "description": 5 }),
        json!({ "name": "a", "description": "x".repeat(513) }),
        json!([]),
        json!("name"),
    ] {
        error(&ada.post(&server, "/api/rooms/create", &body), 400);
    }
    for body in ["{", "{\"name\":\"a\",\"name\":\"b\"}", "name=a", "{\"name\":\"\\ud800\"}"] {
        let lines = "Content-Type: application/json\r\n";
        error(&ada.send(&server, ("POST", "/api/rooms/create"), lines, body), 400);
    }
    let lines = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = ada.send(&server, ("POST", "/api/rooms/create"), lines, "name=a");
    assert_eq!(answer.status, 415);
    let large = json!({ "name": "a", "description": "x".repeat(16 * 1024) });
    assert_eq!(ada.post(&server, "/api/rooms/create", &large).status, 413);
    assert_eq!(ada.read(&server, "/api/rooms"), json!([]), "nothing was made");
}

#[test]
fn only_the_creator_changes_a_room_and_only_members_see_it() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob, mut eve] = ["ada", "bob", "eve"].map(|name| server.newcomer(name));
    let room = ada.create_room(&server, "garden");
    let path = |end: &str| format!("/api/rooms/{room}{end}");
    ada.add(&server, &room, &bob);
    ada.add(&server, &room, &bob);
    let names = json!([{ "id": ada.id(), "name": "ada" }, { "id": bob.id(), "name": "bob" }]);
    for browser in [&mut ada, &mut bob] {
        assert_eq!(browser.read(&server, &path("/members")), names);
        assert_eq!(browser.read(&server, &path(""))["member_count"], 2);
        assert_eq!(browser.read(&server, &path("/history")), json!([]));
    }
    for end in ["", "/members", "/history"] {
        error(&eve.get(&server, &path(end)), 403);
    }
    for browser in [&mut bob, &mut eve] {
        error(&browser.post(&server, &path("/add_user"), &member(&ada)), 403);
        error(&browser.post(&server, &path("/remove_user"), &member(&ada)), 403);
        error(&browser.delete(&server, &path("")), 403);
    }
    let nobody = json!({ "user_id": "00000000-0000-4000-8000-000000000000" });
    for body in [&nobody, &json!({ "user_id": "bob" }), &json!({ "user_id": "" })] {
        error(&ada.post(&server, &path("/add_user"), body), 404);
        error(&ada.post(&server, &path("/remove_user"), body), 404);
    }
    for body in [json!({}), json!({ "user_id": null }), json!({ "user_id": 5 }), json!([])] {
        error(&ada.post(&server, &path("/add_user"), &body), 400);
    }
    error(&ada.post(&server, &path("/remove_user"), &member(&ada)), 403);
    assert_done(&ada.post(&server, &path("/remove_user"), &member(&bob)));
    assert_done(&ada.post(&server, &path("/remove_user"), &member(&bob)));
    error(&bob.get(&server, &path("")), 403);
    assert_done(&ada.delete(&server, &path("")));
    error(&ada.delete(&server, &path("")), 404);
    error(&ada.get(&server, &path("")), 404);
    for unknown in ["00000000-0000-4000-8000-000000000000", "garden", "%00"] {
        for end in ["", "/members", "/history"] {
            error(&ada.get(&server, &format!("/api/rooms/{unknown}{end}")), 404);
        }
        error(&ada.delete(&server, &format!("/api/rooms/{unknown}")), 404);
        let body = member(&bob);
        error(&ada.post(&server, &format!("/api/rooms/{unknown}/add_user"), &body), 404);
        error(&ada.post(&server, &format!("/api/rooms/{unknown}/remove_user"), &body), 404);
    }
}

#[test]
fn what_is_said_in_a_room_reaches_all_its_sockets_and_its_history() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, bob, eve] = ["ada", "bob", "eve"].map(|name| server.newcomer(name));
    let room = ada.create_room(&server, "garden");
    let other = ada.create_room(&server, "kitchen");
    ada.add(&server, &room, &bob);
    let mut sockets = [ada.room(&server, &room), bob.room(&server, &room)];
    let mut outside = [ada.room(&server, &other), eve.notices(&server), bob.notices(&server)];
    let said = |user: &Browser, text: &str| json!({ "user": user.name(), "text": text, "sender_id": user.id(), "room_id": room });
    let mut expected = Vec::new();
    let mut frames = Vec::new();
    for text in ["hello", r#"{"other":"x"}"#, r#"{"text":5}"#, "[\"text\"]", "null", "{\"text\""] {
        frames.push((text.to_owned(), said(&ada, text)));
    }
    frames.push((json!({ "text": " trimmed " }).to_string(), said(&ada, "trimmed")));
    frames.push((json!({ "text": "y", "reply_to": null }).to_string(), said(&ada, "y")));
    frames.push((json!({ "text": "z", "reply_to": "bob" }).to_string(), said(&ada, "z")));
    let quote = json!({ "sender_id": bob.id(), "sender_name": "bob", "text": "tomatoes \"?\"" });
    let mut with_quote = said(&ada, "yes");
    with_quote["reply_to"] = quote.clone();
    frames.push((json!({ "text": "yes", "reply_to": quote }).to_string(), with_quote));
    // The strings of a reply are never null.
    let mut with_half = said(&ada, "half");
    with_half["reply_to"] = json!({ "sender_id": "", "sender_name": "", "text": "x" });
    let half = json!({ "text": "half", "reply_to": { "sender_id": null, "text": "x" } });
    frames.push((half.to_string(), with_half));
    for (frame, event) in frames {
        sockets[0].say(&frame);
        for socket in &mut sockets {
            socket.expect(&event);
        }
        expected.push(event);
    }
    let Value::Array(mut history) = ada.read(&server, &format!("/api/rooms/{room}/history")) else {
        panic!("a list")
    };
    for message in &mut history {
        let time = message.as_object_mut().and_then(|fields| fields.remove("time"));
        assert_is_clock(&time.expect("a time"));
    }
    assert_eq!(history, expected, "oldest first");
    outside.iter_mut().for_each(|socket| socket.expect_silence());
    // Outlives the server.
    drop(server);
    let server = data.start();
    let history = ada.read(&server, &format!("/api/rooms/{room}/history"));
    assert_eq!(history.as_array().map(Vec::len), Some(expected.len()));
}

#[test]
fn a_member_who_is_removed_and_everybody_in_a_deleted_room_is_closed() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, bob, eve] = ["ada", "bob", "eve"].map(|name| server.newcomer(name));
    let room = ada.create_room(&server, "garden");
    ada.add(&server, &room, &bob);
    ada.add(&server, &room, &eve);
    let mut hers = [ada.room(&server, &room), ada.room(&server, &room)];
    let mut bobs = [bob.room(&server, &room), bob.room(&server, &room)];
    let mut eves = eve.room(&server, &room);
    let mut elsewhere = bob.pair(&server, &ada);
    assert_done(&ada.post(&server, &format!("/api/rooms/{room}/remove_user"), &member(&bob)));
    bobs.iter_mut().for_each(|socket| socket.expect_close(1008));
    bob.room(&server, &room).expect_close(1008);
    elsewhere.expect_silence();
    hers[0].say("still here?");
    let text = |socket: &mut super::browser::Socket| socket.hear()["text"].clone();
    assert_eq!([text(&mut hers[0]), text(&mut hers[1]), text(&mut eves)], ["still here?"; 3]);
    assert_done(&ada.delete(&server, &format!("/api/rooms/{room}")));
    hers.iter_mut().for_each(|socket| socket.expect_close(1008));
    eves.expect_close(1008);
    ada.room(&server, &room).expect_close(1008);
}

#[test]
fn a_message_in_a_room_that_is_too_long_ends_the_socket() {
    let data = Data::new();
    let server: Server = data.start();
    let mut ada = server.newcomer("ada");
    let room = ada.create_room(&server, "garden");
    let mut socket = ada.room(&server, &room);
    let longest = "ß".repeat(5_000);
    socket.say(&longest);
    assert_eq!(socket.hear()["text"], longest);
    // A quote is there to be recognised: what is too long of it is cut off.
    let reply = json!({ "sender_id": "x", "sender_name": "y", "text": "ä".repeat(501) });
    socket.say(&json!({ "text": "short", "reply_to": reply }).to_string());
    assert_eq!(socket.hear()["reply_to"]["text"], "ä".repeat(500));
    socket.say(&"ß".repeat(5_001));
    socket.expect_close(1009);
}
