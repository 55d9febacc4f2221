//! Who gets in: only a request with the token, and only at the operator's listener.

use super::{Operated, TOKEN, request};
use crate::harness::{Server, Wire, eventually};

/// Every address of the API, with its method.
const ADDRESSES: [(&str, &str); 9] = [
    ("GET", "/api/status"),
    ("GET", "/api/connections"),
    ("GET", "/api/presence?ids=0000000001"),
    ("GET", "/events"),
    ("POST", "/api/disconnect"),
    ("POST", "/api/notice"),
    ("POST", "/api/send"),
    ("POST", "/api/log-level"),
    ("POST", "/api/drain"),
];

/// A body, where one is taken.
fn body_for(method: &str) -> &'static str {
    if method == "POST" { "{}" } else { "" }
}

#[test]
fn the_public_listener_has_no_operators_api() {
    let server = Operated::start(&[]);
    for (method, path) in ADDRESSES {
        let response = server.http(request(method, path, body_for(method)));
        response.expect_error(404, "there is nothing at this address");
    }
    // Nor has it one if there is no other listener.
    let alone = Server::start(&["--admin-token-file", server.token_file.to_str().expect("UTF-8")]);
    for (method, path) in ADDRESSES {
        alone
            .http(request(method, path, body_for(method)))
            .expect_error(404, "there is nothing at this address");
    }
}

#[test]
fn without_the_token_nothing_is_done_and_the_log_says_who_tried() {
    let server = Operated::start(&[]);
    let sentence = "the operator's token is missing or wrong";
    for (method, path) in ADDRESSES {
        let good = request(method, path, body_for(method));
        let other = ["sesame-sesam", "sesame-sesame2", "Sesame-sesame", ""];
        let mut bad: Vec<String> = other.iter().map(|text| good.replace(TOKEN, text)).collect();
        bad.push(good.replace("Authorization", "X-Authorization"));
        bad.push(good.replace("Bearer", "Basic"));
        bad.push(good.replace("Host:", &format!("Authorization: Bearer {TOKEN}\r\nHost:")));
        for request in bad {
            let mut wire = server.admin_wire();
            wire.send(request);
            let response = wire.response();
            assert_eq!(response.header("WWW-Authenticate"), Some("Bearer"), "{path}");
            assert_eq!(response.header("Cache-Control"), Some("no-store"), "{path}");
            response.expect_error(401, sentence);
        }
    }
    eventually("the log says that somebody tried", || {
        server.log().into_iter().find(|line| {
            line.contains("level=warn")
                && line.contains("without the operator's token")
                && line.contains("by=127.0.0.1")
        })
    });
    assert!(!server.log().iter().any(|line| line.contains("sesam")), "no token is logged");
}

/// A body of another program is not even read.
#[test]
fn a_stranger_cannot_make_the_server_keep_a_body() {
    let server = Operated::start(&[]);
    let mut wire = server.admin_wire();
    wire.send(
        "POST /api/disconnect HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Content-Length: 100000\r\n\r\n",
    );
    wire.response().expect_error(401, "the operator's token is missing or wrong");
}

#[test]
fn a_server_without_a_token_has_no_api_and_says_how_to_get_one() {
    let server = Server::start(&["--admin-listen", "127.0.0.1:0"]);
    for (method, path) in ADDRESSES {
        let mut wire = server.admin_wire();
        wire.send(request(method, path, body_for(method)));
        let sentence = "the operator's API is off: start the server with --admin-token-file FILE";
        wire.response().expect_error(403, sentence);
    }
}

#[test]
fn a_wrong_method_or_body_is_told_so() {
    let server = Operated::start(&[]);
    let allow = |response: crate::harness::Response| response.header("Allow").map(str::to_owned);
    assert_eq!(allow(server.ask("/api/disconnect")).as_deref(), Some("POST, OPTIONS"));
    let form = request("POST", "/api/disconnect", "{}").replace("application/json", "text/plain");
    let mut wire = server.admin_wire();
    wire.send(form);
    wire.response().expect_error(415, "a body here is application/json");
    let long = format!(r#"{{"number":"{}"}}"#, "0".repeat(200_000));
    let mut wire = server.admin_wire();
    wire.try_send(request("POST", "/api/disconnect", &long));
    wire.response().expect_error(413, "a body has at most 131072 bytes at this address");
}

/// A monitor comes every few seconds, and must not wait for the deadlines of others.
#[test]
fn programs_that_connect_and_say_nothing_do_not_shut_the_operator_out() {
    let server = Operated::start(&["--handshake-timeout", "1h"]);
    let silent: Vec<Wire> = (0..30).map(|_| server.admin_wire()).collect();
    let mut half = server.admin_wire();
    half.send("GET /metrics HTTP/1.1\r\n");
    assert_eq!(server.ask("/api/status").status, 200);
    drop(silent);
}
