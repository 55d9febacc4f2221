//! What an operator sees: whether the server accepts clients, and the pages for the operator alone.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::UNIX_EPOCH;

use nix::sys::signal::Signal;

use crate::harness::{ALICE, BOB, Server, Wire, eventually, frame, message};

/// Starts a server with a listener for the operator, and these flags.
fn with_admin(flags: &[&str]) -> Server {
    Server::start(&[&["--admin-listen", "127.0.0.1:0"], flags].concat())
}

#[test]
fn a_server_is_ready_until_it_is_full_and_again_when_somebody_has_left() {
    let server = Server::start(&["--max-connections", "1"]);
    let ready = server.get("/ready");
    assert_eq!((ready.status, &ready.json()["status"]), (200, &"ready".into()));
    let alice = server.quiet(ALICE);
    let ready = server.get("/ready");
    assert_eq!((ready.status, &ready.json()["status"]), (503, &"full".into()));
    assert_eq!(ready.json()["connections"], 1);
    assert_eq!(server.get("/health").status, 200, "it is well all the same");
    drop(alice);
    eventually("a place is free", || (server.get("/ready").status == 200).then_some(()));
}

#[test]
fn a_server_that_shuts_down_is_not_ready() {
    let mut server = with_admin(&["--drain-timeout", "10s"]);
    // A client that does not answer the close frame delays the end of the drain.
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let mut operator = server.admin_wire();
    operator.send("GET /ready HTTP/1.1\r\nHost: switchboard\r\n\r\n");
    assert_eq!(operator.response().status, 200);
    server.signal(Signal::SIGTERM);
    wire.expect_goodbye();
    operator.send("GET /ready HTTP/1.1\r\nHost: switchboard\r\n\r\n");
    let ready = operator.response();
    assert_eq!((ready.status, &ready.json()["status"]), (503, &"draining".into()));
    drop((wire, operator));
    assert!(server.ended().success());
}

#[test]
fn metrics_are_public_only_while_the_operator_has_no_listener() {
    assert_eq!(Server::start(&[]).get("/metrics").status, 200);
    let server = with_admin(&[]);
    assert_eq!(server.get("/metrics").status, 404);
    assert_eq!(server.admin_get("/metrics").status, 200);
    for path in ["/", "/health", "/ready"] {
        assert_eq!(server.get(path).status, 200, "{path}");
        assert_eq!(server.admin_get(path).status, 200, "{path}");
    }
}

#[test]
fn every_connection_has_one_timer_and_gives_it_back() {
    let server = Server::start(&[]);
    // The request itself takes a connection.
    for count in [2, 3, 1] {
        let _crowd: Vec<Wire> = (1..count).map(|_| server.wire()).collect();
        eventually("all are in, or gone", || {
            let metrics = server.metrics();
            let timers = metrics["switchboard_timers{of=\"connections\"}"];
            assert_eq!(timers, metrics["switchboard_connections"]);
            assert!(metrics["switchboard_connection_slots"] >= timers);
            (timers == count as f64).then_some(())
        });
    }
    assert_eq!(server.metrics()["switchboard_timers{of=\"chat\"}"], 0.0);
}

#[test]
fn nobody_chats_through_the_operators_listener() {
    let server = with_admin(&["--echo"]);
    for path in ["/ws/1234567890", "/echo"] {
        let mut wire = server.admin_wire();
        wire.send(Wire::upgrade_request(path, ""));
        wire.response().expect_error(404, "there is nothing at this address");
    }
}

#[test]
fn a_full_house_does_not_lock_the_operator_out() {
    let server = with_admin(&["--max-connections", "1"]);
    let _alice = server.quiet(ALICE);
    // Silent connections, until the server closes new ones at once.
    let mut crowd: Vec<Wire> = Vec::new();
    while !crowd.last().is_some_and(Wire::has_something_to_read) {
        assert!(crowd.len() < 2_000, "it is never full");
        crowd.push(server.wire());
        // This is answered after all earlier connections were accepted or refused.
        assert_eq!(server.admin_get("/health").status, 200);
    }
    assert_eq!(crowd.last_mut().expect("somebody").response().status, 503);
}

#[test]
fn a_crowd_at_the_operators_listener_takes_nobodys_place() {
    let server = with_admin(&[]);
    // Eight connections have a place, and stay silent. Each that comes then takes the place of the first of them.
    let crowd: Vec<Wire> = (0..100).map(|_| server.admin_wire()).collect();
    eventually("most are turned away", || {
        let turned_away = crowd.iter().filter(|wire| wire.has_something_to_read()).count();
        (turned_away == 92).then_some(())
    });
    let (mut alice, mut bob) = (server.quiet(ALICE), server.quiet(BOB));
    alice.send(message(BOB, "hello"));
    bob.expect_message(ALICE, "hello");
    let mut silent = crowd.into_iter().next_back().expect("a hundred");
    silent.send(frame(1, "not HTTP"));
    assert_eq!(silent.response().status, 400);
}

#[test]
fn the_flight_recorder_is_shown_to_the_operator_and_to_nobody_else() {
    let server = with_admin(&[]);
    assert_eq!(server.get("/trace").status, 404);
    assert_eq!(Server::start(&[]).get("/trace").status, 404);

    let (mut alice, mut bob) = (server.quiet(ALICE), server.quiet(BOB));
    for n in 0..100 {
        alice.send(message(BOB, &format!("{n}")));
        bob.expect_message(ALICE, &format!("{n}"));
    }
    let page = server.admin_get("/trace").json();
    let events = page["traceEvents"].as_array().expect("a list");
    let bars = |name: &str| events.iter().filter(|e| e["ph"] == "X" && e["name"] == name).count();
    assert!(bars("turn") >= 100 && bars("receive") >= 100 && bars("send") >= 100);
    assert!(bars("accept") >= 2, "three connections were accepted, two of them one by one");
    // A phase begins and ends within its turn, and turns do not overlap.
    let mut end_of_last = 0.0;
    let mut turn = (0.0, 0.0);
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let ts = event["ts"].as_f64().expect("a number");
        let end = ts + event["dur"].as_f64().expect("a number");
        if event["name"] == "turn" {
            assert!(ts >= end_of_last, "{event} begins before {end_of_last}");
            turn = (ts, end);
            end_of_last = end;
        } else {
            assert!(ts >= turn.0 - 0.001 && end <= turn.1 + 0.001, "{event} is not in {turn:?}");
        }
    }
}

#[test]
fn every_phase_is_timed_in_every_turn() {
    let server = Server::start(&[]);
    server.quiet(ALICE).expect_nothing();
    let metrics = server.metrics();
    let turns = metrics["switchboard_turn_seconds_count"];
    let mut sum = 0.0;
    for phase in [
        "readiness",
        "accept",
        "answer",
        "receive",
        "expire",
        "leave",
        "ask",
        "publish",
        "send",
        "close",
    ] {
        let label = format!("{{phase=\"{phase}\"}}");
        assert_eq!(metrics[&format!("switchboard_phase_seconds_count{label}")], turns, "{phase}");
        sum += metrics[&format!("switchboard_phase_seconds_sum{label}")];
    }
    assert!((sum - metrics["switchboard_turn_seconds_sum"]).abs() < 1e-6);
    assert!(metrics.contains_key("switchboard_loop_lag_seconds_count"));
}

/// A server without a folder for data has no metrics of users.
#[cfg(feature = "accounts")]
#[test]
fn the_page_explains_every_metric_and_no_other() {
    use std::collections::BTreeSet;

    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.join(format!("metrics-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the target folder can be written to");
    let server = Server::start(&["--data", folder.to_str().expect("a path in UTF-8")]);
    let metrics = server.get("/metrics").text();
    drop(server);
    std::fs::remove_dir_all(&folder).expect("it is ours");
    let families = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut told: BTreeSet<&str> = families.filter_map(|family| family.split(' ').next()).collect();
    // This metric is missing where /proc/self/fd cannot be read.
    told.insert("process_open_fds");
    let page = include_str!("../../src/metrics/METRICS.md");
    let (page, _) = page.split_once("\n## ").expect("the reasons stand below");
    let mut explained = BTreeSet::new();
    for row in page.lines().filter_map(|line| line.strip_prefix("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [name, meaning, _rise, ""] = cells[..] else { panic!("three cells: {row}") };
        assert!(!meaning.is_empty(), "{row}");
        assert!(explained.insert(name.trim_end_matches('`')), "twice: {row}");
    }
    assert_eq!(explained, told);
}

#[test]
fn the_page_explains_every_reason_of_a_refusal_and_no_other() {
    let metrics = Server::start(&[]).get("/metrics").text();
    let prefix = "switchboard_upgrades_refused_total{reason=\"";
    let counted = metrics.lines().filter_map(|line| line.strip_prefix(prefix)?.split('"').next());
    let page = include_str!("../../src/metrics/METRICS.md");
    let (_, table) = page.split_once("\n## Why no WebSocket was opened\n").expect("the section");
    let table = table.split("\n## ").next().expect("the section");
    let explained = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert!(counted.clone().count() > 10);
    assert_eq!(explained.collect::<Vec<_>>(), counted.collect::<Vec<_>>());
}

#[test]
fn the_limits_in_effect_are_told_by_the_names_of_their_flags_and_one_that_is_off_is_not() {
    let limits = |flags: &[&str]| {
        let metrics = Server::start(flags).metrics().into_iter();
        let limit = |name: &str| Some(name.strip_prefix("switchboard_limit{limit=\"")?.to_owned());
        let limits = metrics.filter_map(|(name, value)| Some((limit(&name)?, value)));
        limits.map(|(name, value)| (name.trim_end_matches("\"}").to_owned(), value)).collect()
    };
    let default: BTreeMap<String, f64> = limits(&[]);
    assert_eq!((default["message_rate_burst"], default["message_rate_refill"]), (400.0, 2.0));
    assert_eq!((default["ping_timeout"], default["strikes"]), (60.0, 50.0));
    let flags = include_str!("../../src/config/FLAGS.md");
    for name in default.keys() {
        let flag = name.trim_end_matches("_burst").trim_end_matches("_refill").replace('_', "-");
        assert!(flags.contains(&format!("`--{flag} ")), "no flag --{flag}");
    }
    let set = limits(&["--message-rate", "off", "--strikes", "7", "--ping-timeout", "1500ms"]);
    assert_eq!((set["strikes"], set["ping_timeout"]), (7.0, 1.5));
    assert!(!set.contains_key("message_rate_burst") && !set.contains_key("message_rate_refill"));
    assert_eq!(set.len() + 2, default.len());
}

#[test]
fn what_the_process_uses_is_told_under_the_names_that_dashboards_know() {
    let server = Server::start(&[]);
    let alice = server.quiet(ALICE);
    let metrics = server.metrics();
    let version = concat!("switchboard_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}");
    assert_eq!(metrics[version], 1.0);
    let resident = metrics["process_resident_memory_bytes"];
    assert!(resident > 100_000.0 && resident <= metrics["process_virtual_memory_bytes"]);
    let started = metrics["process_start_time_seconds"];
    let date = server.get("/health").header("Date").expect("it has one").to_owned();
    let now = httpdate::parse_http_date(&date).expect("a date");
    let now = now.duration_since(UNIX_EPOCH).expect("it is after 1970");
    let age = now.as_secs_f64() - started;
    assert!((-1.0..3600.0).contains(&age), "started {age} s ago");
    assert!(metrics["process_max_fds"] >= 20.0);
    if let Some(open) = metrics.get("process_open_fds") {
        // Samples are taken now and then. Alice may have connected after the last one.
        assert!((6.0..=server.descriptors() as f64 + 1.0).contains(open), "{open}");
    }
    assert_eq!(metrics["switchboard_numbers_online"], 1.0);
    drop(alice);
}

#[test]
fn the_end_of_a_connection_is_one_line_with_what_it_brought_and_took() {
    let server = Server::start(&[]);
    let (mut alice, mut bob) = (server.quiet(ALICE), server.quiet(BOB));
    for text in ["one", "two", "three"] {
        alice.send(message(BOB, text));
        bob.expect_message(ALICE, text);
    }
    drop(alice);
    let line = eventually("the end of Alice's connection is logged", || {
        server.log().into_iter().find(|line| line.contains("connection ended"))
    });
    for field in
        ["level=info", "kind=websocket", "outcome=", "who=", "messages_in=3", "messages_out=0"]
    {
        assert!(line.contains(field), "{field}: {line}");
    }
    bob.expect_nothing();
}

#[test]
fn plain_requests_are_logged_only_at_the_level_debug() {
    let requests = |level| {
        let server = Server::start(&["--log", level]);
        server.get("/health");
        drop(server.quiet(ALICE));
        eventually("the end of the last is logged", || {
            let log = server.log();
            log.iter().any(|line| line.contains("kind=websocket")).then_some(log)
        })
        .iter()
        .filter(|line| line.contains("kind=http"))
        .count()
    };
    assert_eq!(requests("info"), 0);
    assert_eq!(requests("debug"), 1);
}

#[test]
fn the_end_of_a_plain_connection_counts_the_whole_answer() {
    let server = Server::start(&["--log", "debug"]);
    let request = "GET /health HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\r\n";
    let mut stream = TcpStream::connect(server.address()).expect("the server listens");
    stream.write_all(request.as_bytes()).expect("it takes that");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    drop(stream);
    let line = eventually("its end is logged", || {
        server.log().into_iter().find(|line| line.contains("kind=http"))
    });
    let bytes = format!(" bytes_in={} bytes_out={} ", request.len(), answer.len());
    assert!(line.contains(&bytes) && line.contains("outcome=http who=nobody"), "{bytes}: {line}");
}

#[test]
fn a_flood_of_endings_is_a_hundred_lines_a_second_and_a_count_of_the_rest() {
    let server = Server::start(&[]);
    let phones: Vec<_> = (0..400).map(|n| server.quiet(&format!("10000{n:05}"))).collect();
    drop(phones);
    // No other event wakes the server meanwhile.
    let told = eventually("the rest is counted", || {
        server.log().into_iter().find(|line| line.contains("too many lines a second"))
    });
    let left_out: usize = told.split_once("lines=").expect("a count").1.parse().expect("a number");
    let lines = server.log().iter().filter(|line| line.contains("connection ended")).count();
    assert!(left_out > 0 && lines < 400, "{lines} lines, and {left_out} left out");
}

#[test]
fn no_flood_of_endings_silences_what_the_operator_is_owed() {
    let mut server = Server::start(&[]);
    let phones: Vec<_> = (0..400).map(|n| server.quiet(&format!("10000{n:05}"))).collect();
    server.signal(Signal::SIGTERM);
    server.signal(Signal::SIGUSR1);
    assert!(server.ended().success());
    drop(phones);
    for line in [
        "signal 15: draining",
        "no trace is written",
        "too many lines a second",
        "drained, with 0 connections left",
    ] {
        let count = server.log().iter().filter(|logged| logged.contains(line)).count();
        assert_eq!(count, 1, "{line}");
    }
}

#[test]
fn a_slow_turn_is_logged_phase_by_phase() {
    let server = Server::start(&["--slow-turn", "1ns"]);
    let line = eventually("a turn is logged", || {
        server.log().into_iter().find(|line| line.contains("a turn was slow"))
    });
    assert!(line.contains("level=warn") && line.contains(" turn_us="), "{line}");
    server.get("/health");
    eventually("a turn that has read is logged", || {
        server.log().iter().any(|line| line.contains("receive_work=1")).then_some(())
    });
}
