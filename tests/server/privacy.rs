//! The log and the metrics never contain what people write, or who they are.

use std::sync::atomic::{AtomicUsize, Ordering};

use log::{LevelFilter, Metadata, Record};
use serde_json::Value;

use crate::harness::{Server, Wire, eventually, frame, message};

const SECRET: &str = "xyzzy";
const NUMBERS: [&str; 3] = ["4915112345678", "4915187654321", "4915100000000"];

/// People do many different things, with the secret in each of them, and leave.
fn chat_and_misbehave(server: &Server) -> Vec<String> {
    let mut alice = server.connect(NUMBERS[0]);
    let mut bob = server.connect(NUMBERS[1]);
    alice.send(message(NUMBERS[1], SECRET));
    alice.send(message(NUMBERS[2], SECRET));
    alice.send(format!(r#"{{"type":"signal","to":"{}","data":"{SECRET}"}}"#, NUMBERS[1]));
    alice.send(format!(r#"{{"type":"{SECRET}","{SECRET}":1}}"#));
    alice.send(format!(r#"{{"type":"message","to":"{SECRET}","text":"{SECRET}"}}"#));
    bob.send(SECRET);
    // Connections end in several ways, and requests are refused.
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{}", NUMBERS[0]));
    wire.send(frame(1, [SECRET.as_bytes(), b"\xFF"].concat()));
    wire.drain();
    let answers = [
        server.http(Wire::upgrade_request(&format!("/ws/{SECRET}"), "")),
        server.http(format!("GET /{SECRET} HTTP/1.1\r\n{SECRET}\r\n\r\n")),
        server.get(&format!("/{SECRET}?{SECRET}")),
        server.get("/health"),
        server.get("/ready"),
        server.get("/"),
        server.admin_get("/metrics"),
        server.admin_get("/trace"),
    ];
    bob.reset();
    alice.hang_up_half();
    answers.iter().map(|answer| answer.text()).collect()
}

fn expect_private(told: &[String]) {
    for text in told {
        for personal in NUMBERS.iter().copied().chain([SECRET]) {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }
}

#[test]
fn no_number_and_no_text_appears_in_the_log_of_any_level_or_on_a_page() {
    for (level, format) in [
        ("error", "text"),
        ("warn", "text"),
        ("info", "json"),
        ("debug", "text"),
        ("debug", "json"),
    ] {
        let flags = ["--admin-listen", "127.0.0.1:0", "--log", level, "--log-format", format];
        // Every turn counts as slow, so that those lines are in the log as well.
        let server = Server::start(&[&flags[..], &["--slow-turn", "1ns"]].concat());
        let mut told = chat_and_misbehave(&server);
        eventually("all have gone", || (server.connections() == 0).then_some(()));
        if ["info", "debug"].contains(&level) {
            eventually("their ends are logged", || {
                let log = server.log();
                (log.iter().filter(|line| line.contains("websocket")).count() >= 3).then_some(())
            });
        }
        told.extend(server.log());
        expect_private(&told);
        let address = server.wire().local_port();
        assert!(!server.log().iter().any(|line| line.contains(&format!(":{address}"))));
    }
}

/// The tags in the log of a new server. The first visitor connects twice, the second once.
fn tags_of(visit: impl Fn(&Server, &str), who: [&str; 3]) -> Vec<String> {
    let server = Server::start(&["--log-format", "json"]);
    for who in [who[0], who[0], who[1]] {
        visit(&server, who);
        eventually("the phone is gone", || (server.connections() == 0).then_some(()));
    }
    eventually("three ends are logged", || {
        let log = server.log();
        let lines = log.iter().map(|line| serde_json::from_str(line).expect("JSON"));
        let tags = lines.filter_map(|line: Value| Some(line["who"].as_str()?.to_owned()));
        Some(tags.collect::<Vec<_>>()).filter(|tags| tags.len() == 3)
    })
}

#[test]
fn the_lines_of_one_number_have_one_tag_and_another_server_gives_it_another() {
    let tags = || tags_of(|server, who| drop(server.quiet(who)), NUMBERS);
    let (first, second) = (tags(), tags());
    assert_eq!(first[0], first[1]);
    assert!(first[0] != first[2] && first[0].len() == 8, "{first:?}");
    assert_ne!(first, second, "the key is a new one in every run");
}

#[test]
fn the_lines_of_one_session_have_one_tag_as_well_and_a_client_that_did_not_sign_in_has_none() {
    let tags = || tags_of(|server, who| drop(server.device(who)), NUMBERS);
    let (first, second) = (tags(), tags());
    assert_eq!(first[0], first[1]);
    assert!(first[0] != first[2] && first[0].len() == 8, "{first:?}");
    assert_ne!(first, second, "the key is a new one in every run");
    let strangers = tags_of(|server, _| drop(server.stranger("/ws")), NUMBERS);
    assert_eq!(strangers, ["nobody"; 3]);
}

/// Counts what the libraries log. An installed logger would get all of it.
struct Recorder(AtomicUsize);

static LOGGED: Recorder = Recorder(AtomicUsize::new(0));

impl log::Log for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, _: &Record<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn flush(&self) {}
}

/// Pitfall 11: tungstenite logs payloads at the lowest level, so no build may contain those lines. The
/// client here is compiled with the same features as the server, and must not log anything either.
#[test]
fn a_logger_hears_nothing_from_the_libraries_about_what_people_write() {
    log::set_logger(&LOGGED).expect("it is the only one");
    log::set_max_level(LevelFilter::Trace);
    let server = Server::start(&[]);
    let mut alice = server.quiet(NUMBERS[0]);
    let mut bob = server.quiet(NUMBERS[1]);
    alice.send(message(NUMBERS[1], SECRET));
    bob.expect_message(NUMBERS[0], SECRET);
    assert_eq!(LOGGED.0.load(Ordering::Relaxed), 0);
}
