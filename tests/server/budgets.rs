//! Budgets: the most work that each phase of a turn does, so that a crowd delays no other client. The
//! work that is left over is not forgotten, and no client is punished for it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::harness::{Server, Wire, eventually, pause, raise_descriptor_limit};

/// How many clients: more than the largest budget of a phase, that of timers and sweep together.
const CROWD: usize = 1_400;

/// The most work of any turn in each phase, according to the flight recorder.
fn most_work(server: &Server) -> BTreeMap<String, u64> {
    let page = server.admin_get("/trace").json();
    let mut most = BTreeMap::new();
    for event in page["traceEvents"].as_array().expect("a list") {
        if let (Some(phase), Some(work)) = (event["name"].as_str(), event["args"]["work"].as_u64())
        {
            let known: &mut u64 = most.entry(phase.to_owned()).or_default();
            *known = work.max(*known);
        }
    }
    most
}

/// Pitfall 19: a crowd arrives at once, falls silent at once and is swept away. No phase of any turn
/// does more than its budget.
#[test]
fn no_phase_does_more_than_its_budget_in_one_turn() {
    raise_descriptor_limit();
    let flags = ["--ping-timeout", "2s", "--sweep-interval", "1s", "--log", "error"];
    let server = Server::start(&[&flags[..], &["--admin-listen", "127.0.0.1:0"]].concat());
    let crowd = server.crowd(CROWD, |n| format!("/ws/1000000{n:04}"));
    // All clients are late when the server wakes up.
    server.freeze();
    pause(Duration::from_secs(2));
    server.thaw();
    eventually("they are swept away", || (server.connections() == 0).then_some(()));
    drop(crowd);

    let most = most_work(&server);
    for (phase, budget) in [
        ("accept", 128),
        ("receive", 512),
        ("expire", 1024 + 256),
        // A connection leaves after it was read or swept away.
        ("leave", 512 + 256),
        ("publish", 256),
        ("send", 512),
        ("close", 512),
    ] {
        assert!(most[phase] <= budget, "{phase} does more than {budget}: {most:?}");
    }
    // Otherwise the crowd was too small for this test.
    assert!(most["accept"] == 128 && most["expire"] > 256, "{most:?}");
}

/// How many clients: more than a turn writes to or frees (512), fewer than it checks (1,024).
const LATE: usize = 1_000;

/// A server, and a crowd that it has accepted at once and that has begun to send requests.
fn with_a_slow_crowd(close_timeout: &str) -> (Server, Vec<Wire>) {
    raise_descriptor_limit();
    let flags = ["--handshake-timeout", "2s", "--close-timeout", close_timeout, "--log", "error"];
    let server = Server::start(&flags);
    let before = server.sockets();
    server.freeze();
    let mut crowd: Vec<Wire> = (0..LATE).map(|_| server.wire()).collect();
    crowd.iter_mut().for_each(|wire| wire.send("GET / HTTP/1.1\r\n"));
    server.thaw();
    eventually("all are in", || (server.sockets() == before + LATE).then_some(()));
    (server, crowd)
}

/// Lets a timeout pass for all clients at once.
fn sleep_through_a_timeout(server: &Server) {
    server.freeze();
    pause(Duration::from_secs(2));
    server.thaw();
}

/// Pitfall 4, for writing: the next turn writes to those that this one did not get to, without an event.
#[test]
fn a_crowd_that_is_late_all_at_once_is_told_though_nothing_else_happens() {
    let (server, mut crowd) = with_a_slow_crowd("1h");
    sleep_through_a_timeout(&server);
    crowd.iter_mut().for_each(|wire| assert_eq!(wire.response().status, 408));
}

/// Pitfall 4, for freeing.
#[test]
fn a_crowd_that_is_late_all_at_once_is_freed_though_nothing_else_happens() {
    let (server, mut crowd) = with_a_slow_crowd("2s");
    let crowded = server.sockets();
    sleep_through_a_timeout(&server);
    crowd.iter_mut().for_each(|wire| assert_eq!(wire.response().status, 408));
    // No client closes its connection.
    sleep_through_a_timeout(&server);
    eventually("all are freed", || (server.sockets() == crowded - LATE).then_some(()));
}

/// Pitfall 16: a client is not late if the server has not read its input yet. After a stop the server
/// takes several turns to learn which clients have sent something (1,024 a turn), and to read it (512).
#[test]
fn a_client_that_was_in_time_is_not_late_because_the_server_was() {
    const PUNCTUAL: usize = 2_200;
    const TIMEOUT: Duration = Duration::from_secs(5);
    raise_descriptor_limit();
    let server = Server::start(&["--handshake-timeout", "5s", "--log", "error"]);
    let before = server.sockets();
    server.freeze();
    let mut crowd: Vec<(Wire, String)> = (0..PUNCTUAL)
        .map(|n| {
            let path = format!("/ws/1000000{n:04}?presence=none");
            (server.wire(), Wire::upgrade_request(&path, ""))
        })
        .collect();
    crowd.iter_mut().for_each(|(wire, request)| wire.send(&request[..30]));
    server.thaw();
    eventually("all are in", || (server.sockets() == before + PUNCTUAL).then_some(()));
    server.freeze();
    crowd.iter_mut().for_each(|(wire, request)| wire.send(&request[30..]));
    pause(TIMEOUT);
    server.thaw();
    crowd.iter_mut().for_each(|(wire, _)| wire.expect_switch());
}
