//! [`parse`]: makes [`Options`] from arguments, environment and plan file.
//!
//! Every flag has an environment variable, `LOADGEN_` and its name. The plan file wins over variables, and
//! a flag over both. An empty variable counts as not set. A wrong value or an impossible plan is one line.
//! Called by `main` alone.

mod account;
mod at;
mod certificates;
mod find;
mod flags;
mod obstacles;
mod plan_file;
mod protocol;
mod reporting;
mod servers;
mod shard;
mod sharing;
mod suggest;
mod values;

use std::env;
use std::ffi::OsString;
use std::mem;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _};
use switchboard::environment;

use crate::origin::Origin;
use crate::plan::{Plan, Settings};
use crate::report::{Destinations, Style};
use crate::schedule::{Stage, Timing};
use crate::secret;
use crate::target::Server;
use crate::workload::{Cast, Conduct, Numbers, Persona, Share};
use flags::{Args, Instead};
use obstacles::rule_out;

pub(crate) use find::{Axis, Finding};

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// What is to be played.
    pub(crate) plan: Plan,
    /// The servers, with their `/metrics`. loadgen starts one, if none is given.
    pub(crate) servers: Vec<Server>,
    /// The files that the report goes to.
    pub(crate) destinations: Destinations,
    /// How many times the plan is played.
    pub(crate) repeat: u32,
    /// The program that is started if no server is given; the built-in server, if not given.
    pub(crate) server_bin: Option<PathBuf>,
    /// The file with the accounts of the users, if they have any.
    pub(crate) accounts: Option<PathBuf>,
    /// Where loadgen serves its own metrics meanwhile.
    pub(crate) listen: Option<SocketAddr>,
    /// Where the report comes from.
    pub(crate) origin: Origin,
}

/// What the arguments come to.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// Play a plan.
    Run(Box<Options>),
    /// Find the highest load at which the expectations hold.
    Find(Box<Finding>),
    /// Compare the report in the first file with the one in the second.
    Compare(PathBuf, PathBuf, Style),
    /// Merge the reports of shards in these files.
    Merge(Vec<PathBuf>, Destinations),
    /// Show the reports in a folder, oldest first, and perhaps as a page.
    Trend(PathBuf, Option<PathBuf>),
    /// Print this text, and end: it is the help or the version.
    Print(String),
}

/// The program as clap knows it.
pub(crate) fn program() -> clap::Command {
    Args::command()
}

/// Reads arguments, the first of which is the program's name, and the environment.
///
/// # Errors
///
/// One line that says which value is wrong, and why.
pub(crate) fn parse(
    args: impl IntoIterator<Item = OsString>,
    date: SystemTime,
) -> Result<Parsed, String> {
    let args: Vec<OsString> = args.into_iter().collect();
    let parsed = match find::is_asked_for(&args) {
        true => finding(&args, date).map(|finding| Parsed::Find(Box::new(finding))),
        false => read_run(&args, &args, date),
    };
    parsed.map_err(|line| without_secrets(line, &args))
}

/// Reads the arguments of a search, and looks whether the plan is possible with the lowest and the highest load.
fn finding(args: &[OsString], date: SystemTime) -> Result<Finding, String> {
    let mut finding = Finding::read(args, date)?;
    let high = options_at(&finding, finding.high)?;
    let low = options_at(&finding, finding.low)?;
    find::check(finding.axis, &low, &high)?;
    finding.times = finding.times.max(low.repeat);
    Ok(finding)
}

/// The run with this load.
///
/// # Errors
///
/// One line, if it is impossible.
pub(crate) fn options_at(finding: &Finding, load: f64) -> Result<Options, String> {
    match read_run(&finding.args(load), &finding.command, finding.date)? {
        Parsed::Run(options) => Ok(*options),
        Parsed::Find(_)
        | Parsed::Compare(..)
        | Parsed::Merge(..)
        | Parsed::Trend(..)
        | Parsed::Print(_) => Err("find takes the flags of a run".to_owned()),
    }
}

/// Reads the arguments of a run. `command` are all arguments, as they were typed.
fn read_run(args: &[OsString], command: &[OsString], date: SystemTime) -> Result<Parsed, String> {
    match read(&at::joined(args))? {
        Read::Print(text) => Ok(Parsed::Print(text)),
        Read::Instead(Instead::Compare { before, after, markdown }) => {
            let style = if markdown { Style::Markdown } else { Style::Text };
            Ok(Parsed::Compare(before, after, style))
        }
        Read::Instead(Instead::Merge { shards, outputs }) => {
            Ok(Parsed::Merge(shards, outputs.destinations()))
        }
        Read::Instead(Instead::Trend { folder, html }) => Ok(Parsed::Trend(folder, html)),
        Read::Instead(Instead::Find { flags: _ }) => {
            Err("find is the first word: loadgen find --rate 1k..200k".to_owned())
        }
        Read::Args(read, spelled) => {
            let command = secret::command_line(texts(command));
            let origin = Origin::here(command, date);
            options(*read, spelled, origin).map(|options| Parsed::Run(Box::new(options)))
        }
    }
}

fn texts(args: &[OsString]) -> impl Iterator<Item = String> {
    args.iter().map(|arg| arg.to_string_lossy().into_owned())
}

/// A sentence names the value that is wrong. The log of a CI job is read by many.
fn without_secrets(line: String, args: &[OsString]) -> String {
    texts(args).filter(|arg| !arg.is_empty()).fold(line, |line, arg| {
        let (value, masked) = (arg.split_once('=').map(|(_, value)| value), secret::masked(&arg));
        let line = line.replace(&arg, &masked);
        value
            .filter(|value| value.contains(['@', '?']))
            .map_or(line.clone(), |value| line.replace(value, &secret::masked(value)))
    })
}

/// What clap makes of the arguments.
enum Read {
    /// With the flags that were given.
    Args(Box<Args>, Spelled),
    Instead(Instead),
    Print(String),
}

/// Which flags were given, and not left at their defaults.
#[derive(Clone, Copy, Debug)]
struct Spelled {
    /// Clients, ramp or duration.
    plain: bool,
    rate: bool,
}

/// What looks like a variable of loadgen in this environment, and is none: a line each.
pub(crate) fn unknown_variables() -> Vec<String> {
    let variables: Vec<_> = env::vars_os().collect();
    let all = environment::unknown("LOADGEN_", &flags::command(&[]), &[], &variables);
    all.iter().map(ToString::to_string).collect()
}

fn read(args: &[OsString]) -> Result<Read, String> {
    let variables: Vec<_> = env::vars_os().collect();
    let read = |args: &[OsString]| {
        let command = flags::command(args);
        // The help shows the names of all variables.
        let is_help = args.iter().any(|arg| arg == "-h" || arg == "--help");
        let command = match is_help {
            true => command,
            false => environment::without_empty(command, &variables),
        };
        command.try_get_matches_from(args)
    };
    let mut matches = match read(args) {
        Ok(matches) => matches,
        Err(error) => return refused(&error, args),
    };
    // Another command has no plan, even if the environment names a plan file.
    let plan = matches.get_one::<PathBuf>("plan").filter(|_| matches.subcommand().is_none());
    if let Some(path) = plan {
        // The plan file's arguments go first, so that those of the command line win.
        let mut both = args.get(..1).unwrap_or_default().to_vec();
        let is_given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        both.extend(servers::without(plan_file::arguments(path)?, is_given));
        both.extend_from_slice(args.get(1..).unwrap_or_default());
        let path = path.display();
        matches = match read(&both) {
            Ok(matches) => matches,
            Err(error) => {
                return refused(&error, &both).map_err(|line| format!("--plan {path}: {line}"));
            }
        };
    }
    let is_spelled = |id: &str| {
        matches.value_source(id).is_some_and(|source| source != ValueSource::DefaultValue)
    };
    let spelled = Spelled {
        plain: ["clients", "ramp", "duration"].into_iter().any(is_spelled),
        rate: is_spelled("rate"),
    };
    match Args::from_arg_matches(&matches) {
        Ok(Args { command: Some(instead), .. }) => Ok(Read::Instead(instead)),
        Ok(args) => {
            protocol::check(&args, is_spelled).map(|()| Read::Args(Box::new(args), spelled))
        }
        Err(error) => refused(&error, args),
    }
}

fn refused(error: &clap::Error, args: &[OsString]) -> Result<Read, String> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            Ok(Read::Print(error.render().to_string()))
        }
        _ => {
            let command = Args::command();
            let flags: Vec<&str> =
                command.get_arguments().filter_map(clap::Arg::get_long).collect();
            Err(suggest::sentence(error, args, &flags))
        }
    }
}

fn options(mut args: Args, spelled: Spelled, origin: Origin) -> Result<Options, String> {
    let has_url = !args.url.is_empty();
    if has_url && args.server_bin.is_some() {
        return Err("--server-bin is for a server of our own, but a URL is given".into());
    }
    shard::check(&args)?;
    if args.sharing.start_at.is_some() {
        let is_repeated = args.reporting.repeat > 1;
        rule_out(
            "--start-at",
            &[(is_repeated, "--repeat", "only the first run could begin then")],
        )?;
    }
    let (urls, metrics) = (mem::take(&mut args.url), mem::take(&mut args.metrics));
    let servers = servers::servers(urls, metrics, &args.certificates)?;
    let seed = args.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let most = args.stage.iter().map(|stage| stage.clients).max().unwrap_or(args.clients);
    let cast = Cast::new(&args.persona, most, seed);
    if !spelled.rate {
        args.rate = protocol::usual_rate(&args, most);
    }
    let timing = timing(&args, spelled, &cast, seed)?;
    let commands = at::checked(mem::take(&mut args.at), &timing)?;
    let heartbeat =
        args.heartbeat.map_or_else(|| usual_heartbeat(args.ping_timeout), |every| every.0);
    let conduct = Conduct {
        flap_up: args.flap_up,
        flap_down: args.flap_down,
        slow_bytes: args.slow_bytes,
        flood_rate: args.flood_rate,
    };
    let tokens = protocol::tokens(&args)?;
    let settings = Settings {
        protocol: args.protocol,
        manners: protocol::manners(&args),
        postings: protocol::postings(&args),
        circle: protocol::circle(&args),
        sizes: protocol::sizes(&args)?,
        shares: args.persona,
        presence: args.presence,
        heartbeat,
        refresh: args.refresh.0,
        think: args.think,
        conduct,
    };
    let plan = Plan {
        shard: args.sharing.shard,
        start_at: args.sharing.start_at,
        timing,
        commands,
        is_closed: args.closed,
        settings,
        tokens,
        ping_timeout: args.ping_timeout,
        sweep_interval: args.sweep_interval,
        settle: args.settle,
        expectations: args.expect,
        abort_on_fail: args.abort_on_fail,
        quiet: args.quiet,
    };
    Ok(Options {
        plan,
        servers,
        repeat: args.reporting.repeat,
        destinations: args.reporting.files.destinations(),
        server_bin: args.server_bin,
        accounts: args.account.accounts,
        listen: args.reporting.listen,
        origin,
    })
}

/// The time of ten messages at this rate. On both sides waking up costs more than the message itself: so
/// messages share it. Below a millisecond nothing would be saved, and above five it would be visible.
fn usual_grain(rate: f64) -> Duration {
    const MESSAGES: f64 = 10.0;
    const FINEST: f64 = 0.001;
    const COARSEST: f64 = 0.005;
    Duration::from_secs_f64((MESSAGES / rate).clamp(FINEST, COARSEST))
}

fn timing(args: &Args, spelled: Spelled, cast: &Cast, seed: u64) -> Result<Timing, String> {
    /// The longest run whose moments fit into a text's stamp.
    const LONGEST: Duration = Duration::from_secs(72 * 3600);
    /// The most messages whose numbers fit into a text's stamp.
    const MOST_MESSAGES: f64 = u32::MAX as f64;
    /// Messages a second: more than one thread can send, on any machine.
    const MOST_RATE: f64 = 1e6;
    /// With a coarser grain there would be seconds without a message.
    const COARSEST: Duration = Duration::from_secs(1);

    let chatters = protocol::writers(args, cast, seed);
    let is_chatter = |one: &Share| one.persona == Persona::Chatter && one.weight > 0;
    let asks_for_messages = args.think.is_some()
        || args.stage.iter().any(|stage| stage.rate > Some(0.0))
        || (spelled.rate && args.rate > 0.0)
        || (args.rate > 0.0 && args.persona.iter().any(is_chatter));
    if chatters == 0 && asks_for_messages {
        return Err("there is no chatter to write messages: --persona chatter=1 or more of it, more --clients, or --rate 0".into());
    }
    let rate = match args.think.filter(|_| !args.closed) {
        _ if chatters == 0 => 0.0,
        Some(think) if spelled.rate || think.is_zero() => {
            return Err("--think says how often a chatter writes, and so does --rate; only with --closed they go together".into());
        }
        Some(think) => chatters as f64 / think.as_secs_f64(),
        None => args.rate,
    };
    let stages = match &args.stage[..] {
        [] => Stage::ramp_and_hold(args.clients, args.ramp, args.duration, rate),
        _ if spelled.plain => {
            return Err("--stage is instead of --clients, --ramp and --duration".into());
        }
        flags => Stage::from_flags(flags, rate),
    };
    let mut timing = Timing::of(stages, args.arrivals, Duration::ZERO, seed);
    timing.grain = args.grain.unwrap_or_else(|| usual_grain(timing.rate));
    if timing.clients > Numbers::MOST || timing.clients == 0 {
        return Err(format!("--stage: phones can be 1 to {}", Numbers::MOST));
    }
    if timing.duration.is_zero() {
        return Err("--stage: it must take longer than nothing".into());
    }
    let readers = cast.phones(Persona::is_sociable).len();
    if chatters > 0 && readers < 2 && timing.rate > 0.0 {
        return Err("a single phone has nobody to write to: --clients 2, or --rate 0".into());
    }
    if timing.ramp > LONGEST || timing.duration > LONGEST {
        return Err("--ramp and --duration can be three days at most".into());
    }
    if timing.rate > MOST_RATE {
        return Err("--rate can be 1000000 messages a second at most: loadgen is one thread".into());
    }
    if timing.grain > COARSEST {
        return Err("--grain can be one second at most".into());
    }
    if timing.messages() > MOST_MESSAGES {
        return Err("--rate and --duration make more than four billion messages".into());
    }
    Ok(timing)
}

/// The heartbeat of the original app; or well within the server's ping timeout, if that is shorter.
fn usual_heartbeat(ping_timeout: Option<Duration>) -> Option<Duration> {
    const USUAL: Duration = Duration::from_secs(25);
    Some(ping_timeout.map_or(USUAL, |timeout| timeout.mul_f64(0.4).min(USUAL)))
}

#[cfg(test)]
#[path = "../../../tests/flags/page.rs"]
mod flags_page;

#[cfg(test)]
mod tests;
