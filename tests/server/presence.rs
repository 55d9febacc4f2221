//! Who is online, in the three forms of presence: `full`, `delta` and `none`.
//!
//! `contract` also tests the lists of the original protocol, `full`. `slow_readers` tests what becomes of
//! presence for a client that does not read.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{ALICE, BOB, CAROL, Phone, Server, eventually, users};

/// What a client knows from lists and deltas.
#[derive(Default)]
struct Known(BTreeSet<String>);

/// What the client was told last.
#[derive(PartialEq)]
enum Told {
    List,
    Delta(Vec<String>),
    Pong,
}

impl Known {
    fn of(numbers: &[&str]) -> Known {
        Known(numbers.iter().map(|number| (*number).to_owned()).collect())
    }

    fn is(&self, numbers: &[&str]) -> bool {
        self.0 == Known::of(numbers).0
    }

    /// Reads the next frame. A list replaces everything, a delta changes it.
    fn learn(&mut self, phone: &mut Phone) -> Told {
        let text = phone.text();
        if text == r#"{"type":"pong"}"# {
            return Told::Pong;
        }
        if let Some(users) = users(&text) {
            self.0 = users.into_iter().collect();
            return Told::List;
        }
        let delta: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(delta["type"], "presence", "{text}");
        let numbers = |key: &str| -> Vec<String> {
            serde_json::from_value(delta[key].clone()).expect("a list of numbers")
        };
        let (joined, left) = (numbers("joined"), numbers("left"));
        self.0.extend(joined.iter().cloned());
        self.0.retain(|number| !left.contains(number));
        assert_eq!(delta["online"], self.0.len(), "{text}");
        Told::Delta([joined, left].concat())
    }
}

#[test]
fn a_delta_names_who_has_come_and_who_has_gone() {
    let server = Server::start(&[]);
    let mut alice = server.connect(&format!("{ALICE}?presence=delta"));
    alice.expect_online(&[ALICE]);
    let bob = server.quiet(BOB);
    alice.expect(&format!(r#"{{"type":"presence","joined":["{BOB}"],"left":[],"online":2}}"#));
    bob.close();
    alice.expect(&format!(r#"{{"type":"presence","joined":[],"left":["{BOB}"],"online":1}}"#));
}

#[test]
fn deltas_add_up_to_the_truth_and_name_those_who_only_looked_in() {
    let server = Server::start(&[]);
    let mut alice = server.connect(&format!("{ALICE}?presence=delta"));
    alice.expect_online(&[ALICE]);
    let numbers: Vec<String> = (0..40).map(|n| format!("77000000{n:02}")).collect();
    let mut staying = Vec::new();
    for (place, number) in numbers.iter().enumerate() {
        let phone = server.quiet(number);
        if place % 4 == 0 { staying.push(phone) } else { phone.close() }
    }
    let mut expected = vec![ALICE];
    expected.extend(numbers.iter().step_by(4).map(String::as_str));
    let mut known = Known::of(&[ALICE]);
    let mut named = BTreeSet::new();
    while named.len() < numbers.len() || !known.is(&expected) {
        match known.learn(&mut alice) {
            Told::Delta(touched) => named.extend(touched),
            Told::List | Told::Pong => panic!("deltas only"),
        }
    }
    assert!(numbers.iter().all(|number| named.contains(number)));
}

#[test]
fn a_newcomer_who_wants_deltas_starts_from_a_list() {
    let server = Server::start(&[]);
    let _alice = server.quiet(ALICE);
    let mut bob = server.connect(&format!("{BOB}?presence=delta"));
    bob.expect_online(&[ALICE, BOB]);
    let mut known = Known::of(&[ALICE, BOB]);
    let _carol = server.quiet(CAROL);
    while !known.is(&[ALICE, BOB, CAROL]) {
        known.learn(&mut bob);
    }
}

#[test]
fn the_list_may_be_longer_than_an_outbox() {
    let server = Server::start(&["--outbox-bytes", "1KiB"]);
    let _crowd: Vec<_> = (0..100).map(|n| server.quiet(&format!("77000000{n:02}"))).collect();
    let mut alice = server.connect(ALICE);
    assert_eq!(users(&alice.text()).expect("a list").len(), 101);
    let _bob = server.quiet(BOB);
    assert_eq!(users(&alice.text()).expect("a list").len(), 102);
}

#[test]
fn without_presence_nothing_comes_unless_asked_for() {
    let server = Server::start(&[]);
    let mut alice = server.quiet(ALICE);
    server.quiet(BOB).close();
    alice.expect_nothing();
    alice.send(r#"{"type":"get_online_users"}"#);
    alice.expect_online(&[ALICE]);
}

#[test]
fn the_mode_can_change_at_any_time() {
    let server = Server::start(&[]);
    let mut alice = server.connect(ALICE);
    alice.expect_online(&[ALICE]);

    alice.send(r#"{"type":"presence","mode":"none"}"#);
    alice.expect_nothing();
    let bob = server.quiet(BOB);
    alice.expect_nothing();

    alice.send(r#"{"type":"presence","mode":"delta"}"#);
    alice.expect_online(&[ALICE, BOB]);
    bob.close();
    let mut known = Known::of(&[ALICE, BOB]);
    while !known.is(&[ALICE]) {
        known.learn(&mut alice);
    }

    alice.send(r#"{"type":"presence","mode":"full"}"#);
    alice.expect_online(&[ALICE]);
    let _carol = server.quiet(CAROL);
    alice.expect_online(&[ALICE, CAROL]);
}

#[test]
fn an_unknown_mode_in_the_address_is_refused() {
    let server = Server::start(&[]);
    let response = server.get(&format!("/ws/{ALICE}?presence=loud"));
    response.expect_error(400, "presence is one of full, delta and none");
}

#[test]
fn a_storm_of_comings_and_goings_converges_for_everyone() {
    let server = Server::start(&[]);
    let modes = ["full", "delta", "full"];
    let mut watchers: Vec<Phone> = (0..9)
        .map(|n| server.connect(&format!("880000000{n}?presence={}", modes[n % 3])))
        .collect();
    for round in 0..20 {
        let visitors: Vec<Phone> =
            (0..10).map(|n| server.connect(&format!("99{round:04}{n:04}"))).collect();
        visitors
            .into_iter()
            .enumerate()
            .for_each(|(n, phone)| if n % 2 == 0 { phone.close() } else { phone.reset() });
    }
    let expected: Vec<String> = (0..9).map(|n| format!("880000000{n}")).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    for watcher in &mut watchers {
        let mut known = Known::default();
        eventually("the last state reaches everyone", || {
            watcher.send(r#"{"type":"ping"}"#);
            while known.learn(watcher) != Told::Pong {}
            known.is(&expected).then_some(())
        });
    }
}
