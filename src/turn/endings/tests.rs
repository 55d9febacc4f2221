//! Endings on a network in memory, where time stands still for the peer and not for the server.

use core::net::IpAddr;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, IoSlice};
use std::time::Duration;

use crate::chat::ConnectionId;
use crate::session::{Listener, Refusal};
use crate::timer::{Moment, Now};
use crate::turn::{Accepted, Limits, Polled, Readiness, Sockets, Stopwatch, Turn};

/// A network that takes everything, and on which nobody ever closes.
#[derive(Default)]
struct Wires {
    callers: usize,
    here: Vec<ConnectionId>,
    unread: BTreeMap<usize, VecDeque<u8>>,
    written: BTreeMap<usize, Vec<u8>>,
}

impl Sockets for Wires {
    fn accept(&mut self, listener: Listener, id: ConnectionId) -> Accepted {
        if listener == Listener::Admin {
            return Accepted::Nobody;
        }
        let Some(left) = self.callers.checked_sub(1) else { return Accepted::Nobody };
        self.callers = left;
        self.here.push(id);
        Accepted::Taken(IpAddr::from([127, 0, 0, 1]))
    }

    fn shed(&mut self, _: Listener) -> Accepted {
        Accepted::Nobody
    }

    fn turn_away(&mut self, _: ConnectionId, _: Refusal) {}

    fn read(&mut self, id: ConnectionId, buffer: &mut [u8]) -> io::Result<usize> {
        let unread = self.unread.entry(id.index()).or_default();
        if unread.is_empty() {
            Err(ErrorKind::WouldBlock.into())
        } else {
            io::Read::read(unread, buffer)
        }
    }

    fn write(&mut self, id: ConnectionId, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        io::Write::write_vectored(self.written.entry(id.index()).or_default(), slices)
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

struct World {
    turn: Turn,
    wires: Wires,
    now: Duration,
}

impl World {
    fn run(&mut self) {
        let now = Now { monotonic: Moment::START + self.now, ..Now::default() };
        self.turn.run(now, Polled::Everybody, &mut self.wires, &mut Stopped);
        self.turn.check_invariants();
    }

    /// Somebody comes and has asked for a WebSocket; nothing of that is read yet.
    fn call(&mut self) -> ConnectionId {
        self.wires.callers += 1;
        self.turn.listener_ready(Listener::Public);
        self.run();
        let id = *self.wires.here.last().expect("whoever has just come");
        let request = "GET /ws/03001234567?presence=none HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n";
        self.wires.unread.insert(id.index(), request.bytes().collect());
        self.turn.ready(id, Readiness { readable: true, ..Readiness::default() });
        id
    }

    fn said_to(&self, id: ConnectionId) -> String {
        self.wires
            .written
            .get(&id.index())
            .map_or_else(String::new, |bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

#[test]
fn the_time_to_close_begins_when_the_last_words_are_written_and_not_while_they_wait_for_us() {
    let mut limits = Limits::default();
    limits.budgets.writes = 1;
    let close_timeout = limits.close_timeout;
    let turn = Turn::new(limits, Now::default());
    let mut world = World { turn, wires: Wires::default(), now: Duration::ZERO };

    let old = world.call();
    world.run();
    // The newcomer's answer is the one write of this turn; the goodbye to the old one waits.
    let new = world.call();
    world.run();
    assert!(world.said_to(new).starts_with("HTTP/1.1 101"));
    assert!(!world.said_to(old).contains("replaced"));

    // The server stands still, for longer than anybody may take to close.
    world.now += close_timeout * 2;
    world.run();
    assert!(world.said_to(old).ends_with("replaced by a newer connection"));
    assert!(world.wires.here.contains(&old), "he has had no time to close");
    world.now += close_timeout / 2;
    world.run();
    assert!(world.wires.here.contains(&old), "he has had half of the time to close");
    world.now += close_timeout;
    world.run();
    assert_eq!(world.wires.here, [new], "he has had all the time to close");
}
