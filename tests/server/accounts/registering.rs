//! Registering, logging in and out, and what a user may read over HTTP.

use serde_json::{Value, json};

use super::client::{Data, PASSWORD, assert_is_time, credentials, keys};
use crate::harness::{Response, Server};

const OFF: &str = "accounts are off: start the server with --data DIR";
const NOT_SIGNED_IN: &str = "Invalid or expired session token";

/// Asserts that this is an error with this status, and returns its sentence.
#[track_caller]
fn detail(answer: &Response, status: u16) -> String {
    let body = answer.json();
    assert_eq!((answer.status, keys(&body)), (status, vec!["detail"]), "{body}");
    body["detail"].as_str().expect("a sentence, for pages show it as it is").to_owned()
}

#[test]
fn a_user_registers_and_is_told_their_id() {
    let data = Data::new();
    let server = data.start();
    let answer = server.post("/register", &credentials("  Zoë ", PASSWORD));
    let body = answer.json();
    assert_eq!(answer.status, 200, "{body}");
    assert_eq!(keys(&body), ["message", "user"]);
    assert_eq!(body["message"], "User registered successfully");
    let user = &body["user"];
    assert_eq!(keys(user), ["created_at", "id", "username"]);
    assert_eq!(user["username"], "Zoë", "spaces around a name are no part of it");
    assert_is_time(&user["created_at"]);
    // A random UUID (RFC 9562 §5.4): 8-4-4-4-12 digits, and the version is 4.
    let id = user["id"].as_str().expect("an id");
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
    assert_eq!(id.as_bytes()[14], b'4', "{id}");
}

#[test]
fn a_name_that_exists_is_refused_also_if_it_only_looks_the_same() {
    let data = Data::new();
    let server = data.start();
    server.register("Zo\u{eb}");
    // The same, other case, and the accent as a character of its own (Unicode composition).
    for name in ["Zo\u{eb}", " Zo\u{eb} ", "ZO\u{cb}", "zoe\u{308}", "Zoe\u{308}"] {
        let answer = server.post("/register", &credentials(name, PASSWORD));
        assert_eq!(detail(&answer, 400), "User already exists", "{name}");
    }
    // To log in, a name has to be exact.
    let answer = server.post("/login", &credentials("zo\u{eb}", PASSWORD));
    assert_eq!(detail(&answer, 401), "Invalid credentials");
}

#[test]
fn a_name_or_a_password_that_is_not_allowed_is_refused_with_a_sentence() {
    let data = Data::new();
    let server = data.start();
    let long = "x".repeat(33);
    for name in ["", "al", " al ", &long, "a<b", "a>b", "a&b", "a\"b", "a'b", "a\\b", "a`b"] {
        detail(&server.post("/register", &credentials(name, PASSWORD)), 400);
    }
    for name in ["ann\0a", "ann\na", "ann\u{7f}a", "ann\u{202e}a", "ann\u{2066}a"] {
        detail(&server.post("/register", &credentials(name, PASSWORD)), 400);
    }
    for password in ["", "12345", &"x".repeat(1025)] {
        detail(&server.post("/register", &credentials("ada", password)), 400);
    }
    // Nothing of it was stored, and the limits themselves are allowed.
    server.register("ada");
    let answer = server.post("/register", &credentials(&"ß".repeat(32), "123456"));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn a_body_that_is_malformed_is_refused_with_a_sentence() {
    let data = Data::new();
    let server = data.start();
    for path in ["/register", "/login"] {
        for body in [
            "{",
            "[]",
            "null",
            "{}",
            r#"{"username":"ada"}"#,
            r#"{"username":"ada","password":null}"#,
            r#"{"username":5,"password":"correct horse"}"#,
            r#"{"username":"ada","password":["correct horse"]}"#,
            r#"{"username":"\ud800da","password":"correct horse"}"#,
            r#"{"username":"ada","password":"correct horse"} x"#,
        ] {
            detail(&server.post(path, body), 400);
        }
        let large = credentials("ada", &"x".repeat(16 * 1024));
        detail(&server.post(path, &large), 413);
        let form = "Content-Type: text/plain\r\n";
        let answer = server.post_with(path, form, &credentials("ada", PASSWORD));
        assert!([400, 415].contains(&answer.status), "{}", answer.status);
        detail(&answer, answer.status);
    }
    // Fields that the protocol does not know are ignored.
    let body = json!({ "username": "ada", "password": PASSWORD, "email": "a@b.c" });
    assert_eq!(server.post("/register", &body.to_string()).status, 200);
}

#[test]
fn a_user_logs_in_and_gets_a_token_for_seven_days() {
    let data = Data::new();
    let server = data.start();
    let user = server.register("ada");
    let answer = server.post("/login", &credentials("ada", PASSWORD));
    let body = answer.json();
    assert_eq!(answer.status, 200, "{body}");
    assert_eq!(keys(&body), ["expires_at", "message", "session_token", "token", "user"]);
    assert_eq!(body["message"], "Login successful");
    assert_eq!(body["token"], body["session_token"]);
    assert_eq!(body["user"], json!({ "id": user["id"], "username": "ada" }));
    assert_is_time(&body["expires_at"]);
    assert!(body["expires_at"].as_str() > user["created_at"].as_str());
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    // Each login is one of its own: several devices work at once.
    let second = server.log_in("ada");
    assert_ne!(body["token"], second.as_str());
    for token in [body["token"].as_str().expect("a token"), &second] {
        assert_eq!(server.get_as(token, "/users").status, 200);
    }
}

#[test]
fn a_wrong_password_and_an_unknown_name_have_the_same_answer() {
    let data = Data::new();
    let server = data.start();
    server.register("ada");
    let wrong = server.post("/login", &credentials("ada", "wrong horse"));
    let unknown = server.post("/login", &credentials("bob", PASSWORD));
    for answer in [&wrong, &unknown] {
        assert_eq!(detail(answer, 401), "Invalid credentials");
    }
    let lines = |answer: &Response| -> Vec<String> {
        answer.headers.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(lines(&wrong), lines(&unknown));
}

#[test]
fn a_user_who_guesses_passwords_is_slowed_down() {
    let data = Data::new();
    let server = data.start();
    server.register("ada");
    let mut answers = (0..30).map(|_| server.post("/login", &credentials("ada", "wrong horse")));
    let answer = answers.find(|answer| answer.status != 401).expect("at last");
    detail(&answer, 429);
    let seconds: u64 = answer.header("Retry-After").expect("when").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[test]
fn a_token_that_was_logged_out_is_worth_nothing_and_the_other_one_stays() {
    let data = Data::new();
    let server = data.start();
    let (token, other) = (server.join("ada"), server.log_in("ada"));
    server.log_out(&token);
    for path in ["/users", "/messages/global"] {
        assert_eq!(detail(&server.get_as(&token, path), 401), NOT_SIGNED_IN);
        assert_eq!(server.get_as(&other, path).status, 200);
    }
}

#[test]
fn a_page_that_never_had_a_token_logs_out_and_nobody_else_does() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    server.log_out("null");
    assert_eq!(server.get_as(&token, "/users").status, 200);
}

#[test]
fn who_shows_no_valid_token_reads_nothing() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let strange = format!("Bearer {}", token.replace(|c: char| c.is_ascii_digit(), "a"));
    for (method, path) in [("GET", "/users"), ("GET", "/messages/global"), ("POST", "/logout")] {
        let wrong = ["", "Bearer", "Bearer x", "Basic YTpi", &token, &strange];
        let answers = wrong.map(|value| server.as_bearer(method, path, value));
        for answer in &answers {
            assert_eq!(detail(answer, 401), NOT_SIGNED_IN, "{method} {path}");
        }
        // A cookie is no token here.
        let answer = server.http(format!(
            "{method} {path} HTTP/1.1\r\nHost: switchboard\r\nCookie: session={token}\r\n\r\n"
        ));
        assert_eq!(detail(&answer, 401), NOT_SIGNED_IN, "{method} {path}");
    }
}

#[test]
fn everybody_registered_is_listed_and_whether_they_are_online() {
    let data = Data::new();
    let server = data.start();
    let (ada, bob) = (server.register("ada"), server.register("bob"));
    let token = server.log_in("ada");
    let list = |ada_is_online: bool| {
        let entry = |user: &Value, is_online: bool| {
            let mut user = user.clone();
            user["is_online"] = is_online.into();
            user
        };
        json!([entry(&ada, ada_is_online), entry(&bob, false)])
    };
    assert_eq!(server.get_as(&token, "/users").json(), list(false));
    let member = server.chatterbox(&token);
    assert_eq!(server.get_as(&token, "/users").json(), list(true));
    member.close();
    crate::harness::eventually("she has left", || {
        (server.get_as(&token, "/users").json() == list(false)).then_some(())
    });
}

#[test]
fn the_last_fifty_messages_to_everybody_can_be_read_oldest_first() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    assert_eq!(server.get_as(&token, "/messages/global").json(), json!([]));
    let mut ada = server.websocket_chat(&token);
    for number in 1..=53 {
        ada.chat(None, &format!("message {number}"));
        ada.expect_chat("ada", None, &format!("message {number}"));
    }
    ada.chat(Some("ada"), "a private one is not among them");
    ada.hear();
    let answer = server.get_as(&token, "/messages/global").json();
    let messages = answer.as_array().expect("a list");
    assert_eq!(messages.len(), 50);
    for (number, message) in (4..=53).zip(messages) {
        assert_eq!(keys(message), ["content", "created_at", "id", "is_global", "sender"]);
        assert_eq!(message["content"], format!("message {number}"));
        assert_eq!((&message["sender"], &message["is_global"]), (&"ada".into(), &true.into()));
        assert_is_time(&message["created_at"]);
    }
    let ids: Vec<u64> = messages.iter().map(|one| one["id"].as_u64().expect("a number")).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn the_server_says_that_it_runs() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let _ada = server.chatterbox(&token);
    let body = server.get("/").json();
    assert_eq!(body["status"], "Server is running");
    assert_eq!(body["active_connections"], 1);
    assert!(body["version"].is_string());
}

#[test]
fn a_closed_registration_lets_nobody_register_and_everybody_log_in() {
    let data = Data::new();
    {
        data.start().register("ada");
    }
    let server = data.start_with(&["--registration", "closed"]);
    detail(&server.post("/register", &credentials("bob", PASSWORD)), 403);
    server.log_in("ada");
}

#[test]
fn without_a_data_folder_there_are_no_accounts() {
    let server = Server::start(&[]);
    for path in ["/register", "/login"] {
        let answer = server.post(path, &credentials("ada", PASSWORD));
        assert_eq!(detail(&answer, 404), OFF, "{path}");
    }
    for (method, path) in [("GET", "/users"), ("GET", "/messages/global"), ("POST", "/logout")] {
        assert_eq!(detail(&server.as_bearer(method, path, "Bearer x"), 404), OFF, "{path}");
    }
    assert_eq!(detail(&server.get("/ws?token=x"), 404), OFF);
    for path in ["/", "/health", "/stats"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
}
