//! A full server: too many connections for the setting, and too many for the process.

use std::process::Command;

use std::collections::BTreeMap;

use crate::harness::{ALICE, Server, TEXT, Wire, binary, eventually, frame};

/// How often a limit was hit.
fn hits(server: &Server, limit: &str) -> f64 {
    server.metrics()[&format!("switchboard_limits_hit_total{{limit=\"{limit}\"}}")]
}

#[test]
fn the_page_has_every_limit_with_its_flag_and_its_name_in_the_metrics() {
    let page = include_str!("../../src/limiter/LIMITS.md");
    let flags = include_str!("../../src/config/FLAGS.md");
    // The columns of the first table: limit, flag, default, what the client sees, label. Some limits
    // have a constant instead of a flag.
    let table = page.lines().skip_while(|line| !line.starts_with('|'));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    let mut labels = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [_, _, flag, _, _, label, _] = cells[..] else { panic!("five cells: {row}") };
        let expected = flag.trim_start_matches("--").replace('-', "_");
        assert!(flag.is_empty() || expected == label, "{row}");
        let flagged = flags.contains(&format!("\n| `{flag} "));
        assert!(flag.is_empty() || flagged, "the page of the flags lacks {flag}");
        labels.insert(format!("switchboard_limits_hit_total{{limit=\"{label}\"}}"), 0.0);
    }
    let mut metrics = Server::start(&[]).metrics();
    metrics.retain(|name, _| name.starts_with("switchboard_limits_hit_total"));
    assert_eq!(metrics, labels);
}

#[test]
fn a_client_that_hits_a_limit_of_its_own_is_counted() {
    // The question for the metrics has to arrive in time, too.
    let hasty = Server::start(&["--handshake-timeout", "1s"]);
    let mut idler = hasty.wire();
    idler.send("GET / HTTP/1.1\r\n");
    assert_eq!(idler.response().status, 408);
    assert!(hits(&hasty, "handshake_timeout") >= 1.0);
    drop(hasty);

    let server = Server::start(&["--frame-timeout", "100ms", "--strikes", "2"]);
    let upgraded = |mobile: &str| {
        let mut wire = server.wire();
        wire.upgrade(&format!("/ws/{mobile}?presence=none"));
        wire
    };
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(10_000));
    assert_eq!(server.http(&head).status, 431);
    assert_eq!(server.http(format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(9_000))).status, 414);
    assert_eq!(hits(&server, "http_head"), 2.0);

    let mut slow = upgraded("1000000001");
    slow.send(&frame(TEXT, "drip")[..5]);
    slow.expect_close(1008, "a frame took too long to arrive");
    assert_eq!(hits(&server, "frame_timeout"), 1.0);

    let mut large = upgraded("1000000002");
    large.send(&frame(TEXT, vec![b'x'; 70_000])[..20]);
    assert_eq!(large.frame().1[..2], 1009u16.to_be_bytes());
    assert_eq!(hits(&server, "max_message_bytes"), 1.0);

    let mut careless = upgraded("1000000003");
    careless.send(frame(TEXT, "x").repeat(3));
    (0..3).for_each(|_| assert!(careless.text().contains("error")));
    careless.expect_close(1008, "too many malformed frames");
    assert_eq!(hits(&server, "strikes"), 1.0);
}

#[test]
fn one_more_than_the_limit_is_asked_to_come_back_later_and_health_still_answers() {
    let server = Server::start(&["--max-connections", "3"]);
    let mut phones: Vec<_> = (0..3).map(|n| server.quiet(&format!("100000000{n}"))).collect();
    let request = Wire::upgrade_request(&format!("/ws/{ALICE}"), "");
    let response = server.http(&request);
    response.expect_error(503, "the server is full");
    let seconds = response.header("Retry-After").and_then(|value| value.parse::<u32>().ok());
    assert!(seconds.is_some_and(|seconds| seconds > 0));
    assert_eq!(server.connections(), 3);
    assert_eq!(hits(&server, "max_connections"), 1.0);

    // A connection that takes over a number takes over its place as well.
    let mut newer = server.quiet("1000000000");
    newer.expect_nothing();

    phones.pop().expect("three").close();
    eventually("there is room again", || (server.http(&request).status == 101).then_some(()));
}

#[test]
fn a_process_with_few_descriptors_turns_the_surplus_away_and_recovers() {
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().args(["-c", r#"ulimit -n 64; exec "$0" "$@""#]);
    let server = Server::spawn(
        shell.arg(env!("CARGO_BIN_EXE_switchboard")).args(["--listen", "127.0.0.1:0"]),
    );
    let mut kept = server.quiet(ALICE);
    let crowd: Vec<Wire> = (0..150).map(|_| server.wire()).collect();
    eventually("the surplus is turned away", || {
        (crowd.iter().filter(|wire| wire.has_something_to_read()).count() >= 90).then_some(())
    });
    kept.expect_nothing();
    drop(crowd);
    eventually("it serves everybody again", || {
        (server.health_or_none()?.status == 200).then_some(())
    });
    let phones: Vec<_> = (0..30).map(|n| server.quiet(&format!("20000000{n:02}"))).collect();
    assert_eq!(server.connections(), 31);
    drop(phones);
    kept.expect_nothing();
}

#[test]
fn more_connections_than_descriptors_is_a_setting_that_cannot_be() {
    let output = binary().args(["--max-connections", "16777216"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let line = String::from_utf8(output.stderr).expect("text");
    assert!(line.contains("--max-connections 16777216") && line.lines().count() == 1, "{line}");
}

#[test]
fn the_metrics_tell_what_the_process_uses() {
    let server = Server::start(&[]);
    let metrics = server.metrics();
    assert!(metrics["process_resident_memory_bytes"] > 500_000.0);
    assert!(metrics["process_cpu_seconds_total"] >= 0.0);
}

#[test]
fn messages_that_are_half_here_have_a_limit_all_together() {
    let server = Server::start(&["--inbox-total-bytes", "20KiB", "--max-message-bytes", "16KiB"]);
    let half = &frame(1, vec![b' '; 16_000])[..12_000];
    let mut first = server.wire();
    first.upgrade(&format!("/ws/{ALICE}?presence=none"));
    first.send(half);
    eventually("the first is kept", || {
        (server.metrics()["switchboard_inbox_bytes"] >= 11_000.0).then_some(())
    });
    let mut second = server.wire();
    second.upgrade("/ws/0000000002?presence=none");
    second.send(half);
    second.expect_close(1013, "too many messages are half here");
    assert_eq!(hits(&server, "inbox_total_bytes"), 1.0);
    // The client within the limit goes on. The other client's bytes no longer count.
    first.send(&frame(1, vec![b' '; 16_000])[12_000..]);
    let error =
        r#"{"type":"error","detail":"a frame must be one JSON object","code":"not_an_object"}"#;
    assert_eq!(first.text(), error);
    assert_eq!(server.metrics()["switchboard_inbox_bytes"], 0.0);
}
