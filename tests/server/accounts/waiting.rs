//! Requests that wait for the store, and clients that do not behave as usual meanwhile.

use super::client::{Data, PASSWORD, credentials};
use super::held::HeldStore;
use crate::harness::{Server, Wire, eventually, raise_descriptor_limit};

/// The limit `calls_under_way` of the realm.
const CALLS: usize = 1_024;

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: switchboard\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// A request with a token that only the store can judge.
fn with_unknown_token() -> String {
    let token = "ab".repeat(32);
    format!("GET /users HTTP/1.1\r\nHost: switchboard\r\nAuthorization: Bearer {token}\r\n\r\n")
}

fn calls_under_way(server: &Server) -> usize {
    server.metrics()["switchboard_account_calls_under_way"] as usize
}

#[test]
fn a_client_that_closes_its_half_after_the_request_still_gets_its_answer() {
    let data = Data::new();
    let server = data.start();
    for (path, status) in [("/register", 200), ("/register", 400), ("/login", 200)] {
        let mut wire = server.wire();
        wire.send(post(path, &credentials("ada", PASSWORD)));
        wire.finish_writing();
        assert_eq!(wire.response().status, status, "{path}");
        wire.expect_end();
    }
    // The end of the client's half comes long before the reply.
    let store = HeldStore::of(&server);
    let mut wires = [server.wire(), server.wire()];
    for wire in &mut wires {
        wire.send(with_unknown_token());
        wire.finish_writing();
    }
    eventually("both wait", || (calls_under_way(&server) == wires.len()).then_some(()));
    store.release();
    for mut wire in wires {
        assert_eq!(wire.response().status, 401);
        wire.expect_end();
    }
}

#[test]
fn one_call_more_than_may_wait_is_sent_away_and_all_the_others_are_answered() {
    raise_descriptor_limit();
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let store = HeldStore::of(&server);
    let mut waiting: Vec<Wire> = (0..CALLS)
        .map(|_| {
            let mut wire = server.wire();
            wire.send(with_unknown_token());
            wire
        })
        .collect();
    eventually("all wait", || (calls_under_way(&server) == CALLS).then_some(()));
    let mut wire = server.wire();
    for request in [with_unknown_token(), post("/login", &credentials("ada", PASSWORD))] {
        wire.send(request);
        let answer = wire.response();
        assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("1")));
    }
    // What memory knows waits for nobody.
    assert_eq!(server.get_as(&token, "/users").status, 200);
    assert_eq!(server.health()["status"], "ok");
    store.release();
    for wire in &mut waiting {
        assert_eq!(wire.response().status, 401);
    }
    wire.send(post("/login", &credentials("ada", PASSWORD)));
    assert_eq!(wire.response().status, 200, "there is room again");
}

#[test]
fn what_a_client_sends_while_its_request_waits_is_answered_after_it() {
    let data = Data::new();
    let server = data.start();
    let store = HeldStore::of(&server);
    let mut wire = server.wire();
    wire.send(with_unknown_token());
    eventually("it waits", || (calls_under_way(&server) == 1).then_some(()));
    wire.send("GET /health HTTP/1.1\r\nHost: switchboard\r\n\r\n");
    assert_eq!(server.health()["status"], "ok", "nobody else waits");
    store.release();
    assert_eq!([wire.response().status, wire.response().status], [401, 200]);
}
