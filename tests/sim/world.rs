//! [`World`]: one run. The real turn, the network in memory, the phones, and virtual time.
//!
//! The loop here is a small `net::run`. It obeys [`Turn::wait`] exactly: when the turn says that there is
//! nothing to do, time jumps to the next event. If the turn was wrong, work stays undone, and the oracle
//! sees it. `story` has the order of events in a run.

use std::time::Duration;

use switchboard::session::End;
use switchboard::timer::Now;
use switchboard::turn::{Budgets, Counters, Listener, NoJobs, Polled, Readiness, Turn};

use crate::agenda::{Agenda, Stopped, at, wakes};
use crate::climate::Climate;
use crate::device::SESSIONS;
use crate::dice::Dice;
use crate::faults::{Fault, Faults};
use crate::net::{Deed, Net, WireId};
use crate::oracle::{Kind, Oracle, Said};
use crate::phone::Phone;

/// The index, among the figures of [`World::used`], of the connections that were removed as silent.
const SWEPT: usize = 2;

/// Something that happens at a certain time.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Item {
    /// A phone takes its next action.
    Act(usize),
    /// A phone's heartbeat.
    Beat(usize),
    /// Bytes arrive at the server.
    Up(WireId),
    /// Bytes arrive at the phone.
    Down(WireId),
    /// Descriptors run out, or are free again.
    Exhaust(bool),
    /// All phones lose their connections at once.
    Storm,
}

pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) climate: Climate,
    pub(crate) turn: Turn,
    pub(crate) net: Net,
    pub(crate) oracle: Oracle,
    pub(crate) phones: Vec<Phone>,
    /// For each wire: the phone that owns it, and whether the phone has abandoned it or half-closed it.
    pub(crate) owners: Vec<usize>,
    pub(crate) abandoned: Vec<bool>,
    pub(crate) finishing: Vec<bool>,
    /// For each wire: whether bytes are on their way.
    pub(crate) ups: Vec<bool>,
    pub(crate) downs: Vec<bool>,
    agenda: Agenda<Item>,
    pub(crate) now: Duration,
    /// Whether phones act, and faults occur.
    pub(crate) is_chaos: bool,
    /// Whether phones send heartbeats.
    pub(crate) beats: bool,
    pub(crate) turns: u64,
    /// When the turn last did something, or a byte last travelled.
    pub(crate) last_deed: Duration,
    /// How long the server is to be stopped in its next turn, if it is.
    pub(crate) next_stop: Option<Duration>,
    is_still: bool,
    /// The wall clock, as the administrator has set it.
    unix: Duration,
    /// When a turn last removed a connection as silent, and how many deltas it has queued.
    slice: (Duration, u64),
    /// How many turns in a row had no reason.
    idle_turns: usize,
    trace: bool,
}

impl World {
    pub(crate) fn new(climate: Climate, mut dice: Dice, faults: Faults, trace: bool) -> Self {
        let start = Duration::from_secs(1);
        let limits = &climate.limits;
        let mut phones: Vec<_> =
            (0..climate.phones).map(|who| Phone::new(who % climate.numbers, Kind::Phone)).collect();
        phones.push(Phone::new(0, Kind::Http));
        let sessions = (0..climate.devices).map(|device| SESSIONS + device % climate.sessions);
        phones.extend(sessions.map(|number| Phone::new(number, Kind::Device)));
        let mut net = Net::new(Dice::new(dice.below(usize::MAX) as u64), faults);
        net.short_writes = climate.short_writes;
        World {
            turn: Turn::new(limits.clone(), at(start)),
            oracle: Oracle::new(limits),
            net,
            phones,
            owners: Vec::new(),
            abandoned: Vec::new(),
            finishing: Vec::new(),
            ups: Vec::new(),
            downs: Vec::new(),
            agenda: Agenda::new(),
            now: start,
            is_chaos: false,
            beats: false,
            turns: 0,
            last_deed: start,
            next_stop: None,
            is_still: false,
            unix: Duration::from_secs(1_800_000_000),
            slice: (Duration::ZERO, 0),
            idle_turns: 0,
            trace,
            dice,
            climate,
        }
    }

    pub(crate) fn plan(&mut self, after: Duration, item: Item) {
        self.agenda.plan(self.now + after, item);
    }

    /// Lets time pass until `end`, or until `done`.
    pub(crate) fn run_until(&mut self, end: Duration, done: impl Fn(&World) -> bool) {
        while self.now < end && !done(self) {
            self.step(end);
        }
    }

    /// Sleeps as long as the turn says, and then takes a turn, unless `end` comes first.
    fn step(&mut self, end: Duration) {
        let wait = self.turn.wait(at(self.now).monotonic);
        let wakes = wakes(self.now, wait);
        self.live_until(self.now);
        while !self.net.is_ready() {
            let next = self.agenda.next();
            if next <= wakes && next <= end {
                self.live_until(next);
            } else if wakes <= end {
                self.now = wakes;
                break;
            } else {
                self.now = end;
                return;
            }
        }
        let was_in_vain = wait == Some(Duration::ZERO) && !self.net.is_ready();
        let books = self.turn.books();
        let (used, deltas) = (self.used(), self.turn.counters().deltas);
        let deeds = self.take_turn();
        self.check_budgets(used);
        if self.used()[SWEPT] > used[SWEPT] {
            self.check_slice(self.turn.counters().deltas - deltas);
        }
        let is_idle = was_in_vain && deeds.is_empty() && self.turn.books() == books;
        self.idle_turns = if is_idle { self.idle_turns + 1 } else { 0 };
        // Copies of a note may be undelivered one in each turn. Only the last one changes anything.
        let most = 100 + self.oracle.realm.notes.len() * self.climate.devices;
        assert!(self.idle_turns < most, "the loop spins, and nothing comes of it");
        self.settle(deeds);
        self.now += self.dice.time(Duration::from_micros(5), Duration::from_micros(200));
    }

    /// Lets everything happen that is planned up to `time`, whatever the server does meanwhile.
    fn live_until(&mut self, time: Duration) {
        while let Some((next, item)) = self.agenda.take(time) {
            self.now = self.now.max(next);
            self.happen(item);
        }
        self.now = self.now.max(time);
    }

    fn happen(&mut self, item: Item) {
        match item {
            Item::Act(who) => {
                let pace = self.dice.time(Duration::from_millis(1), self.climate.pace);
                self.plan(pace, item);
                // A phone does not chat for long with a server that does not answer.
                if self.is_chaos && (!self.is_still || self.dice.per_mille(20)) {
                    self.act(who);
                }
            }
            Item::Beat(who) => {
                self.plan(self.climate.limits.ping_timeout * 2 / 5, item);
                let phone = &self.phones[who];
                let wire = phone.wire.filter(|_| self.beats && phone.speaks);
                let wire = wire.filter(|&wire| !self.oracle.lines[wire].has_left);
                let wire = wire.filter(|&wire| !self.oracle.lines[wire].is_pinged());
                if let Some(wire) = wire.filter(|_| phone.kind != Kind::Http) {
                    self.say_text(wire, r#"{"type":"ping"}"#, Said::Ping);
                }
            }
            Item::Up(wire) => self.go_up(wire),
            Item::Down(wire) => self.go_down(wire),
            Item::Exhaust(exhausted) => {
                let lasts = if exhausted { 300 } else { 20_000 };
                let lasts = self.dice.time(Duration::ZERO, Duration::from_millis(lasts));
                self.plan(lasts, Item::Exhaust(!exhausted));
                let strikes = exhausted && self.is_chaos;
                self.net.exhausted = strikes && self.net.faults.strikes(Fault::NoDescriptors);
            }
            Item::Storm => {
                if self.is_chaos && self.net.faults.strikes(Fault::Storm) {
                    self.storm();
                }
            }
        }
    }

    /// Polls, and lets the turn run.
    fn take_turn(&mut self) -> Vec<Deed> {
        let interrupts = self.is_chaos && self.dice.per_mille(self.climate.interruptions);
        let is_interrupted = interrupts && self.net.faults.strikes(Fault::Interruption);
        let stops = self.is_chaos && self.dice.per_mille(self.climate.stalls);
        let longest = self.climate.limits.ping_timeout * 2;
        let stop = self
            .next_stop
            .take()
            .or_else(|| stops.then(|| self.dice.time(Duration::from_millis(200), longest)));
        let stop = stop.filter(|_| self.net.faults.strikes(Fault::Stall));
        let stops_before = self.dice.per_mille(500);
        if let Some(time) = stop.filter(|_| stops_before) {
            self.stop(time);
        }
        let mut polled = Polled::Disturbed;
        if !is_interrupted {
            let batch = self.net.poll(self.climate.capacity);
            polled = match batch.events.len() + usize::from(batch.listener) {
                _ if stop.is_some() => Polled::Disturbed,
                events if events == self.climate.capacity => Polled::Part(events),
                _ => Polled::Everybody,
            };
            if batch.listener {
                self.turn.listener_ready(Listener::Public);
            }
            for (id, readiness) in batch.events {
                self.turn.ready(id, readiness);
            }
        }
        if let Some(time) = stop.filter(|_| !stops_before) {
            self.stop(time);
        }
        if self.is_chaos && self.dice.per_mille(self.climate.spurious) {
            self.report_no_news();
        }
        if self.is_chaos && self.dice.per_mille(self.climate.clock_jumps) {
            self.set_clock();
        }
        self.net.now = self.now;
        let now = Now { unix: self.unix, ..at(self.now) };
        self.turn.run(now, polled, &mut self.net, &mut NoJobs, &mut Stopped);
        self.turns += 1;
        self.note(|| format!("turn {}: {polled:?} {:?}", self.turns, self.turn.counters().ended));
        std::mem::take(&mut self.net.deeds)
    }

    /// The server is stopped (SIGSTOP, a paused virtual machine); the phones go on.
    fn stop(&mut self, time: Duration) {
        self.note(|| format!("the server is stopped for {time:?}"));
        self.is_still = true;
        self.live_until(self.now + time);
        self.oracle.stalled_until = self.now;
        self.is_still = false;
    }

    /// Reports events for connections that are not ready, and for connections that have ended.
    fn report_no_news(&mut self) {
        let wire = self.dice.below(self.owners.len().max(1));
        let id = self.net.wires.get(wire).and_then(|_| self.net.id_of(wire));
        if let Some(id) = id.filter(|_| self.net.faults.strikes(Fault::NoNews)) {
            self.turn.ready(id, Readiness { readable: true, writable: true, closed: false });
        }
        if !self.net.departed.is_empty() && self.net.faults.strikes(Fault::StaleNews) {
            let id = self.dice.below(self.net.departed.len());
            let all = Readiness { readable: true, writable: true, closed: true };
            self.turn.ready(self.net.departed[id], all);
        }
    }

    /// The administrator sets the wall clock, to any time.
    fn set_clock(&mut self) {
        let time = Duration::from_secs(self.dice.below(4_000_000_000) as u64);
        let is_back = time < self.unix;
        if self.net.faults.strikes(if is_back { Fault::ClockBack } else { Fault::ClockForward }) {
            self.unix = time;
        }
    }

    /// How much work the phases have done so far, in the order of their budgets.
    fn used(&self) -> [u64; 6] {
        let counters = self.turn.counters();
        let ended = |end: End| counters.ended[end.outcome()];
        let lists = counters.lists + counters.deltas;
        let Counters { accepted, shed, reads, writes, .. } = *counters;
        [
            accepted + shed,
            reads,
            ended(End::Silent),
            ended(End::Draining { retry_after: Duration::ZERO }),
            lists,
            writes,
        ]
    }

    /// Checks that no phase has done more than its budget allows.
    fn check_budgets(&self, before: [u64; 6]) {
        let budgets = &self.climate.limits.budgets;
        let Budgets { accepts, reads, sweep, drain, lists, writes, .. } = *budgets;
        let budgets = [accepts, reads, sweep, drain, lists, writes];
        let used = self.used();
        for (phase, budget) in budgets.into_iter().enumerate() {
            let now = used[phase] - before[phase];
            assert!(now <= budget as u64, "{now} in one turn, of {budget}: budget {phase}");
        }
    }

    /// Checks that a sweep in slices is one change of presence: there is no delta between two slices.
    fn check_slice(&mut self, deltas: u64) {
        let (before, deltas_before) = std::mem::replace(&mut self.slice, (self.now, deltas));
        let is_next = self.now < before + Duration::from_millis(1);
        assert!(!is_next || deltas_before == 0, "presence is published in the middle of a sweep");
    }

    /// Looks at the deeds of the turn, and plans what follows from them.
    fn settle(&mut self, deeds: Vec<Deed>) {
        if !deeds.is_empty() {
            self.last_deed = self.now;
        }
        for deed in &deeds {
            match *deed {
                Deed::Read(..) => {}
                Deed::Wrote(wire, ref bytes, _) => {
                    self.note(|| format!("wire {wire} is sent {}", bytes.escape_ascii()));
                    self.plan_down(wire);
                }
                Deed::Finished(wire) | Deed::Closed(wire, _) => {
                    self.note(|| format!("the server ends wire {wire}"));
                    self.plan_down(wire);
                }
            }
        }
        self.oracle.watch(self.now, deeds);
        assert!(self.turn.books().balances(), "{:?}", self.turn.books());
        assert_eq!(self.turn.connections(), self.net.held(), "connections are miscounted");
        assert_eq!(self.turn.books().delivered, self.oracle.handed, "letters are miscounted");
        if self.turns.is_multiple_of(self.climate.check_every) {
            self.turn.check_invariants();
        }
    }

    /// Prints a line of the trace, if the run has one.
    pub(crate) fn note(&self, what: impl FnOnce() -> String) {
        if self.trace {
            eprintln!("{:>12.6} {}", self.now.as_secs_f64(), what());
        }
    }
}
