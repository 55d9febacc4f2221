//! [`parse`]: from arguments and environment to [`Options`].
//!
//! Every flag has an environment variable, LOADGEN_ and its name; a flag wins over its variable. A
//! wrong value, or a plan that cannot be, is one line. Called by `main` alone.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::report::Reporting;
use crate::schedule::{Arrivals, Timing};
use crate::target::Target;
use crate::workload::{Numbers, Presence, Settings, Texts};

/// Plays thousands of chatting phones against a server that speaks SCA, and reports honestly.
///
/// Phones connect over the ramp, wait for their first frame, and keep up their heartbeat. After the ramp
/// they write to each other at a fixed rate, whether or not the server keeps up: delivery counts from
/// the moment a message was planned for. Every message is checked. Without a URL, loadgen starts a
/// server of its own, set by SWITCHBOARD_ variables.
///
/// Exit codes: 0 all is well, 1 the server failed a check or its books differ, 2 wrong usage, 4 the run
/// says nothing, because the generator itself was overloaded. Ctrl-C ends a run early, with a report.
#[derive(Debug, Parser)]
#[command(name = "loadgen", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    command: Option<Instead>,

    /// The server, as ws://HOST:PORT; /ws/{mobile} is appended [default: a server of our own]
    #[arg(env = "LOADGEN_URL", value_name = "URL", value_parser = Target::parse)]
    url: Option<Target>,

    /// Phones
    #[arg(long, env = "LOADGEN_CLIENTS", value_name = "N", default_value = "1000",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(Numbers::MOST)))]
    clients: u32,

    /// Time over which they connect
    #[arg(long, env = "LOADGEN_RAMP", value_name = "TIME", default_value = "10s", value_parser = time_or_none)]
    ramp: Duration,

    /// Time for which they write, after the ramp
    #[arg(long, env = "LOADGEN_DURATION", value_name = "TIME", default_value = "30s", value_parser = time)]
    duration: Duration,

    /// Messages a second, from all phones together; 0 for none
    #[arg(long, env = "LOADGEN_RATE", value_name = "MSGS_PER_S", default_value = "1000",
        allow_negative_numbers = true, value_parser = rate)]
    rate: f64,

    /// How messages follow each other
    #[arg(long, env = "LOADGEN_ARRIVALS", value_name = "HOW", default_value = "constant")]
    arrivals: Arrivals,

    /// What all random choices come from: the same seed makes the same plan [default: a new one]
    #[arg(long, env = "LOADGEN_SEED", value_name = "S")]
    seed: Option<u64>,

    /// Size of a message's text, from 48 bytes to 16 KiB
    #[arg(long, env = "LOADGEN_TEXT_BYTES", value_name = "N", default_value = "64", value_parser = text_bytes)]
    text_bytes: usize,

    /// How phones want to be told who is online
    #[arg(long, env = "LOADGEN_PRESENCE", value_name = "MODE", default_value = "full")]
    presence: Presence,

    /// Time between two pings of a phone, or off
    #[arg(long, env = "LOADGEN_HEARTBEAT", value_name = "TIME", default_value = "25s", value_parser = time_or_off)]
    heartbeat: Every,

    /// Time between two requests of a phone for the list, or off
    ///
    /// The original app asks right after its first frame, and then every 10s. That is off by
    /// default: 10,000 phones that do so ask for 160 MB/s of lists, and that is then all one measures.
    #[arg(long, env = "LOADGEN_REFRESH", value_name = "TIME", default_value = "off", value_parser = time_or_off)]
    refresh: Every,

    /// Time to wait for messages under way, counted from the last that arrived
    #[arg(long, env = "LOADGEN_SETTLE", value_name = "TIME", default_value = "5s", value_parser = time)]
    settle: Duration,

    /// Where /metrics is, to compare books: http://HOST:PORT [default: our own server's]
    ///
    /// The server must have no other clients meanwhile.
    #[arg(long, env = "LOADGEN_METRICS", value_name = "URL", value_parser = Target::parse)]
    metrics: Option<Target>,

    #[command(flatten)]
    reporting: Reporting,

    /// The program to start as a server of our own [default: the one built into loadgen]
    #[arg(long, env = "LOADGEN_SERVER_BIN", value_name = "PATH")]
    server_bin: Option<PathBuf>,

    /// Print no progress
    #[arg(long, env = "LOADGEN_QUIET", value_parser = FalseyValueParser::new())]
    quiet: bool,
}

/// What else loadgen can do.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Instead {
    /// Compare two reports, and tell what changed by more than the noise of the runs
    ///
    /// A figure has changed if its ranges in the runs of both sides do not overlap: so play each side
    /// several times, with --repeat.
    Compare {
        /// The report to compare with, as --json has written it
        before: PathBuf,
        /// The report to be compared
        after: PathBuf,
    },
}

/// How often, if at all.
#[derive(Clone, Copy, Debug)]
struct Every(Option<Duration>);

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The server; one of our own, if not given.
    pub(crate) target: Option<Target>,
    /// When.
    pub(crate) timing: Timing,
    /// What.
    pub(crate) settings: Settings,
    /// How long after the last arrival a message counts as lost.
    pub(crate) settle: Duration,
    /// Where the server's own books are.
    pub(crate) metrics: Option<Target>,
    /// Where the report goes, and how many runs it is about.
    pub(crate) reporting: Reporting,
    /// The program that is started if no server is given.
    pub(crate) server_bin: Option<PathBuf>,
    /// Whether to print no progress.
    pub(crate) quiet: bool,
}

/// What the arguments come to.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// Play.
    Run(Box<Options>),
    /// Compare the report in the first file with the one in the second.
    Compare(PathBuf, PathBuf),
    /// Print this, and be done: somebody asked for help or for the version.
    Print(String),
}

/// Reads arguments, the first of which is the program's name, and the environment.
///
/// # Errors
///
/// One line that says which value is wrong, and why.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Parsed, String> {
    match Args::try_parse_from(args) {
        Ok(Args { command: Some(Instead::Compare { before, after }), .. }) => {
            Ok(Parsed::Compare(before, after))
        }
        Ok(args) => options(args).map(|options| Parsed::Run(Box::new(options))),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Parsed::Print(error.render().to_string()))
            }
            _ => Err(one_line(&error.render().to_string())),
        },
    }
}

/// clap explains an error on several lines, the first of which says it all.
fn one_line(explanation: &str) -> String {
    let paragraph = explanation.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

fn options(args: Args) -> Result<Options, String> {
    /// The longest run whose moments fit into a text's stamp.
    const LONGEST: Duration = Duration::from_secs(72 * 3600);
    /// The most messages whose numbers do.
    const MOST_MESSAGES: f64 = u32::MAX as f64;

    if args.clients == 1 && args.rate > 0.0 {
        return Err("a single phone has nobody to write to: --clients 2, or --rate 0".into());
    }
    if args.ramp > LONGEST || args.duration > LONGEST {
        return Err("--ramp and --duration can be three days at most".into());
    }
    if args.rate * args.duration.as_secs_f64() > MOST_MESSAGES {
        return Err("--rate and --duration make more than four billion messages".into());
    }
    if args.url.is_some() && args.server_bin.is_some() {
        return Err("--server-bin is for a server of our own, but a URL is given".into());
    }
    let timing = Timing {
        clients: args.clients,
        ramp: args.ramp,
        duration: args.duration,
        rate: args.rate,
        arrivals: args.arrivals,
        seed: args.seed.unwrap_or_else(|| u64::from(fastrand::u32(..))),
    };
    let settings = Settings {
        text_bytes: args.text_bytes,
        presence: args.presence,
        heartbeat: args.heartbeat.0,
        refresh: args.refresh.0,
    };
    Ok(Options {
        target: args.url,
        timing,
        settings,
        settle: args.settle,
        metrics: args.metrics,
        reporting: args.reporting,
        server_bin: args.server_bin,
        quiet: args.quiet,
    })
}

fn time_or_none(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

fn time(text: &str) -> Result<Duration, String> {
    let time = time_or_none(text)?;
    if time.is_zero() { Err("it must be longer than nothing".to_owned()) } else { Ok(time) }
}

fn time_or_off(text: &str) -> Result<Every, String> {
    if text == "off" { Ok(Every(None)) } else { time(text).map(|time| Every(Some(time))) }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.0 => Ok(rate),
        _ => Err("it must be a number of messages a second, such as 1000 or 0.5".to_owned()),
    }
}

fn text_bytes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes) if (Texts::LEAST_BYTES..=Texts::MOST_BYTES).contains(&bytes) => Ok(bytes),
        _ => Err(format!("it must be from {} to {} bytes", Texts::LEAST_BYTES, Texts::MOST_BYTES)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Options, String> {
        let args = std::iter::once("loadgen").chain(args.iter().copied());
        options(Args::try_parse_from(args).map_err(|e| one_line(&e.render().to_string()))?)
    }

    #[test]
    fn without_arguments_a_thousand_phones_call_a_server_of_our_own() {
        let options = parsed(&[]).expect("valid");
        assert_eq!((options.timing.clients, options.timing.rate), (1000, 1000.0));
        assert_eq!(options.settings.heartbeat, Some(Duration::from_secs(25)));
        assert!(options.target.is_none() && options.settings.refresh.is_none());
    }

    #[test]
    fn a_wrong_value_or_an_impossible_plan_is_one_clear_line() {
        let wrong: [(&[&str], &str); 12] = [
            (&["--clients", "0"], "--clients"),
            (&["--clients", "1000000"], "--clients"),
            (&["--clients", "1"], "--clients"),
            (&["--ramp", "soon"], "--ramp"),
            (&["--duration", "0s"], "--duration"),
            (&["--rate", "-1"], "--rate"),
            (&["--rate", "1e9"], "--rate"),
            (&["--text-bytes", "10"], "--text-bytes"),
            (&["--presence", "some"], "--presence"),
            (&["--heartbeat", "0s"], "--heartbeat"),
            (&["wss://127.0.0.1"], "TLS"),
            (&["ws://127.0.0.1:1", "--server-bin", "x"], "--server-bin"),
        ];
        for (args, names) in wrong {
            let line = parsed(args).expect_err("wrong");
            assert!(line.contains(names) && !line.contains('\n'), "{args:?}: {line}");
        }
    }

    #[test]
    fn everything_has_an_environment_variable() {
        use clap::CommandFactory as _;
        for arg in Args::command().get_arguments() {
            let variable = format!("LOADGEN_{}", arg.get_id().as_str().to_uppercase());
            assert_eq!(arg.get_env().and_then(|name| name.to_str()), Some(variable.as_str()));
        }
    }
}
