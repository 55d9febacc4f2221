//! [`Options`]: the simulator's command line.
//!
//! `cargo test` passes the same arguments to every test program. Most of them mean something only to the
//! standard test harness. A filter decides whether this program runs at all, and `--test-threads` on how
//! many threads. The program accepts and ignores all other flags of the harness.

use std::thread;
use std::time::Duration;

use crate::faults::Fault;
use crate::recipe::Recipe;

/// How many seeds every `cargo test` runs.
const SEEDS: u64 = 200;

/// Every which seed has a world with accounts, too.
const ACCOUNTS_EVERY: u64 = 4;

/// The name that a filter is compared with.
const NAME: &str = "sim::whatever_happens_nothing_is_lost_and_everybody_sees_the_same";

pub(crate) struct Options {
    /// The only recipe to run, if there is one.
    pub(crate) only: Option<Recipe>,
    pub(crate) first: u64,
    pub(crate) seeds: u64,
    /// Whether to run worlds with accounts only, one for each seed.
    pub(crate) accounts: bool,
    pub(crate) threads: usize,
    pub(crate) trace: bool,
    /// Whether to look for a smaller recipe that fails.
    pub(crate) shrinks: bool,
    /// Whether to print at the end how often each fault has struck.
    pub(crate) verbose: bool,
    pub(crate) action: Action,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Action {
    Run,
    /// Print the name of the test.
    List,
    /// Run nothing: a filter names other tests than this one.
    Nothing,
}

impl Options {
    /// Parses the arguments, without the program's own name.
    ///
    /// # Errors
    ///
    /// A sentence about the first argument that is unknown.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Options, String> {
        let mut recipe = Recipe::default();
        let mut options = Options {
            only: None,
            first: 0,
            seeds: SEEDS,
            accounts: false,
            threads: thread::available_parallelism().map_or(1, usize::from),
            trace: false,
            verbose: false,
            shrinks: true,
            action: Action::Run,
        };
        let (mut has_seed, mut filters, mut skips) = (false, Vec::new(), Vec::new());
        let mut arguments = arguments.into_iter().flat_map(|argument| {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value)),
                _ => (argument.as_str(), None),
            };
            [Some(name.to_owned()), value.map(str::to_owned)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
        });
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--seed" => (has_seed, recipe.seed) = (true, number(&value()?)?),
                "--crowd" => (has_seed, recipe.crowd) = (true, true),
                #[cfg(feature = "accounts")]
                "--accounts" => (recipe.accounts, options.accounts) = (true, true),
                "--phones" => recipe.phones = Some(number(&value()?)? as usize),
                "--rounds" => recipe.rounds = Some(number(&value()?)? as usize),
                "--chaos-ms" => {
                    recipe.chaos = Some(Duration::from_millis(number(&value()?)?));
                }
                "--without" => {
                    for name in value()?.split(',') {
                        let fault = Fault::by_name(name);
                        recipe.without.insert(fault.ok_or(format!("{name} is no fault"))?);
                    }
                }
                "--first" => options.first = number(&value()?)?,
                "--seeds" => options.seeds = number(&value()?)?,
                "--test-threads" => options.threads = number(&value()?)?.max(1) as usize,
                "--trace" => options.trace = true,
                "--no-shrink" => options.shrinks = false,
                "--verbose" => options.verbose = true,
                "--list" => options.action = Action::List,
                "--ignored" | "--bench" => options.action = Action::Nothing,
                "--skip" => skips.push(value()?),
                "--format" | "--color" | "--logfile" | "--report-time" | "-Z" => drop(value()?),
                "--nocapture" | "--no-capture" | "--show-output" | "--quiet" | "-q" | "--exact"
                | "--include-ignored" | "--test" => {}
                flag if flag.starts_with('-') => return Err(format!("{flag} means nothing here")),
                _ => filters.push(argument),
            }
        }
        let is_meant = filters.is_empty() || filters.iter().any(|filter| NAME.contains(filter));
        if !is_meant || skips.iter().any(|skip| NAME.contains(skip)) {
            options.action = Action::Nothing;
        }
        options.only = has_seed.then_some(recipe);
        Ok(options)
    }

    /// The recipes to run, the longest first.
    pub(crate) fn recipes(&self) -> Vec<Recipe> {
        if let Some(only) = &self.only {
            return vec![only.clone()];
        }
        let seeds = self.first..self.first + self.seeds;
        if self.accounts {
            let seeds = seeds.map(|seed| Recipe { seed, accounts: true, ..Recipe::default() });
            return seeds.collect();
        }
        let crowd = Recipe { seed: self.first + 1, crowd: true, ..Recipe::default() };
        let recipes = seeds.flat_map(|seed| {
            let has_accounts = cfg!(feature = "accounts") && seed.is_multiple_of(ACCOUNTS_EVERY);
            let accounts =
                has_accounts.then(|| Recipe { seed, accounts: true, ..Recipe::default() });
            accounts.into_iter().chain([Recipe { seed, ..Recipe::default() }])
        });
        std::iter::once(crowd).chain(recipes).collect()
    }
}

/// The line of the test in a list of tests.
pub(crate) fn list() -> String {
    format!("{NAME}: test")
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}
