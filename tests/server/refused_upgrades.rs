//! What an operator sees of a client that gets no WebSocket. A browser tells its page nothing, not even the
//! status, so the log and the metrics have to.

use std::collections::BTreeMap;

use crate::harness::{ALICE, Server, Wire, eventually};

/// The reasons that were counted, with how often.
fn counted(server: &Server) -> BTreeMap<String, f64> {
    let metrics = server.metrics();
    let of = |name: &str| Some(name.strip_prefix(PREFIX)?.strip_suffix("\"}")?.to_owned());
    let counts = metrics.iter().filter_map(|(name, &count)| Some((of(name)?, count)));
    counts.filter(|(_, count)| *count > 0.0).collect()
}

const PREFIX: &str = "switchboard_upgrades_refused_total{reason=\"";

/// The last line about a refusal, once there are as many as this.
fn line(server: &Server, count: usize) -> String {
    eventually("the refusal is logged", || {
        let log = server.log().into_iter();
        let mut lines: Vec<_> = log.filter(|line| line.contains("\"upgrade refused\"")).collect();
        (lines.len() >= count).then(|| lines.pop()).flatten()
    })
}

#[test]
fn each_reason_has_its_count_and_its_line_and_neither_names_anybody() {
    let server = Server::start(&["--echo"]);
    let number = format!("/ws/{ALICE}");
    let upgrade = |path: &str, more: &str| Wire::upgrade_request(path, more);
    let plain = |method: &str| format!("{method} {number} HTTP/1.1\r\nHost: switchboard\r\n\r\n");
    let old = upgrade(&number, "").replacen("Version: 13", "Version: 12", 1);
    let mut expected = BTreeMap::new();
    for (count, (request, reason, status, route)) in [
        (
            upgrade(&number, "Origin: https://evil.example\r\n"),
            "foreign_origin",
            403,
            "/ws/{mobile}",
        ),
        (upgrade("/echo", "Origin: https://evil.example\r\n"), "foreign_origin", 403, "/echo"),
        (upgrade("/wss/secret?token=secret", ""), "no_such_address", 404, "none"),
        (upgrade("/ws?token=secret", ""), "by_the_chat", 404, "/ws"),
        (upgrade("/ws/123", ""), "parameters", 400, "/ws/{mobile}"),
        (plain("GET"), "not_an_upgrade", 426, "/ws/{mobile}"),
        (plain("DELETE"), "method", 405, "/ws/{mobile}"),
        (old, "wrong_version", 426, "/ws/{mobile}"),
        (upgrade(&number, "Sec-WebSocket-Version: 13\r\n"), "bad_handshake", 400, "/ws/{mobile}"),
        (upgrade(&number, "Content-Length: 6\r\n"), "body", 413, "/ws/{mobile}"),
        (
            upgrade(&number, &format!("Cookie: {}\r\n", "secret".repeat(1500))),
            "too_large",
            431,
            "none",
        ),
        (upgrade(&number, "secret\r\n"), "malformed", 400, "none"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(server.http(request).status, status, "{reason}");
        *expected.entry(reason.to_owned()).or_insert(0.0) += 1.0;
        let line = line(&server, count + 1);
        let fields = format!(" reason={reason} status={status} route={route}");
        assert!(line.contains("level=info") && line.ends_with(&fields), "{fields}: {line}");
    }
    assert_eq!(counted(&server), expected);
    assert_eq!(server.metrics()["switchboard_answers_total{status=\"403\"}"], 2.0);
    let all = server.log().join("\n") + &server.get("/metrics").text();
    for secret in [ALICE, "123456", "secret", "evil", "wss"] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[test]
fn what_stands_in_the_way_of_good_requests_is_told_too() {
    let server = Server::start(&["--max-connections", "1"]);
    let alice = server.quiet(ALICE);
    let ask = Wire::upgrade_request("/ws/0087654321", "");
    assert_eq!(server.http(&ask).status, 503);
    assert!(line(&server, 1).ends_with(" reason=full status=503 route=/ws/{mobile}"));
    drop(alice);

    let rate = ["--trusted-proxy", "127.0.0.1", "--connection-rate-per-address", "1/1h:1"];
    let server = Server::start(&rate);
    let forwarded = Wire::upgrade_request("/ws", "X-Forwarded-For: 192.0.2.1\r\n");
    assert_eq!([101, 429], [(); 2].map(|()| server.http(&forwarded).status));
    assert!(line(&server, 1).ends_with(" reason=address_too_fast status=429 route=/ws"));
    assert_eq!(counted(&server), BTreeMap::from([("address_too_fast".to_owned(), 1.0)]));

    let server = Server::start(&["--replacement-rate", "1/1h:1"]);
    let mut phones: Vec<Wire> = (0..3).map(|_| server.wire()).collect();
    for phone in &mut phones {
        phone.send(Wire::upgrade_request(&format!("/ws/{ALICE}?presence=none"), ""));
    }
    assert!(line(&server, 1).ends_with(" reason=by_the_chat status=429 route=/ws/{mobile}"));
}

#[test]
fn a_connection_that_is_closed_when_accepted_is_told_with_its_reason() {
    let server = Server::start(&["--max-connections", "1"]);
    // Beside the place for one client there are 256 for pages, or fewer.
    let crowd: Vec<Wire> = (0..300).map(|_| server.wire()).collect();
    let line = line(&server, 1);
    assert!(line.ends_with(" reason=full status=503 route=none"), "{line}");
    drop(crowd);
    eventually("a page is served again", || server.health_or_none());
    let shed = server.metrics()["switchboard_shed_total"];
    assert!(shed >= 43.0, "{shed}");
    assert_eq!(counted(&server), BTreeMap::from([("full".to_owned(), shed)]));
}

#[test]
fn a_page_that_is_refused_is_logged_only_at_the_level_debug() {
    for (level, lines) in [("info", 0), ("debug", 1)] {
        let server = Server::start(&["--log", level]);
        assert_eq!(server.get("/wp-login.php").status, 404);
        assert_eq!(server.http(Wire::upgrade_request("/nowhere", "")).status, 404);
        line(&server, 1);
        let refused = |line: &String| line.contains("\"request refused\"");
        let log = server.log();
        assert_eq!(log.iter().filter(|line| refused(line)).count(), lines, "{level}");
        assert!(!log.iter().any(|line| line.contains("wp-login")));
        assert_eq!(server.metrics()[&format!("{PREFIX}no_such_address\"}}")], 1.0);
    }
}

#[test]
fn one_connection_that_is_refused_again_and_again_does_not_fill_the_log() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    let foreign =
        Wire::upgrade_request(&format!("/ws/{ALICE}"), "Origin: https://evil.example\r\n");
    for _ in 0..10 {
        wire.send(foreign.repeat(100));
        (0..100).for_each(|_| assert_eq!(wire.response().status, 403));
    }
    drop(server.quiet(ALICE));
    eventually("another's end is logged all the same", || {
        server.log().iter().any(|line| line.contains("connection ended")).then_some(())
    });
    assert_eq!(counted(&server), BTreeMap::from([("foreign_origin".to_owned(), 1000.0)]));
    let count = |text: &str| server.log().iter().filter(|line| line.contains(text)).count();
    let (lines, summaries) = (count("upgrade refused"), count("were refused at once"));
    assert!(lines < 500 && (1..100).contains(&summaries), "{lines} lines, {summaries} summaries");
}
