//! Who is taken in, by the address he comes from.

use std::time::Duration;

use crate::chat::ConnectionId;
use crate::limiter::{AddressLimits, Network, Proxies, Rate};
use crate::session::{self, Refusal};
use crate::turn::Limits;
use crate::turn::street::World;

const SOMEBODY: &str = "203.0.113.7";

/// So many connections from an address, made at such a rate; 10.0.0.0/8 are proxies.
fn world(connections: u32, rate: Rate) -> World {
    let networks = vec![Network::parse("10.0.0.0/8").expect("a network")];
    let session =
        session::Limits { trusted_proxies: Proxies::new(networks), ..session::Limits::default() };
    let addresses =
        AddressLimits { connections: Some(connections), rate, told: 2, ..AddressLimits::default() };
    World::new(Limits { session, addresses, ..Limits::default() })
}

/// So many connect from an address. Returns those who were taken in.
fn connect(world: &mut World, count: usize, address: &str) -> Vec<ConnectionId> {
    let before = world.street.here.len();
    world.call(count, address);
    world.settle();
    world.street.here[before..].to_vec()
}

/// Asks for a WebSocket, and returns the status.
fn ask(world: &mut World, id: ConnectionId, more: &str) -> String {
    world.ask(id, &format!("{:010}", id.index()), more);
    world.settle();
    world.take_words(id)[9..12].to_owned()
}

fn hang_up(world: &mut World, id: ConnectionId) {
    world.hang_up(id);
    world.settle();
}

#[test]
fn a_few_too_many_are_told_when_they_ask_and_a_flood_takes_up_no_slots() {
    let mut world = world(3, Rate::UNLIMITED);
    let taken_in = connect(&mut world, 100, SOMEBODY);
    assert_eq!(taken_in.len(), 5, "three may be here, two are to be told");
    assert_eq!(world.street.turned_away, [Refusal::AddressFull; 95]);
    assert_eq!(world.turn.counters().shed, 95);
    let answers: Vec<String> = taken_in.iter().map(|&id| ask(&mut world, id, "")).collect();
    assert_eq!(answers, ["101", "101", "101", "503", "503"]);

    let other = connect(&mut world, 1, "203.0.113.8");
    assert_eq!(ask(&mut world, other[0], ""), "101", "others have their own");
    hang_up(&mut world, taken_in[0]);
    assert_eq!(ask(&mut world, taken_in[4], ""), "101", "there is room by now");
}

#[test]
fn an_address_may_connect_so_often_and_is_told_when_it_may_again() {
    let mut world = world(100, Rate::new(1, Duration::from_secs(10), 2));
    for id in connect(&mut world, 2, SOMEBODY) {
        hang_up(&mut world, id);
    }
    let taken_in = connect(&mut world, 3, SOMEBODY);
    assert_eq!(taken_in.len(), 2, "to be told");
    assert_eq!(world.street.turned_away, [Refusal::AddressTooFast { retry_after_seconds: 11 }]);
    assert_eq!(ask(&mut world, taken_in[0], ""), "429");
    world.time = Duration::from_secs(10);
    assert_eq!(ask(&mut world, taken_in[0], ""), "101");
}

#[test]
fn this_machine_does_not_count_and_nobody_can_pretend_to_be_it() {
    let mut world = world(1, Rate::UNLIMITED);
    for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(connect(&mut world, 10, address).len(), 10, "{address}");
    }
    let outside = connect(&mut world, 2, SOMEBODY);
    let pretends = "X-Forwarded-For: 127.0.0.1\r\n";
    let answers: Vec<String> = outside.iter().map(|&id| ask(&mut world, id, pretends)).collect();
    assert_eq!(answers, ["101", "503"]);
}

#[test]
fn a_proxy_itself_does_not_count_and_those_for_whom_it_speaks_do() {
    let mut world = world(1, Rate::UNLIMITED);
    let upstream = connect(&mut world, 20, "10.1.2.3");
    assert_eq!(upstream.len(), 20);
    let named = format!("X-Forwarded-For: {SOMEBODY}\r\n");
    assert_eq!(ask(&mut world, upstream[0], &named), "101");
    assert_eq!(ask(&mut world, upstream[1], &named), "503");
    assert_eq!(ask(&mut world, upstream[1], "X-Forwarded-For: 203.0.113.8\r\n"), "101");
    // The same person without the proxy, and in the other way of writing his address.
    let direct = connect(&mut world, 1, "::ffff:203.0.113.7");
    assert_eq!(ask(&mut world, direct[0], ""), "503");
    // Nobody is named: the proxy looks whether we are well.
    assert_eq!(ask(&mut world, upstream[2], ""), "101");
    hang_up(&mut world, upstream[0]);
    assert_eq!(ask(&mut world, direct[0], ""), "101");
}

#[test]
fn who_is_gone_is_forgotten() {
    let mut world = world(10, Rate::per_second(1, 5));
    for id in connect(&mut world, 3, SOMEBODY) {
        hang_up(&mut world, id);
    }
    assert_eq!(world.turn.addresses.len(), 1);
    world.time = Duration::from_secs(3);
    world.run();
    assert!(world.turn.addresses.is_empty());
}
