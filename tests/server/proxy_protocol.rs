//! `--proxy-protocol`: a trusted proxy says whose connection it is before the first request.

use crate::bans::{BANNED, Banning};
use crate::harness::{ALICE, BOB, CAROL, Server, Wire, binary, eventually, pause};
use std::time::Duration;

const FLAGS: [&str; 5] =
    ["--proxy-protocol", "--trusted-proxy", "127.0.0.1", "--max-connections-per-address", "1"];

fn line(client: &str) -> Vec<u8> {
    format!("PROXY TCP4 {client} 192.0.2.1 51000 443\r\n").into_bytes()
}

/// A header of version 2 for this client, with an extension.
fn binary_header(client: [u8; 4]) -> Vec<u8> {
    let addresses = [&client[..], &[192, 0, 2, 1, 0xC7, 0x38, 0x01, 0xBB], &[4, 0, 1, 0]].concat();
    [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10"[..], &addresses].concat()
}

/// Asks for a WebSocket behind this header, and returns the connection and the status.
fn knock(server: &Server, header: &[u8], mobile: &str) -> (Wire, u16) {
    let mut wire = server.wire();
    wire.send(header);
    wire.send(Wire::upgrade_request(&format!("/ws/{mobile}?presence=none"), ""));
    let status = wire.response().status;
    (wire, status)
}

/// A server's page, as its proxy asks for it: the connection is the proxy's own.
fn page(server: &Server, path: &str) -> String {
    let mut wire = server.wire();
    wire.send(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0");
    wire.send(format!("GET {path} HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\r\n"));
    wire.response().text()
}

#[test]
fn the_client_is_the_one_that_the_proxy_names_in_either_version() {
    let server = Server::start(&FLAGS);
    let (_one, first) = knock(&server, &line("203.0.113.7"), ALICE);
    let (_, second) = knock(&server, &binary_header([203, 0, 113, 7]), BOB);
    let (_two, third) = knock(&server, &binary_header([203, 0, 113, 8]), CAROL);
    assert_eq!([first, second, third], [101, 503, 101]);
    let refused = r#"switchboard_upgrades_refused_total{reason="address_full"} 1"#;
    assert!(page(&server, "/metrics").contains(refused));
}

#[test]
fn a_header_in_single_bytes_is_read_and_one_that_stops_half_way_is_given_up() {
    let server = Server::start(&[&FLAGS[..], &["--handshake-timeout", "2s"]].concat());
    let mut stuck = server.wire();
    stuck.send(&binary_header([203, 0, 113, 7])[..20]);
    let mut slow = server.wire();
    for byte in binary_header([203, 0, 113, 9]) {
        slow.send([byte]);
        pause(Duration::from_millis(1));
    }
    slow.send(Wire::upgrade_request(&format!("/ws/{ALICE}?presence=none"), ""));
    slow.expect_switch();
    stuck.expect_end();
}

#[test]
fn a_trusted_proxy_without_a_header_is_told_what_is_missing() {
    let server = Server::start(&FLAGS);
    for bytes in
        [&b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"[..], b"\x16\x03\x01\x02", b"PROXY X\r\n"]
    {
        let mut wire = server.wire();
        wire.send(bytes);
        let answer = wire.response();
        assert_eq!(answer.status, 400);
        let detail = answer.json()["detail"].as_str().expect("a sentence").to_owned();
        assert!(detail.contains("PROXY protocol header"), "{detail}");
        wire.expect_end();
    }
    let refused = r#"switchboard_upgrades_refused_total{reason="proxy_header"} 3"#;
    assert!(page(&server, "/metrics").contains(refused));
    eventually("the log says so", || {
        server
            .log()
            .iter()
            .any(|line| line.contains("reason=proxy_header status=400"))
            .then_some(())
    });
}

#[test]
fn others_speak_plain_http_and_their_headers_are_no_requests() {
    let flags = ["--proxy-protocol", "--trusted-proxy", "192.0.2.1"];
    let server = Server::start(&flags);
    assert_eq!(server.get("/health").status, 200);
    let mut wire = server.wire();
    wire.send([&line("203.0.113.7")[..], b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"].concat());
    assert_eq!(wire.response().status, 400);
}

#[test]
fn it_needs_to_know_who_the_proxies_are() {
    let output = binary().arg("--proxy-protocol").output().expect("the binary has been built");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--proxy-protocol and --trusted-proxy: "), "{said}");
}

#[test]
fn a_banned_address_is_turned_away_by_what_the_header_says() {
    let flags = ["--proxy-protocol", "--trusted-proxy", "127.0.0.1"];
    let world = Banning::start_with("address 203.0.113.0/24\naddress 127.0.0.1\n", &flags);
    assert_eq!(knock(&world.server, &line("203.0.113.7"), ALICE).1, 403);
    assert_eq!(knock(&world.server, &binary_header([203, 0, 113, 8]), ALICE).1, 403);
    let (mut inside, status) = knock(&world.server, &line("203.0.114.7"), ALICE);
    assert_eq!(status, 101);
    world.ban("address 203.0.114.7\n", 1);
    inside.expect_close(4003, BANNED);
    assert_eq!(knock(&world.server, &line("203.0.114.7"), ALICE).1, 403);
}
