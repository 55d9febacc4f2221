//! Budgets: what a turn does at most in each of its phases, so that no crowd makes the others wait.

use std::collections::BTreeMap;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::harness::{Server, Wire, eventually, pause, raise_descriptor_limit};

/// More than the largest budget of a phase, which is that of the timers and the sweep together.
const CROWD: usize = 1_400;

/// The most work that any turn has had in each phase, as the flight recorder knows it.
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

/// Pitfall 19: a crowd arrives at once, falls silent at once and is swept away, and no phase of any
/// turn does more than its budget for it.
#[test]
fn no_phase_does_more_than_its_budget_in_one_turn() {
    raise_descriptor_limit();
    let flags = ["--ping-timeout", "2s", "--sweep-interval", "1s", "--log", "error"];
    let server = Server::start(&[&flags[..], &["--admin-listen", "127.0.0.1:0"]].concat());
    server.signal(Signal::SIGSTOP);
    let mut crowd: Vec<Wire> = (0..CROWD).map(|_| server.wire()).collect();
    for (n, wire) in crowd.iter_mut().enumerate() {
        wire.send(Wire::upgrade_request(&format!("/ws/1000000{n:04}"), ""));
    }
    server.signal(Signal::SIGCONT);
    crowd.iter_mut().for_each(Wire::expect_switch);
    // All of them are late when it wakes up.
    server.signal(Signal::SIGSTOP);
    pause(Duration::from_secs(2));
    server.signal(Signal::SIGCONT);
    eventually("they are swept away", || (server.connections() == 0).then_some(()));
    drop(crowd);

    let most = most_work(&server);
    for (phase, budget) in [
        ("accept", 128),
        ("receive", 512),
        ("expire", 1024 + 256),
        ("publish", 256),
        ("send", 512),
        ("close", 512),
    ] {
        assert!(most[phase] <= budget, "{phase} does more than {budget}: {most:?}");
    }
    // Or it was no crowd.
    assert!(most["accept"] == 128 && most["expire"] > 256, "{most:?}");
}
