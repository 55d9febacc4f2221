//! The forms of a request: its methods, its body or none, and `Expect`.

use super::client::{Data, PASSWORD, credentials};
use crate::harness::Server;

/// Each address over HTTP, and what its `Allow` says.
const ADDRESSES: [(&str, &str); 6] = [
    ("/register", "POST, OPTIONS"),
    ("/login", "POST, OPTIONS"),
    ("/logout", "POST, GET, HEAD, OPTIONS"),
    ("/users", "GET, HEAD, OPTIONS"),
    ("/messages/global", "GET, HEAD, OPTIONS"),
    ("/ws?token=x", "GET, OPTIONS"),
];

fn request(server: &Server, method: &str, path: &str, lines: &str) -> crate::harness::Response {
    let mut wire = server.wire();
    wire.send(format!(
        "{method} {path} HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n{lines}\r\n"
    ));
    let answer = wire.response_to(method);
    wire.expect_end();
    answer
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let mut ada = server.chatterbox(&token);
    ada.speak("Hello");
    ada.expect_message("ada", "Hello");
    for path in ["/users", "/messages/global"] {
        for token in [token.as_str(), "nobody"] {
            let lines = format!("Authorization: Bearer {token}\r\n");
            let [head, get] = ["HEAD", "GET"].map(|method| request(&server, method, path, &lines));
            let headers = |answer: &crate::harness::Response| {
                let mut headers = answer.headers.clone();
                headers.retain(|(name, _)| name != "Date");
                headers
            };
            assert_eq!((head.status, headers(&head)), (get.status, headers(&get)), "{path}");
            assert!(!get.body.is_empty(), "{path}");
        }
    }
}

#[test]
fn each_address_says_which_methods_it_has() {
    let data = Data::new();
    let server = data.start();
    for (path, allow) in ADDRESSES {
        let answer = request(&server, "OPTIONS", path, "");
        assert_eq!((answer.status, answer.header("Allow")), (204, Some(allow)), "{path}");
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"] {
            if allow.split(", ").any(|one| one == method) {
                continue;
            }
            let answer = request(&server, method, path, "Authorization: Bearer x\r\n");
            assert_eq!((answer.status, answer.header("Allow")), (405, Some(allow)), "{path}");
        }
    }
}

#[test]
fn a_logout_has_no_body_or_one_of_no_length() {
    let data = Data::new();
    let server = data.start();
    server.register("ada");
    // What a browser sends for a POST without a body, and what curl sends.
    for line in
        ["Content-Length: 0\r\n", "", "Content-Type: application/json\r\nContent-Length: 0\r\n"]
    {
        let token = server.log_in("ada");
        let lines = format!("{line}Authorization: Bearer {token}\r\n");
        assert_eq!(request(&server, "POST", "/logout", &lines).status, 200, "{line}");
        assert_eq!(server.get_as(&token, "/users").status, 401, "{line}");
    }
    let token = server.log_in("ada");
    let lines = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(server.post_with("/logout", &lines, "{}").status, 413);
    assert_eq!(server.get_as(&token, "/users").status, 200, "nothing has happened");
}

#[test]
fn a_client_that_waits_for_100_continue_is_told_to_go_on_and_a_body_that_is_too_long_is_not_asked_for()
 {
    let data = Data::new();
    let server = data.start();
    let body = credentials("ada", PASSWORD);
    let head = |path: &str, length: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: switchboard\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        )
    };
    let mut wire = server.wire();
    // On one connection: the second is asked for as the first.
    for path in ["/register", "/login"] {
        wire.send(head(path, body.len()));
        let go_on = wire.response();
        assert_eq!((go_on.status, go_on.headers.len()), (100, 0));
        wire.send(&body);
        assert_eq!(wire.response().status, 200, "{path}");
        // A body that comes at once needs no invitation.
        wire.send(head(path, body.len()) + &body);
        let status = if path == "/register" { 400 } else { 200 };
        assert_eq!(wire.response().status, status, "{path}");
    }
    wire.send(head("/login", 16 * 1024 + 1));
    assert_eq!(wire.response().status, 413);
    wire.expect_end();
}
