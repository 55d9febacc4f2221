//! Which connections are accepted, by their addresses.

use std::time::Duration;

use crate::chat::ConnectionId;
use crate::limiter::{AddressLimits, Network, Proxies, Rate};
use crate::session::{self, DoorRefusal};
use crate::turn::Limits;
use crate::turn::fake_sockets::World;

const CLIENT: &str = "203.0.113.7";

/// A world where an address may have this many connections, made at this rate; 10.0.0.0/8 are proxies.
fn world(connections: u32, rate: Rate) -> World {
    world_behind(vec![Network::parse("10.0.0.0/8").expect("a network")], connections, rate)
}

/// The same, with other proxies.
fn world_behind(networks: Vec<Network>, connections: u32, rate: Rate) -> World {
    let session =
        session::Limits { trusted_proxies: Proxies::new(networks), ..session::Limits::default() };
    let addresses =
        AddressLimits { connections: Some(connections), rate, told: 2, ..AddressLimits::default() };
    World::new(Limits { session, addresses, ..Limits::default() })
}

/// Makes `count` connections from an address. Returns those that were accepted.
fn connect(world: &mut World, count: usize, address: &str) -> Vec<ConnectionId> {
    let before = world.sockets.here.len();
    world.call(count, address);
    world.settle();
    world.sockets.here[before..].to_vec()
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
fn a_few_connections_too_many_get_an_answer_and_a_flood_takes_up_no_slots() {
    let mut world = world(3, Rate::UNLIMITED);
    let taken_in = connect(&mut world, 100, CLIENT);
    assert_eq!(taken_in.len(), 5, "three are allowed, two get an error answer");
    assert_eq!(world.sockets.turned_away, [DoorRefusal::AddressFull; 95]);
    assert_eq!(world.turn.counters().shed, 95);
    let answers: Vec<String> = taken_in.iter().map(|&id| ask(&mut world, id, "")).collect();
    assert_eq!(answers, ["101", "101", "101", "503", "503"]);

    let other = connect(&mut world, 1, "203.0.113.8");
    assert_eq!(ask(&mut world, other[0], ""), "101", "another address has a count of its own");
    hang_up(&mut world, taken_in[0]);
    assert_eq!(ask(&mut world, taken_in[4], ""), "101", "there is room again");
}

#[test]
fn an_address_that_connects_too_often_is_told_when_it_may_try_again() {
    let mut world = world(100, Rate::new(1, Duration::from_secs(10), 2));
    for id in connect(&mut world, 2, CLIENT) {
        hang_up(&mut world, id);
    }
    let taken_in = connect(&mut world, 3, CLIENT);
    assert_eq!(taken_in.len(), 2, "two get an error answer");
    assert_eq!(
        world.sockets.turned_away,
        [DoorRefusal::AddressTooFast { retry_after_seconds: 11 }]
    );
    assert_eq!(ask(&mut world, taken_in[0], ""), "429");
    world.time = Duration::from_secs(10);
    assert_eq!(ask(&mut world, taken_in[0], ""), "101");
}

#[test]
fn connections_from_this_machine_do_not_count_and_no_client_can_pretend_to_be_one() {
    let mut world = world(1, Rate::UNLIMITED);
    for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(connect(&mut world, 10, address).len(), 10, "{address}");
    }
    let outside = connect(&mut world, 2, CLIENT);
    let pretends = "X-Forwarded-For: 127.0.0.1\r\n";
    let answers: Vec<String> = outside.iter().map(|&id| ask(&mut world, id, pretends)).collect();
    assert_eq!(answers, ["101", "503"]);
}

#[test]
fn a_proxy_does_not_count_and_the_clients_that_it_names_do() {
    let mut world = world(1, Rate::UNLIMITED);
    let upstream = connect(&mut world, 20, "10.1.2.3");
    assert_eq!(upstream.len(), 20);
    let named = format!("X-Forwarded-For: {CLIENT}\r\n");
    assert_eq!(ask(&mut world, upstream[0], &named), "101");
    assert_eq!(ask(&mut world, upstream[1], &named), "503");
    assert_eq!(ask(&mut world, upstream[1], "X-Forwarded-For: 203.0.113.8\r\n"), "101");
    // The same client without the proxy. Its address is written in the other way.
    let direct = connect(&mut world, 1, "::ffff:203.0.113.7");
    assert_eq!(ask(&mut world, direct[0], ""), "503");
    hang_up(&mut world, upstream[0]);
    assert_eq!(ask(&mut world, direct[0], ""), "101");
}

#[test]
fn clients_that_a_proxy_does_not_name_share_its_address_wherever_it_is() {
    let nameless =
        ["", "X-Forwarded-For: unknown\r\n", "X-Forwarded-For: 203.0.113.7, _hidden\r\n"];
    for proxy in ["10.1.2.3", "127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        for (more, other) in nameless.into_iter().zip(nameless.into_iter().cycle().skip(1)) {
            let networks = ["10.0.0.0/8", "127.0.0.0/8", "::1"];
            let networks = networks.map(|text| Network::parse(text).expect("a network"));
            let mut world = world_behind(networks.to_vec(), 1, Rate::UNLIMITED);
            let upstream = connect(&mut world, 4, proxy);
            assert_eq!(ask(&mut world, upstream[0], more), "101", "{proxy} {more}");
            assert_eq!(ask(&mut world, upstream[1], other), "503", "{proxy} {other}");
            let named = format!("X-Forwarded-For: {CLIENT}\r\n");
            assert_eq!(ask(&mut world, upstream[1], &named), "101");
            // Only WebSockets count: the proxy may check our health.
            world.say(upstream[2], "GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
            world.settle();
            assert!(world.take_words(upstream[2]).starts_with("HTTP/1.1 200"));
            hang_up(&mut world, upstream[0]);
            assert_eq!(ask(&mut world, upstream[3], more), "101", "there is room again");
        }
    }
}

#[test]
fn a_refused_client_leaves_no_address_to_the_next_client_of_its_proxy() {
    let networks = vec![Network::parse("10.0.0.0/8").expect("a network")];
    let session =
        session::Limits { trusted_proxies: Proxies::new(networks), ..session::Limits::default() };
    let addresses = AddressLimits { connections: Some(3), ..AddressLimits::default() };
    let mut chat = crate::chat::Limits::default();
    chat.mobile.replacements = Rate::new(1, Duration::from_secs(3600), 1);
    let mut world = World::new(Limits { session, addresses, chat, ..Limits::default() });
    let upstream = connect(&mut world, 5, "10.1.2.3");
    let named = format!("X-Forwarded-For: {CLIENT}\r\n");
    for (id, status) in upstream.iter().zip(["101", "101", "429"]) {
        world.ask(*id, "7", &named);
        world.settle();
        assert_eq!(&world.take_words(*id)[9..12], status);
    }
    // The next client over the same connection counts against the proxy's address, not that of the first.
    assert_eq!(ask(&mut world, upstream[2], ""), "101");
    assert_eq!(ask(&mut world, upstream[3], &named), "101");
    assert_eq!(ask(&mut world, upstream[4], &named), "503");
}

#[test]
fn an_address_without_connections_is_forgotten() {
    let mut world = world(10, Rate::per_second(1, 5));
    for id in connect(&mut world, 3, CLIENT) {
        hang_up(&mut world, id);
    }
    assert_eq!(world.turn.addresses.len(), 1);
    world.time = Duration::from_secs(3);
    world.run();
    assert!(world.turn.addresses.is_empty());
}

/// A world whose proxies, at 10.0.0.0/8 and at Unix sockets, speak the PROXY protocol; others do not.
fn world_of_headers(connections: u32) -> World {
    let network = Network::parse("10.0.0.0/8").expect("a network");
    let session = session::Limits {
        trusted_proxies: Proxies::new(vec![network]).with_unix(),
        proxy_protocol: true,
        ..session::Limits::default()
    };
    let addresses = AddressLimits {
        connections: Some(connections),
        rate: Rate::UNLIMITED,
        told: 2,
        ..AddressLimits::default()
    };
    World::new(Limits { session, addresses, ..Limits::default() })
}

/// Opens a connection from a proxy, says the header, and asks for a WebSocket. Returns the status.
fn ask_with(world: &mut World, proxy: &str, header: &str, more: &str) -> String {
    let ids = connect(world, 1, proxy);
    world.say(ids[0], header);
    ask(world, ids[0], more)
}

#[test]
fn the_client_in_a_proxys_header_counts_as_if_it_had_connected_itself() {
    for proxy in ["10.0.0.1", "unix"] {
        let mut world = world_of_headers(2);
        let header = format!("PROXY TCP4 {CLIENT} 10.0.0.1 51000 443\r\n");
        let mut opened = |more: &str| ask_with(&mut world, proxy, &header, more);
        // What the client says of its own address is not believed: it is no proxy.
        let made_up = "X-Forwarded-For: 198.51.100.1\r\n";
        assert_eq!([opened(""), opened(made_up), opened(made_up)], ["101", "101", "503"]);
        let other = "PROXY TCP4 203.0.113.8 10.0.0.1 51000 443\r\n";
        assert_eq!(ask_with(&mut world, proxy, other, ""), "101");
        let direct = connect(&mut world, 1, CLIENT);
        assert_eq!(ask(&mut world, direct[0], ""), "503", "it is the same client");
    }
}

#[test]
fn a_flood_through_a_proxy_is_refused_before_its_requests_are_read() {
    let mut world = world_of_headers(1);
    let header = format!("PROXY TCP4 {CLIENT} 10.0.0.1 51000 443\r\n");
    let ids = connect(&mut world, 5, "10.0.0.1");
    for &id in &ids {
        world.say(id, &header);
    }
    world.settle();
    // One is in, two get their answer when they ask, and the others get it at once.
    let told: Vec<bool> = ids.iter().map(|&id| world.has_words(id)).collect();
    assert_eq!(told, [false, false, false, true, true]);
    assert!(world.take_words(ids[4]).starts_with("HTTP/1.1 503 "));
    assert_eq!(ask(&mut world, ids[0], ""), "101");
}

#[test]
fn a_chain_of_proxies_is_believed_as_far_as_it_is_trusted() {
    let mut world = world_of_headers(1);
    let header = "PROXY TCP4 10.9.9.9 10.0.0.1 51000 443\r\n";
    let named = |client: &str| format!("X-Forwarded-For: {client}\r\n");
    assert_eq!(ask_with(&mut world, "10.0.0.1", header, &named(CLIENT)), "101");
    assert_eq!(ask_with(&mut world, "10.0.0.1", header, &named(CLIENT)), "503");
    assert_eq!(ask_with(&mut world, "10.0.0.1", header, &named("203.0.113.8")), "101");
}

#[test]
fn clients_that_a_header_does_not_name_share_one_address_and_the_proxys_own_are_free() {
    let mut world = world_of_headers(1);
    let unknown = "PROXY UNKNOWN\r\n";
    let made_up = "X-Forwarded-For: 198.51.100.1\r\n";
    assert_eq!(ask_with(&mut world, "10.0.0.1", unknown, ""), "101");
    assert_eq!(ask_with(&mut world, "10.0.0.2", unknown, made_up), "503");
    let local = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    for id in connect(&mut world, 3, "10.0.0.1") {
        world.say(id, local);
        world.say(id, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        world.settle();
        assert!(world.take_words(id).starts_with("HTTP/1.1 200"));
    }
}

#[test]
fn no_header_is_expected_of_those_who_are_no_proxies_and_none_is_believed() {
    let mut world = world_of_headers(2);
    let local = "PROXY TCP4 127.0.0.3 127.0.0.1 51000 443\r\n";
    let mut opened = || ask_with(&mut world, "10.0.0.1", local, "");
    assert_eq!([opened(), opened(), opened()], ["101", "101", "503"], "it is not the proxy");
    for address in ["203.0.113.9", "127.0.0.1"] {
        let direct = connect(&mut world, 1, address);
        assert_eq!(ask(&mut world, direct[0], ""), "101");
        let header = format!("PROXY TCP4 {CLIENT} 10.0.0.1 51000 443\r\n");
        assert_eq!(ask_with(&mut world, address, &header, ""), "400");
    }
    assert_eq!(ask_with(&mut world, "10.0.0.1", "", ""), "400", "a proxy without a header");
}

#[test]
fn a_header_has_the_time_of_a_request_to_come() {
    let mut world = world_of_headers(2);
    let id = connect(&mut world, 1, "10.0.0.1")[0];
    let time = Limits::default().handshake_timeout;
    for byte in 0..5 {
        world.say(id, &"PROXY"[byte..=byte]);
        world.time += time / 6;
        world.settle();
        assert!(world.sockets.here.contains(&id));
    }
    world.time += time / 3;
    world.settle();
    assert!(world.sockets.shut.contains(&id) || !world.sockets.here.contains(&id));
    assert!(!world.has_words(id));
}
