//! The ledger, from outside: every message is accounted for, whatever happens.

use std::thread;

use crate::harness::{Metrics, Phone, Server, message};

/// Asserts that received = refused + undelivered + delivered + in outboxes.
fn assert_balanced(metrics: &Metrics) {
    let sum = |name: &str| -> f64 {
        let named = metrics.iter().filter(|(key, _)| key.split('{').next() == Some(name));
        named.map(|(_, value)| value).sum()
    };
    let fates: f64 = [
        "switchboard_messages_refused_total",
        "switchboard_messages_undelivered_total",
        "switchboard_messages_delivered_total",
        "switchboard_messages_in_outboxes",
    ]
    .map(sum)
    .iter()
    .sum();
    assert_eq!(sum("switchboard_messages_received_total"), fates, "{metrics:?}");
}

#[test]
fn after_a_mixed_day_every_message_is_accounted_for() {
    const PEOPLE: usize = 12;
    const ROUNDS: usize = 40;
    let server = Server::start(&["--outbox-bytes", "64KiB", "--max-message-bytes", "20KiB"]);
    let number = |n: usize| format!("30000000{n:02}");
    let sleeper = {
        let mut wire = server.narrow_wire();
        wire.upgrade(&format!("/ws/{}?presence=none", number(PEOPLE)));
        wire
    };
    // Two of every three phones read. The third one does not.
    let day = |n: usize, mut phone: Phone| {
        let big = "x".repeat(16_000);
        for round in 0..ROUNDS {
            phone.send(message(&number((n + round) % PEOPLE), "hello"));
            phone.send(message("9999999999", "nobody"));
            phone.send(r#"{"type":"message","to":"no"}"#);
            phone.send(r#"{"type":"ping"}"#);
            if round % 10 == 0 {
                phone.send(message(&number(PEOPLE), &big));
                phone.send(message(&number(n), &"x".repeat(16_385)));
            }
            while !phone.text().contains("pong") {}
        }
        match n % 3 {
            0 => phone.close(),
            1 => phone.reset(),
            _ => drop(phone),
        }
    };
    thread::scope(|scope| {
        for n in 0..PEOPLE {
            let phone = server.connect(&number(n));
            scope.spawn(move || day(n, phone));
        }
        (0..20).for_each(|_| assert_balanced(&server.metrics()));
    });
    drop(sleeper);
    let metrics = server.metrics();
    assert_balanced(&metrics);
    let refused =
        |reason| metrics[&format!(r#"switchboard_messages_refused_total{{reason="{reason}"}}"#)];
    assert_eq!(refused("malformed"), (PEOPLE * ROUNDS) as f64);
    assert_eq!(refused("too_long"), (PEOPLE * ROUNDS / 10) as f64);
    let received = metrics["switchboard_messages_received_total"];
    assert_eq!(received, (PEOPLE * (3 * ROUNDS + 2 * ROUNDS / 10)) as f64);
}
