//! Plain HTTP: the pages, and a connection with several requests.
//!
//! `refusals` tests the requests that are refused, and `upgrade` the way from HTTP to a WebSocket.

use crate::harness::{ALICE, Server, eventually};

const GET_HEALTH: &str = "GET /health HTTP/1.1\r\nHost: switchboard\r\n\r\n";

#[test]
fn health_says_what_the_contract_lists() {
    let server = Server::start(&[]);
    let _alice = server.quiet(ALICE);
    let response = server.get("/health");
    assert_eq!(response.status, 200);
    let health = response.json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["connections"], 1);
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    for counter in ["invitations", "conversations", "uptime_seconds"] {
        assert!(health[counter].is_u64(), "{counter}");
    }
    let timestamp = health["timestamp"].as_str().expect("a string");
    assert_eq!(timestamp.len(), "2026-01-01T00:00:00Z".len());
    assert!(timestamp.ends_with('Z') && timestamp.as_bytes()[10] == b'T', "{timestamp}");
}

#[test]
fn health_counts_websockets_and_nothing_else() {
    let server = Server::start(&[]);
    let (alice, _plain) = (server.quiet(ALICE), server.wire());
    assert_eq!(server.connections(), 1);
    alice.close();
    eventually("the phone is gone", || (server.connections() == 0).then_some(()));
}

#[test]
fn the_front_page_says_what_this_is() {
    let server = Server::start(&[]);
    let response = server.get("/?utm_source=nowhere");
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["status"], "Server is running");
    assert_eq!(response.json()["active_connections"], 0);
}

#[test]
fn without_the_web_client_a_browser_gets_json_and_its_service_worker_goes() {
    let server = Server::start(&["--no-web"]);
    let lines = "Host: switchboard\r\nAccept: text/html\r\n";
    let front = server.http(format!("GET / HTTP/1.1\r\n{lines}\r\n"));
    assert_eq!(front.json()["status"], "Server is running");
    let worker = server.get("/sw.js");
    assert_eq!(worker.header("Content-Type"), Some("text/javascript; charset=utf-8"));
    assert!(worker.text().contains("registration.unregister()"));
    assert_eq!(server.get("/client.js").status, 404);
}

#[test]
fn a_request_line_of_8000_bytes_is_taken() {
    let server = Server::start(&[]);
    // RFC 9112 §3 recommends no less.
    let path = format!("/health?{}", "x".repeat(8000 - "GET /health? HTTP/1.1".len()));
    assert_eq!(server.get(&path).status, 200);
}

#[test]
fn metrics_are_in_the_format_of_prometheus() {
    let server = Server::start(&[]);
    let response = server.get("/metrics");
    let content_type = response.header("Content-Type").expect("it has one");
    assert!(content_type.starts_with("text/plain; version=0.0.4"), "{content_type}");
    let page = response.text();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().expect("a name");
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let is_ours_or_standard =
            |name: &str| name.starts_with("switchboard_") || name.starts_with("process_");
        let has = |name: &str| page.contains(&format!("\n# TYPE {name} "));
        assert!(
            is_ours_or_standard(name) && (has(name) || family.is_some_and(has))
                || page.starts_with(&format!("# HELP {name} ")),
            "{line}"
        );
    }
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    for _ in 0..3 {
        wire.send(GET_HEALTH);
        let response = wire.response();
        assert_eq!((response.status, response.header("Connection")), (200, None));
    }
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    let nowhere = "GET /nowhere HTTP/1.1\r\nHost: switchboard\r\n\r\n";
    // Old clients send an empty line after a request (RFC 9112 §2.2).
    wire.send(format!("{GET_HEALTH}\r\n{nowhere}{GET_HEALTH}").repeat(20));
    for _ in 0..20 {
        let statuses = [(); 3].map(|()| wire.response().status);
        assert_eq!(statuses, [200, 404, 200]);
    }
}

#[test]
fn pipelined_answers_may_be_more_than_an_outbox_holds() {
    let server = Server::start(&["--outbox-bytes", "4KiB"]);
    let mut wire = server.wire();
    wire.send("GET /metrics HTTP/1.1\r\nHost: switchboard\r\n\r\n".repeat(20));
    (0..20).for_each(|_| assert_eq!(wire.response().status, 200));
}

#[test]
fn a_client_that_asks_for_a_thousand_pages_and_reads_none_delays_nobody_else() {
    let server = Server::start(&["--outbox-bytes", "64KiB"]);
    let mut greedy = server.wire();
    greedy.send("GET /metrics HTTP/1.1\r\nHost: switchboard\r\n\r\n".repeat(1000));
    assert_eq!(server.http(GET_HEALTH).status, 200);
    // The server does not close the greedy connection. It left the other requests unread until there
    // was room for the answers.
    (0..1000).for_each(|_| assert_eq!(greedy.response().status, 200));
}

#[test]
fn a_request_that_says_close_is_answered_and_the_connection_closed() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    wire.send("GET /health HTTP/1.1\r\nHost: switchboard\r\nConnection: Close\r\n\r\n");
    wire.send(GET_HEALTH);
    assert_eq!(wire.response().header("Connection"), Some("close"));
    wire.expect_end();
}

#[test]
fn http_1_0_closes_unless_it_asks_otherwise() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    wire.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let response = wire.response();
    assert_eq!((response.status, response.header("Connection")), (200, Some("keep-alive")));
    wire.send("GET /health HTTP/1.0\r\n\r\n");
    assert_eq!(wire.response().header("Connection"), Some("close"));
    wire.expect_end();
}

#[test]
fn the_answer_to_head_has_the_headers_of_get_and_no_body() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    for path in ["/", "/health", "/metrics", "/nowhere"] {
        wire.send(format!("HEAD {path} HTTP/1.1\r\nHost: switchboard\r\n\r\n"));
        let head = wire.response_to("HEAD");
        // The next answer is read at once. If there were a body, it would stand before that answer.
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: switchboard\r\n\r\n"));
        let get = wire.response();
        assert_eq!(head.status, get.status);
        assert_eq!(head.header("Content-Type"), get.header("Content-Type"));
        assert!(head.header("Content-Length").is_some_and(|length| length != "0"));
        assert!(!get.body.is_empty());
    }
}

#[test]
fn options_says_what_an_address_allows_and_the_connection_goes_on() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    for (path, allow) in [
        ("/", "GET, HEAD, OPTIONS"),
        ("/health", "GET, HEAD, OPTIONS"),
        ("/ws", "GET, OPTIONS"),
        ("/ws/1234567890", "GET, OPTIONS"),
    ] {
        wire.send(format!("OPTIONS {path} HTTP/1.1\r\nHost: switchboard\r\n\r\n"));
        let response = wire.response();
        assert_eq!((response.status, response.header("Allow")), (204, Some(allow)), "{path}");
        // An answer that cannot have a body has no length (RFC 9110 §8.6).
        assert_eq!(response.header("Content-Length"), None);
    }
    // HAProxy's default health check sends this.
    wire.send("OPTIONS / HTTP/1.0\r\n\r\n");
    let response = wire.response();
    assert_eq!((response.status, response.header("Connection")), (204, Some("close")));
    wire.expect_end();
}

#[test]
fn every_answer_has_a_date() {
    let server = Server::start(&[]);
    let date = server.get("/health").header("Date").expect("it has one").to_owned();
    assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
}

#[test]
fn a_client_that_closes_its_half_after_asking_is_still_answered() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    wire.send(GET_HEALTH.repeat(3));
    wire.finish_writing();
    for _ in 0..3 {
        assert_eq!(wire.response().status, 200);
    }
    wire.expect_end();
}
