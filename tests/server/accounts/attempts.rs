//! How often one address may register and log in. A proxy on this machine, which the server trusts, names the
//! clients: each request may be of another one, also on one connection.

use serde_json::json;

use super::client::{Data, PASSWORD, credentials};
use super::held::HeldStore;
use crate::harness::{Response, Server, Wire, eventually};

const ADA: &str = "198.51.100.7";
const BOB: &str = "198.51.100.8";

/// No password of this length was ever registered, so the server hashes none, and answers at once.
fn too_long() -> String {
    "x".repeat(1_025)
}

fn start(data: &Data) -> Server {
    data.start_with(&["--trusted-proxy", "127.0.0.1"])
}

/// A request from this client, on a connection that stays open.
fn post(from: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: switchboard\r\nX-Forwarded-For: {from}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Asserts that there were too many attempts, and returns the seconds until the next.
#[track_caller]
fn expect_too_often(answer: &Response) -> u64 {
    answer.expect_error(429, "too many attempts: try again later");
    answer.header("Retry-After").expect("when").parse().expect("seconds")
}

#[test]
fn an_address_registers_ten_users_at_once_and_one_more_a_minute_later() {
    let data = Data::new();
    let server = start(&data);
    let mut wire = server.wire();
    let mut register = |from: &str, name: &str| {
        wire.send(post(from, "/register", &credentials(name, PASSWORD)));
        wire.response()
    };
    for number in 0..10 {
        assert_eq!(register(ADA, &format!("user {number}")).status, 200, "{number}");
    }
    let seconds = expect_too_often(&register(ADA, "one more"));
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(register(BOB, "another").status, 200, "another address on the same connection");
    expect_too_often(&register(ADA, "one more"));
    // The address of each request counts, and not that of the connection.
    let mut wire = server.wire();
    wire.send(post(ADA, "/register", &credentials("one more", PASSWORD)));
    expect_too_often(&wire.response());
}

#[test]
fn an_address_fails_to_log_in_twenty_times_at_once_also_if_others_share_its_connection() {
    let data = Data::new();
    let server = start(&data);
    let mut wire = server.wire();
    let attempt = |from: &str, number: usize| {
        post(from, "/login", &credentials(&format!("user {number}"), &too_long()))
    };
    // All at once, so that no time passes in which another attempt is earned.
    let all: String = (0..20).map(|number| attempt(ADA, number)).collect();
    wire.send(all + &attempt(ADA, 20) + &attempt(BOB, 20) + &attempt(ADA, 21));
    for number in 0..20 {
        assert_eq!(wire.response().status, 401, "{number}");
    }
    let seconds = expect_too_often(&wire.response());
    assert!((1..=2).contains(&seconds), "{seconds}");
    wire.response().expect_error(401, "Invalid credentials");
    expect_too_often(&wire.response());
}

#[test]
fn an_address_fails_five_times_at_once_under_one_name_and_no_other_address_is_locked_out() {
    let data = Data::new();
    let server = start(&data);
    server.register("ada");
    let mut wire = server.wire();
    let wrong = post(BOB, "/login", &credentials("ada", &too_long()));
    wire.send(wrong.repeat(6));
    for _ in 0..5 {
        wire.response().expect_error(401, "Invalid credentials");
    }
    let seconds = expect_too_often(&wire.response());
    assert!((1..=10).contains(&seconds), "{seconds}");
    let right = credentials("ada", PASSWORD);
    wire.send(post(BOB, "/login", &right));
    expect_too_often(&wire.response());
    wire.send(post(ADA, "/login", &right));
    assert_eq!(wire.response().status, 200, "she is at another address");
}

#[test]
fn four_passwords_of_one_address_wait_to_be_hashed_and_the_fifth_comes_back_later() {
    let data = Data::new();
    let server = start(&data);
    server.register("ada");
    let right = credentials("ada", PASSWORD);
    let log_in = |from: &str| -> Wire {
        let mut wire = server.wire();
        wire.send(post(from, "/login", &right));
        wire
    };
    let store = HeldStore::of(&server);
    let mut waiting: Vec<Wire> = (0..4).map(|_| log_in(ADA)).collect();
    let wait = |count: f64| {
        eventually("they wait", || {
            (server.metrics()["switchboard_account_calls_under_way"] == count).then_some(())
        });
    };
    wait(4.0);
    let mut fifth = log_in(ADA);
    let answer = fifth.response();
    answer.expect_error(503, "the server is busy: try again later");
    assert_eq!(answer.header("Retry-After"), Some("1"));
    let mut register = server.wire();
    register.send(post(ADA, "/register", &credentials("eve", PASSWORD)));
    assert_eq!(register.response().status, 503, "its password would wait, too");
    waiting.push(log_in(BOB));
    wait(5.0);
    store.release();
    for mut wire in waiting {
        let answer = wire.response();
        assert_eq!((answer.status, &answer.json()["user"]["username"]), (200, &json!("ada")));
    }
    fifth.send(post(ADA, "/login", &right));
    assert_eq!(fifth.response().status, 200, "there is room again");
}
