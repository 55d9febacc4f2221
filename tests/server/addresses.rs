//! Limits for one address, behind a trusted proxy: this machine. The turn's own tests have the clients
//! without a proxy, because here all clients have the address of this machine.

use crate::harness::{ALICE, BOB, CAROL, Response, Server, Wire, eventually};

const SOMEBODY: &str = "203.0.113.7";

/// Asks for a WebSocket, with this value of `X-Forwarded-For`.
fn knock(server: &Server, mobile: &str, forwarded_for: &str) -> Wire {
    let mut wire = server.wire();
    let more = format!("X-Forwarded-For: {forwarded_for}\r\n");
    wire.send(Wire::upgrade_request(&format!("/ws/{mobile}?presence=none"), &more));
    wire
}

/// Opens a WebSocket, which the server accepts.
fn enter(server: &Server, mobile: &str, forwarded_for: &str) -> Wire {
    let mut wire = knock(server, mobile, forwarded_for);
    wire.expect_switch();
    wire
}

fn expect_full(response: &Response) {
    response.expect_error(503, "too many connections from this address");
    expect_retry(response);
}

fn expect_retry(response: &Response) {
    let seconds: u64 =
        response.header("Retry-After").expect("it says when").parse().expect("a number");
    assert!(seconds > 0);
}

fn hits(server: &Server, limit: &str) -> f64 {
    server.metrics()[&format!("switchboard_limits_hit_total{{limit=\"{limit}\"}}")]
}

const TWO_EACH: [&str; 4] =
    ["--trusted-proxy", "127.0.0.0/8", "--max-connections-per-address", "2"];

#[test]
fn one_address_has_its_limit_of_connections_and_the_next_is_asked_to_come_back() {
    let server = Server::start(&TWO_EACH);
    let first = enter(&server, ALICE, SOMEBODY);
    let _second = enter(&server, BOB, SOMEBODY);
    expect_full(&knock(&server, CAROL, SOMEBODY).response());
    assert_eq!(hits(&server, "max_connections_per_address"), 1.0);
    let _other = enter(&server, CAROL, "203.0.113.8");
    assert_eq!(server.connections(), 3);

    drop(first);
    eventually("there is room again", || {
        (knock(&server, ALICE, SOMEBODY).response_or_none()?.status == 101).then_some(())
    });
}

#[test]
fn of_ipv6_a_64_is_one_address() {
    let server = Server::start(&TWO_EACH);
    let _first = enter(&server, ALICE, "2001:db8:0:1::1");
    let _second = enter(&server, BOB, "2001:db8:0:1:ffff::2");
    expect_full(&knock(&server, CAROL, "2001:db8:0:1::3").response());
    let _other = enter(&server, CAROL, "2001:db8:0:2::3");
}

#[test]
fn one_address_makes_its_limit_of_new_connections_and_pages_are_free() {
    let flags = ["--trusted-proxy", "127.0.0.1", "--connection-rate-per-address", "1/1h:2"];
    let server = Server::start(&flags);
    drop(enter(&server, ALICE, SOMEBODY));
    drop(enter(&server, BOB, SOMEBODY));
    let response = knock(&server, CAROL, SOMEBODY).response();
    response.expect_error(429, "too many new connections from this address");
    expect_retry(&response);
    assert_eq!(hits(&server, "connection_rate_per_address"), 1.0);
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn no_client_chooses_the_address_that_it_counts_as() {
    let server = Server::start(&TWO_EACH);
    // The proxy appends the address that it knows. What stands before it came from the client.
    let _first = enter(&server, ALICE, &format!("198.51.100.1, {SOMEBODY}"));
    let _second = enter(&server, BOB, &format!("127.0.0.1, {SOMEBODY}"));
    for made_up in ["198.51.100.3", "127.0.0.1", "unknown", ""] {
        expect_full(&knock(&server, CAROL, &format!("{made_up}, {SOMEBODY}")).response());
    }
    let twice = format!("198.51.100.4\r\nX-Forwarded-For: {SOMEBODY}");
    expect_full(&knock(&server, CAROL, &twice).response());
}

#[test]
fn an_address_is_the_same_however_a_proxy_writes_it() {
    let server = Server::start(&TWO_EACH);
    let _first = enter(&server, ALICE, "\"[2001:db8:0:0:0:0:0:1]:443\"");
    let _second = enter(&server, BOB, "[2001:db8::1]:8443");
    for written in ["2001:db8::1", "\"2001:db8::2\"", "2001:db8::3%eth0", "\"[2001:db8::4]\""] {
        expect_full(&knock(&server, CAROL, written).response());
    }
    let _other = enter(&server, CAROL, "\"203.0.113.7:4711\"");
}

#[test]
fn clients_without_an_address_share_the_proxys_and_are_not_exempt_because_it_is_of_this_machine() {
    let server = Server::start(&TWO_EACH);
    let _first = enter(&server, ALICE, "unknown");
    // This proxy is not set up to name its clients.
    let mut second = server.wire();
    second.upgrade(&format!("/ws/{BOB}?presence=none"));
    let quoted = format!("{SOMEBODY}, \"_hidden\"");
    let twice = format!("{SOMEBODY}\r\nX-Forwarded-For: {}", "9".repeat(4_000));
    for no_address in ["", "unknown", "_SEVKISEK", "[2001:db8::1", "1.2.3", &quoted, &twice] {
        expect_full(&knock(&server, CAROL, no_address).response());
    }
    expect_full(&server.http(Wire::upgrade_request(&format!("/ws/{CAROL}"), "")));
    let _other = enter(&server, CAROL, SOMEBODY);
    assert_eq!(server.get("/health").status, 200, "what a proxy asks for itself is free");
}

#[test]
fn a_peer_that_is_no_trusted_proxy_is_not_believed() {
    let flags = ["--trusted-proxy", "192.0.2.1", "--max-connections-per-address", "1"];
    let server = Server::start(&flags);
    // All clients have the address of this machine, whatever they claim, so they do not count.
    let _phones = [ALICE, BOB, CAROL].map(|mobile| enter(&server, mobile, SOMEBODY));
    assert_eq!(hits(&server, "max_connections_per_address"), 0.0);
}

#[test]
fn over_one_connection_of_a_proxy_each_request_counts_as_its_own_clients() {
    let server = Server::start(&TWO_EACH);
    let _first = enter(&server, ALICE, SOMEBODY);
    let _second = enter(&server, BOB, SOMEBODY);
    let mut upstream = knock(&server, CAROL, SOMEBODY);
    expect_full(&upstream.response());
    let more = "X-Forwarded-For: 203.0.113.8\r\n";
    upstream.send(Wire::upgrade_request(&format!("/ws/{CAROL}?presence=none"), more));
    upstream.expect_switch();
}

#[test]
fn a_client_refused_for_another_reason_takes_up_no_place_of_its_address() {
    let flags = [&TWO_EACH[..], &["--replacement-rate", "1/1h:1"]].concat();
    let server = Server::start(&flags);
    let _first = enter(&server, ALICE, "203.0.113.1");
    let _newer = enter(&server, ALICE, SOMEBODY);
    let mut upstream = knock(&server, ALICE, SOMEBODY);
    upstream.response().expect_error(429, "this number changes hands too often");
    let _other = enter(&server, BOB, SOMEBODY);
}
