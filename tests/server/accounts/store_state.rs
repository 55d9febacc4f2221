//! How the operator sees that the store is slow or does not write, and that it is well again.

use std::fs;

use rusqlite::Connection;
use serde_json::json;

use super::client::Data;
use crate::harness::{ALICE, Server, eventually};

fn state(server: &Server) -> String {
    let page = server.get("/metrics").text();
    let mut states = page.lines().filter_map(|line| line.strip_prefix("switchboard_store_state{"));
    let set = states.find(|line| line.ends_with(" 1")).expect("one is set");
    set.split('"').nth(1).expect("a label").to_owned()
}

#[test]
fn a_store_that_waits_is_slow_then_cannot_write_and_heals_without_a_client() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.chatterbox(&server.join("ada"));
    assert_eq!(server.get("/ready").json()["store"], "ok");
    // A disk that is slow by itself may be told before and after this.
    let before = server.log().len();
    // Another process takes the lock on the database, and keeps it.
    let other = Connection::open(data.file("switchboard.db")).expect("it is there");
    other.execute_batch("BEGIN IMMEDIATE").expect("nobody writes");
    ada.speak("one");
    eventually("the store is slow", || (state(&server) == "slow").then_some(()));
    let health = server.get("/health");
    assert_eq!((health.status, &health.json()["store"]), (200, &json!("slow")));
    assert_eq!(server.get("/ready").status, 200);
    // SQLite gives up after its busy timeout. The realms without a store go on.
    ada.expect_error("your message could not be stored: the server's database is read-only");
    assert_eq!(state(&server), "read-only");
    let ready = server.get("/ready");
    assert_eq!(ready.status, 503);
    assert_eq!(
        (&ready.json()["status"], &ready.json()["store"]),
        (&json!("store"), &json!("read-only"))
    );
    assert_eq!(server.get("/health").status, 200);
    server.quiet(ALICE).expect_nothing();
    other.execute_batch("ROLLBACK").expect("it has a transaction");
    eventually("the store is well", || (state(&server) == "ok").then_some(()));
    assert_eq!(server.get("/ready").status, 200);
    let log = server.log().split_off(before);
    ada.speak("two");
    ada.expect_message("ada", "two");
    let told =
        ["the store is slow", "the store's database is read-only", "the store is well again"];
    let lines: Vec<&str> = told
        .into_iter()
        .filter(|told| log.iter().filter(|line| line.contains(told)).count() == 1)
        .collect();
    assert_eq!(lines, told, "each change is one line: {log:?}");
}

/// More messages than fit into the files of the next test.
const MANY: usize = 200;

#[test]
fn a_store_whose_disk_fails_writes_nothing_until_a_restart_and_has_all_that_was_told() {
    let data = Data::new();
    let server = data.start_with_small_files(512);
    let token = server.join("ada");
    let mut ada = server.chatterbox(&token);
    let text = "x".repeat(4_000);
    let mut stored = 0;
    let error = loop {
        ada.speak(&format!("{stored} {text}"));
        let frame = ada.hear();
        if frame["type"] != "message" {
            break frame;
        }
        stored += 1;
        assert!(stored < MANY, "the files have no limit");
    };
    let detail = "your message could not be stored: the server's database has failed";
    assert_eq!(error, json!({ "type": "error", "detail": detail }));
    assert!(stored > 0, "some have room");
    // Unlike a full disk, it does not heal: a short message would have room.
    ada.speak("short");
    ada.expect_error(detail);
    assert_eq!(state(&server), "failed");
    let ready = server.get("/ready");
    assert_eq!((ready.status, &ready.json()["store"]), (503, &json!("failed")));
    assert_eq!(server.get("/health").status, 200);
    // What failed is no commit. The others are the messages, the registration and the login.
    let metrics = server.metrics();
    assert_eq!(metrics["switchboard_store_commit_seconds_count"], (stored + 2) as f64);
    assert_eq!(metrics["switchboard_store_jobs_failed_total{reason=\"failed\"}"], 2.0);
    assert!(metrics["switchboard_store_bytes{file=\"log\"}"] > 0.0);
    // What reads is answered, and so are the realms without a store.
    assert_eq!(server.get_as(&token, "/messages/global").status, 200);
    server.quiet(ALICE).expect_nothing();
    let told = "the store's disk failed, or its database was moved away: nothing is stored until a restart";
    assert_eq!(server.log().iter().filter(|line| line.contains(told)).count(), 1);
    ada.close();
    drop(server);
    let server = data.start();
    assert_eq!(state(&server), "ok");
    let (mut ada, history) = server.enter(&token);
    let contents: Vec<_> = history.iter().filter_map(|one| one["content"].as_str()).collect();
    let expected: Vec<String> = (0..stored).map(|number| format!("{number} {text}")).collect();
    assert_eq!(contents, expected[stored.saturating_sub(50)..]);
    ada.speak("after");
    ada.expect_message("ada", "after");
}

/// SQLite goes on writing to a file that has lost its name, and notices nothing. The next process would find none of it.
#[test]
fn a_database_that_was_moved_away_is_noticed_and_nobody_is_told_that_more_is_stored() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let mut ada = server.chatterbox(&token);
    ada.speak("before");
    ada.expect_message("ada", "before");
    let (there, away) = (data.file("switchboard.db"), data.file("away.db"));
    fs::rename(&there, &away).expect("both names are ours");
    eventually("it is noticed", || (state(&server) == "failed").then_some(()));
    ada.speak("after");
    ada.expect_error("your message could not be stored: the server's database has failed");
    assert!(server.log().iter().any(|line| line.contains("its database was moved away")));
    drop(server);
    fs::rename(&away, &there).expect("both names are ours");
    let server = data.start();
    let (_, history) = server.enter(&token);
    let contents: Vec<_> = history.iter().filter_map(|one| one["content"].as_str()).collect();
    assert_eq!(contents, ["before"]);
}

#[test]
fn the_pages_of_a_server_without_accounts_say_nothing_of_a_store() {
    let server = Server::start(&[]);
    assert!(!server.get("/metrics").text().contains("switchboard_store_"));
    for path in ["/health", "/ready"] {
        assert!(server.get(path).json().get("store").is_none(), "{path}");
    }
}
