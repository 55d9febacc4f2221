//! What outlives the server: users, logins and messages, in good order and after a sudden death.

use std::path::Path;

use nix::sys::signal::Signal;
use rusqlite::Connection;
use switchboard::store::VERSION;

use super::client::Data;

#[test]
fn users_logins_and_messages_are_there_after_a_restart() {
    let data = Data::new();
    let token = {
        let server = data.start();
        let token = server.join("ada");
        let mut ada = server.chatterbox(&token);
        for text in ["one", "two 🦀"] {
            ada.speak(text);
            ada.expect_message("ada", text);
        }
        token
    };
    let server = data.start();
    let (mut ada, history) = server.enter(&token);
    let texts: Vec<_> = history.iter().filter_map(|one| one["content"].as_str()).collect();
    assert_eq!(texts, ["one", "two 🦀"]);
    ada.speak("three");
    ada.expect_message("ada", "three");
    server.log_in("ada");
    let users = server.get_as(&token, "/users").json();
    assert_eq!((&users[0]["username"], users.as_array().map(Vec::len)), (&"ada".into(), Some(1)));
}

#[test]
fn a_database_of_an_older_version_is_copied_and_then_brought_to_todays() {
    let data = Data::new();
    let token = data.start().join("ada");
    let path = data.file("switchboard.db");
    // What a server of version 1 leaves behind.
    let database = Connection::open(&path).expect("it is SQLite");
    let sql = "DROP INDEX users_passing; ALTER TABLE users DROP COLUMN stays;
        DROP TABLE members; DROP TABLE rooms; DROP TABLE deserted;
        ALTER TABLE messages DROP COLUMN quoted_id; ALTER TABLE messages DROP COLUMN quoted_name;
        ALTER TABLE messages DROP COLUMN quoted_text; ALTER TABLE marks DROP COLUMN read;
        DROP INDEX once; DROP INDEX replies; DROP INDEX pairs_of_high;
        ALTER TABLE messages DROP COLUMN client_id; ALTER TABLE messages DROP COLUMN reply_to;
        ALTER TABLE messages DROP COLUMN edited; ALTER TABLE messages DROP COLUMN deleted;
        ALTER TABLE conversations RENAME COLUMN gone_seq TO last_seq;
        PRAGMA user_version = 1";
    database.execute_batch(sql).expect("it is of today's version");
    drop(database);
    assert_eq!(data.start().get_as(&token, "/users").status, 200);
    let version = |path: &Path| -> i64 {
        let database = Connection::open(path).expect("it is SQLite");
        database.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a number")
    };
    assert_eq!((version(&path), version(&data.file("before-v1.db"))), (i64::from(VERSION), 1));
}

#[test]
fn a_logout_is_not_forgotten_by_a_restart() {
    let data = Data::new();
    let token = {
        let server = data.start();
        let token = server.join("ada");
        server.log_out(&token);
        token
    };
    assert_eq!(data.start().get_as(&token, "/users").status, 401);
}

#[test]
fn what_a_sender_has_heard_is_stored_even_if_the_server_is_killed_at_once() {
    for durability in ["power", "process"] {
        let data = Data::new();
        let mut heard = Vec::new();
        let mut token = String::new();
        for round in 0..3 {
            let mut server = data.start_with(&["--durability", durability]);
            if round == 0 {
                token = server.join("ada");
            }
            let (mut ada, history) = server.enter(&token);
            let stored: Vec<_> = history.iter().map(|one| one["content"].clone()).collect();
            for one in &heard {
                assert!(stored.contains(one), "{one} is lost: {stored:?}");
            }
            for number in 0..10 {
                ada.speak(&format!("{round}-{number}"));
            }
            for _ in 0..5 {
                heard.push(ada.hear()["content"].clone());
            }
            server.signal(Signal::SIGKILL);
            server.ended();
        }
    }
}
