//! A shutdown, as MyChat's pages see it: reads are answered, and all else has to come back later.

use nix::sys::signal::Signal;
use serde_json::json;

use super::super::client::{Data, PASSWORD};
use super::super::held::HeldStore;
use super::browser::{Browser, Socket, error, form, location, open};
use crate::harness::{Response, eventually};

#[track_caller]
fn assert_sets_no_cookie(answer: &Response) {
    assert!(answer.headers.iter().all(|(name, _)| name != "Set-Cookie"), "{answer:?}");
}

#[test]
fn a_draining_server_answers_what_reads_and_sends_the_rest_away() {
    let data = Data::new();
    let mut server = data.start();
    let [mut ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let room = ada.create_room(&server, "garden");
    let mut pair = ada.pair(&server, &bob);
    let mut idle: [Socket; 2] = [ada.room(&server, &room), ada.notices(&server)];
    // A message that waits for the store keeps the server from ending.
    let store = HeldStore::of(&server);
    pair.say("last words");
    eventually("it was read", || {
        (server.metrics()["switchboard_account_messages_unstored"] == 1.0).then_some(())
    });
    server.signal(Signal::SIGTERM);
    idle.iter_mut().for_each(|socket| socket.expect_close(1001));

    let (a, b) = (ada.id(), bob.id());
    let requests = [
        ("GET", "/logout".to_owned(), ""),
        ("POST", format!("/api/mark_read/{a}/{b}"), ""),
        ("POST", "/api/rooms/create".to_owned(), r#"{"name":"den"}"#),
        ("DELETE", format!("/api/rooms/{room}"), ""),
    ];
    for (method, path, body) in requests {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let answer = ada.send(&server, (method, &path), kind, body);
        assert_eq!(error(&answer, 503), "the server is shutting down", "{method} {path}");
        assert_eq!(answer.header("Retry-After"), Some("5"), "{method} {path}");
        assert_sets_no_cookie(&answer);
    }
    for (path, name) in [("/login", "ada"), ("/register", "eve")] {
        let answer = Browser::default().submit(&server, path, &form(name, PASSWORD));
        assert_eq!(location(&answer), (303, Some("/")), "{path}");
        assert_sets_no_cookie(&answer);
    }
    let sockets = [
        format!("/ws/{a}/{b}"),
        format!("/ws/global/{a}"),
        "/ws/status".to_owned(),
        format!("/ws/room/{room}/{a}"),
    ];
    for path in sockets {
        let answer = open(&server, &path, &ada.line()).err().expect("it is not opened");
        let sentence = &answer.json()["detail"];
        assert_eq!(
            (answer.status, sentence),
            (503, &json!("the server is shutting down")),
            "{path}"
        );
        assert_eq!(answer.header("Retry-After"), Some("5"), "{path}");
    }
    // What memory knows can still be read.
    assert_eq!(ada.read(&server, "/api/rooms")[0]["name"], "garden");

    store.release();
    pair.expect_said("ada", "last words");
    pair.expect_close(1001);
    assert_eq!(server.ended().code(), Some(0));
    let server = data.start();
    assert_eq!(ada.read(&server, &format!("/history/{a}/{b}"))[0]["text"], "last words");
    assert_eq!(ada.read(&server, "/api/rooms").as_array().map(Vec::len), Some(1));
}
