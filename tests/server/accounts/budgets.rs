//! What one user may ask for, and what the upkeep of the store may take from the others.

use std::collections::BTreeMap;
use std::fs;

use rusqlite::{Connection, params};

use super::client::{Data, PASSWORD, credentials};
use crate::harness::{Response, Wire};

/// The requests of one login at once, and those that are refused for certain: a second's worth comes back
/// while they are sent.
const AT_ONCE: usize = 400;
const MANY: usize = 2_000;

/// The operator's token.
const OPERATOR: &str = "0123456789abcdef0123456789abcdef";

fn head(method: &str, path: &str, lines: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: switchboard\r\n{lines}\r\n")
}

#[test]
fn a_login_that_asks_too_often_is_told_when_to_come_again_and_another_is_answered() {
    let data = Data::new();
    let server = data.start();
    let [ada, bob] = ["ada", "bob"].map(|name| server.join(name));
    let request = head("GET", "/api/rooms", &format!("Cookie: session={ada}\r\n"));
    let mut wire = server.wire();
    let mut statuses = BTreeMap::new();
    for _ in 0..MANY / AT_ONCE {
        wire.send(request.repeat(AT_ONCE));
        for _ in 0..AT_ONCE {
            let answer = wire.response();
            *statuses.entry(answer.status).or_insert(0) += 1;
            if answer.status == 429 {
                assert_eq!(answer.header("Retry-After"), Some("1"));
                assert_eq!(answer.header("Cache-Control"), Some("no-store"));
            }
        }
    }
    let kinds: Vec<u16> = statuses.keys().copied().collect();
    assert_eq!(kinds, [200, 429], "{statuses:?}");
    assert!(statuses[&200] >= AT_ONCE, "{statuses:?}");
    assert_eq!(server.get_as(&bob, "/users").status, 200, "another login");
    assert!(server.visit(&format!("/ws?token={ada}")).text().contains("history"), "no request");
}

#[test]
fn behind_a_proxy_that_names_nobody_a_client_is_no_program_of_this_machine() {
    let data = Data::new();
    let server = data.start_with(&["--trusted-proxy", "127.0.0.1"]);
    let register = |number: usize, lines: &str| {
        let lines = format!("Content-Type: application/json\r\n{lines}");
        let name = format!("user {number}");
        server.post_with("/register", &lines, &credentials(&name, PASSWORD))
    };
    for number in 0..10 {
        assert_eq!(register(number, "X-Forwarded-For: unknown\r\n").status, 200);
    }
    let refused = register(10, "");
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert!(refused.header("Retry-After").is_some());
    assert_eq!(register(11, "X-Forwarded-For: 203.0.113.7\r\n").status, 200, "one with a name");
}

#[test]
fn no_cache_keeps_what_an_address_for_users_answers_errors_included() {
    let data = Data::new();
    let file = data.file("token");
    fs::write(&file, OPERATOR).expect("the folder is ours");
    let file = file.to_str().expect("a path in UTF-8");
    let server = data.start_with(&["--admin-token-file", file]);
    let token = server.join("ada");
    let (own, wrong) = (format!("Cookie: session={token}\r\n"), "Cookie: session=x\r\n".to_owned());
    let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 20000\r\n";
    let long = format!("{own}{form}");
    let chunked = format!("{own}Transfer-Encoding: chunked\r\n");
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let operator = format!("Authorization: Bearer {OPERATOR}\r\n");
    let picture = format!("{own}Content-Type: image/png\r\nContent-Length: 1\r\n");
    let nobody = "00000000-0000-4000-8000-000000000000";
    let answers: Vec<(u16, Response)> = vec![
        (200, server.http(head("GET", "/api/rooms", &own))),
        (401, server.http(head("GET", "/api/rooms", &wrong))),
        (403, server.http(head("GET", &format!("/api/unread/{nobody}"), &own))),
        (404, server.http(head("GET", &format!("/api/rooms/{nobody}"), &own))),
        (405, server.http(head("DELETE", "/api/rooms", &own))),
        (411, server.http(head("POST", "/api/rooms/create", &chunked))),
        (413, server.http(head("POST", "/login", &long))),
        (415, server.http(head("POST", "/api/rooms/create", &picture))),
        (400, server.post("/login", "{")),
        (200, server.http(head("GET", "/users", &bearer))),
        (405, server.http(head("DELETE", "/users", &bearer))),
        (401, server.http(Wire::upgrade_request("/ws/status", &wrong))),
        (426, server.http(head("GET", "/ws/status", &own))),
        (200, server.http(head("GET", "/stats", &operator))),
    ];
    for (number, (status, answer)) in answers.iter().enumerate() {
        assert_eq!(answer.status, *status, "{number}: {}", answer.text());
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{number}: {status}");
    }
    assert_eq!(server.get("/stats").header("Cache-Control"), None, "it is for everybody");
}

/// Old messages, of which the server deletes 256 at a time.
const OLD: u32 = 10_000;

#[test]
fn old_messages_go_while_new_ones_come_without_a_pause() {
    let data = Data::new();
    data.start().register("ada");
    fill(&data);
    let server = data.start_with(&["--retention", "1h", "--message-rate", "1000000/1s:1000000"]);
    let token = server.log_in("ada");
    let mut ada = server.chatterbox(&token);
    let database = Connection::open(data.file("switchboard.db")).expect("it is there");
    let old = || -> u32 {
        let count = "SELECT count(*) FROM messages WHERE at < 1000000";
        database.query_row(count, [], |row| row.get(0)).expect("it can be read")
    };
    // There are always some messages on their way, so the store never has nothing to do.
    (0..8).for_each(|_| ada.speak("and on"));
    let mut said = 8;
    while old() > 0 {
        (0..64).for_each(|_| {
            ada.speak("and on");
            ada.expect_message("ada", "and on");
        });
        said += 64;
        assert!(said < 5 * OLD, "they go, but hardly");
    }
    (0..8).for_each(|_| ada.expect_message("ada", "and on"));
}

/// Writes old messages into the database of a server that does not run.
fn fill(data: &Data) {
    let mut database = Connection::open(data.file("switchboard.db")).expect("it is there");
    let transaction = database.transaction().expect("nobody else writes");
    for seq in 1..=OLD {
        let sql = "INSERT INTO messages(id, sender, at, text) VALUES (?, 1, ?, 'old')";
        let mut insert = transaction.prepare_cached(sql).expect("it is SQL");
        insert.execute(params![seq, seq]).expect("a row");
    }
    let sql = "UPDATE conversations SET gone_seq = ? WHERE key = 0";
    transaction.execute(sql, [OLD]).expect("a row");
    transaction.commit().expect("there is room");
}
