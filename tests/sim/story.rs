//! The story of a run: chaos and calm take turns, then everything heals, and at last all phones leave.
//!
//! During a calm no phone sends anything. So no chance event can wake a loop that sleeps although it has
//! work left. A calm ends when nothing has happened for a while. Then the oracle checks its rules.

use std::time::Duration;

use switchboard::chat::Reason;
use switchboard::turn::Limits;

use crate::agenda::at;
use crate::faults::Fault;
use crate::net::WireId;
use crate::oracle::{Kind, Said};
use crate::world::{Item, World};

/// How long nothing must happen before a calm ends: longer than any step of the loop takes.
pub(crate) const QUIET: Duration = Duration::from_secs(1);
/// The time in which everything comes to rest, deadlines of slow readers included.
const PATIENCE: Duration = Duration::from_secs(200);

impl World {
    pub(crate) fn run(&mut self) {
        for who in 0..self.phones.len() {
            let (now, beat) = (Duration::ZERO, self.climate.limits.ping_timeout * 2 / 5);
            let (act, beat) = (self.dice.time(now, self.climate.pace), self.dice.time(now, beat));
            self.plan(act, Item::Act(who));
            self.plan(beat, Item::Beat(who));
        }
        self.plan(Duration::from_secs(2), Item::Exhaust(true));
        for _ in 0..self.climate.rounds {
            self.break_out();
            self.calm_down();
        }
        self.heal();
        self.replace_one();
        self.be_silent();
        if self.dice.per_mille(500) && self.net.faults.strikes(Fault::Drain) {
            self.drain()
        } else {
            self.all_leave()
        }
        assert_eq!(self.turn.books().in_flight, 0, "letters are left, and no phone to read them");
        self.turn.check_invariants();
        self.count_what_followed();
    }

    /// Counts the faults that have followed from what happened.
    fn count_what_followed(&mut self) {
        let takeovers = self.oracle.lines.iter().filter(|line| line.was_replaced()).count();
        let full_sessions = self.oracle.lines.iter().filter(|line| line.was_one_too_many).count();
        let half_closes = self.finishing.iter().filter(|&&finishing| finishing).count();
        let faults = &mut self.net.faults;
        faults.count(Fault::Takeover, takeovers as u64);
        faults.count(Fault::FullSession, full_sessions as u64);
        faults.count(Fault::FullOutbox, self.turn.books().undelivered(Reason::Slow));
        faults.count(Fault::HalfClose, half_closes as u64);
    }

    /// Lets chaos break out.
    fn break_out(&mut self) {
        self.note(|| "chaos".to_owned());
        self.is_chaos = true;
        self.beats = true;
        self.oracle.beating_since = self.now;
        if self.dice.per_mille(self.climate.storms) {
            let after = self.dice.time(Duration::ZERO, self.climate.chaos);
            self.plan(after, Item::Storm);
        }
        let silent_before = self.oracle.removed_as_silent;
        self.run_until(self.now + self.climate.chaos, |_| false);
        // The stall rule. If all phones are honest, every heartbeat has arrived in time, even if the
        // server was stopped and has not read it. Only a phone that was silent during a long calm, and
        // has sent nothing since, may be removed now.
        if self.climate.hostility == 0 && self.climate.storms == 0 {
            let removed = self.oracle.removed_as_silent - silent_before;
            assert_eq!(removed, 0, "a phone was not silent, and was removed for silence");
        }
        self.is_chaos = false;
        self.beats = false;
        self.net.exhausted = false;
    }

    /// Keeps the phones calm until everything has come to rest.
    fn calm_down(&mut self) {
        self.note(|| "calm".to_owned());
        let end = self.now + PATIENCE;
        self.last_deed = self.now;
        while self.now < self.last_deed + QUIET {
            assert!(self.now < end, "it never comes to rest");
            self.run_until(self.last_deed + QUIET, |_| false);
        }
        self.oracle.check_rest(&self.net);
    }

    /// Ends all faults. All phones read and send, so nothing may be unclear.
    fn heal(&mut self) {
        self.note(|| "healing".to_owned());
        self.abandoned.fill(false);
        self.net.short_writes = 0;
        // This is the worst moment to run out of descriptors: nothing else will wake the loop.
        self.net.exhausted = self.dice.per_mille(500);
        for who in 0..self.phones.len() {
            self.wake(who);
            if self.phones[who].wire.is_none() {
                self.connect(who);
            }
        }
        self.run_until(self.now + QUIET / 20, |_| false);
        self.net.exhausted = false;
        for wire in 0..self.owners.len() {
            self.plan_up(wire);
            self.plan_down(wire);
        }
        self.calm_down();
        for wire in 0..self.owners.len() {
            assert!(!self.net.refuses(wire), "wire {wire} is drained, and nothing more comes");
        }
        let books = self.turn.books();
        assert_eq!(books.in_flight, 0, "all read, and letters are left: {books:?}");
    }

    /// A phone takes over the number of another. No other phone may hear of it.
    fn replace_one(&mut self) {
        let Some(old) =
            self.oracle.lines.iter().position(|line| line.kind == Kind::Phone && line.stays())
        else {
            return;
        };
        let heard = |world: &World, wire: WireId| {
            world.oracle.lines.get(wire).map(|line| (line.lists, line.deltas))
        };
        let before: Vec<_> = (0..self.owners.len()).map(|wire| heard(self, wire)).collect();
        let number = self.oracle.lines[old].number;
        let (who, others) = (self.phones.len(), self.owners.len());
        let online = |world: &World| -> Vec<bool> {
            let others = world.oracle.lines.iter().take(others);
            others.map(|line| line.is_online() || line.number == number).collect()
        };
        let online_before = online(self);
        self.phones.push(crate::phone::Phone::new(number, Kind::Phone));
        self.connect(who);
        self.calm_down();
        let was_replaced = self.oracle.lines[old].was_replaced();
        let is_there = self.oracle.lines[others].stays();
        if !was_replaced || !is_there || online(self) != online_before {
            return; // The list has changed meanwhile, for example because a phone was swept.
        }
        for (wire, before) in before.into_iter().enumerate() {
            let line = &self.oracle.lines[wire];
            if line.number != number && line.stays() {
                assert_eq!(heard(self, wire), before, "wire {wire} hears of a replacement");
            }
        }
    }

    /// Some phones fall silent, and some others stop reading. The server removes all of them in time, and
    /// the other phones hear of it.
    fn be_silent(&mut self) {
        self.note(|| "some are silent, some are deaf".to_owned());
        let Limits { ping_timeout, sweep_interval, write_timeout, .. } = self.climate.limits;
        // If all phones are silent, only the turn's own deadlines wake the loop.
        let share = self.dice.pick(&[1, 2, 2]);
        for who in 0..self.phones.len() {
            self.phones[who].speaks = who % share != 0;
            self.phones[who].reads = who % 4 != 3;
            let wire = self.phones[who].wire.filter(|_| self.phones[who].speaks);
            if let Some(wire) = wire.filter(|&wire| self.oracle.lines[wire].stays()) {
                self.plan(Duration::ZERO, Item::Beat(who));
                self.write_some(wire);
            }
        }
        self.beats = true;
        // The pause is long enough to be marked as silent, but perhaps not for the sweep.
        let pause = ping_timeout + self.dice.time(Duration::ZERO, sweep_interval);
        self.run_until(self.now + pause, |_| false);
        for who in (0..self.phones.len()).step_by(3) {
            let wire = self.phones[who].wire.filter(|_| !self.phones[who].speaks);
            let wire = wire.filter(|&wire| self.oracle.lines[wire].stays());
            if let Some(wire) = wire {
                self.phones[who].speaks = true;
                self.say_text(wire, r#"{"type":"ping"}"#, Said::Ping);
            }
        }
        if self.dice.per_mille(500) {
            // When the server wakes up, the sweep is due, and the newest input is unread.
            self.next_stop = Some(sweep_interval);
        }
        self.run_until(self.now + QUIET, |_| false);
        for who in 0..self.phones.len() {
            self.phones[who].speaks = who % share != 0;
            let wire = self.phones[who].wire.filter(|_| !self.phones[who].speaks);
            if let Some(wire) = wire.filter(|&wire| !self.net.wires[wire].unsent.is_empty()) {
                // The phone may have stopped in the middle of a frame.
                self.oracle.lines[wire].is_tardy = true;
            }
        }
        let pause = ping_timeout.max(write_timeout) + sweep_interval + QUIET * 3;
        self.run_until(self.now + pause, |_| false);
        self.beats = false;
        self.calm_down();
        for phone in &mut self.phones {
            phone.reads = true;
        }
    }

    /// All phones leave, each in its own way.
    fn all_leave(&mut self) {
        self.note(|| "all leave".to_owned());
        for wire in 0..self.owners.len() {
            self.phones[self.owners[wire]].speaks = true;
            if self.dice.per_mille(500) {
                self.oracle.lines[wire].has_left = true;
                self.net.reset(wire);
            } else {
                self.finish(wire);
            }
        }
        self.calm_down();
        assert!(self.oracle.is_empty(), "a phone has left, and is still there");
        assert_eq!(self.turn.connections(), 0, "connections leak");
        assert_eq!(self.turn.websockets(), 0);
    }

    /// The server shuts down, in the middle of everything.
    fn drain(&mut self) {
        self.note(|| "draining".to_owned());
        for wire in 0..self.owners.len() {
            if self.oracle.lines[wire].stays() && self.phones[self.owners[wire]].speaks {
                self.write_some(wire);
            }
        }
        let pause = self.dice.time(Duration::ZERO, self.climate.latency * 20);
        self.run_until(self.now + pause, |_| false);
        let stayed: Vec<_> =
            (0..self.owners.len()).filter(|&wire| self.oracle.lines[wire].stays()).collect();
        let read_before = self.oracle.tick();
        self.oracle.is_draining = true;
        self.turn.drain(at(self.now).monotonic);
        let end = self.now + self.climate.limits.drain_timeout + QUIET;
        self.run_until(end, |world| world.turn.is_drained());
        assert!(self.turn.is_drained(), "the drain does not end");
        self.oracle.check_drained(&stayed, read_before);
    }
}
