//! The simulator: the real turn of the loop, on a network in memory, in virtual time, under every
//! fault that the dice can think of, watched by an oracle.
//!
//! A run is decided by its seed. When one fails, the last line says how to see it again:
//!
//! ```text
//! SIM_SEED=42 SIM_TRACE=1 cargo test --test sim whatever -- --nocapture
//! ```
//!
//! and `SIM_SEEDS=10000 cargo test --test sim whatever` looks for more.

mod climate;
mod dice;
mod frames;
mod net;
mod oracle;
mod phone;
mod story;
mod world;

use std::env;
use std::thread;

use climate::Climate;
use dice::Dice;
use world::World;

/// Seeds that every `cargo test` runs.
const SEEDS: u64 = 200;

/// Says how to replay a run if it panics.
struct Replay(u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if thread::panicking() {
            let command = "cargo test --test sim whatever -- --nocapture";
            eprintln!("to see it again: SIM_SEED={} SIM_TRACE=1 {command}", self.0);
        }
    }
}

fn variable(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().expect("a whole number"))
}

fn run(seed: u64) -> u64 {
    let _replay = Replay(seed);
    let mut dice = Dice::new(seed);
    let climate = Climate::roll(&mut dice);
    if variable("SIM_TRACE").is_some() {
        eprintln!("{climate:#?}");
    }
    let mut world = World::new(climate, dice, variable("SIM_TRACE").is_some());
    world.run();
    world.turns
}

#[test]
fn whatever_happens_nothing_is_lost_and_everybody_sees_the_same() {
    let (first, count) = match variable("SIM_SEED") {
        Some(seed) => (seed, 1),
        None => (variable("SIM_FIRST").unwrap_or(0), variable("SIM_SEEDS").unwrap_or(SEEDS)),
    };
    for seed in first..first + count {
        run(seed);
    }
}

#[test]
fn a_crowd_fares_no_worse_than_a_few() {
    let mut dice = Dice::new(1);
    let climate = Climate::crowd(&mut dice, 2000);
    World::new(climate, dice, false).run();
}
