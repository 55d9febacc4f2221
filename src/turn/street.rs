//! [`Street`]: a network in memory, for tests of the turn. Callers come from any address, which real
//! sockets on one machine cannot have; everything written arrives; time stands still within a turn.

use core::net::IpAddr;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, IoSlice};
use std::time::Duration;

use super::{Accepted, Limits, Polled, Readiness, Sockets, Stopwatch, Turn};
use crate::chat::ConnectionId;
use crate::session::{Listener, Refusal};
use crate::timer::{Moment, Now};

/// The network.
#[derive(Default)]
pub(super) struct Street {
    callers: VecDeque<IpAddr>,
    unread: BTreeMap<usize, VecDeque<u8>>,
    written: BTreeMap<usize, Vec<u8>>,
    /// Who is connected, in the order of coming.
    pub(super) here: Vec<ConnectionId>,
    /// How those were told who came too much.
    pub(super) turned_away: Vec<Refusal>,
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
        match self.unread.get_mut(&id.index()).filter(|unread| !unread.is_empty()) {
            Some(unread) => io::Read::read(unread, buffer),
            None if self.finished.contains(&id.index()) => Ok(0),
            None => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn write(&mut self, id: ConnectionId, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        io::Write::write_vectored(self.written.entry(id.index()).or_default(), slices)
    }

    fn want_write(&mut self, _: ConnectionId, _: bool) {}

    fn finish_writing(&mut self, _: ConnectionId) {}

    fn close(&mut self, id: ConnectionId) {
        self.here.retain(|other| *other != id);
        self.unread.remove(&id.index());
        self.written.remove(&id.index());
        self.finished.retain(|other| *other != id.index());
    }

    fn abort(&mut self, id: ConnectionId) {
        self.close(id);
    }
}

/// A stopwatch that stands still.
struct Stopped;

impl Stopwatch for Stopped {
    fn read(&mut self) -> Moment {
        Moment::START
    }
}

/// A turn and its network.
pub(super) struct World {
    pub(super) turn: Turn,
    pub(super) street: Street,
    /// How long it has been going.
    pub(super) time: Duration,
}

impl World {
    pub(super) fn new(limits: Limits) -> Self {
        let turn = Turn::new(limits, Now::default());
        World { turn, street: Street::default(), time: Duration::ZERO }
    }

    /// One turn of the loop.
    pub(super) fn run(&mut self) {
        let now = Now { monotonic: Moment::START + self.time, ..Now::default() };
        self.turn.run(now, Polled::Everybody, &mut self.street, &mut Stopped);
        self.turn.check_invariants();
    }

    /// So many call from an address; in the next turn they are taken in, or not.
    pub(super) fn call(&mut self, count: usize, address: &str) {
        let address: IpAddr = address.parse().expect("an address");
        self.street.callers.extend(std::iter::repeat_n(address, count));
        self.turn.listener_ready(Listener::Public);
    }

    /// Somebody asks for a WebSocket, by a number of his own; nothing of that is read yet.
    pub(super) fn ask(&mut self, id: ConnectionId, number: &str, more: &str) {
        let request = format!(
            "GET /ws/{number}?presence=none HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n{more}\r\n"
        );
        self.street.unread.entry(id.index()).or_default().extend(request.into_bytes());
        self.turn.ready(id, Readiness { readable: true, ..Readiness::default() });
    }

    /// Somebody hangs up; the next turn hears of it.
    pub(super) fn hang_up(&mut self, id: ConnectionId) {
        self.street.finished.push(id.index());
        self.turn.ready(id, Readiness { readable: true, closed: true, ..Readiness::default() });
    }

    /// What somebody was told since this was asked last.
    pub(super) fn take_words(&mut self, id: ConnectionId) -> String {
        let words = self.street.written.remove(&id.index()).unwrap_or_default();
        String::from_utf8_lossy(&words).into_owned()
    }
}
