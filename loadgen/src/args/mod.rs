//! [`parse`]: makes [`Options`] from arguments, environment and plan file.
//!
//! Every flag has an environment variable, `LOADGEN_` and its name. The plan file wins over variables, and
//! a flag over both. An empty variable counts as not set. A wrong value or an impossible plan is one line.
//! Called by `main` alone.

mod flags;
mod plan_file;
mod protocol;
mod reporting;
mod values;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::FromArgMatches as _;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use switchboard::environment;

use crate::plan::{Plan, Settings};
use crate::report::Destinations;
use crate::schedule::{Stage, Timing};
use crate::target::Target;
use crate::workload::{Cast, Conduct, Numbers, Persona, Share};
use flags::{Args, Instead};

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// What is to be played.
    pub(crate) plan: Plan,
    /// The server; loadgen starts one, if not given.
    pub(crate) target: Option<Target>,
    /// The server's `/metrics`, with its own books.
    pub(crate) metrics: Option<Target>,
    /// The files that the report goes to.
    pub(crate) destinations: Destinations,
    /// How many times the plan is played.
    pub(crate) repeat: u32,
    /// The program that is started if no server is given; the built-in server, if not given.
    pub(crate) server_bin: Option<PathBuf>,
}

/// What the arguments come to.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// Play a plan.
    Run(Box<Options>),
    /// Compare the report in the first file with the one in the second.
    Compare(PathBuf, PathBuf),
    /// Print this text, and end: it is the help or the version.
    Print(String),
}

/// Reads arguments, the first of which is the program's name, and the environment.
///
/// # Errors
///
/// One line that says which value is wrong, and why.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Parsed, String> {
    let args: Vec<OsString> = args.into_iter().collect();
    match read(&args)? {
        Read::Print(text) => Ok(Parsed::Print(text)),
        Read::Instead(Instead::Compare { before, after }) => Ok(Parsed::Compare(before, after)),
        Read::Args(args, spelled) => {
            options(*args, spelled).map(|options| Parsed::Run(Box::new(options)))
        }
    }
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
        Err(error) => return refused(&error),
    };
    // Another command has no plan, even if the environment names a plan file.
    let plan = matches.get_one::<PathBuf>("plan").filter(|_| matches.subcommand().is_none());
    if let Some(path) = plan {
        // The plan file's arguments go first, so that those of the command line win.
        let mut both = args.get(..1).unwrap_or_default().to_vec();
        both.extend(plan_file::arguments(path)?);
        both.extend_from_slice(args.get(1..).unwrap_or_default());
        let path = path.display();
        matches = match read(&both) {
            Ok(matches) => matches,
            Err(error) => return refused(&error).map_err(|line| format!("--plan {path}: {line}")),
        };
    }
    let is_spelled = |id: &str| matches.value_source(id) != Some(ValueSource::DefaultValue);
    let spelled = Spelled {
        plain: ["clients", "ramp", "duration"].into_iter().any(is_spelled),
        rate: is_spelled("rate"),
    };
    match Args::from_arg_matches(&matches) {
        Ok(Args { command: Some(instead), .. }) => Ok(Read::Instead(instead)),
        Ok(args) => {
            protocol::check(&args, is_spelled).map(|()| Read::Args(Box::new(args), spelled))
        }
        Err(error) => refused(&error),
    }
}

fn refused(error: &clap::Error) -> Result<Read, String> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            Ok(Read::Print(error.render().to_string()))
        }
        _ => Err(one_line(&error.render().to_string())),
    }
}

/// clap explains an error in several paragraphs. The first one says what is wrong.
fn one_line(explanation: &str) -> String {
    let paragraph = explanation.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

fn options(args: Args, spelled: Spelled) -> Result<Options, String> {
    if args.url.is_some() && args.server_bin.is_some() {
        return Err("--server-bin is for a server of our own, but a URL is given".into());
    }
    let seed = args.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let most = args.stage.iter().map(|stage| stage.clients).max().unwrap_or(args.clients);
    let cast = Cast::new(&args.persona, most, seed);
    let timing = timing(&args, spelled, &cast, seed)?;
    let heartbeat =
        args.heartbeat.map_or_else(|| usual_heartbeat(args.ping_timeout), |every| every.0);
    let conduct = Conduct {
        flap_up: args.flap_up,
        flap_down: args.flap_down,
        slow_bytes: args.slow_bytes,
        flood_rate: args.flood_rate,
    };
    let settings = Settings {
        protocol: args.protocol,
        manners: protocol::manners(&args),
        circle: protocol::circle(&args),
        shares: args.persona,
        sizes: args.text_bytes,
        presence: args.presence,
        heartbeat,
        refresh: args.refresh.0,
        think: args.think,
        conduct,
    };
    let plan = Plan {
        timing,
        is_closed: args.closed,
        settings,
        ping_timeout: args.ping_timeout,
        sweep_interval: args.sweep_interval,
        settle: args.settle,
        expectations: args.expect,
        quiet: args.quiet,
    };
    Ok(Options {
        plan,
        target: args.url,
        metrics: args.metrics,
        repeat: args.reporting.repeat,
        destinations: args.reporting.destinations(),
        server_bin: args.server_bin,
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

    let chatters = cast.count(Persona::Chatter);
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
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::workload::Manners;

    fn parsed(args: &[&str]) -> Result<Options, String> {
        let args = std::iter::once("loadgen").chain(args.iter().copied());
        match parse(args.map(OsString::from))? {
            Parsed::Run(options) => Ok(*options),
            Parsed::Compare(..) => Err("no plan, but a comparison".to_owned()),
            Parsed::Print(text) => Err(text),
        }
    }

    #[test]
    fn without_arguments_a_thousand_phones_call_a_server_of_our_own() {
        let options = parsed(&[]).expect("valid");
        assert_eq!((options.plan.timing.clients, options.plan.timing.rate), (1000, 1000.0));
        assert_eq!(options.plan.settings.heartbeat, Some(Duration::from_secs(25)));
        assert!(options.target.is_none() && options.plan.settings.refresh.is_none());
    }

    #[test]
    fn a_wrong_value_or_an_impossible_plan_is_one_clear_line() {
        let wrong: [(&[&str], &str); 34] = [
            (&["--clients", "0"], "--clients"),
            (&["--clients", "1000000"], "--clients"),
            (&["--clients", "1"], "--clients"),
            (&["--ramp", "soon"], "--ramp"),
            (&["--duration", "0s"], "--duration"),
            (&["--rate", "-1"], "--rate"),
            (&["--rate", "1e9"], "--rate"),
            (&["--rate", "1e9", "--duration", "1s"], "one thread"),
            (&["--rate", "1e6", "--duration", "2h"], "four billion"),
            (&["--grain", "2s"], "--grain"),
            (&["--clients", "-5"], "--clients"),
            (&["--text-bytes", "10"], "--text-bytes"),
            (&["--presence", "some"], "--presence"),
            (&["--heartbeat", "0s"], "--heartbeat"),
            (&["wss://127.0.0.1"], "TLS"),
            (&["ws://127.0.0.1:1", "--server-bin", "x"], "--server-bin"),
            (&["--persona", "ghost=1"], "`ghost`"),
            (&["--persona", "chatter=1", "--persona", "flood=1", "--clients", "2"], "single phone"),
            (&["--persona", "lurker=1", "--rate", "100"], "no chatter"),
            (&["--persona", "lurker=1", "--stage", "1s:5,1s:5:9"], "no chatter"),
            (&["--persona", "lurker=99,chatter=1", "--clients", "9"], "no chatter"),
            (&["--stage", "5:5"], "TIME:CLIENTS[:RATE]"),
            (&["--stage", "5s:5", "--clients", "5"], "instead of"),
            (&["--stage", "0s:5"], "longer than nothing"),
            (&["--think", "1s", "--rate", "5"], "--think"),
            (&["--expect", "lag<5ms"], "`lag`"),
            (&["--plan", "/nowhere/at/all"], "/nowhere/at/all"),
            (&["--devices", "2"], "--protocol session"),
            (&["--protocol", "session", "--presence", "none"], "--protocol sca"),
            (&["--protocol", "session", "--persona", "refresher=1,chatter=1"], "refresher"),
            (&["--persona", "quota-hog=1,chatter=1"], "quota-hog"),
            (&["--protocol", "session", "--devices", "17"], "--devices"),
            (&["--protocol", "session", "--circle", "51"], "--circle"),
            (&["--protocol", "session", "--read", "1.5"], "--read"),
        ];
        for (args, names) in wrong {
            let line = parsed(args).expect_err("wrong");
            assert!(line.contains(names) && !line.contains('\n'), "{args:?}: {line}");
        }
    }

    #[test]
    fn stages_make_a_plan_and_think_time_makes_a_rate() {
        let options = parsed(&["--stage", "10s:50", "--stage", "1m:50:200"]).expect("valid");
        assert_eq!((options.plan.timing.clients, options.plan.timing.rate), (50, 200.0));
        assert_eq!(options.plan.timing.ramp, Duration::from_secs(10));
        assert_eq!(options.plan.timing.duration, Duration::from_secs(60));
        let args = ["--clients", "100", "--persona", "chatter=1,lurker=3", "--think", "5s"];
        assert_eq!(parsed(&args).expect("valid").plan.timing.rate, 5.0);
        assert_eq!(
            parsed(&["--persona", "lurker=1"]).expect("nobody writes").plan.timing.rate,
            0.0
        );
    }

    #[test]
    fn sessions_have_a_circle_and_manners_and_numbers_have_none() {
        let settings = |args: &[&str]| parsed(args).expect("valid").plan.settings;
        assert_eq!((settings(&[]).circle, settings(&[]).manners), (None, Manners::NONE));
        let args = ["--protocol", "session", "--devices", "3", "--receipts", "off"];
        let sessions = settings(&args);
        assert_eq!((sessions.circle, sessions.manners.devices), (Some(8), 3));
        assert!(!sessions.manners.receipts && sessions.manners.grace == Duration::from_secs(5));
    }

    #[test]
    fn the_heartbeat_stays_within_the_ping_timeout() {
        let heartbeat = |args: &[&str]| parsed(args).expect("valid").plan.settings.heartbeat;
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(heartbeat(&["--ping-timeout", "60s"]), seconds(24));
        assert_eq!(heartbeat(&["--ping-timeout", "5m"]), seconds(25));
        assert_eq!(heartbeat(&["--ping-timeout", "5s", "--heartbeat", "7s"]), seconds(7));
        assert_eq!(heartbeat(&["--heartbeat", "off"]), None);
    }

    #[test]
    fn a_plan_file_is_overruled_by_the_command_line() {
        let path = std::env::temp_dir().join(format!("loadgen-plan-{}.toml", std::process::id()));
        std::fs::write(&path, "clients = 7\nrate = 3\n[persona]\nchatter = 1\n").expect("written");
        let plan = path.to_str().expect("UTF-8");
        let options = parsed(&["--plan", plan, "--rate", "4"]);
        std::fs::write(&path, "clients = 7\nspeed = 3\n").expect("written");
        let line = parsed(&["--plan", plan]).expect_err("no such flag");
        std::fs::remove_file(&path).expect("it is ours");
        let timing = options.expect("valid").plan.timing;
        assert_eq!((timing.clients, timing.rate), (7, 4.0));
        assert!(line.contains("--speed") && line.contains(plan), "{line}");
    }

    #[test]
    fn the_page_of_flags_is_current() {
        let preface = "A flag wins over the plan file (`--plan`), and the plan file over the flag's variable. \
            An empty variable counts as not set,\nand a line on stderr warns of one that begins with `LOADGEN_` and is not on this page. A flag that \
            may be given several\ntimes is a list with commas in a variable, and an array in the file.";
        let again = "cargo test -p loadgen the_page_of_flags";
        super::flags_page::check(&Args::command(), "FLAGS.md", preface, again);
    }

    #[test]
    fn the_short_help_leaves_out_the_variables_and_has_a_heading_for_every_flag() {
        let help = |flag: &str| parsed(&[flag]).expect_err("help is no plan");
        let (short, long) = (help("-h"), help("--help"));
        let flags = Args::command().get_arguments().count();
        assert!(!short.contains("[env:") && long.matches("[env: LOADGEN_").count() == flags);
        assert!(short.lines().count() < 2 * flags, "{short}");
        assert!(Args::command().get_arguments().all(|arg| arg.get_help_heading().is_some()));
    }

    #[test]
    fn everything_has_an_environment_variable() {
        for arg in Args::command().get_arguments() {
            let variable = format!("LOADGEN_{}", arg.get_id().as_str().to_uppercase());
            assert_eq!(arg.get_env().and_then(|name| name.to_str()), Some(variable.as_str()));
        }
    }
}
