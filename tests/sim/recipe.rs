//! [`Recipe`]: everything that decides a run: its seed, and what was removed from the seed's world.
//! Printed, a recipe is the command that repeats the run.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use crate::climate::Climate;
use crate::dice::Dice;
use crate::faults::{Fault, Faults};
use crate::world::World;

/// How many phones the largest world has.
const CROWD: usize = 2000;

#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Recipe {
    pub(crate) seed: u64,
    /// Whether there are thousands of phones instead of a few.
    pub(crate) crowd: bool,
    /// Whether the server has accounts, and the clients are users of those.
    pub(crate) accounts: bool,
    /// What replaces the seed's own choice, if anything.
    pub(crate) phones: Option<usize>,
    pub(crate) rounds: Option<usize>,
    pub(crate) chaos: Option<Duration>,
    pub(crate) without: BTreeSet<Fault>,
}

/// The result of a run.
pub(crate) struct Outcome {
    pub(crate) turns: u64,
    pub(crate) faults: Faults,
}

thread_local! {
    /// The message of the last panic of this thread.
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on the message of a panic is kept for [`Recipe::attempt`], and not printed.
pub(crate) fn keep_panics() {
    panic::set_hook(Box::new(|panic| {
        SAID.with_borrow_mut(|said| *said = panic.to_string());
    }));
}

impl Recipe {
    pub(crate) fn climate(&self, dice: &mut Dice) -> Climate {
        let mut climate = match self.crowd {
            true => Climate::crowd(dice, CROWD),
            false => Climate::roll(dice),
        };
        if let Some(phones) = self.phones {
            climate.phones = phones;
            climate.numbers = climate.numbers.min(phones);
            climate.devices = climate.devices.min(phones);
        }
        climate.rounds = self.rounds.unwrap_or(climate.rounds);
        climate.chaos = self.chaos.unwrap_or(climate.chaos);
        climate
    }

    pub(crate) fn run(&self, trace: bool) -> Outcome {
        let mut dice = Dice::new(self.seed);
        let climate = self.climate(&mut dice);
        if trace {
            eprintln!("{climate:#?}");
        }
        let faults = Faults::without(&self.without);
        #[cfg(feature = "accounts")]
        if self.accounts {
            return crate::accounts::run(climate, dice, faults, trace);
        }
        let mut world = World::new(climate, dice, faults, trace);
        world.run();
        Outcome { turns: world.turns, faults: world.net.faults }
    }

    /// Runs the recipe. If the run fails, returns the message of its panic.
    pub(crate) fn attempt(&self, trace: bool) -> Result<Outcome, String> {
        let result = panic::catch_unwind(AssertUnwindSafe(|| self.run(trace)));
        result.map_err(|_: Box<dyn Any + Send>| SAID.take())
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cargo test --test sim -- --seed {} --trace", self.seed)?;
        if self.crowd {
            f.write_str(" --crowd")?;
        }
        if self.accounts {
            f.write_str(" --accounts")?;
        }
        if let Some(phones) = self.phones {
            write!(f, " --phones {phones}")?;
        }
        if let Some(rounds) = self.rounds {
            write!(f, " --rounds {rounds}")?;
        }
        if let Some(chaos) = self.chaos {
            write!(f, " --chaos-ms {}", chaos.as_millis())?;
        }
        for (at, fault) in self.without.iter().enumerate() {
            f.write_str(if at == 0 { " --without " } else { "," })?;
            f.write_str(&fault.name())?;
        }
        f.write_char('\n')
    }
}
