//! A turn whose network has callers from anywhere, which real sockets on one machine cannot have.

use core::net::IpAddr;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, IoSlice};
use std::time::Duration;

use crate::chat::ConnectionId;
use crate::limiter::{AddressLimits, Network, Proxies, Rate};
use crate::session::{self, Listener, Refusal};
use crate::timer::{Moment, Now};
use crate::turn::{Accepted, Limits, Polled, Readiness, Sockets, Stopwatch, Turn};

const SOMEBODY: &str = "203.0.113.7";

/// The network.
#[derive(Default)]
struct Street {
    callers: VecDeque<IpAddr>,
    unread: BTreeMap<usize, Vec<u8>>,
    written: BTreeMap<usize, Vec<u8>>,
    here: Vec<ConnectionId>,
    turned_away: Vec<Refusal>,
    finished: Vec<usize>,
}

impl Sockets for Street {
    fn accept(&mut self, listener: Listener, id: ConnectionId) -> Accepted {
        if listener == Listener::Admin {
            return Accepted::Nobody;
        }
        let Some(address) = self.callers.pop_front() else { return Accepted::Nobody };
        self.here.push(id);
        Accepted::Taken(address)
    }

    fn shed(&mut self, _: Listener) -> Accepted {
        self.callers.pop_front().map_or(Accepted::Nobody, Accepted::Taken)
    }

    fn turn_away(&mut self, id: ConnectionId, refusal: Refusal) {
        assert_eq!(self.here.pop(), Some(id), "who has just come");
        self.turned_away.push(refusal);
    }

    fn read(&mut self, id: ConnectionId, buffer: &mut [u8]) -> io::Result<usize> {
        match self.unread.remove(&id.index()) {
            Some(bytes) => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            None if self.finished.contains(&id.index()) => Ok(0),
            None => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn write(&mut self, id: ConnectionId, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = self.written.entry(id.index()).or_default();
        slices.iter().for_each(|slice| written.extend_from_slice(slice));
        Ok(slices.iter().map(|slice| slice.len()).sum())
    }

    fn want_write(&mut self, _: ConnectionId, _: bool) {}

    fn finish_writing(&mut self, _: ConnectionId) {}

    fn close(&mut self, id: ConnectionId) {
        self.here.retain(|other| *other != id);
    }

    fn abort(&mut self, id: ConnectionId) {
        self.close(id);
    }
}

struct Stopped;

impl Stopwatch for Stopped {
    fn read(&mut self) -> Moment {
        Moment::START
    }
}

/// A turn and its network.
struct World {
    turn: Turn,
    street: Street,
    seconds: u64,
}

impl World {
    fn new(connections: u32, rate: Rate) -> Self {
        let networks = vec![Network::parse("10.0.0.0/8").expect("a network")];
        let session = session::Limits {
            trusted_proxies: Proxies::new(networks),
            ..session::Limits::default()
        };
        let addresses = AddressLimits {
            connections: Some(connections),
            rate,
            told: 2,
            ..AddressLimits::default()
        };
        let limits = Limits { session, addresses, ..Limits::default() };
        let turn = Turn::new(limits, Now::default());
        World { turn, street: Street::default(), seconds: 0 }
    }

    fn run(&mut self) {
        let now =
            Now { monotonic: Moment::START + Duration::from_secs(self.seconds), ..Now::default() };
        for _ in 0..3 {
            self.turn.run(now, Polled::Everybody, &mut self.street, &mut Stopped);
            self.turn.check_invariants();
        }
    }

    /// So many connect from an address. Returns those who were taken in.
    fn connect(&mut self, count: usize, address: &str) -> Vec<ConnectionId> {
        let before = self.street.here.len();
        let address: IpAddr = address.parse().expect("an address");
        self.street.callers.extend(std::iter::repeat_n(address, count));
        self.turn.listener_ready(Listener::Public);
        self.run();
        self.street.here[before..].to_vec()
    }

    /// Asks for a WebSocket, and returns the status.
    fn ask(&mut self, id: ConnectionId, more: &str) -> String {
        let request = format!(
            "GET /ws/{:010}?presence=none HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n{more}\r\n",
            id.index()
        );
        self.street.unread.insert(id.index(), request.into_bytes());
        self.turn.ready(id, Readiness { readable: true, ..Readiness::default() });
        self.run();
        let answer = self.street.written.remove(&id.index()).expect("an answer");
        String::from_utf8_lossy(&answer[9..12]).into_owned()
    }

    fn hang_up(&mut self, id: ConnectionId) {
        self.street.finished.push(id.index());
        self.turn.ready(id, Readiness { readable: true, closed: true, ..Readiness::default() });
        self.run();
        self.street.finished.pop();
    }
}

#[test]
fn a_few_too_many_are_told_when_they_ask_and_a_flood_takes_up_no_slots() {
    let mut world = World::new(3, Rate::UNLIMITED);
    let taken_in = world.connect(100, SOMEBODY);
    assert_eq!(taken_in.len(), 5, "three may be here, two are to be told");
    assert_eq!(world.street.turned_away, [Refusal::AddressFull; 95]);
    assert_eq!(world.turn.counters().shed, 95);
    let answers: Vec<String> = taken_in.iter().map(|&id| world.ask(id, "")).collect();
    assert_eq!(answers, ["101", "101", "101", "503", "503"]);

    let other = world.connect(1, "203.0.113.8");
    assert_eq!(world.ask(other[0], ""), "101", "others have their own");
    world.hang_up(taken_in[0]);
    assert_eq!(world.ask(taken_in[4], ""), "101", "there is room by now");
}

#[test]
fn an_address_may_connect_so_often_and_is_told_when_it_may_again() {
    let mut world = World::new(100, Rate::new(1, Duration::from_secs(10), 2));
    for id in world.connect(2, SOMEBODY) {
        world.hang_up(id);
    }
    let taken_in = world.connect(3, SOMEBODY);
    assert_eq!(taken_in.len(), 2, "to be told");
    assert_eq!(world.street.turned_away, [Refusal::AddressTooFast { retry_after_seconds: 11 }]);
    assert_eq!(world.ask(taken_in[0], ""), "429");
    world.seconds = 10;
    assert_eq!(world.ask(taken_in[0], ""), "101");
}

#[test]
fn this_machine_does_not_count_and_nobody_can_pretend_to_be_it() {
    let mut world = World::new(1, Rate::UNLIMITED);
    for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(world.connect(10, address).len(), 10, "{address}");
    }
    let outside = world.connect(2, SOMEBODY);
    let pretends = "X-Forwarded-For: 127.0.0.1\r\n";
    let answers: Vec<String> = outside.iter().map(|&id| world.ask(id, pretends)).collect();
    assert_eq!(answers, ["101", "503"]);
}

#[test]
fn a_proxy_itself_does_not_count_and_those_for_whom_it_speaks_do() {
    let mut world = World::new(1, Rate::UNLIMITED);
    let upstream = world.connect(20, "10.1.2.3");
    assert_eq!(upstream.len(), 20);
    let named = format!("X-Forwarded-For: {SOMEBODY}\r\n");
    assert_eq!(world.ask(upstream[0], &named), "101");
    assert_eq!(world.ask(upstream[1], &named), "503");
    assert_eq!(world.ask(upstream[1], "X-Forwarded-For: 203.0.113.8\r\n"), "101");
    // The same person without the proxy, and in the other way of writing his address.
    let direct = world.connect(1, "::ffff:203.0.113.7");
    assert_eq!(world.ask(direct[0], ""), "503");
    // Nobody is named: the proxy looks whether we are well.
    assert_eq!(world.ask(upstream[2], ""), "101");
    world.hang_up(upstream[0]);
    assert_eq!(world.ask(direct[0], ""), "101");
}

#[test]
fn who_is_gone_is_forgotten() {
    let mut world = World::new(10, Rate::per_second(1, 5));
    for id in world.connect(3, SOMEBODY) {
        world.hang_up(id);
    }
    assert_eq!(world.turn.addresses.len(), 1);
    world.seconds = 3;
    world.run();
    assert!(world.turn.addresses.is_empty());
}
