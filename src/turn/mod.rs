//! [`Turn`]: one turn of the loop, again and again. This is where everything meets.
//!
//! The turn owns the connections, their outboxes and deadlines, and the chat. The network is an
//! argument ([`Sockets`]), and so is the time, so that the simulator drives this very code. Whoever
//! runs it calls [`ready`](Turn::ready) for what the network has noticed, [`run`](Turn::run), and
//! sleeps for as long as [`wait`](Turn::wait) says.
//!
//! Handlers never write and never free. They queue; one phase writes, and one frees. So a hundred
//! messages to one phone cost one system call, and nothing is freed under anybody's feet.

// What the turn does, a file for each phase; and what more than one phase does.
mod phases;

mod arrivals;
mod drain;
mod end;
mod settle;

// What it knows of each connection.
mod tables;

// What it lends to the session and to the chat, and what it asks of the network.
mod adapters;
mod sockets;

// What its operator sees, and what the operator may set.
mod limits;
mod pages;
mod records;

// What must hold between two turns, and the tests.
#[cfg(test)]
mod fake_sockets;
mod invariants;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use crate::chat::{Audience, Books, Chat, ConnectionId};
use crate::limiter::Addresses;
use crate::session;
use crate::timer::{Moment, Now, Wheel};
use adapters::outbox_sink::OutboxSink;
use drain::Drain;
use phases::accept::WaitingListeners;
use phases::expire::Sweep;
use phases::publish::Frames;
use records::notes::Notes;
use records::recorder::{Laps, Recorder};
use tables::connections::Connections;
use tables::outbox::Outboxes;
use tables::presence::Presence;

pub use crate::session::Listener;
pub use limits::{Budgets, Limits};
pub use phases::readiness::Polled;
pub use records::Recording;
pub use records::counters::{Counters, Process};
pub use records::notes::EndNote;
pub use records::recorder::{Phase, Recorded, Stopwatch};
pub use sockets::{Accepted, Readiness, Sockets};
pub use tables::outbox::Caps;
pub use tables::presence::Limits as PresenceLimits;

/// The state that outlives a turn.
pub struct Turn {
    limits: Limits,
    session_limits: Rc<session::Limits>,
    started: Now,
    now: Now,
    connections: Connections,
    addresses: Addresses,
    /// WebSockets that are open, the ending ones not included.
    websockets: usize,
    /// Connections that have ended and are not yet freed.
    ending: usize,
    /// Bytes that all sessions keep of what has not arrived in full.
    held_bytes: usize,
    chat: Chat,
    outboxes: Outboxes,
    presence: Presence,
    /// One timer a connection. The chat has a wheel of its own.
    wheel: Wheel<ConnectionId>,
    sweep: Sweep,
    drain: Option<Drain>,
    /// What has been encoded for each audience.
    frames: [Frames; Audience::ALL.len()],
    counters: Counters,
    recorder: Recorder,
    notes: Notes,

    /// Events that the network has told of since the last turn.
    events: usize,
    /// Where somebody may be waiting to be accepted.
    waiting_listeners: WaitingListeners,
    /// Accepting failed for want of descriptors: not before this moment again.
    accept_again: Option<Moment>,
    /// Connections with something to read, longest unread first.
    readable: VecDeque<ConnectionId>,
    /// Bytes of the pages that the read under way has asked for.
    page_bytes: usize,
    /// Events to be seen until all readiness is known, if no poll names everybody before.
    events_unsettled: usize,
    /// Whether this turn knows all readiness, and so may judge who was silent.
    may_judge: bool,
    /// WebSockets that ended and that the chat does not know about yet.
    leaving: VecDeque<ConnectionId>,
    /// Connections to be closed and freed.
    closing: VecDeque<ConnectionId>,

    /// What is read goes here first, whoever it is from: an idle connection owns no buffer.
    input: Vec<u8>,
    /// Where frames are encoded.
    scratch: Vec<u8>,
}

impl Turn {
    /// A turn with nobody connected.
    pub fn new(limits: Limits, now: Now) -> Self {
        Turn {
            session_limits: Rc::new(limits.session.clone()),
            started: now,
            now,
            connections: Connections::new(),
            addresses: Addresses::new(limits.addresses),
            websockets: 0,
            ending: 0,
            held_bytes: 0,
            chat: Chat::new(limits.chat, now),
            outboxes: Outboxes::new(limits.outbox),
            presence: Presence::new(limits.presence, Audience::ALL.len()),
            wheel: Wheel::new(now.monotonic),
            sweep: Sweep::new(now.monotonic + limits.sweep_interval),
            drain: None,
            frames: Default::default(),
            counters: Counters::new(),
            recorder: Recorder::new(),
            notes: Notes::new(),
            events: 0,
            waiting_listeners: WaitingListeners::everywhere(),
            accept_again: None,
            readable: VecDeque::new(),
            page_bytes: 0,
            events_unsettled: 0,
            may_judge: false,
            leaving: VecDeque::new(),
            closing: VecDeque::new(),
            input: vec![0; limits.budgets.read_bytes],
            scratch: Vec::new(),
            limits,
        }
    }

    /// One turn, at one time: `now`, when the loop woke up. The order matters, and each line says why
    /// it stands where it does. `watch` is for the flight recorder alone: nothing that is done
    /// depends on it.
    pub fn run(
        &mut self,
        now: Now,
        polled: Polled,
        sockets: &mut impl Sockets,
        watch: &mut impl Stopwatch,
    ) {
        self.now = now;
        let mut laps = Laps::start(now.monotonic, watch);
        self.settle_readiness(polled);
        laps.end(Phase::Readiness, mem::take(&mut self.events));

        // Newcomers first, so that a full house shows at once. Their first bytes make an event of
        // their own, in the next turn.
        laps.end(Phase::Accept, self.accept(sockets));
        // Everything heard is heard before anybody is judged silent.
        laps.end(Phase::Receive, self.receive(sockets));
        // Deadlines: only now is it known who has kept his.
        laps.end(Phase::Expire, self.expire());
        // Whoever has ended leaves the chat before presence is published, so that this turn's
        // list is already without him; and whoever wrote to him in vain is told in this turn.
        laps.end(Phase::Leave, self.leave());
        // Presence last of all that queues: one list then covers every change of the turn, and goes
        // out in the same write as whatever else its receiver gets.
        laps.end(Phase::Publish, self.publish());
        // The only phase that writes.
        laps.end(Phase::Send, self.send(sockets));
        // The only phase that frees: until here every id of this turn still meant somebody.
        laps.end(Phase::Close, self.close(sockets));

        let turn = laps.finish(self.outboxes.total_bytes(), self.websockets);
        self.counters.count_turn(&turn);
        self.recorder.keep(turn);
        debug_assert!(self.books().balances(), "{:?}", self.books());
        debug_assert_eq!(self.outboxes.messages(), self.chat.unsettled(), "lost, or told twice");
    }

    /// How long to sleep before the next turn, if nothing happens: zero if work was left over,
    /// `None` if there is nothing to wait for but the network.
    pub fn wait(&mut self, now: Moment) -> Option<Duration> {
        let accepting = self.waiting_listeners.any() && self.accept_again.is_none();
        // Work that was created late in a turn, or cut off by a budget, announces itself by no
        // event: whoever forgets it here loses it until a stranger happens to call.
        let left_over = accepting
            || !self.readable.is_empty()
            || !self.leaving.is_empty()
            || !self.closing.is_empty()
            || self.outboxes.any_waiting()
            || self.outboxes.any_returned()
            || self.sweep.is_under_way();
        if left_over {
            return Some(Duration::ZERO);
        }
        let presence = match self.drain {
            Some(_) => None,
            None => self.presence.deadline(now),
        };
        let deadlines = [
            self.wheel.next_deadline(),
            self.sweep.deadline(),
            self.accept_again.filter(|_| self.waiting_listeners.any()),
            self.drain.as_ref().map(Drain::deadline),
            presence,
            self.chat.next_deadline(),
        ];
        deadlines.into_iter().flatten().min().map(|deadline| deadline.since(now))
    }

    /// Where every message went, up to now, of all realms together.
    pub fn books(&self) -> Books {
        self.chat.books().map(|(_, books)| books).sum()
    }

    /// What was counted beside messages.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// WebSockets that are open.
    pub fn websockets(&self) -> usize {
        self.websockets
    }

    /// Connections that are open and no WebSockets, or not yet.
    pub fn plain_connections(&self) -> usize {
        self.connections.len() - self.websockets - self.ending
    }

    /// Connections of every kind, the ending ones included.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Notes how much later than asked for the loop has woken up.
    pub fn record_lag(&mut self, lag: Duration) {
        self.counters.lag.record(lag);
    }

    /// Notes what the process has used.
    pub fn record_process(&mut self, process: Process) {
        self.counters.process = process;
    }

    /// The chat, and the sink where its events become frames.
    fn chat_and_sink(&mut self) -> (&mut Chat, OutboxSink<'_>) {
        let sink = OutboxSink {
            outboxes: &mut self.outboxes,
            presence: &mut self.presence,
            counters: &mut self.counters,
            scratch: &mut self.scratch,
        };
        (&mut self.chat, sink)
    }
}
