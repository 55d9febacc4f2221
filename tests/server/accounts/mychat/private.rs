//! Conversations of two users: on their sockets, in the notices, in what is unread, and in the history.

use serde_json::{Value, json};

use super::super::client::Data;
use super::browser::{Browser, assert_is_clock, error};
use crate::harness::{BINARY, CLOSE, Server, binary, frame};

fn unread(browser: &mut Browser, server: &Server) -> Value {
    let path = format!("/api/unread/{}", browser.id());
    browser.read(server, &path)
}

fn history(browser: &mut Browser, server: &Server, other: &Browser) -> Vec<Value> {
    let path = format!("/history/{}/{}", browser.id(), other.id());
    let history = browser.read(server, &path);
    assert_eq!(browser.read(server, &format!("/api{path}")), history, "two addresses for one");
    history.as_array().expect("a list").clone()
}

#[test]
fn a_message_reaches_every_socket_of_both_sides_and_no_other() {
    let data = Data::new();
    let server = data.start();
    let [ada, bob, eve] = ["ada", "bob", "eve"].map(|name| server.newcomer(name));
    let mut sockets = [
        ada.pair(&server, &bob),
        ada.pair(&server, &bob),
        server.returner("ada").pair(&server, &bob),
        bob.pair(&server, &ada),
    ];
    let mut others = [ada.pair(&server, &eve), eve.pair(&server, &ada), bob.pair(&server, &eve)];
    sockets[0].say("Hello, \"Bob\" 🦀");
    for socket in &mut sockets {
        let heard = socket.hear();
        assert_eq!(heard.as_object().map(|fields| fields.len()), Some(3), "{heard}");
        assert_eq!((&heard["user"], &heard["text"]), (&"ada".into(), &"Hello, \"Bob\" 🦀".into()));
        assert_is_clock(&heard["time"]);
    }
    sockets[3].say("Hello, Ada");
    sockets.iter_mut().for_each(|socket| socket.expect_said("bob", "Hello, Ada"));
    sockets.iter_mut().chain(&mut others).for_each(|socket| socket.expect_silence());
}

#[test]
fn on_a_private_socket_everything_is_plain_text() {
    let data = Data::new();
    let server = data.start();
    let [ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let (mut from, mut to) = (ada.pair(&server, &bob), bob.pair(&server, &ada));
    for text in [
        r#"{"text":"x"}"#,
        r#"{"type":"ping"}"#,
        "[1,2]",
        "\"quoted\"",
        "null",
        "{{ username }}",
        "<b>&amp;</b>",
        "'; DROP TABLE users; --",
    ] {
        from.say(text);
        to.expect_said("ada", text);
        from.expect_said("ada", text);
    }
}

#[test]
fn white_space_is_no_message_and_what_is_too_long_ends_the_socket() {
    let data = Data::new();
    let server = data.start();
    let [ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let (mut from, mut to) = (ada.pair(&server, &bob), bob.pair(&server, &ada));
    for text in ["", " ", "\n\t "] {
        from.say(text);
    }
    let longest = "ß".repeat(5_000);
    from.say(&format!("  {longest} "));
    to.expect_said("ada", &longest);
    from.expect_said("ada", &longest);
    from.say(&"ß".repeat(5_001));
    from.expect_close(1009);
    to.expect_silence();
    let mut binary = ada.pair(&server, &bob);
    binary.send(frame(BINARY, "x"));
    binary.expect_close(1003);
}

#[test]
fn a_user_may_write_to_themselves() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.newcomer("ada");
    let mut socket = ada.pair(&server, &ada);
    socket.say("a note");
    socket.expect_said("ada", "a note");
    socket.expect_silence();
    let id = ada.id();
    let history = ada.read(&server, &format!("/history/{id}/{id}"));
    assert_eq!((&history[0]["text"], &history[0]["read"]), (&"a note".into(), &true.into()));
    assert_eq!(unread(&mut ada, &server), json!({}));
}

#[test]
fn what_is_unread_is_counted_until_it_is_marked_and_the_pages_are_told() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob, mut eve] = ["ada", "bob", "eve"].map(|name| server.newcomer(name));
    let (mut notices, mut hers) = (bob.notices(&server), ada.notices(&server));
    let mut from_ada = ada.pair(&server, &bob);
    let mut from_eve = eve.pair(&server, &bob);
    for text in ["one", "two"] {
        from_ada.say(text);
        let mut heard = notices.hear();
        assert_is_clock(&heard["time"].take());
        let expected = json!({
            "type": "notify", "from_id": ada.id(), "from_name": "ada", "text": text, "time": null,
        });
        assert_eq!(heard, expected);
    }
    from_eve.say("three");
    assert_eq!(notices.hear()["from_name"], "eve");
    hers.expect_silence();

    let (ada_id, eve_id) = (ada.id(), eve.id());
    assert_eq!(unread(&mut bob, &server), json!({ &*ada_id: 2, &*eve_id: 1 }));
    assert_eq!(unread(&mut ada, &server), json!({}), "what a user writes is not unread to them");
    let read = |lines: &[Value]| lines.iter().map(|line| line["read"] == true).collect::<Vec<_>>();
    assert_eq!(read(&history(&mut ada, &server, &bob)), [false, false]);

    let mark = format!("/api/mark_read/{}/{ada_id}", bob.id());
    for _ in 0..2 {
        let answer = bob.post_nothing(&server, &mark);
        assert_eq!((answer.status, answer.json()), (200, json!({ "status": "ok" })));
        assert_eq!(notices.hear(), json!({ "type": "unread_reset", "from_id": ada_id }));
    }
    assert_eq!(unread(&mut bob, &server), json!({ &*eve_id: 1 }));
    let lines = history(&mut ada, &server, &bob);
    assert_eq!(read(&lines), [true, true]);
    assert_eq!(read(&history(&mut eve, &server, &bob)), [false]);
    for line in &lines {
        assert_eq!(line.as_object().map(|fields| fields.len()), Some(5), "{line}");
        assert_eq!((&line["sender"], &line["user"]), (&ada_id.clone().into(), &"ada".into()));
        assert_is_clock(&line["time"]);
    }
    assert_eq!([&lines[0]["text"], &lines[1]["text"]], ["one", "two"], "oldest first");
    hers.expect_silence();
}

#[test]
fn counts_and_history_outlive_the_server_and_an_unknown_user_is_not_found() {
    let data = Data::new();
    let server = data.start();
    let [ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let mut socket = ada.pair(&server, &bob);
    socket.say("before");
    socket.expect_said("ada", "before");
    drop(server);
    let server = data.start();
    let [mut ada, mut bob] = [ada, bob];
    assert_eq!(unread(&mut bob, &server), json!({ ada.id(): 1 }));
    let lines = history(&mut bob, &server, &ada);
    assert_eq!((lines.len(), &lines[0]["text"]), (1, &"before".into()));
    assert_eq!(history(&mut ada, &server, &bob).len(), 1, "the cookie is good after a restart");
    for unknown in ["00000000-0000-4000-8000-000000000000", "nobody", "", "%20", "../x"] {
        let unknown = unknown.replace('/', "%2F");
        for path in ["/history", "/api/history"] {
            let answer = ada.get(&server, &format!("{path}/{}/{unknown}", ada.id()));
            assert_eq!(error(&answer, 404), "there is no such user", "{unknown}");
        }
        let mark = format!("/api/mark_read/{}/{unknown}", ada.id());
        error(&ada.post_nothing(&server, &mark), 404);
    }
}

#[test]
fn the_newest_socket_of_a_session_gets_the_notices_and_an_older_one_stays_open() {
    let data = Data::new();
    let server = data.start();
    let [ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let phone = server.returner("bob");
    let mut older = bob.notices(&server);
    let mut newest = bob.notices(&server);
    let mut on_phone = phone.notices(&server);
    let mut socket = ada.pair(&server, &bob);
    socket.say("hello");
    for notices in [&mut newest, &mut on_phone] {
        assert_eq!(notices.hear()["text"], "hello");
    }
    older.expect_silence();
    // What a page says there is ignored, whatever it is.
    for text in [r#"{"type":"pong"}"#, "nonsense", ""] {
        newest.say(text);
    }
    // Until the page has opened another one, the older one is the newest.
    newest.send(frame(CLOSE, 1000_u16.to_be_bytes()));
    newest.expect_close(1000);
    socket.say("again");
    for notices in [&mut older, &mut on_phone] {
        assert_eq!(notices.hear()["text"], "again");
    }
}

#[test]
fn a_time_is_that_on_the_clock_of_the_server() {
    for (zone, ahead) in [("UTC", 0), ("XYZ-14", 14 * 60), ("XYZ+03:30", 24 * 60 - 210)] {
        let data = Data::new();
        let folder = data.path().to_str().expect("a path in UTF-8").to_owned();
        let mut command = binary();
        command.env("TZ", zone).args(["--listen", "127.0.0.1:0", "--data", &folder]);
        let server = Server::spawn(&mut command);
        let mut ada = server.newcomer("ada");
        let mut socket = ada.pair(&server, &ada);
        socket.say("what time is it?");
        let live = socket.hear()["time"].clone();
        let id = ada.id();
        let answer = ada.get(&server, &format!("/history/{id}/{id}"));
        assert_eq!(answer.json()[0]["time"], live, "{zone}");
        // The head of an answer has the time in UTC: `Sun, 06 Nov 1994 08:49:37 GMT`.
        let date = answer.header("Date").expect("a date");
        let minutes = |clock: &str| -> u32 {
            let (hour, minute) = clock.split_once(':').expect("HH:MM");
            60 * hour.parse::<u32>().expect("a number") + minute.parse::<u32>().expect("a number")
        };
        let expected = (minutes(&date[17..22]) + ahead) % (24 * 60);
        let shown = minutes(live.as_str().expect("a time"));
        // A minute may have begun between the two.
        let late = (expected + 24 * 60 - shown) % (24 * 60);
        assert!(late <= 1, "{zone}: {live} at {date}");
    }
}
