//! Worlds with accounts: the real turn and the real SQL, and between them virtual threads that are slow,
//! fail, and die. `world` has the loop, `store` the threads and the database, `people` the clients, and
//! `laws` the oracle. `model` is a second oracle, for the answers of the SQL.
//!
//! The story is that of the other worlds: chaos and calm take turns. A calm ends when nothing happens any
//! more; then everything that was said has to be answered, and everybody has to have seen the same. At last
//! the server shuts down, or is killed.

mod answers;
mod browsing;
mod devices;
mod laws;
mod model;
mod pages;
mod people;
mod phones;
mod rows;
mod store;
mod streams;
mod talk;
mod world;

use std::time::Duration;

use switchboard::chat;
use switchboard::chat::account;
use switchboard::limiter::Rate;
use switchboard::turn::{Budgets, Limits};

use crate::agenda::at;
use crate::climate::Climate;
use crate::dice::Dice;
use crate::faults::{Fault, Faults};
use crate::recipe::Outcome;
use world::{AccountWorld, Item};

/// How long nothing must happen before a calm ends, after the store has nothing left to do. The server's
/// pings are further apart.
const QUIET: Duration = Duration::from_secs(1);
/// The time in which everything comes to rest.
const PATIENCE: Duration = Duration::from_secs(2000);
/// How many times longer the chaos is than in other worlds, since the store has to fail, too.
const CHAOS: u32 = 3;
/// The fewest bytes that travel together at most. A history must not take minutes.
const CHUNK: usize = 500;

/// Runs a world.
pub(crate) fn run(climate: Climate, mut dice: Dice, faults: Faults, trace: bool) -> Outcome {
    let limits = limits(&climate.limits, &mut dice);
    let (chunk, chaos) = (climate.chunk.max(CHUNK), climate.chaos * CHAOS);
    let climate = Climate { chunk, chaos, limits, ..climate };
    let mut world = AccountWorld::new(climate, dice, faults, trace);
    world.run();
    world.note(|| {
        format!("{} messages, {} logouts", world.store.rows.all().len(), world.laws.logouts)
    });
    Outcome { turns: world.turns, faults: world.net.faults }
}

/// Small budgets as in the other worlds, room for everybody, and small limits on what waits for the store.
fn limits(climate: &Limits, dice: &mut Dice) -> Limits {
    let often = Rate::per_second(1000, 1000);
    Limits {
        budgets: Budgets {
            results: dice.pick(&[1, 3, 256]),
            results_in_backlog: dice.pick(&[1, 16]),
            copies: dice.pick(&[1, 65_536]),
            ..climate.budgets
        },
        chat: chat::Limits {
            account: account::Limits {
                registrations: often,
                logins_per_address: often,
                logins_per_name: often,
                unstored_per_seat: dice.pick(&[1, 3, 64]),
                unstored_messages: dice.pick(&[2, 20, 4096]),
                tokens_cached: dice.pick(&[1, 16_384]),
                ..account::Limits::default()
            },
            ..climate.chat
        },
        ..Limits::default()
    }
}

impl AccountWorld {
    fn run(&mut self) {
        for who in 0..self.people.len() {
            let act = self.dice.time(Duration::ZERO, self.climate.pace);
            self.plan(act, Item::Act(who));
        }
        self.plan(self.climate.chaos / 4, Item::Trouble);
        for _ in 0..self.climate.rounds {
            self.is_chaos = true;
            self.run_until(self.now + self.climate.chaos, |_| false);
            self.is_chaos = false;
            self.plan(Duration::ZERO, Item::Relief);
            self.calm_down();
            if self.store.has_failed() {
                // The operator starts the server again.
                self.crash();
            }
        }
        if self.dice.per_mille(500) && self.net.faults.strikes(Fault::Drain) {
            self.drain();
        }
        self.crash();
        self.store.check_rest();
    }

    /// Keeps the clients calm until everything has come to rest.
    fn calm_down(&mut self) {
        self.note(|| "calm".to_owned());
        let end = self.now + PATIENCE;
        self.last_deed = self.now;
        while self.now < self.last_deed + QUIET || self.store.next_event() != Duration::MAX {
            assert!(self.now < end, "it never comes to rest");
            self.run_until(self.now + QUIET, |_| false);
        }
        self.store.check_rest();
        self.store.count();
        self.laws.check_rest(&self.store);
        self.net.check_all_done();
    }

    /// The server shuts down, in the middle of everything. The store is alive, so all that the server has
    /// read is decided before it ends.
    fn drain(&mut self) {
        self.note(|| "draining".to_owned());
        self.is_chaos = true;
        let pause = self.dice.time(Duration::ZERO, self.climate.pace);
        self.run_until(self.now + pause, |_| false);
        self.is_chaos = false;
        self.relieve();
        if self.dice.per_mille(500) && self.net.faults.strikes(Fault::SlowStore) {
            // Clients could be gone before their messages are decided.
            self.store.latency = Duration::from_secs(1);
        }
        self.laws.is_draining = true;
        self.turn.drain(at(self.now).monotonic);
        let end = self.now + self.limits().drain_timeout + QUIET;
        self.run_until(end, |world| world.turn.is_drained());
        assert!(self.turn.is_drained(), "the drain does not end");
        // A13: all that the server has read is decided.
        self.store.check_rest();
    }
}
