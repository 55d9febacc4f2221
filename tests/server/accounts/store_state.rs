//! How the operator sees that the store is slow or does not write, and that it is well again.

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
    ada.speak("two");
    ada.expect_message("ada", "two");
    let log = server.log();
    let told =
        ["the store is slow", "the store's database is read-only", "the store is well again"];
    let lines: Vec<&str> = told
        .into_iter()
        .filter(|told| log.iter().filter(|line| line.contains(told)).count() == 1)
        .collect();
    assert_eq!(lines, told, "each change is one line: {log:?}");
}

#[test]
fn the_pages_of_a_server_without_accounts_say_nothing_of_a_store() {
    let server = Server::start(&[]);
    assert!(!server.get("/metrics").text().contains("switchboard_store_"));
    for path in ["/health", "/ready"] {
        assert!(server.get(path).json().get("store").is_none(), "{path}");
    }
}
