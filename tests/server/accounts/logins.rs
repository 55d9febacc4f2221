//! Logins: how many a user has, how long they last, and what of a password is stored.

use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::client::{Data, PASSWORD, credentials};
use crate::harness::{Response, Server};

/// The setting `logins_per_user` of the store.
const MOST: usize = 32;

#[test]
fn one_login_more_than_a_user_may_have_ends_the_oldest_and_its_websockets() {
    let data = Data::new();
    let server = data.start();
    let oldest = server.join("ada");
    let mut gone = [server.chatterbox(&oldest), server.websocket_chat(&oldest)];
    let others: Vec<String> = (1..MOST).map(|_| server.log_in("ada")).collect();
    let bob = server.join("bob");
    let mut stays = server.chatterbox(&others[0]);
    assert_eq!(server.get_as(&oldest, "/users").status, 200, "so far it is one of thirty-two");
    let newest = server.log_in("ada");
    for member in &mut gone {
        member.expect_close(4001);
    }
    let statuses = |server: &Server| {
        let valid = others.iter().chain([&newest, &bob]);
        assert!(valid.clone().all(|token| server.get_as(token, "/users").status == 200));
        assert_eq!(server.get_as(&oldest, "/users").status, 401);
    };
    statuses(&server);
    stays.speak("still here");
    stays.expect_message("ada", "still here");
    drop(server);
    statuses(&data.start());
}

#[test]
fn a_logout_without_a_token_closes_no_websocket() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let mut members = [server.chatterbox(&token), server.websocket_chat(&token)];
    server.log_out("null");
    members[0].speak("still here");
    members[0].expect_message("ada", "still here");
    members[1].expect_chat("ada", None, "still here");
}

#[test]
fn a_login_lasts_seven_days_or_as_long_as_the_operator_says_and_so_do_its_cookies() {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    for (flags, ttl) in [(&[][..], 7 * 24 * HOUR), (&["--login-ttl", "1h"], HOUR)] {
        let data = Data::new();
        let server = data.start_with(flags);
        server.register("ada");
        let answer = server.post("/login", &credentials("ada", PASSWORD));
        let body = answer.json();
        let text = body["expires_at"].as_str().expect("a time");
        assert_lasts(&answer, humantime::parse_rfc3339(text).expect("a time in ISO 8601"), ttl);
        // The form's answer has the same user's cookies.
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        let body = format!("username=ada&password={}", PASSWORD.replace(' ', "+"));
        let answer = server.post_with("/login", form, &body);
        let lines: Vec<&str> = answer
            .headers
            .iter()
            .filter_map(|(name, value)| (name == "Set-Cookie").then_some(value.as_str()))
            .collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        for line in lines {
            let date = line.split("; ").find_map(|part| part.strip_prefix("Expires="));
            let date = httpdate::parse_http_date(date.expect("an end")).expect("a date");
            assert_lasts(&answer, date, ttl);
            // It would overrule the date (RFC 6265 §5.3).
            assert!(!line.contains("Max-Age"), "{line}");
        }
    }
}

/// Asserts that something ends this long after the date of the answer, give or take a minute.
#[track_caller]
fn assert_lasts(answer: &Response, end: SystemTime, ttl: Duration) {
    let date = answer.header("Date").expect("a date");
    let begin = httpdate::parse_http_date(date).expect("a date");
    let time = end.duration_since(begin).expect("it ends later");
    let off = time.abs_diff(ttl);
    assert!(off <= Duration::from_secs(60), "{time:?}, and not {ttl:?}");
}

#[test]
fn a_password_is_stored_as_a_hash_with_the_parameters_that_protect_it() {
    let data = Data::new();
    let server = data.start();
    server.register("ada");
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_eq!(server.post_with("/register", form, "username=bob&password=secret").status, 303);
    drop(server);
    let database = Connection::open(data.file("switchboard.db")).expect("it is SQLite");
    let mut rows = database.prepare("SELECT password FROM users").expect("it has users");
    let hashes = rows.query_map([], |row| row.get::<_, String>(0)).expect("it can be read");
    let hashes: Vec<String> = hashes.map(|hash| hash.expect("a text")).collect();
    assert_eq!(hashes.len(), 2);
    for hash in hashes {
        // Argon2id as OWASP recommends it: 19 MiB, two passes, one lane.
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }
}
