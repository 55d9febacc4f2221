//! The requests over HTTP, and the responses.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::wire::Credentials;
use super::*;
use crate::chat::account::{
    Call, Failure, Guest, NotAName, Refusal, Reply, Secret, Token, User, UserId, UserKey, UserName,
    Wants,
};
use crate::dialects::page::examples;
use crate::http::{self, Response};
use crate::timer::Zone;

const TOKEN: Token = Token([0xAB; 32]);
const TOKEN_TEXT: &str = "abababababababababababababababababababababababababababababababab";

/// What a request asks for, or the answer to it, as text.
fn ask(method: &str, target: &str, lines: &str, body: &[u8]) -> Result<Call, String> {
    let head = format!("{method} {target} HTTP/1.1\r\nHost: h\r\n{lines}\r\n");
    let parsed = http::parse(head.as_bytes(), &http::Limits::default()).expect("a request");
    let (request, _) = parsed.expect("a whole one");
    let found = http::find_route(routes::ROUTES.iter().copied(), &request).expect("an address");
    assert_eq!((found.allow, found.cors), (None, http::Cors::Any), "{method} {target}");
    let call = http::Call { request: &request, params: found.params, body };
    let told = (found.handler.words)(&Reply::LoggedOut, &Zone::default());
    assert_eq!(written(&told), written(&words(&Reply::LoggedOut)), "{method} {target}");
    (found.handler.call)(&call).map_err(|response| written(&response))
}

fn post(target: &str, body: impl AsRef<[u8]>) -> Result<Call, String> {
    ask("POST", target, "Content-Type: application/json\r\n", body.as_ref())
}

fn token(target: &str) -> Option<Token> {
    let head = format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
    let parsed = http::parse(head.as_bytes(), &http::Limits::default()).expect("a request");
    let (request, _) = parsed.expect("a whole one");
    routes::token(&http::Call { request: &request, params: ["", ""], body: &[] })
}

fn written(response: &Response<'_>) -> String {
    let mut out = Vec::new();
    response.write(&mut out, Duration::ZERO, false);
    String::from_utf8(out).expect("our answers are UTF-8")
}

/// Asserts that the response has this status, and returns its body.
#[track_caller]
fn body_of(response: &str, status: &str) -> String {
    assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
    response.split_once("\r\n\r\n").expect("a head").1.to_owned()
}

#[track_caller]
fn assert_detail(response: &str, status: &str, detail: &str) {
    let body: Value = serde_json::from_str(&body_of(response, status)).expect("JSON");
    assert_eq!(body, json!({ "detail": detail }));
}

fn user(name: &str) -> User {
    let id = UserId(std::array::from_fn(|at| u8::try_from(at).expect("below 16") * 16 + 1));
    User { key: UserKey(1), id, name: UserName::registered(name), created: AT }
}

#[test]
fn the_bodies_of_the_page_are_those_that_are_read_and_written() {
    let ada = user("ada");
    let week = 7 * 24 * 60 * 60 * 1000;
    let logged_in = Reply::LoggedIn { user: &ada, token: TOKEN, expires: UnixMs(AT.0 + week) };
    let (users, recent) = ([(&ada, true)], [said(None, "Hello, all")]);
    let replies = [
        ("/register", Reply::Registered(&ada)),
        ("/login", logged_in),
        ("/logout", Reply::LoggedOut),
        ("/users", Reply::Users(&users)),
        ("/messages/global", Reply::Recent(&recent)),
    ];
    let mut examples = examples(PAGE, "HTTP").into_iter();
    for (target, reply) in replies {
        if ["/register", "/login"].contains(&target) {
            let body = examples.next().expect("a body");
            assert!(post(target, body).is_ok(), "{body}");
        }
        let answer = examples.next().expect("an answer");
        assert_eq!(body_of(&written(&words(&reply)), "200"), answer, "{target}");
    }
    assert_eq!(examples.next(), None);
}

#[test]
fn a_name_and_a_password_are_read_as_they_were_meant() {
    let password = Secret::new("p\"ä🦀");
    let name: Box<str> = " ad\n ".into();
    let written = Credentials { username: " ad\n ", password: "p\"ä🦀" };
    for body in [
        serde_json::to_string(&written).expect("JSON"),
        r#" {"email":{"x":[1]},"password":"p\"\u00e4\ud83e\udd80","username":" ad\u000a ","email":7} "#
            .to_owned(),
    ] {
        let call = post("/register", &body);
        assert_eq!(call, Ok(Call::Register { name: name.clone(), password: password.clone() }));
        let call = post("/login", &body);
        assert_eq!(call, Ok(Call::LogIn { name: name.clone(), password: password.clone() }));
    }
}

#[test]
fn a_body_that_is_malformed_is_answered_with_one_sentence() {
    let object = "the body must be one JSON object";
    let (username, password) = ("username must be a string", "password must be a string");
    let bodies: [(&[u8], &str); 14] = [
        (b"", object),
        (b"username=ada&password=x", object),
        (b"[\"ada\",\"secret\"]", object),
        (b"{\"username\":\"ada\",\"password\":\"\xFF\"}", object),
        (br#"{"username":"ada","password":"x"}{}"#, object),
        (br#"{"username":"ada","password":"x""#, object),
        (br#"{"username":"ada","password":"x","username":"bob"}"#, "a key appears twice"),
        (b"{}", username),
        (br#"{"username":null,"password":"x"}"#, username),
        (br#"{"username":5,"password":"x"}"#, username),
        (br#"{"username":"\ud800","password":"x"}"#, username),
        (br#"{"username":"ada"}"#, password),
        (br#"{"username":"ada","password":["x"]}"#, password),
        (br#"{"username":"ada","password":"\udc00"}"#, password),
    ];
    for (body, detail) in bodies {
        for target in ["/register", "/login"] {
            let answer = post(target, body).expect_err("it is malformed");
            assert_detail(&answer, "400", detail);
        }
    }
}

#[test]
fn a_body_that_is_cut_anywhere_is_malformed() {
    let body = "{\"username\":\"zo\u{eb}\",\"password\":\"correct horse\"}".as_bytes();
    assert!(post("/login", body).is_ok());
    for cut in 0..body.len() {
        let answer = post("/login", &body[..cut]).expect_err("it is malformed");
        assert_detail(&answer, "400", "the body must be one JSON object");
    }
}

#[test]
fn a_body_is_json_of_a_bounded_length() {
    for target in ["/register", "/login"] {
        let lines = |kind| format!("Content-Type: {kind}\r\nContent-Length: 1\r\n");
        for (kind, is_taken) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let head = format!("POST {target} HTTP/1.1\r\nHost: h\r\n{}\r\n", lines(kind));
            let parsed = http::parse(head.as_bytes(), &http::Limits::default());
            let (request, _) = parsed.expect("a request").expect("a whole one");
            let found = http::find_route(routes::ROUTES.iter().copied(), &request);
            let found = found.expect("an address");
            assert_eq!((found.takes_type, found.takes.bytes), (is_taken, 16 * 1024), "{kind}");
        }
    }
}

#[test]
fn a_token_stands_behind_bearer_in_the_only_authorization() {
    let token = |lines: &str| {
        let calls = [
            ("/users", ask("GET", "/users", lines, b"")),
            ("/messages/global", ask("GET", "/messages/global", lines, b"")),
        ];
        match calls.map(|(_, call)| call.expect("a call")) {
            [
                Call::Ask { token, claims: None, wants: Wants::Users },
                Call::Ask { token: same, claims: None, wants: Wants::Recent },
            ] if token == same => token,
            other => panic!("{other:?}"),
        }
    };
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
        assert_eq!(token(&format!("Authorization: {scheme} {TOKEN_TEXT}\r\n")), Some(TOKEN));
    }
    for lines in [
        String::new(),
        "Authorization: Bearer\r\n".into(),
        "Authorization: Bearer null\r\n".into(),
        format!("Authorization: {TOKEN_TEXT}\r\n"),
        format!("Authorization: Basic {TOKEN_TEXT}\r\n"),
        format!("Authorization: Bearer{TOKEN_TEXT}\r\n"),
        format!("Authorization: Bearer {TOKEN_TEXT},\r\n"),
        format!("Authorization: Bearer {TOKEN_TEXT} x\r\n"),
        format!("Authorization: Bearer {TOKEN_TEXT}\r\nAuthorization: Bearer {TOKEN_TEXT}\r\n"),
        format!("Cookie: session={TOKEN_TEXT}\r\n"),
    ] {
        assert_eq!(token(&lines), None, "{lines}");
    }
    for cut in 0..TOKEN_TEXT.len() {
        assert_eq!(token(&format!("Authorization: Bearer {}\r\n", &TOKEN_TEXT[..cut])), None);
    }
}

#[test]
fn a_logout_with_bearer_null_ends_nothing_and_one_without_a_token_is_for_the_realm_to_refuse() {
    let log_out = |lines: &str| ask("POST", "/logout", lines, b"");
    assert_eq!(log_out("Authorization: Bearer null\r\n"), Ok(Call::LogOutOfNothing));
    let lines = format!("Authorization: Bearer {TOKEN_TEXT}\r\n");
    assert_eq!(log_out(&lines), Ok(Call::LogOut(Some(TOKEN))));
    for lines in ["", "Authorization: Bearer undefined\r\n", "Authorization: Basic null\r\n"] {
        assert_eq!(log_out(lines), Ok(Call::LogOut(None)), "{lines}");
    }
}

#[test]
fn the_address_of_the_websocket_has_the_token_in_its_query() {
    assert_eq!(token(&format!("/ws?token={TOKEN_TEXT}")), Some(TOKEN));
    assert_eq!(token(&format!("/ws?x=1&token={TOKEN_TEXT}&y")), Some(TOKEN));
    for target in ["/ws", "/ws?token", "/ws?token=", "/ws?token=null", "/ws?token=ab"] {
        assert_eq!(token(target), None, "{target}");
    }
    assert_eq!(NOT_SIGNED_IN, "Invalid or expired session token");
}

#[test]
fn a_refusal_has_its_status_its_sentence_and_the_headers_that_belong_to_them() {
    let (seconds, millis) = (Duration::from_secs(10), Duration::from_millis(10_001));
    let name = |why| Refusal::Name(why);
    let rows: [(Refusal<'_>, &str, &str, Option<&str>); 22] = [
        (Refusal::UserExists, "400", "User already exists", None),
        (name(NotAName::TooShort), "400", "Username must have at least 3 characters", None),
        (name(NotAName::TooLong), "400", "Username must have at most 32 characters", None),
        (name(NotAName::BadCharacter), "400", "Username has a character that is not allowed", None),
        (Refusal::PasswordTooShort, "400", "Password must have at least 6 characters", None),
        (Refusal::PasswordTooLong, "400", "Password must have at most 1024 bytes", None),
        (Refusal::EmptyText, "400", "Message cannot be empty", None),
        (Refusal::TextTooLong(9), "400", "Message too long (max 9 characters)", None),
        (Refusal::NoSuchUser("bob"), "404", "User bob not found", None),
        (Refusal::WrongCredentials, "401", "Invalid credentials", None),
        (Refusal::NotSignedIn, "401", "Invalid or expired session token", None),
        (
            Refusal::RegistrationClosed,
            "403",
            "registration is closed: ask the operator for an account",
            None,
        ),
        (Refusal::TooOften(seconds), "429", "too many attempts: try again later", Some("10")),
        (Refusal::TooOften(millis), "429", "too many attempts: try again later", Some("11")),
        (Refusal::TooManyUsers, "503", "no more accounts", None),
        (Refusal::Busy, "503", "the server is busy: try again later", Some("1")),
        (Refusal::Late, "503", "the store did not answer in time", Some("5")),
        (Refusal::NoAccounts, "404", "accounts are off: start the server with --data DIR", None),
        (Refusal::Draining, "503", "the server is shutting down", Some("5")),
        (
            Refusal::Failed(Failure::Full),
            "507",
            "nothing was stored: the server's disk is full",
            None,
        ),
        (
            Refusal::Failed(Failure::ReadOnly),
            "507",
            "nothing was stored: the server's database is read-only",
            None,
        ),
        (
            Refusal::Failed(Failure::Io),
            "503",
            "nothing was stored: the server's database has failed",
            None,
        ),
    ];
    for (refusal, status, detail, retry_after) in rows {
        let response = written(&words(&Reply::Refused(refusal)));
        assert_detail(&response, status, detail);
        let retry = response.lines().find_map(|line| line.strip_prefix("Retry-After: "));
        assert_eq!(retry, retry_after, "{refusal:?}");
        let challenge = response.contains("\r\nWWW-Authenticate: Bearer\r\n");
        assert_eq!(challenge, status == "401", "{refusal:?}");
        assert!(response.contains("\r\nCache-Control: no-store\r\n"), "{refusal:?}");
    }
}

#[test]
fn no_cache_keeps_an_answer_and_an_identity_is_no_text() {
    let ada = user("ada");
    for reply in [Reply::Registered(&ada), Reply::LoggedOut, Reply::Users(&[]), Reply::Recent(&[])]
    {
        let response = written(&words(&reply));
        assert!(response.contains("\r\nCache-Control: no-store\r\n"), "{response}");
        assert!(response.contains("\r\nContent-Type: application/json\r\n"), "{response}");
    }
    assert_eq!(body_of(&written(&words(&Reply::Users(&[]))), "200"), "[]");
    let guest = Guest { user: UserKey(1), login: TOKEN.digest(), expires: AT };
    assert_eq!(body_of(&written(&words(&Reply::Known(guest))), "204"), "");
}

proptest! {
    #[test]
    fn another_reader_reads_what_the_realm_replied(
        names in prop::collection::vec((any::<String>(), any::<bool>()), 0..4), text in any::<String>(),
    ) {
        let users: Vec<(User, bool)> = names.iter().map(|(name, on)| (user(name), *on)).collect();
        let users: Vec<(&User, bool)> = users.iter().map(|(user, on)| (user, *on)).collect();
        let body = body_of(&written(&words(&Reply::Users(&users))), "200");
        let expected: Vec<Value> = names.iter().map(|(name, on)| json!({
            "id": "01112131-4151-6171-8191-a1b1c1d1e1f1",
            "username": name,
            "is_online": on,
            "created_at": "2026-02-28T23:59:59.007Z",
        })).collect();
        prop_assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON"), Value::from(expected));

        let messages = [said(None, &text), said(None, "")];
        let body = body_of(&written(&words(&Reply::Recent(&messages))), "200");
        let read: Value = serde_json::from_str(&body).expect("JSON");
        prop_assert_eq!(read[0]["content"].as_str(), Some(text.as_str()));
        prop_assert_eq!(read.as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn no_body_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = post("/register", &body);
    }

    #[test]
    fn a_name_and_a_password_are_those_that_another_writer_wrote(
        name in any::<String>(), password in any::<String>(),
    ) {
        let body = json!({ "username": name, "password": password }).to_string();
        let expected = Call::LogIn { name: name.into(), password: Secret::new(&password) };
        prop_assert_eq!(post("/login", body), Ok(expected));
    }
}
