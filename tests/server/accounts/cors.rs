//! Which pages may use the realm: those of every origin. A page of Chatterbox is opened from a file.

use nix::sys::signal::Signal;

use super::client::{Data, PASSWORD, credentials};
use super::held::HeldStore;
use crate::harness::{CLOSE, Response, Server, TEXT, Wire, eventually};

const ADDRESSES: [(&str, &str); 5] = [
    ("POST", "/register"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/users"),
    ("GET", "/messages/global"),
];

#[track_caller]
fn assert_open_to_all(answer: &Response) {
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"), "{answer:?}");
    assert_eq!(answer.header("Access-Control-Allow-Credentials"), None, "{answer:?}");
}

#[test]
fn a_preflight_allows_every_origin_and_no_credentials() {
    let data = Data::new();
    let server = data.start();
    for (method, path) in ADDRESSES {
        let answer = server.http(format!(
            "OPTIONS {path} HTTP/1.1\r\nHost: switchboard\r\nOrigin: null\r\n\
             Access-Control-Request-Method: {method}\r\n\
             Access-Control-Request-Headers: authorization,content-type\r\n\r\n"
        ));
        assert_eq!(answer.status, 204, "{path}");
        assert_open_to_all(&answer);
        let headers = answer.header("Access-Control-Allow-Headers");
        assert_eq!(headers, Some("authorization, content-type"), "{path}");
        let methods = answer.header("Access-Control-Allow-Methods").expect("methods");
        assert!(methods.split(", ").any(|one| one == method), "{path}: {methods}");
        assert_eq!(answer.header("Access-Control-Max-Age"), Some("600"), "{path}");
    }
}

#[test]
fn every_origin_may_read_answers_and_errors() {
    let data = Data::new();
    let server = data.start();
    let lines = "Origin: null\r\nContent-Type: application/json\r\n";
    let right = credentials("ada", PASSWORD);
    for (path, body, status) in [
        ("/register", right.as_str(), 200),
        ("/register", right.as_str(), 400),
        ("/login", "{", 400),
        ("/login", right.as_str(), 200),
        ("/login", &credentials("ada", "wrong horse"), 401),
        ("/logout", "", 401),
    ] {
        let answer = server.post_with(path, lines, body);
        assert_eq!(answer.status, status, "{path}");
        assert_open_to_all(&answer);
    }
    let token = server.log_in("ada");
    for (method, path) in &ADDRESSES[2..] {
        assert_open_to_all(&server.as_bearer(method, path, "Bearer x"));
    }
    for path in ["/users", "/messages/global"] {
        assert_open_to_all(&server.get_as(&token, path));
    }
    assert_open_to_all(&server.as_bearer("POST", "/logout", &format!("Bearer {token}")));
}

#[test]
fn pages_of_every_origin_may_open_a_websocket_and_a_cookie_counts_for_nothing() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    for origin in ["null", "https://evil.example", "file://"] {
        let mut wire = server.wire();
        let origin = format!("Origin: {origin}\r\n");
        wire.send(Wire::upgrade_request(&format!("/ws?token={token}"), &origin));
        wire.expect_switch();
        assert_eq!(wire.frame().0, TEXT, "the history");
    }
    let mut wire = server.wire();
    let cookie = format!("Cookie: session={token}\r\n");
    wire.send(Wire::upgrade_request("/ws?token=x", &cookie));
    wire.expect_switch();
    assert_eq!(wire.frame().0, CLOSE, "a cookie is no token");
}

#[test]
fn every_origin_may_read_why_a_request_was_refused_before_it_was_understood() {
    const NULL: &str = "Origin: null\r\n";
    let json = format!("{NULL}Content-Type: application/json\r\n");
    let off = Server::start(&[]);
    for (method, path) in ADDRESSES {
        let answer = match path {
            "/register" | "/login" => off.post_with(path, &json, &credentials("ada", PASSWORD)),
            _ => off.http(format!("{method} {path} HTTP/1.1\r\nHost: switchboard\r\n{NULL}\r\n")),
        };
        assert_eq!(answer.status, 404, "{path}: accounts are off");
        assert_open_to_all(&answer);
    }
    let data = Data::new();
    let server = data.start();
    server.register("ada");
    for (method, path) in ADDRESSES {
        let other = if method == "GET" { "DELETE" } else { "PUT" };
        let line = format!("{other} {path} HTTP/1.1\r\nHost: switchboard\r\n{NULL}\r\n");
        let answer = server.http(line);
        assert_eq!(answer.status, 405, "{path}");
        assert_open_to_all(&answer);
    }
    let text = format!("{NULL}Content-Type: text/plain\r\n");
    let large = credentials("ada", &"x".repeat(16 * 1024));
    for (lines, body, status) in [(&json, &large, 413), (&text, &credentials("a", "b"), 415)] {
        for path in ["/register", "/login"] {
            let answer = server.post_with(path, lines, body);
            assert_eq!(answer.status, status, "{path}");
            assert_open_to_all(&answer);
        }
    }
    let statuses: Vec<u16> = (0..30)
        .map(|_| {
            let answer = server.post_with("/login", &json, &credentials("ada", "wrong horse"));
            assert_open_to_all(&answer);
            answer.status
        })
        .collect();
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[test]
fn every_origin_may_read_that_the_server_is_busy_or_shuts_down() {
    let data = Data::new();
    let mut server = data.start();
    let token = server.join("ada");
    let mut ada = server.chatterbox(&token);
    let store = HeldStore::of(&server);
    ada.speak("last words");
    eventually("it was read", || {
        (server.metrics()["switchboard_account_messages_unstored"] == 1.0).then_some(())
    });
    server.signal(Signal::SIGTERM);
    eventually("it shuts down", || (server.get("/ready").status == 503).then_some(()));
    let lines = "Origin: null\r\nContent-Type: application/json\r\n";
    for path in ["/register", "/login"] {
        let answer = server.post_with(path, lines, &credentials("eve", PASSWORD));
        assert_eq!(answer.status, 503, "{path}");
        assert_open_to_all(&answer);
    }
    let answer = server.as_bearer("POST", "/logout", &format!("Bearer {token}\r\nOrigin: null"));
    assert_eq!(answer.status, 503);
    assert_open_to_all(&answer);
    store.release();
    ada.expect_message("ada", "last words");
    ada.expect_close(1001);
    assert_eq!(server.ended().code(), Some(0));
}
