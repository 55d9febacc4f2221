//! A store that does not answer in time, at the real addresses: each protocol has its own words for it.

use super::*;

const SENTENCE: &str = "the store did not answer in time";

/// The answer to a request after `job_timeout`, on a connection that then closes.
#[track_caller]
fn late(request: &str) -> String {
    let mut world = World::with_accounts(Limits::default(), users());
    let id = world.newcomer();
    world.say(id, request);
    world.settle();
    world.pass(Duration::from_millis(9_900));
    assert!(!world.has_words(id), "ten seconds are not over");
    // A timer fires within a slot of the wheel.
    world.pass(Duration::from_millis(200));
    assert_eq!(world.sockets.shut, [id], "its reply could be taken for that to the next request");
    world.take_words(id)
}

fn post(kind: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/{kind}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn a_login_that_waits_too_long_is_told_so_and_may_come_back() {
    let login = post("json", "/login", r#"{"username":"user1","password":"correct horse"}"#);
    let users = format!(
        "GET /users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
        "1".repeat(64)
    );
    for request in [login, users] {
        let answer = late(&request);
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("Retry-After: 5\r\n"), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{{\"detail\":\"{SENTENCE}\"}}")), "{answer}");
    }
}

#[test]
fn a_page_of_mychat_is_told_twice_in_one_answer_and_a_form_leads_back() {
    let cookie = format!("Cookie: session={}\r\n", "1".repeat(64));
    let answer = late(&format!("GET /api/rooms HTTP/1.1\r\nHost: a\r\n{cookie}\r\n"));
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("Retry-After: 5\r\n"),
        "{answer}"
    );
    let body = format!("\r\n\r\n{{\"error\":\"{SENTENCE}\",\"detail\":\"{SENTENCE}\"}}");
    assert!(answer.ends_with(&body), "{answer}");
    let form = post("x-www-form-urlencoded", "/login", "username=user1&password=correct+horse");
    let answer = late(&form);
    assert!(answer.starts_with("HTTP/1.1 303 ") && answer.contains("Location: /\r\n"), "{answer}");
    assert!(!answer.contains("Set-Cookie"), "{answer}");
}
