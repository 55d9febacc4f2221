//! [`Turn`]: one turn of the event loop, and the state that the turns share.
//!
//! The turn owns the connections, their outboxes and deadlines, and the chat. The network
//! ([`Sockets`]) and the time are arguments, so that the simulator can run this same code. The driver
//! (`net`, the simulator or a test) does three things in a circle: it calls [`ready`](Turn::ready) for
//! each event of a poll, then [`run`](Turn::run), and then sleeps as long as [`wait`](Turn::wait) says.
//!
//! A *handler* is code that reacts to one event of one connection. Handlers never write to a socket and
//! never free a connection. They queue; one phase writes, and one phase frees. So a hundred messages to
//! one phone cost one system call, and no connection is freed while a handler uses it.

// What the turn does: a file for each phase, then what several phases do.
mod phases;

mod arrivals;
mod bans;
mod drain;
mod end;
mod follow_up;
mod operator;
mod settle;

// What the turn knows of each connection.
mod tables;

// How the session and the chat see the turn, and how the turn sees the network and other threads.
mod adapters;
mod jobs;
mod sockets;

// What the operator sets, and what the operator sees.
mod limits;
mod pages;
mod records;
mod run_time;

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

use crate::chat::account::{Job, Snapshot};
use crate::chat::{Audience, Books, Chat, ConnectionId, Farewell};
use crate::limiter::Addresses;
use crate::session;
use crate::timer::{Moment, Now, Wheel};
use adapters::outbox_sink::OutboxSink;
use drain::Drain;
use operator::Operator;
use phases::accept::WaitingListeners;
use phases::expire::Sweep;
use phases::publish::Frames;
use records::notes::Notes;
use records::recorder::{Laps, Recorder};
use tables::connections::Connections;
use tables::outbox::Outboxes;
use tables::parked::ParkedRequests;
use tables::presence::Presence;
use tables::under_way::UnderWay;

pub use crate::limiter::Peer;
pub use crate::session::Listener;
pub use jobs::{Jobs, NoJobs};
pub use limits::{Budgets, Limits};
pub use operator::{BanChange, Wish};
pub use phases::readiness::Polled;
pub use records::Recording;
pub use records::counters::{Counters, Process};
pub use records::notes::{EndNote, Note, OrderNote};
pub use records::recorder::{Phase, Recorded, Stopwatch};
pub use run_time::RunTimeLimits;
pub use sockets::{Accepted, Readiness, Sockets};
pub use tables::outbox::Caps;
pub use tables::presence::Limits as PresenceLimits;
pub use tables::under_way::StoreState;

/// The state that outlives a turn.
pub struct Turn {
    limits: Limits,
    /// A copy of `limits.session` that a session can borrow while the turn is its host.
    session_limits: Rc<session::Limits>,
    /// When the server started.
    started: Now,
    /// When this turn began: all that happens in a turn happens at one time.
    now: Now,
    connections: Connections,
    addresses: Addresses,
    /// The number of open WebSockets, without those that are ending.
    websockets: usize,
    /// The number of connections that have ended and are not yet freed.
    ending: usize,
    /// Bytes that all sessions together keep of incomplete requests and messages.
    held_bytes: usize,
    chat: Chat,
    outboxes: Outboxes,
    presence: Presence,
    /// Requests that wait for a reply.
    parked: ParkedRequests,
    operator: Operator,
    /// One timer for each connection. The chat has a wheel of its own.
    wheel: Wheel<ConnectionId>,
    sweep: Sweep,
    drain: Option<Drain>,
    /// The slot from which on connections are still to be looked at, since who is banned has changed.
    unchecked_slot: Option<usize>,
    /// Whether the round that is under way began before the last change, and another one is to follow.
    check_again: bool,
    /// For each audience, the list and the delta as they were encoded last.
    frames: [Frames; Audience::ALL.len()],
    counters: Counters,
    recorder: Recorder,
    notes: Notes,

    /// The number of events that the network has reported since the last turn.
    events: usize,
    /// The listeners at which connections may wait to be accepted.
    waiting_listeners: WaitingListeners,
    /// The moment at which to try again to accept, after descriptors ran out.
    accept_again: Option<Moment>,
    /// Connections with something to read, longest unread first. Each stands in it once.
    readable: VecDeque<ConnectionId>,
    /// Bytes of the bodies of the answers to the connection that is being read.
    page_bytes: usize,
    /// The number of events after which every ready socket has been reported (the stall rule; see
    /// `settle_readiness`).
    events_unsettled: usize,
    /// Whether every ready socket has been reported, so that this turn may judge which are silent.
    may_judge: bool,
    /// WebSockets that have ended and are still in the chat.
    leaving: VecDeque<ConnectionId>,
    /// Connections with something to read that may not speak: so much of what they have said waits to be
    /// stored. Each stands in it once, and not in `readable`.
    unheard: VecDeque<ConnectionId>,
    /// Whether one of those may speak again, or has ended.
    may_hear: bool,
    /// Jobs that the chat has asked for in this turn.
    asked: Vec<Job>,
    /// Jobs that were handed over, and whose results were not taken yet; and how the store is.
    under_way: UnderWay,
    /// Whether the last phase *answer* has left results.
    results_left: bool,
    /// Events that this turn's results have queued, each counted once for each of its receivers.
    copies: usize,
    /// Connections that the chat has ended, and why.
    farewells: VecDeque<(ConnectionId, Farewell)>,
    /// Dead connections, to be closed and freed.
    closing: VecDeque<ConnectionId>,

    /// The buffer into which all sockets are read, so that an idle connection owns none.
    input: Vec<u8>,
    /// The buffer in which all frames are encoded, before a parcel gets a copy of the right size.
    scratch: Vec<u8>,
}

impl Turn {
    /// A turn without connections.
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
            parked: ParkedRequests::new(limits.parked_requests),
            operator: Operator::default(),
            wheel: Wheel::new(now.monotonic),
            sweep: Sweep::new(now.monotonic + limits.sweep_interval),
            drain: None,
            unchecked_slot: None,
            check_again: false,
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
            unheard: VecDeque::new(),
            may_hear: false,
            asked: Vec::new(),
            under_way: UnderWay::new(),
            results_left: false,
            copies: 0,
            farewells: VecDeque::new(),
            leaving: VecDeque::new(),
            closing: VecDeque::new(),
            input: vec![0; limits.budgets.read_bytes],
            scratch: Vec::new(),
            limits,
        }
    }

    /// A turn without connections, whose account realm is as the store has it.
    pub fn restore(limits: Limits, snapshot: Snapshot, now: Now) -> Self {
        Turn { chat: Chat::restore(limits.chat, snapshot, now), ..Turn::new(limits, now) }
    }

    /// Runs one turn. All of it happens at one time: `now`, when the loop woke up. The order of the phases
    /// matters; each comment says why a phase stands where it does. `watch` is for the flight recorder
    /// alone: no decision depends on it.
    pub fn run(
        &mut self,
        now: Now,
        polled: Polled,
        sockets: &mut impl Sockets,
        jobs: &mut impl Jobs,
        watch: &mut impl Stopwatch,
    ) {
        self.now = now;
        let mut laps = Laps::start(now.monotonic, watch);
        self.settle_readiness(polled);
        laps.end(Phase::Readiness, mem::take(&mut self.events));

        // New connections come first, so that those beyond a limit are refused in the turn in which they
        // come. The first bytes of the others are an event of their own, in the next turn.
        laps.end(Phase::Accept, self.accept(sockets));
        // Results make room for those whose messages wait to be stored, so they come before what is said
        // next.
        laps.end(Phase::Answer, self.answer(jobs));
        // All input is read before any connection is judged to be silent or late.
        laps.end(Phase::Receive, self.receive(sockets));
        // Now it is known which connections have kept their deadlines.
        laps.end(Phase::Expire, self.expire());
        // Ended connections leave the chat before presence is published, so that this turn's list is
        // without them. Senders of messages that came back are told before the send phase.
        laps.end(Phase::Leave, self.leave());
        // All that this turn wants of other threads is one hand-over, and they work while we write.
        laps.end(Phase::Ask, self.ask(jobs));
        // Presence is the last phase that queues. So one list covers all changes of the turn, and goes
        // out in the same write as all else that its receiver gets.
        laps.end(Phase::Publish, self.publish());
        // What has happened in this turn goes to the operator's readers.
        self.publish_events();
        self.end_streams();
        // The only phase that writes.
        laps.end(Phase::Send, self.send(sockets));
        // The only phase that frees. Up to here, every id of this turn was valid.
        laps.end(Phase::Close, self.close(sockets));

        let turn = laps.finish(self.outboxes.total_bytes(), self.websockets);
        self.counters.count_turn(&turn);
        self.recorder.keep(turn);
        debug_assert!(self.chat.balances(), "{:?}", self.chat);
        debug_assert_eq!(self.outboxes.messages(), self.chat.unsettled(), "lost, or settled twice");
    }

    /// How long to sleep before the next turn if no event comes: zero if work is left, and `None` if there
    /// is no deadline either.
    pub fn wait(&mut self, now: Moment) -> Option<Duration> {
        let accepting = self.waiting_listeners.any() && self.accept_again.is_none();
        // No event reports work that a turn has left: what a budget cut off, or what a late phase queued
        // for an early one. Such work must be named here, or it waits until an unrelated event wakes the
        // loop.
        let left_over = accepting
            || !self.readable.is_empty()
            || self.may_hear && !self.unheard.is_empty()
            || self.results_left
            || !self.asked.is_empty()
            || self.parked.any_resolved()
            || !self.farewells.is_empty()
            || !self.leaving.is_empty()
            || !self.closing.is_empty()
            || self.outboxes.any_waiting()
            || self.outboxes.any_returned()
            || self.sweep.is_under_way()
            || self.unchecked_slot.is_some()
            || self.operator.has_work()
            || self.operator.events.has_work(&self.outboxes);
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
            self.under_way.slow_at(now),
        ];
        deadlines.into_iter().flatten().min().map(|deadline| deadline.since(now))
    }

    /// What became of every message up to now, over all realms.
    pub fn books(&self) -> Books {
        self.chat.books().map(|(_, books)| books).sum()
    }

    /// All counters but those of messages.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The number of open WebSockets.
    pub fn websockets(&self) -> usize {
        self.websockets
    }

    /// The number of open connections that are no WebSockets, or not yet.
    pub fn plain_connections(&self) -> usize {
        self.connections.len() - self.websockets - self.ending
    }

    /// The number of connections of every kind, with those that are ending.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Records how much later than planned the loop has woken up.
    pub fn record_lag(&mut self, lag: Duration) {
        self.counters.lag.record(lag);
    }

    /// Records what the process has used.
    pub fn record_process(&mut self, process: Process) {
        self.counters.process = process;
    }

    /// The chat, and the sink that puts its events into outboxes. They are borrowed together, since every
    /// call to the chat needs a sink.
    fn chat_and_sink(&mut self) -> (&mut Chat, OutboxSink<'_>) {
        let sink = OutboxSink {
            outboxes: &mut self.outboxes,
            presence: &mut self.presence,
            counters: &mut self.counters,
            scratch: &mut self.scratch,
            parked: &mut self.parked,
            asked: &mut self.asked,
            farewells: &mut self.farewells,
            copies: &mut self.copies,
            events: &mut self.operator.events,
            events_room: (self.now.unix, self.limits.events_bytes),
            zone: &self.limits.zone,
        };
        (&mut self.chat, sink)
    }
}
