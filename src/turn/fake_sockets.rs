//! [`FakeSockets`]: a network in memory, for tests of the turn. [`World`]: a turn and its network.
//!
//! Connections can come from any address, which real sockets on one machine cannot. All that is written
//! arrives, unless a test has blocked the connection. Each event is reported once, as by an edge-triggered
//! kernel. Time passes only between two turns. So no scheduler can change the result of a test.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Display;
use std::io::{self, ErrorKind, IoSlice};
use std::time::Duration;

use super::{Accepted, Jobs, Limits, Polled, Readiness, Sockets, Stopwatch, Turn};
use crate::chat::ConnectionId;
use crate::chat::account::{Job, JobResult, Snapshot};
use crate::limiter::Peer;
use crate::session::{DoorRefusal, Listener};
use crate::timer::{Moment, Now};

/// The network. The inner tables are by slot.
#[derive(Default)]
pub(super) struct FakeSockets {
    /// The addresses of the connections in the listener's backlog.
    callers: VecDeque<Peer>,
    /// What clients have sent, and the server has not read.
    unread: BTreeMap<usize, VecDeque<u8>>,
    /// What the server has written.
    written: BTreeMap<usize, Vec<u8>>,
    /// The open connections, in the order in which they were accepted.
    pub(super) here: Vec<ConnectionId>,
    /// Why connections were turned away.
    pub(super) turned_away: Vec<DoorRefusal>,
    /// The connections whose writing half the server has closed.
    pub(super) shut: Vec<ConnectionId>,
    /// Accepting fails as if descriptors had run out.
    pub(super) is_exhausted: bool,
    /// Connections whose client has closed its half.
    finished: Vec<usize>,
    /// Connections that are reset.
    broken: BTreeSet<usize>,
    /// Connections whose socket is full.
    blocked: BTreeSet<usize>,
    /// The backlog of the operator's listener.
    operators: VecDeque<Peer>,
}

impl Sockets for FakeSockets {
    fn accept(&mut self, listener: Listener, id: ConnectionId) -> Accepted {
        if listener == Listener::Admin {
            let Some(address) = self.operators.pop_front() else { return Accepted::Nobody };
            self.here.push(id);
            return Accepted::Taken(address);
        }
        if self.is_exhausted && !self.callers.is_empty() {
            return Accepted::Exhausted;
        }
        let Some(address) = self.callers.pop_front() else { return Accepted::Nobody };
        self.here.push(id);
        Accepted::Taken(address)
    }

    fn shed(&mut self, listener: Listener) -> Accepted {
        let backlog = match listener {
            Listener::Public => &mut self.callers,
            Listener::Admin => &mut self.operators,
        };
        backlog.pop_front().map_or(Accepted::Nobody, Accepted::Taken)
    }

    fn turn_away(&mut self, id: ConnectionId, refusal: DoorRefusal) {
        assert_eq!(self.here.pop(), Some(id), "the connection that was just accepted");
        self.turned_away.push(refusal);
    }

    fn read(&mut self, id: ConnectionId, buffer: &mut [u8]) -> io::Result<usize> {
        if self.broken.contains(&id.index()) {
            return Err(ErrorKind::ConnectionReset.into());
        }
        match self.unread.get_mut(&id.index()).filter(|unread| !unread.is_empty()) {
            Some(unread) => io::Read::read(unread, buffer),
            None if self.finished.contains(&id.index()) => Ok(0),
            None => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn write(&mut self, id: ConnectionId, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.broken.contains(&id.index()) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        if self.blocked.contains(&id.index()) {
            return Err(ErrorKind::WouldBlock.into());
        }
        io::Write::write_vectored(self.written.entry(id.index()).or_default(), slices)
    }

    fn want_write(&mut self, _: ConnectionId, _: bool) {}

    fn finish_writing(&mut self, id: ConnectionId) {
        self.shut.push(id);
    }

    fn close(&mut self, id: ConnectionId) {
        self.here.retain(|other| *other != id);
        self.unread.remove(&id.index());
        self.written.remove(&id.index());
        self.finished.retain(|other| *other != id.index());
        self.broken.remove(&id.index());
        self.blocked.remove(&id.index());
    }

    fn abort(&mut self, id: ConnectionId) {
        self.close(id);
    }
}

/// The other threads: a test says when which result comes.
#[derive(Default)]
pub(super) struct FakeJobs {
    /// The jobs that were handed over, in batches.
    pub(super) batches: Vec<Vec<Job>>,
    /// The results that have come.
    pub(super) results: VecDeque<JobResult>,
}

impl Jobs for FakeJobs {
    fn hand_over(&mut self, batch: &mut Vec<Job>) {
        assert!(!batch.is_empty(), "a thread is not woken for nothing");
        self.batches.push(std::mem::take(batch));
    }

    fn next_result(&mut self) -> Option<JobResult> {
        self.results.pop_front()
    }
}

/// After this many turns, a world that still has work left has an error.
const MOST_TURNS: usize = 1_000;

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
    pub(super) sockets: FakeSockets,
    pub(super) jobs: FakeJobs,
    /// The time since the start.
    pub(super) time: Duration,
}

impl World {
    pub(super) fn new(limits: Limits) -> Self {
        World::of(Turn::new(limits, Now::default()))
    }

    /// A world whose account realm has what the store has.
    pub(super) fn with_accounts(limits: Limits, snapshot: Snapshot) -> Self {
        World::of(Turn::restore(limits, snapshot, Now::default()))
    }

    fn of(turn: Turn) -> Self {
        World {
            turn,
            sockets: FakeSockets::default(),
            jobs: FakeJobs::default(),
            time: Duration::ZERO,
        }
    }

    /// Runs one turn, after a poll that has reported all ready sockets.
    pub(super) fn run(&mut self) {
        self.run_after(Polled::Everybody);
    }

    /// Runs one turn, after such a poll.
    pub(super) fn run_after(&mut self, polled: Polled) {
        let now = Now { monotonic: self.now(), ..Now::default() };
        self.turn.run(now, polled, &mut self.sockets, &mut self.jobs, &mut Stopped);
        self.turn.check_invariants();
    }

    /// Runs turns as long as the turn says that it has work left. No event comes meanwhile.
    pub(super) fn settle(&mut self) {
        for _ in 0..MOST_TURNS {
            self.run();
            if self.wait() != Some(Duration::ZERO) {
                return;
            }
        }
        panic!("the turn always has work left");
    }

    /// The time for which the loop would sleep.
    pub(super) fn wait(&mut self) -> Option<Duration> {
        let now = self.now();
        self.turn.wait(now)
    }

    pub(super) fn now(&self) -> Moment {
        Moment::START + self.time
    }

    /// Puts `count` connections from an address into the backlog. The next turn accepts them, or refuses
    /// them.
    pub(super) fn call(&mut self, count: usize, address: &str) {
        let address = match address {
            "unix" => Peer::Unix,
            address => Peer::Ip(address.parse().expect("an address")),
        };
        self.sockets.callers.extend(std::iter::repeat_n(address, count));
        self.turn.listener_ready(Listener::Public);
    }

    /// Sends a client's request for a WebSocket with a number. The next turn reads it.
    pub(super) fn ask(&mut self, id: ConnectionId, number: &str, more: &str) {
        self.say(id, upgrade(number, "?presence=none", more));
    }

    /// Sends bytes from a client. The next turn reads them.
    pub(super) fn say(&mut self, id: ConnectionId, bytes: impl AsRef<[u8]>) {
        self.sockets.unread.entry(id.index()).or_default().extend(bytes.as_ref());
        self.turn.ready(id, Readiness { readable: true, ..Readiness::default() });
    }

    /// A new connection from this machine, which has sent nothing yet.
    pub(super) fn newcomer(&mut self) -> ConnectionId {
        self.call(1, "127.0.0.1");
        self.settle();
        *self.sockets.here.last().expect("the connection that was just accepted")
    }

    /// A new connection at the operator's listener, from this machine.
    pub(super) fn operator(&mut self) -> ConnectionId {
        self.call_operator(1);
        self.settle();
        *self.sockets.here.last().expect("the connection that was just accepted")
    }

    /// Puts `count` connections from this machine into the backlog of the operator's listener.
    pub(super) fn call_operator(&mut self, count: usize) {
        let here = Peer::Ip("127.0.0.1".parse().expect("an address"));
        self.sockets.operators.extend(std::iter::repeat_n(here, count));
        self.turn.listener_ready(Listener::Admin);
    }

    /// Opens WebSockets with the numbers 0 to `count - 1`. They want no presence, and have read their 101.
    pub(super) fn phones(&mut self, count: u32) -> Vec<ConnectionId> {
        let phones: Vec<ConnectionId> = (0..count).map(|_| self.newcomer()).collect();
        for (number, id) in (0..count).zip(&phones) {
            self.say(*id, upgrade(number, "?presence=none", ""));
        }
        self.settle();
        phones.iter().for_each(|id| assert!(self.take_words(*id).starts_with("HTTP/1.1 101")));
        phones
    }

    /// Fills the socket of a connection.
    pub(super) fn block(&mut self, id: ConnectionId) {
        self.sockets.blocked.insert(id.index());
    }

    /// Drains the socket of a connection, and reports it.
    pub(super) fn unblock(&mut self, id: ConnectionId) {
        self.sockets.blocked.remove(&id.index());
        self.turn.ready(id, Readiness { writable: true, ..Readiness::default() });
    }

    /// Resets a connection, and reports it.
    pub(super) fn reset(&mut self, id: ConnectionId) {
        self.sockets.broken.insert(id.index());
        self.turn.ready(id, Readiness { readable: true, writable: true, closed: true });
    }

    /// Resets a connection, and does not report it: the server learns of it when it writes.
    pub(super) fn cut(&mut self, id: ConnectionId) {
        self.sockets.broken.insert(id.index());
    }

    /// Closes a client's half, and reports it.
    pub(super) fn hang_up(&mut self, id: ConnectionId) {
        self.sockets.finished.push(id.index());
        self.turn.ready(id, Readiness { readable: true, closed: true, ..Readiness::default() });
    }

    /// Whether the server has written to a connection since its words were taken.
    pub(super) fn has_words(&self, id: ConnectionId) -> bool {
        self.sockets.written.contains_key(&id.index())
    }

    /// Takes what the server has written to a connection since the last call.
    pub(super) fn take_words(&mut self, id: ConnectionId) -> String {
        let words = self.sockets.written.remove(&id.index()).unwrap_or_default();
        String::from_utf8_lossy(&words).into_owned()
    }
}

/// The request for a WebSocket with this number, which is padded to ten digits.
pub(super) fn upgrade(number: impl Display, query: &str, more: &str) -> String {
    by_hand::upgrade(&format!("/ws/{number:0>10}{query}"), "a", more)
}

/// A client's text frame. Its mask is zero, so the masked text is the text (RFC 6455 §5.3).
pub(super) fn frame(text: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    by_hand::masked(by_hand::FINAL | by_hand::TEXT, text.as_bytes(), [0; 4], &mut frame);
    frame
}

/// The frame that sends a message.
pub(super) fn message(to: u32, text: &str) -> Vec<u8> {
    frame(&format!(r#"{{"type":"message","to":"{to:010}","text":"{text}"}}"#))
}
