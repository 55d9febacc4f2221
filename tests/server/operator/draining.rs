//! The level of the log, and the drain.

use serde_json::json;

use nix::sys::signal::Signal;

use super::{Operated, request};
use crate::harness::{ALICE, BOB, eventually};

#[test]
fn the_level_of_the_log_changes_at_once_and_back() {
    let server = Operated::start(&[]);
    let requests =
        |server: &Operated| server.log().iter().filter(|line| line.contains("kind=http")).count();
    assert_eq!(server.get("/health").status, 200);
    let answer = server.order("/api/log-level", r#"{"level":"debug"}"#);
    assert_eq!(answer, json!({"level": "debug"}));
    server.get("/health");
    eventually("a request is logged", || (requests(&server) >= 1).then_some(()));
    // A reload leaves it alone, as long as --log is what it was.
    server.server.signal(Signal::SIGHUP);
    eventually("it is reloaded", || {
        server.log().into_iter().find(|line| line.contains("nothing has changed"))
    });
    let before = requests(&server);
    server.get("/health");
    eventually("a request is still logged", || (requests(&server) > before).then_some(()));
    server.order("/api/log-level", r#"{"level":"error"}"#);
    eventually("the order is logged", || {
        server.log().into_iter().find(|line| line.contains("on=error"))
    });
    let before = server.log().len();
    drop(server.quiet(ALICE));
    eventually("Alice has gone", || (server.connections() == 0).then_some(()));
    assert_eq!(server.log().len(), before, "{:?}", server.log());
    let sentence = "level is one of error, warn, info and debug";
    server.post("/api/log-level", r#"{"level":"loud"}"#).expect_error(400, sentence);
    // The end of this test reads the last line of the drain.
    server.order("/api/log-level", r#"{"level":"info"}"#);
}

#[test]
fn a_drain_tells_everybody_and_ends_the_server_well() {
    let mut server = Operated::start(&[]);
    let mut alice = server.quiet(ALICE);
    let mut wire = server.admin_wire();
    wire.send(request("POST", "/api/drain", ""));
    let response = wire.response();
    assert_eq!((response.status, response.json()), (202, json!({"status": "draining"})));
    alice.expect_goodbye();
    assert!(server.server.ended().success());
    let log = server.log().concat();
    assert!(
        log.contains("action=drain") && log.contains("the operator's order: draining"),
        "{log}"
    );
}

/// A second order changes nothing, and the first signal after it does not cut the drain short: so a service
/// manager that stops the server waits for its clients, too.
#[test]
fn a_signal_after_the_order_to_drain_is_the_first_one() {
    let mut server = Operated::start(&["--drain-timeout", "30s"]);
    // A client that does not answer the close frame delays the end.
    let mut slow = server.wire();
    slow.upgrade(&format!("/ws/{BOB}?presence=none"));
    for _ in 0..2 {
        assert_eq!(server.post("/api/drain", "{}").status, 202);
    }
    slow.expect_goodbye();
    server.server.signal(Signal::SIGTERM);
    eventually("the signal is logged", || {
        server.log().into_iter().find(|line| line.contains("signal 15: draining"))
    });
    drop(slow);
    assert!(server.server.ended().success(), "{:?}", server.log());
    let log = server.log().concat();
    assert!(!log.contains("ends at once"), "{log}");
}

#[test]
fn an_order_to_drain_with_a_misspelt_key_drains_nothing() {
    let server = Operated::start(&[]);
    let mut alice = server.quiet(ALICE);
    assert_eq!(server.post("/api/drain", r#"{"now":true}"#).status, 400);
    alice.expect_nothing();
}
