//! [`AccountWorld`]: one run of a server with accounts. The real turn, the real SQL, the network in memory,
//! and virtual time for all of them.
//!
//! The loop obeys [`Turn::wait`] as `net::run` does, and is woken for results once, when they come. A crash
//! drops the turn and all wires. The next turn starts from what the database holds.

use std::mem;
use std::time::Duration;

use switchboard::turn::{Limits, Listener, Polled, Turn};

use super::laws::{Kind, Laws, Reaction};
use super::people::{PASSWORD, Person};
use super::store::Store;
use crate::agenda::{Agenda, Stopped, at, wakes};
use crate::climate::Climate;
use crate::dice::Dice;
use crate::faults::{Fault, Faults};
use crate::frames::{CLOSE, PONG, masked};
use crate::net::{Deed, Net, WireId};

/// How many turns in a row may come to nothing before the loop is said to spin.
const IDLE_TURNS: usize = 100;

/// After how many turns all invariants are checked again: they look at every user and login.
const CHECK_EVERY: u64 = 8;

/// How many rooms there are at the beginning.
pub(super) const ROOMS: usize = 3;

/// Something that happens at a certain time. Wires belong to one life of the server.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Item {
    Act(usize),
    Up(u64, WireId),
    Down(u64, WireId),
    /// Something goes wrong with the store.
    Trouble,
    /// The store is fast, and has room, again.
    Relief,
}

pub(super) struct AccountWorld {
    pub(super) dice: Dice,
    pub(super) climate: Climate,
    pub(super) turn: Turn,
    pub(super) net: Net,
    pub(super) store: Store,
    pub(super) laws: Laws,
    pub(super) people: Vec<Person>,
    pub(super) users: usize,
    agenda: Agenda<Item>,
    pub(super) now: Duration,
    /// How often the server was started.
    life: u64,
    /// The latency of the store without a fault.
    latency: Duration,
    /// For each wire of this life: whether bytes are on their way, and whether the client ends it.
    ups: Vec<bool>,
    downs: Vec<bool>,
    finishing: Vec<bool>,
    pub(super) is_chaos: bool,
    pub(super) last_deed: Duration,
    pub(super) turns: u64,
    idle_turns: usize,
    trace: bool,
}

impl AccountWorld {
    pub(super) fn new(climate: Climate, mut dice: Dice, faults: Faults, trace: bool) -> Self {
        let start = Duration::from_secs(1);
        let milli = Duration::from_millis(1);
        let latency = dice.pick(&[milli / 100, milli, milli * 5, milli * 100]);
        let mut store = Store::new(Dice::new(dice.below(usize::MAX) as u64), latency);
        let users = dice.between(2, 4);
        let mut laws = Laws::default();
        for user in 0..users {
            let token = store.add_user(&super::laws::name(user), PASSWORD, start);
            laws.logins.push(super::laws::Login { token, user, ends: false, is_over: false });
        }
        (0..ROOMS).for_each(|_| store.add_room(start));
        store.starts();
        let people = (0..climate.phones).map(|who| Person::new(who, users)).collect();
        let mut net = Net::new(Dice::new(dice.below(usize::MAX) as u64), faults);
        net.short_writes = climate.short_writes;
        AccountWorld {
            turn: Turn::restore(climate.limits.clone(), store.snapshot(), at(start)),
            net,
            store,
            laws,
            people,
            users,
            agenda: Agenda::new(),
            now: start,
            life: 0,
            latency,
            ups: Vec::new(),
            downs: Vec::new(),
            finishing: Vec::new(),
            is_chaos: false,
            last_deed: start,
            turns: 0,
            idle_turns: 0,
            trace,
            dice,
            climate,
        }
    }

    pub(super) fn plan(&mut self, after: Duration, item: Item) {
        self.agenda.plan(self.now + after, item);
    }

    /// Lets time pass until `end`, or until `done`.
    pub(super) fn run_until(&mut self, end: Duration, done: impl Fn(&AccountWorld) -> bool) {
        while self.now < end && !done(self) {
            self.step(end);
        }
    }

    /// Sleeps as long as the turn says, and then takes a turn, unless `end` comes first.
    fn step(&mut self, end: Duration) {
        let wait = self.turn.wait(at(self.now).monotonic);
        let wakes = wakes(self.now, wait);
        self.live_until(self.now);
        while !self.net.is_ready() && !self.store.wakes {
            let next = self.agenda.next().min(self.store.next_event());
            if next <= wakes && next <= end {
                self.live_until(next);
            } else if wakes <= end {
                self.live_until(wakes);
                break;
            } else {
                self.live_until(end);
                return;
            }
        }
        let (had_news, books) = (self.net.is_ready() || self.store.wakes, self.turn.books());
        let deeds = self.take_turn();
        let is_idle = !had_news
            && wait == Some(Duration::ZERO)
            && deeds.is_empty()
            && self.turn.books() == books;
        self.idle_turns = if is_idle { self.idle_turns + 1 } else { 0 };
        assert!(self.idle_turns < IDLE_TURNS, "the loop spins, and nothing comes of it");
        self.settle(deeds);
        let lasts = self.dice.time(Duration::from_micros(5), Duration::from_micros(200));
        self.live_until(self.now + lasts);
    }

    /// Lets everything happen that is planned up to `time`, whatever the server does meanwhile.
    fn live_until(&mut self, time: Duration) {
        while let Some((next, item)) = self.agenda.take(time) {
            self.now = self.now.max(next);
            self.store.advance(self.now);
            self.happen(item);
        }
        self.now = self.now.max(time);
        self.store.advance(self.now);
    }

    fn happen(&mut self, item: Item) {
        match item {
            Item::Act(who) => {
                let pace = self.dice.time(Duration::from_millis(1), self.climate.pace);
                self.plan(pace, item);
                if self.is_chaos {
                    self.act(who);
                }
            }
            Item::Up(life, wire) if life == self.life => self.go_up(wire),
            Item::Down(life, wire) if life == self.life => self.go_down(wire),
            // It is a wire of a server that was killed.
            Item::Up(..) | Item::Down(..) => {}
            Item::Trouble => self.make_trouble(),
            Item::Relief => self.relieve(),
        }
    }

    /// Makes the store as fast as it is without a fault, and its disk as large.
    pub(super) fn relieve(&mut self) {
        self.store.latency = self.latency;
        self.store.fill_disk(false);
    }

    fn make_trouble(&mut self) {
        let (least, most) = (self.climate.chaos / 20, self.climate.chaos / 2);
        let after = self.dice.time(least, most.max(least));
        self.plan(after, Item::Trouble);
        let fault = [Fault::SlowStore, Fault::FullDisk, Fault::FailedSync, Fault::Crash];
        let fault = self.dice.pick(&fault);
        if !self.is_chaos || !self.net.faults.strikes(fault) {
            return;
        }
        self.note(|| format!("{fault:?}"));
        let lasts = self.dice.time(least, most.max(least));
        match fault {
            Fault::SlowStore => {
                let seconds = self.dice.between(1, 20) as u64;
                self.store.latency = Duration::from_secs(seconds);
                self.plan(lasts, Item::Relief);
            }
            Fault::FullDisk => {
                self.store.fill_disk(true);
                self.plan(lasts, Item::Relief);
            }
            Fault::FailedSync => self.store.next_sync_fails = true,
            _ => self.crash(),
        }
    }

    /// The server is killed, and started again.
    pub(super) fn crash(&mut self) {
        self.store.crash();
        self.laws.crash();
        self.life += 1;
        let faults = mem::take(&mut self.net.faults);
        self.net = Net::new(Dice::new(self.dice.below(usize::MAX) as u64), faults);
        self.net.short_writes = self.climate.short_writes;
        (self.ups, self.downs, self.finishing) = (Vec::new(), Vec::new(), Vec::new());
        for person in &mut self.people {
            person.wire = None;
        }
        self.now += self.dice.time(Duration::ZERO, Duration::from_secs(5));
        self.store.advance(self.now);
        self.store.starts();
        let (limits, now) = (self.climate.limits.clone(), at(self.now));
        self.turn = Turn::restore(limits, self.store.snapshot(), now);
        self.last_deed = self.now;
    }

    fn take_turn(&mut self) -> Vec<Deed> {
        let batch = self.net.poll(self.climate.capacity);
        self.store.wakes = false;
        let polled = match batch.events.len() + usize::from(batch.listener) {
            events if events == self.climate.capacity => Polled::Part(events),
            _ => Polled::Everybody,
        };
        if batch.listener {
            self.turn.listener_ready(Listener::Public);
        }
        for (id, readiness) in batch.events {
            self.turn.ready(id, readiness);
        }
        self.net.now = self.now;
        self.turn.run(at(self.now), polled, &mut self.net, &mut self.store, &mut Stopped);
        self.turns += 1;
        mem::take(&mut self.net.deeds)
    }

    /// Looks at the deeds of the turn, and plans what follows from them.
    fn settle(&mut self, deeds: Vec<Deed>) {
        if !deeds.is_empty() {
            self.last_deed = self.now;
        }
        for deed in deeds {
            match deed {
                Deed::Read(..) => {}
                Deed::Wrote(wire, bytes, _) => {
                    self.note(|| format!("wire {wire} is sent {}", bytes.escape_ascii()));
                    for reaction in self.laws.hear(wire, &bytes, &self.store) {
                        self.react(wire, &reaction);
                    }
                    self.plan_down(wire);
                }
                Deed::Finished(wire) | Deed::Closed(wire, _) => {
                    self.note(|| format!("the server ends wire {wire}"));
                    self.laws.lines[wire].is_over = true;
                    self.plan_down(wire);
                }
            }
        }
        assert!(self.turn.books().balances(), "A12: {:?}", self.turn.books());
        if self.turns.is_multiple_of(CHECK_EVERY) {
            self.turn.check_invariants();
        }
    }

    fn react(&mut self, wire: WireId, reaction: &Reaction) {
        if self.laws.lines[wire].has_left {
            return;
        }
        match reaction {
            Reaction::Pong => self.say(wire, PONG, b""),
            Reaction::SayGoodbye => {
                self.say(wire, CLOSE, &[]);
                self.finish(wire);
            }
            Reaction::Hangup => self.finish(wire),
        }
    }

    /// Opens a connection of this kind, and sends the first bytes.
    pub(super) fn connect(&mut self, kind: Kind, request: &str) -> WireId {
        let wire = self.net.connect(self.dice.between(self.climate.room.0, self.climate.room.1));
        match kind {
            Kind::Socket(_) => unreachable!("streams are opened by their login"),
            kind @ (Kind::Http(_) | Kind::Page(_) | Kind::Device(_)) => self.laws.open(kind),
        }
        self.begin(wire, request)
    }

    /// Opens a socket with the token of a login.
    pub(super) fn connect_socket(&mut self, login: usize) -> WireId {
        let wire = self.net.connect(self.dice.between(self.climate.room.0, self.climate.room.1));
        self.laws.open_socket(login, self.store.told());
        let path = format!("/ws?token={}", self.laws.logins[login].hex());
        self.begin(wire, &by_hand::upgrade(&path, "here", ""))
    }

    fn begin(&mut self, wire: WireId, request: &str) -> WireId {
        for list in [&mut self.ups, &mut self.downs, &mut self.finishing] {
            list.push(false);
        }
        self.send(wire, request.as_bytes());
        wire
    }

    pub(super) fn say(&mut self, wire: WireId, opcode: u8, payload: &[u8]) {
        let mask = self.dice.below(1 << 32) as u32;
        self.send(wire, &masked(opcode, true, payload, mask.to_be_bytes()));
    }

    fn send(&mut self, wire: WireId, bytes: &[u8]) {
        self.note(|| format!("wire {wire} says {}", bytes.escape_ascii()));
        self.net.wires[wire].unsent.extend(bytes);
        self.plan_up(wire);
    }

    /// The client half-closes this wire, and reads on.
    fn finish(&mut self, wire: WireId) {
        self.laws.lines[wire].has_left = true;
        self.finishing[wire] = true;
        self.plan_up(wire);
    }

    pub(super) fn reset(&mut self, wire: WireId) {
        self.note(|| format!("wire {wire} is reset"));
        self.laws.lines[wire].has_left = true;
        self.net.reset(wire);
    }

    fn go_up(&mut self, wire: WireId) {
        self.ups[wire] = false;
        let mut count = self.dice.between(1, self.climate.chunk);
        let all = self.net.wires[wire].unsent.len();
        if count < all && !self.net.faults.strikes(Fault::SplitRead) {
            count = all;
        }
        if self.net.arrive(wire, count, self.finishing[wire]) {
            self.last_deed = self.now;
        }
        if !self.net.wires[wire].unsent.is_empty() {
            self.plan_up(wire);
        }
    }

    fn go_down(&mut self, wire: WireId) {
        self.downs[wire] = false;
        let count = self.dice.between(1, self.climate.chunk);
        if self.net.drain(wire, count) > 0 {
            self.last_deed = self.now;
            self.plan_down(wire);
        }
        if self.net.is_at_end(wire) && !self.laws.lines[wire].has_left {
            self.finish(wire);
        }
    }

    fn plan_up(&mut self, wire: WireId) {
        if !mem::replace(&mut self.ups[wire], true) {
            let after = self.dice.time(Duration::ZERO, self.climate.latency);
            self.plan(after, Item::Up(self.life, wire));
        }
    }

    fn plan_down(&mut self, wire: WireId) {
        if !mem::replace(&mut self.downs[wire], true) {
            let after = self.dice.time(Duration::ZERO, self.climate.latency);
            self.plan(after, Item::Down(self.life, wire));
        }
    }

    /// Prints a line of the trace, if the run has one.
    pub(super) fn note(&self, what: impl FnOnce() -> String) {
        if self.trace {
            eprintln!("{:>12.6} {}", self.now.as_secs_f64(), what());
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.climate.limits
    }
}
