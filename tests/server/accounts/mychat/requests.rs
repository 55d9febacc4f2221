//! The forms of MyChat's requests: methods, bodies as long as they may be; and how much a user may have.

use serde_json::{Value, json};

use super::super::client::{Data, PASSWORD, credentials};
use super::browser::{Browser, error, form, location};
use crate::harness::{Response, Server};

/// The most bytes of a body.
const BODY_BYTES: usize = 16 * 1024;

/// Each address of the protocol over HTTP, and what its `Allow` says.
fn addresses(user: &str, other: &str, room: &str) -> [(String, &'static str); 12] {
    [
        (format!("/api/unread/{user}"), "GET, HEAD, OPTIONS"),
        (format!("/api/mark_read/{user}/{other}"), "POST, OPTIONS"),
        (format!("/api/history/{user}/{other}"), "GET, HEAD, OPTIONS"),
        (format!("/history/{user}/{other}"), "GET, HEAD, OPTIONS"),
        ("/api/rooms".to_owned(), "GET, HEAD, OPTIONS"),
        ("/api/rooms/create".to_owned(), "POST, OPTIONS"),
        (format!("/api/rooms/{room}"), "GET, HEAD, DELETE, OPTIONS"),
        (format!("/api/rooms/{room}/add_user"), "POST, OPTIONS"),
        (format!("/api/rooms/{room}/remove_user"), "POST, OPTIONS"),
        (format!("/api/rooms/{room}/members"), "GET, HEAD, OPTIONS"),
        (format!("/api/rooms/{room}/history"), "GET, HEAD, OPTIONS"),
        ("/logout".to_owned(), "POST, GET, HEAD, OPTIONS"),
    ]
}

/// Ada, with a private conversation, a room, and something said in each.
fn world(server: &Server) -> (Browser, [(String, &'static str); 12]) {
    let [mut ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let room = ada.create_room(server, "garden");
    let (mut pair, mut in_room) = (ada.pair(server, &bob), ada.room(server, &room));
    pair.say("hello");
    pair.expect_said("ada", "hello");
    in_room.say("hello");
    in_room.hear();
    let addresses = addresses(&ada.id(), &bob.id(), &room);
    (ada, addresses)
}

fn head(answer: &Response) -> (u16, Vec<(String, String)>) {
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| name != "Date");
    (answer.status, headers)
}

#[test]
fn head_is_the_head_of_get_at_every_address() {
    let data = Data::new();
    let server = data.start();
    let (mut ada, addresses) = world(&server);
    let readable =
        addresses.iter().filter(|(path, allow)| allow.contains("GET") && path != "/logout");
    let mut tried = 0;
    for (path, _) in readable {
        for browser in [&mut ada, &mut Browser::default()] {
            let [get, other] =
                ["GET", "HEAD"].map(|method| browser.send(&server, (method, path), "", ""));
            assert_eq!(head(&other), head(&get), "{path}");
            assert!(!get.body.is_empty() && other.body.is_empty(), "{path}");
        }
        assert_eq!(ada.get(&server, path).status, 200, "{path}");
        tried += 1;
    }
    assert_eq!(tried, 7);
}

#[test]
fn an_address_that_is_asked_with_another_method_names_its_own() {
    let data = Data::new();
    let server = data.start();
    let (mut ada, addresses) = world(&server);
    for (path, allow) in addresses {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"] {
            if allow.split(", ").any(|one| one == method) {
                continue;
            }
            for browser in [&mut ada, &mut Browser::default()] {
                let answer = browser.send(&server, (method, &path), "", "");
                let allowed = answer.header("Allow");
                assert_eq!((answer.status, allowed), (405, Some(allow)), "{method} {path}");
                assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{method} {path}");
            }
        }
        let answer = ada.send(&server, ("OPTIONS", &path), "", "");
        assert_eq!((answer.status, answer.header("Allow")), (204, Some(allow)), "{path}");
    }
    assert_eq!(ada.read(&server, "/api/rooms").as_array().map(Vec::len), Some(1), "all is there");
}

/// JSON of this many bytes: fields that the protocol does not know are ignored.
fn padded(mut fields: Value, bytes: usize) -> String {
    fields["more"] = "".into();
    let length = bytes - fields.to_string().len();
    fields["more"] = "x".repeat(length).into();
    fields.to_string()
}

#[test]
fn a_body_of_sixteen_kibibytes_is_taken_and_one_byte_more_is_not() {
    let data = Data::new();
    let server = data.start();
    let user: Value = serde_json::from_str(&credentials("ada", PASSWORD)).expect("JSON");
    for path in ["/register", "/login"] {
        assert_eq!(server.post(path, &padded(user.clone(), BODY_BYTES + 1)).status, 413, "{path}");
        assert_eq!(server.post(path, &padded(user.clone(), BODY_BYTES)).status, 200, "{path}");
    }
    let as_form = |path: &str, name: &str, bytes: usize| {
        let mut body = form(name, PASSWORD) + "&more=";
        body += &"x".repeat(bytes - body.len());
        Browser::default().submit(&server, path, &body)
    };
    for path in ["/register", "/login"] {
        assert_eq!(as_form(path, "bob", BODY_BYTES + 1).status, 413, "{path}");
        let answer = as_form(path, "bob", BODY_BYTES);
        assert_eq!(location(&answer), (303, Some("/index")), "{path}");
    }
    let mut ada = server.returner("ada");
    let path = "/api/rooms/create";
    let lines = "Content-Type: application/json\r\n";
    for (bytes, status) in [(BODY_BYTES + 1, 413), (BODY_BYTES, 200)] {
        let body = padded(json!({ "name": "garden" }), bytes);
        assert_eq!(ada.send(&server, ("POST", path), lines, &body).status, status, "{bytes}");
    }
}

#[test]
fn the_fifty_first_room_of_one_creator_is_refused() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let first = ada.create_room(&server, "room 1");
    for number in 2..=50 {
        ada.create_room(&server, &format!("room {number}"));
    }
    let body = json!({ "name": "one more" });
    let answer = ada.post(&server, "/api/rooms/create", &body);
    assert_eq!(error(&answer, 409), "no more rooms");
    assert_eq!(ada.read(&server, "/api/rooms").as_array().map(Vec::len), Some(50));
    bob.create_room(&server, "another user's");
    // A room that goes makes room.
    assert_eq!(ada.delete(&server, &format!("/api/rooms/{first}")).status, 200);
    ada.create_room(&server, "one more");
    assert_eq!(error(&ada.post(&server, "/api/rooms/create", &body), 409), "no more rooms");
}

#[test]
fn a_history_has_the_last_two_hundred_messages_oldest_first() {
    const SAID: usize = 203;
    const MOST: usize = 200;
    let data = Data::new();
    let server = data.start();
    let [mut ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let room = ada.create_room(&server, "garden");
    for mut socket in [ada.room(&server, &room), ada.pair(&server, &bob)] {
        (0..SAID).for_each(|number| socket.say(&number.to_string()));
        (0..SAID).for_each(|number| assert_eq!(socket.hear()["text"], number.to_string()));
    }
    let private = format!("/history/{}/{}", ada.id(), bob.id());
    for path in [format!("/api/rooms/{room}/history"), private.clone(), format!("/api{private}")] {
        let history = ada.read(&server, &path);
        let history = history.as_array().expect("a list");
        let texts: Vec<&str> = history.iter().filter_map(|one| one["text"].as_str()).collect();
        let expected: Vec<String> = (SAID - MOST..SAID).map(|number| number.to_string()).collect();
        assert_eq!(texts, expected, "{path}");
    }
}

#[test]
fn a_private_message_to_somebody_offline_is_found_when_they_come_back() {
    let data = Data::new();
    let server = data.start();
    let ada_id = server.register("ada")["id"].as_str().expect("an id").to_owned();
    let bob_id = server.register("bob")["id"].as_str().expect("an id").to_owned();
    let mut ada = server.websocket_chat(&server.log_in("ada"));
    for text in ["are you there?", "call me"] {
        ada.chat(Some("bob"), text);
        ada.expect_chat_sent(("ada", "bob"), text, false);
    }
    ada.close();
    drop(server);
    let server = data.start();
    let mut bob = server.returner("bob");
    assert_eq!(bob.read(&server, &format!("/api/unread/{bob_id}")), json!({ &*ada_id: 2 }));
    let history = bob.read(&server, &format!("/history/{bob_id}/{ada_id}"));
    let told: Vec<_> = history
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["user"].as_str(), one["text"].as_str(), one["read"].as_bool()))
        .collect();
    let expected = ["are you there?", "call me"].map(|text| (Some("ada"), Some(text), Some(false)));
    assert_eq!(told, expected);
    let mark = bob.post_nothing(&server, &format!("/api/mark_read/{bob_id}/{ada_id}"));
    assert_eq!(mark.status, 200);
    assert_eq!(bob.read(&server, &format!("/api/unread/{bob_id}")), json!({}));
}
