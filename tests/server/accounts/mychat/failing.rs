//! A store that does not write: sockets, forms and requests say so, each in its own way, and nothing of it is
//! heard by anybody or found later.

use rusqlite::Connection;
use serde_json::json;

use super::super::client::{Data, PASSWORD};
use super::super::held::HeldStore;
use super::browser::{Browser, error, form, location};
use crate::harness::{Response, Server, Wire, eventually};

/// More messages than fit into the files of the second test.
const MANY: usize = 200;

fn sets_cookies(answer: &Response) -> bool {
    answer.headers.iter().any(|(name, _)| name == "Set-Cookie")
}

/// Sends a POST of JSON, and does not wait for the answer.
fn post(server: &Server, browser: &Browser, path: &str, body: &str) -> Wire {
    let (cookies, length) = (browser.line(), body.len());
    let mut wire = server.wire();
    wire.send(format!(
        "POST {path} HTTP/1.1\r\nHost: switchboard\r\nContent-Type: application/json\r\n\
         {cookies}Content-Length: {length}\r\n\r\n{body}"
    ));
    wire
}

#[test]
fn a_message_that_is_not_stored_ends_its_socket_and_nobody_hears_of_it() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let room = ada.create_room(&server, "garden");
    ada.add(&server, &room, &bob);
    let mut senders = [ada.pair(&server, &bob), ada.room(&server, &room)];
    let mut others = [
        ada.pair(&server, &bob),
        bob.pair(&server, &ada),
        bob.room(&server, &room),
        bob.notices(&server),
    ];
    // Another process takes the lock on the database, and keeps it.
    let other = Connection::open(data.file("switchboard.db")).expect("it is there");
    other.execute_batch("BEGIN IMMEDIATE").expect("nobody writes");
    // SQLite waits for some seconds, once for each batch. So all of it becomes one batch.
    let store = HeldStore::of(&server);
    senders.iter_mut().for_each(|socket| socket.say("lost"));
    let mut create = post(&server, &ada, "/api/rooms/create", r#"{"name":"lost"}"#);
    let mut mark = post(&server, &bob, &format!("/api/mark_read/{}/{}", bob.id(), ada.id()), "");
    let mut log_out = server.wire();
    log_out.send(format!("GET /logout HTTP/1.1\r\nHost: switchboard\r\n{}\r\n", ada.line()));
    eventually("all of it waits", || {
        let metrics = server.metrics();
        let waits = ["messages_unstored", "calls_under_way"]
            .map(|name| metrics[&format!("switchboard_account_{name}")]);
        (waits == [2.0, 3.0]).then_some(())
    });
    store.release();
    senders.iter_mut().for_each(|socket| socket.expect_close(1013));
    for answer in [create.response(), mark.response(), log_out.response()] {
        let sentence = error(&answer, 507);
        assert_eq!(sentence, "nothing was stored: the server's database is read-only");
        assert!(!sets_cookies(&answer), "the session goes on");
    }
    others.iter_mut().for_each(|socket| socket.expect_silence());
    other.execute_batch("ROLLBACK").expect("it has a transaction");
    let [a, b] = [ada.id(), bob.id()];
    assert_eq!(ada.read(&server, &format!("/history/{a}/{b}")), json!([]));
    assert_eq!(ada.read(&server, &format!("/api/rooms/{room}/history")), json!([]));
    assert_eq!(bob.read(&server, &format!("/api/unread/{b}")), json!({}));
    assert_eq!(ada.read(&server, "/api/rooms").as_array().map(Vec::len), Some(1));
    // The page comes back, and now it is stored.
    let mut again = ada.pair(&server, &bob);
    again.say("kept");
    again.expect_said("ada", "kept");
    assert_eq!(ada.read(&server, &format!("/history/{a}/{b}"))[0]["text"], "kept");
}

#[test]
fn forms_lead_back_without_cookies_and_a_logout_that_fails_keeps_them() {
    let data = Data::new();
    let server = data.start_with_small_files(512);
    let [mut ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let room = ada.create_room(&server, "garden");
    let (mut pair, mut in_room) = (ada.pair(&server, &bob), ada.room(&server, &room));
    // One message at a time, until one does not fit.
    let text = "x".repeat(4_000);
    let mut stored = 0;
    while server.get("/ready").json()["store"] == "ok" {
        pair.say(&text);
        match pair.hear_or_close() {
            Some(heard) => assert_eq!(heard["text"], text),
            None => break,
        }
        stored += 1;
        assert!(stored < MANY, "the files have no limit");
    }
    assert!(stored > 0, "some have room");
    in_room.say("short");
    in_room.expect_close(1013);
    for (path, name) in [("/login", "ada"), ("/register", "eve")] {
        let mut browser = Browser::default();
        let answer = browser.submit(&server, path, &form(name, PASSWORD));
        assert_eq!(location(&answer), (303, Some("/")), "{path}");
        assert!(!sets_cookies(&answer), "{path}");
    }
    let sentence = "nothing was stored: the server's database has failed";
    let answer = ada.post(&server, "/api/rooms/create", &json!({ "name": "den" }));
    assert_eq!(error(&answer, 503), sentence);
    let answer = ada.get(&server, "/logout");
    assert_eq!(error(&answer, 503), sentence);
    assert!(!sets_cookies(&answer), "the session goes on");
    // What reads is answered.
    assert_eq!(ada.read(&server, "/api/rooms").as_array().map(Vec::len), Some(1));
    let history = ada.read(&server, &format!("/history/{}/{}", ada.id(), bob.id()));
    assert_eq!(history.as_array().map(Vec::len), Some(stored));
}
