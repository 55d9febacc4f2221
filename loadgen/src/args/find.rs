//! [`Finding`]: what `loadgen find` is asked for. Its arguments are those of a run, except that `--rate` or
//! `--clients` has a range. For each load that is tried, the range is replaced by the load, and the arguments are
//! read again: so every rule of a plan holds for every try.

use std::ffi::OsString;
use std::time::SystemTime;

use super::Options;
use super::obstacles::rule_out;
use crate::count;

/// The first argument.
pub(super) const FIND: &str = "find";
/// How often each side of the edge is tried, unless --repeat asks for more.
const TIMES: u32 = 3;

/// What is to be found.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) axis: Axis,
    /// The range, both ends included.
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// How often each side of the edge is tried.
    pub(crate) times: u32,
    /// The arguments without the range.
    args: Vec<OsString>,
    /// The arguments as they were typed, and when.
    pub(super) command: Vec<OsString>,
    pub(super) date: SystemTime,
}

/// What the load is measured in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Axis {
    /// Messages a second.
    Rate,
    /// Phones, or sessions.
    Clients,
}

impl Axis {
    const ALL: [Axis; 2] = [Axis::Rate, Axis::Clients];

    const fn flag(self) -> &'static str {
        match self {
            Axis::Rate => "--rate",
            Axis::Clients => "--clients",
        }
    }
}

/// Checks that a search of this plan can find something.
///
/// # Errors
///
/// One line that says what does not go together with it.
pub(super) fn check(axis: Axis, low: &Options, high: &Options) -> Result<(), String> {
    let Options { plan, destinations, .. } = low;
    if plan.expectations.is_empty() {
        return Err("find needs to know what must hold: --expect 'delivery.p99<50ms'".to_owned());
    }
    let files = [&destinations.csv, &destinations.hgrm, &destinations.junit];
    if files.iter().any(|file| file.is_some()) {
        return Err(
            "--csv, --hgrm and --junit are about runs of one load: find has --json and --html"
                .to_owned(),
        );
    }
    let obstacles = [
        (plan.shard.is_some(), "--shard", "what all shards hold is known only to `merge`"),
        (plan.start_at.is_some(), "--start-at", "only its first run could begin then"),
        (
            plan.is_closed && axis == Axis::Rate,
            "--closed",
            "there the server sets the rate; try --clients 100..20k",
        ),
        (
            axis == Axis::Rate && plan.timing.rate == high.plan.timing.rate,
            "--stage",
            "each stage has a rate of its own, and --rate changes nothing",
        ),
    ];
    rule_out(&format!("find {}", axis.flag()), &obstacles)
}

/// Whether these arguments are for a search, and not for its help.
pub(super) fn is_asked_for(args: &[OsString]) -> bool {
    let is_help = |arg: &OsString| arg == "-h" || arg == "--help";
    args.get(1).is_some_and(|arg| arg == FIND) && !args.iter().any(is_help)
}

impl Finding {
    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// One line, if there is not one range.
    pub(super) fn read(command: &[OsString], date: SystemTime) -> Result<Self, String> {
        let (mut ranges, mut args) = (Vec::new(), vec![command[0].clone()]);
        let mut rest = command.iter().skip(2);
        while let Some(arg) = rest.next() {
            let of = |axis: &Axis| arg.to_str().is_some_and(|arg| is_of(arg, axis.flag()));
            let Some(axis) = Axis::ALL.into_iter().find(of) else {
                args.push(arg.clone());
                continue;
            };
            let whole = arg.to_str().and_then(|arg| arg.split_once('='));
            let next = if whole.is_none() { rest.next() } else { None };
            let value = whole.map(|(_, value)| value).or(next.and_then(|next| next.to_str()));
            match value.and_then(|value| value.split_once("..")) {
                Some(range) => ranges.push((axis, range)),
                None => args.extend([arg.clone()].into_iter().chain(next.cloned())),
            }
        }
        let [(axis, range)] = ranges[..] else {
            return Err("find needs one range: --rate 1k..200k, or --clients 100..20k".to_owned());
        };
        let (low, high) = checked(axis.flag(), range)?;
        Ok(Finding { axis, low, high, times: TIMES, args, command: command.to_vec(), date })
    }

    /// The arguments of the run with this load.
    pub(super) fn args(&self, load: f64) -> Vec<OsString> {
        let mut args = self.args.clone();
        args.push(format!("{}={load}", self.axis.flag()).into());
        args
    }
}

/// The ends of a range, if there is something between them.
fn checked(flag: &str, (first, last): (&str, &str)) -> Result<(f64, f64), String> {
    let says = |what: &str| Err(format!("{flag} {first}..{last}: {what}"));
    match (count::parse(first), count::parse(last)) {
        (None, _) | (_, None) => says("a range is two numbers, such as 1k..200k"),
        (Some(low), Some(_)) if low <= 0.0 => says("a range begins above 0"),
        (Some(low), Some(high)) if low > high => {
            says(&format!("the range is the wrong way round: {flag} {last}..{first}"))
        }
        (Some(low), Some(high)) if low == high => {
            says(&format!("one load is no range: {flag} {first} --repeat 3, without find"))
        }
        (Some(low), Some(high)) => Ok((low, high)),
    }
}

/// Whether an argument is this flag, with or without its value.
fn is_of(arg: &str, flag: &str) -> bool {
    arg.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}
