//! The requests over HTTP, and the responses.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::chat::account::{
    Call, Failure, Guest, Line, Refusal, Reply, RoomView, Said, Spot, Token, User, UserKey,
    UserName, Wants,
};
use crate::dialects::page::examples;
use crate::http::{self, Response};

const TOKEN: Token = Token([0xAB; 32]);
const COOKIE: &str =
    "Cookie: session=abababababababababababababababababababababababababababababababab\r\n";

fn written(response: &Response<'_>) -> String {
    let mut out = Vec::new();
    response.write(&mut out, Duration::ZERO, false);
    String::from_utf8(out).expect("our answers are UTF-8")
}

fn body_of(response: &Response<'_>) -> String {
    written(response).split_once("\r\n\r\n").expect("a head").1.to_owned()
}

/// What a request asks for, or the answer to it, as text.
fn ask(method: &str, target: &str, lines: &str, body: &str) -> Result<Call, String> {
    let head = format!("{method} {target} HTTP/1.1\r\nHost: h\r\n{lines}\r\n");
    let parsed = http::parse(head.as_bytes(), &http::Limits::default()).expect("a request");
    let (request, _) = parsed.expect("a whole one");
    let found = http::find_route(ROUTES.iter().copied(), &request).expect("an address");
    // What changes something is barred to foreign pages, and nothing can be read by them.
    let cors = if method == "GET" { http::Cors::None } else { http::Cors::Barred };
    assert_eq!((found.allow, found.cors), (None, cors), "{method} {target}");
    let call = http::Call { request: &request, params: found.params, body: body.as_bytes() };
    (found.handler.call)(&call).map_err(|response| written(&response))
}

fn claimed(id: &str, wants: Wants) -> Call {
    Call::Ask { token: Some(TOKEN), claims: Some(user(id)), wants }
}

fn asks(wants: Wants) -> Call {
    Call::ask(Some(TOKEN), wants)
}

#[test]
fn every_address_asks_for_one_thing() {
    let member = format!(r#"{{"user_id":"{BOB}"}}"#);
    let create = r#"{"name":"garden","description":"About tomatoes"}"#;
    let (name, description) = ("garden".into(), "About tomatoes".into());
    for (method, target, body, expected) in [
        ("GET", format!("/api/unread/{ADA}"), "", claimed(ADA, Wants::Unread)),
        (
            "POST",
            format!("/api/mark_read/{ADA}/{BOB}"),
            "",
            claimed(ADA, Wants::MarkRead(user(BOB))),
        ),
        ("GET", format!("/api/history/{ADA}/{BOB}"), "", claimed(ADA, Wants::History(user(BOB)))),
        ("GET", format!("/history/{ADA}/{BOB}"), "", claimed(ADA, Wants::History(user(BOB)))),
        (
            "POST",
            "/api/rooms/create".to_owned(),
            create,
            asks(Wants::CreateRoom { name, description }),
        ),
        ("GET", "/api/rooms".to_owned(), "", asks(Wants::Rooms)),
        ("GET", format!("/api/rooms/{ROOM}"), "", asks(Wants::Room(room()))),
        ("DELETE", format!("/api/rooms/{ROOM}"), "", asks(Wants::DeleteRoom(room()))),
        (
            "POST",
            format!("/api/rooms/{ROOM}/add_user"),
            &member,
            asks(Wants::AddMember(room(), user(BOB))),
        ),
        (
            "POST",
            format!("/api/rooms/{ROOM}/remove_user"),
            &member,
            asks(Wants::RemoveMember(room(), user(BOB))),
        ),
        ("GET", format!("/api/rooms/{ROOM}/members"), "", asks(Wants::Members(room()))),
        ("GET", format!("/api/rooms/{ROOM}/history"), "", asks(Wants::RoomHistory(room()))),
    ] {
        assert_eq!(ask(method, &target, COOKIE, body), Ok(expected), "{method} {target}");
    }
}

#[test]
fn only_the_cookie_says_who_asks() {
    let target = format!("/api/unread/{ADA}");
    let bearer = COOKIE.replacen("Cookie: session=", "Authorization: Bearer ", 1);
    let twice = COOKIE.replacen("\r\n", "; session=x\r\n", 1);
    for lines in ["", &bearer, &twice, "Cookie: session=x\r\n", &COOKIE.to_uppercase()] {
        let nobody = Call::Ask { token: None, claims: Some(user(ADA)), wants: Wants::Unread };
        assert_eq!(ask("GET", &target, lines, ""), Ok(nobody), "{lines}");
    }
    let many = format!("Cookie: {}\r\n", "a=b; ".repeat(33));
    let answer = ask("GET", &target, &many, "").expect_err("refused");
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("at most 32"), "{answer}");
}

#[test]
fn what_is_no_id_is_an_id_that_nobody_has() {
    let nobody = UserId([0; 16]);
    for text in ["x", "", "%2F", "%FF", &ADA[1..], "{user_id}"] {
        let expected = Call::Ask { token: Some(TOKEN), claims: Some(nobody), wants: Wants::Unread };
        assert_eq!(ask("GET", &format!("/api/unread/{text}"), COOKIE, ""), Ok(expected), "{text}");
        let expected = claimed(ADA, Wants::History(nobody));
        let target = format!("/history/{ADA}/{text}");
        assert_eq!(ask("GET", &target, COOKIE, ""), Ok(expected), "{text}");
        let expected = asks(Wants::Members(RoomId([0; 16])));
        let target = format!("/api/rooms/{text}/members");
        assert_eq!(ask("GET", &target, COOKIE, ""), Ok(expected), "{text}");
    }
    let escaped: String = ADA.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let target = format!("/api/unread/{escaped}");
    assert_eq!(ask("GET", &target, COOKIE, ""), Ok(claimed(ADA, Wants::Unread)));
}

#[test]
fn a_body_is_one_object_with_the_right_fields_wherever_it_is_cut() {
    let body = r#"{"name":"garden","description":"x"}"#;
    for cut in 0..body.len() {
        let answer = ask("POST", "/api/rooms/create", COOKIE, &body[..cut]).expect_err("refused");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{cut}: {answer}");
    }
    for (body, sentence) in [
        ("[]", "the body must be one JSON object"),
        ("{}", "name must be a string"),
        (r#"{"name":5}"#, "name must be a string"),
        (r#"{"name":"\ud800"}"#, "name must be a string"),
        (r#"{"name":"a","name":"b"}"#, "a key appears twice"),
        (r#"{"name":"a","description":{}}"#, "description must be a string"),
    ] {
        let answer = ask("POST", "/api/rooms/create", COOKIE, body).expect_err("refused");
        let expected = json!({ "error": sentence, "detail": sentence });
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert_eq!(serde_json::from_str::<Value>(body).expect("JSON"), expected);
    }
    for body in [r#"{"name":"a"}"#, r#"{"name":"a","description":null}"#] {
        let expected = asks(Wants::CreateRoom { name: "a".into(), description: "".into() });
        assert_eq!(ask("POST", "/api/rooms/create", COOKIE, body), Ok(expected), "{body}");
    }
}

fn ada() -> User {
    let (id, name) = (user(ADA), UserName::registered("ada"));
    User { key: UserKey(1), id, name, created: AT }
}

#[test]
fn every_reply_has_its_fixed_body_and_the_page_shows_it() {
    let (ada, from_id) = (ada(), user(ADA));
    let line = Line { from_id, from: "ada", text: "Hello, Bob", at: AT, is_read: true };
    let view = RoomView {
        id: room(),
        name: "garden",
        description: "About tomatoes",
        creator_id: from_id,
        creator: "ada",
        created: AT,
        members: 1,
    };
    let (lines, members) = ([line], [&ada]);
    let replies = [
        Reply::Unread(&[(UserId::parse(BOB).expect("a UUID"), 2)]),
        Reply::Done,
        Reply::History(&lines),
        Reply::Room(view),
        Reply::Done,
        Reply::Done,
        Reply::Done,
        Reply::Members(&members),
    ];
    // Beside the bodies of requests.
    let bodies = examples(PAGE, "HTTP");
    let is_request =
        |body: &&str| body.starts_with(r#"{"name""#) || body.starts_with(r#"{"user_id""#);
    let bodies: Vec<&str> = bodies.into_iter().filter(|body| !is_request(body)).collect();
    let errors = r#"{"error":"<one sentence>","detail":"<one sentence>"}"#;
    let bodies: Vec<&str> = bodies.into_iter().filter(|body| *body != errors).collect();
    assert_eq!(bodies.len(), replies.len());
    for (body, reply) in bodies.into_iter().zip(replies) {
        let response = words(&reply, &Zone::default());
        assert_eq!(body_of(&response), body);
        let head = written(&response);
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("Cache-Control: no-store\r\n"));
    }
    let rooms = [view, view];
    let list = body_of(&words(&Reply::Rooms(&rooms), &Zone::default()));
    let one = body_of(&words(&Reply::Room(view), &Zone::default()));
    assert_eq!(list, format!("[{one},{one}]"));
    assert_eq!(body_of(&words(&Reply::Unread(&[]), &Zone::default())), "{}");
}

#[test]
fn a_history_is_what_the_sockets_got_with_the_clock_of_the_server() {
    let quote = quote();
    let said = Said {
        from_id: user(ADA),
        quote: Some(&quote),
        ..Said::plain("ada", Spot::Room(room()), "x", AT)
    };
    let mut frame = Vec::new();
    let event = crate::chat::Event::Account(crate::chat::account::Event::Said(said));
    encode::write(&event, &zone(), &mut frame);
    let frame = String::from_utf8(frame).expect("UTF-8");
    assert!(frame.contains(r#""time":"00:29""#), "{frame}");
    assert_eq!(body_of(&words(&Reply::RoomHistory(&[said]), &zone())), format!("[{frame}]"));
}

#[test]
fn a_refusal_has_a_status_and_the_same_sentence_twice() {
    for (refusal, status) in [
        (Refusal::NotSignedIn, 401),
        (Refusal::NotYou, 403),
        (Refusal::NotAMember, 403),
        (Refusal::NotTheCreator, 403),
        (Refusal::CreatorStays, 403),
        (Refusal::UnknownUser, 404),
        (Refusal::NoSuchRoom, 404),
        (Refusal::NoAccounts, 404),
        (Refusal::TooManyRooms, 409),
        (Refusal::TooManyMembers, 409),
        (Refusal::RoomName(64), 400),
        (Refusal::Busy, 503),
        (Refusal::Late, 503),
        (Refusal::Failed(Failure::Full), 507),
    ] {
        let response = words(&Reply::Refused(refusal), &Zone::default());
        let text = written(&response);
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{refusal:?}: {text}");
        assert!(text.contains("Cache-Control: no-store\r\n"), "{refusal:?}: {text}");
        assert_eq!(text.contains("WWW-Authenticate: "), status == 401, "{refusal:?}: {text}");
        assert_eq!(text.contains("Retry-After: "), status == 503, "{refusal:?}: {text}");
        let body: Value = serde_json::from_str(&body_of(&response)).expect("JSON");
        assert_eq!(body["error"], body["detail"]);
        assert_eq!(body.as_object().map(|fields| fields.len()), Some(2), "{body}");
    }
    let guest = Guest { user: UserKey(1), login: TOKEN.digest(), expires: AT };
    assert!(written(&words(&Reply::Known(guest), &Zone::default())).contains(" 204 "));
}
