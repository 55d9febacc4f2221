//! The simulator: the real turn of the loop, on a network in memory, in virtual time, with many kinds of
//! faults. An oracle watches it. The seed alone decides a run.
//!
//! ```text
//! cargo test --test sim                               200 seeds and a crowd
//! cargo test --test sim -- --seeds 10000 --verbose    more of them, and how often each fault struck
//! cargo test --test sim -- --accounts --seeds 50      only worlds with accounts
//! cargo test --test sim -- --seed 7 --trace           one of them, with every event
//! ```
//!
//! A run that fails is shrunk, and the last line is the command that replays the smallest one. The
//! program has no test harness, because a harness would parse those arguments itself.

#[cfg(feature = "accounts")]
mod accounts;
mod agenda;
mod climate;
mod device;
mod dice;
mod faults;
mod frames;
mod net;
mod options;
mod oracle;
mod phone;
mod recipe;
mod shrink;
mod story;
mod world;

use std::env;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use faults::Faults;
use options::{Action, Options};
use recipe::Recipe;

/// How many seeds are enough that every fault must have struck.
const ENOUGH_SEEDS: u64 = 100;

/// The results of all runs so far.
#[derive(Default)]
struct Sum {
    runs: u64,
    turns: u64,
    faults: Faults,
    failed: Option<(Recipe, String)>,
}

fn main() -> ExitCode {
    let options = match Options::parse(env::args().skip(1)) {
        Ok(options) => options,
        Err(sentence) => {
            eprintln!("sim: {sentence}");
            return ExitCode::from(2);
        }
    };
    match options.action {
        Action::Nothing => ExitCode::SUCCESS,
        Action::List => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stdout(), "{}", options::list());
            ExitCode::SUCCESS
        }
        Action::Run => report(&options, run_all(&options)),
    }
}

/// Runs all recipes, on as many threads as there are processors, until one fails.
fn run_all(options: &Options) -> Sum {
    recipe::keep_panics();
    let recipes = options.recipes();
    let (next, sum) = (AtomicUsize::new(0), Mutex::new(Sum::default()));
    let has_failed = || sum.lock().is_ok_and(|sum| sum.failed.is_some());
    thread::scope(|scope| {
        for _ in 0..options.threads.min(recipes.len()) {
            scope.spawn(|| {
                while let Some(recipe) = recipes.get(next.fetch_add(1, Ordering::Relaxed))
                    && !has_failed()
                {
                    let outcome = recipe.attempt(options.trace);
                    let mut sum = sum.lock().expect("no thread panics while it adds up");
                    sum.runs += 1;
                    match outcome {
                        Ok(outcome) => {
                            sum.turns += outcome.turns;
                            sum.faults.add(&outcome.faults);
                        }
                        Err(said) => sum.failed = Some((recipe.clone(), said)),
                    }
                }
            });
        }
    });
    sum.into_inner().expect("no thread panics while it adds up")
}

fn report(options: &Options, sum: Sum) -> ExitCode {
    if let Some((recipe, said)) = sum.failed {
        eprintln!("\nsim: failed after {} runs: {said}\n     {recipe}", sum.runs);
        if options.only.is_none() && options.shrinks {
            let (smallest, said) = shrink::shrink(&recipe, said);
            eprintln!("sim: the smallest that fails says: {said}\n     {smallest}");
        }
        return ExitCode::FAILURE;
    }
    eprintln!("sim: ok, {} runs, {} turns", sum.runs, sum.turns);
    if options.verbose {
        sum.faults.all().for_each(|(fault, times)| eprintln!("{times:>12} {}", fault.name()));
    }
    let never = sum.faults.all().filter(|(fault, times)| *times == 0 && fault.can_strike());
    let never: Vec<_> = never.collect();
    let is_enough = !options.accounts && options.seeds >= ENOUGH_SEEDS;
    if options.only.is_none() && is_enough && !never.is_empty() {
        eprintln!("sim: in all of these runs these faults never struck: {never:?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
