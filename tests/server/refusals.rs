//! Requests that are refused: each with the right status, the right headers and a sentence. It is always
//! clear whether the connection goes on.

use crate::harness::{ALICE, Server, Wire};

fn headers(first: &str, more: &str) -> String {
    format!("{first} HTTP/1.1\r\nHost: switchboard\r\n{more}\r\n")
}

#[test]
fn unknown_addresses_are_not_found() {
    let server = Server::start(&[]);
    for path in ["/nowhere", "/ws2", "/ws/1234567890/x/y", "/Health", "//", "/echo", "/health/"] {
        server.get(path).expect_error(404, "there is nothing at this address");
    }
    server.http(headers("OPTIONS *", "")).expect_error(404, "there is nothing at this address");
}

#[test]
fn wrong_methods_are_told_the_right_ones() {
    let server = Server::start(&[]);
    for (method, path, allow) in [
        ("POST", "/health", "GET, HEAD, OPTIONS"),
        ("DELETE", "/", "GET, HEAD, OPTIONS"),
        ("get", "/metrics", "GET, HEAD, OPTIONS"),
        ("PUT", "/ws/1234567890", "GET, OPTIONS"),
    ] {
        let response = server.http(headers(&format!("{method} {path}"), ""));
        assert_eq!((response.status, response.header("Allow")), (405, Some(allow)), "{method}");
    }
}

#[test]
fn malformed_requests_are_answered_and_the_connection_closed() {
    let server = Server::start(&[]);
    let long_line = format!("GET /{} HTTP/1.1\r\n", "x".repeat(8192));
    let long_headers = headers("GET /", &format!("X: {}\r\n", "x".repeat(8192)));
    let many_headers = headers("GET /", &"X: x\r\n".repeat(64));
    for (request, status) in [
        ("GET /\r\n\r\n", 400),
        ("\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        (&headers("GET /", "No colon\r\n"), 400),
        (&headers("GET /", "Space : before\r\n"), 400),
        (&headers("GET /", "X: a\r\n folded\r\n"), 400),
        (&headers("GET /", "Content-Length: +5\r\n"), 400),
        (&headers("GET /", "Content-Length: 5\r\nContent-Length: 5\r\n"), 400),
        (&headers("GET /", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400),
        (&headers("GET /", "Transfer-Encoding: gzip, chunked\r\n"), 501),
        (&long_line, 414),
        (&long_headers, 431),
        (&many_headers, 431),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
    ] {
        let mut wire = server.wire();
        wire.send(request);
        let response = wire.response();
        assert_eq!(response.status, status, "{request:.60}");
        assert_eq!(response.header("Connection"), Some("close"), "{request:.60}");
        assert!(response.json()["detail"].is_string(), "{request:.60}");
        wire.expect_end();
    }
}

#[test]
fn a_body_is_refused_and_never_taken_for_the_next_request() {
    let server = Server::start(&[]);
    let smuggled = headers("GET /health", "");
    let length = format!("Content-Length: {}\r\n", smuggled.len());
    for (framing, status) in [(&*length, 413), ("Transfer-Encoding: chunked\r\n", 411)] {
        let mut wire = server.wire();
        wire.send(headers("GET /", framing) + &smuggled);
        let response = wire.response();
        assert_eq!((response.status, response.header("Connection")), (status, Some("close")));
        wire.expect_end();
    }
}

#[test]
fn a_websocket_address_without_an_upgrade_says_what_is_required() {
    let server = Server::start(&[]);
    let path = format!("GET /ws/{ALICE}");
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    for more in [
        String::new(),
        format!("Upgrade: websocket\r\n{key}Sec-WebSocket-Version: 13\r\n"),
        format!("{upgrade}{key}"),
        format!("{upgrade}{key}Sec-WebSocket-Version: 8\r\n"),
    ] {
        let response = server.http(headers(&path, &more));
        assert_eq!(response.status, 426, "{more}");
        assert_eq!(response.header("Upgrade"), Some("websocket"));
        assert_eq!(response.header("Connection"), Some("Upgrade"));
        assert_eq!(response.header("Sec-WebSocket-Version"), Some("13"));
        assert!(response.json()["detail"].is_string());
    }
}

#[test]
fn an_upgrade_with_a_wrong_key_is_a_bad_request() {
    let server = Server::start(&[]);
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
    for key in
        ["", "Sec-WebSocket-Key: short\r\n", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=\r\n"]
    {
        let response =
            server.http(headers(&format!("GET /ws/{ALICE}"), &format!("{upgrade}{key}")));
        assert_eq!(response.status, 400, "{key}");
    }
    let twice = Wire::upgrade_request(&format!("/ws/{ALICE}"), "Sec-WebSocket-Version: 13\r\n");
    assert_eq!(server.http(twice).status, 400);
}

#[test]
fn an_upgrade_whose_host_is_empty_is_a_bad_request() {
    let server = Server::start(&[]);
    let request = Wire::upgrade_request(&format!("/ws/{ALICE}"), "");
    let host = request.lines().find(|line| line.starts_with("Host:")).expect("it has a Host");
    let response = server.http(request.replace(host, "Host:"));
    response.expect_error(400, "Host must name the server");
}

#[test]
fn garbage_of_any_kind_never_ends_the_server() {
    let server = Server::start(&[]);
    // A poor generator of random numbers, but it gives the same bytes every time.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for round in 0..60 {
        let mut bytes: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .take(2_000)
        .collect();
        let mut wire = server.wire();
        if round % 2 == 0 {
            wire.upgrade(&format!("/ws/{:010}", round));
            bytes[0] = 0x80 | (bytes[0] & 0x0F);
        }
        wire.try_send(bytes);
        wire.finish_writing();
        wire.drain();
    }
    assert_eq!(server.get("/health").status, 200);
}
