//! [`Args`]: the flags, as clap sees them and as `--help` shows them. What they come to is in the module
//! above.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Parser, Subcommand};

use super::reporting::Reporting;
use super::values::{Every, OnOff, rate, share, time, time_or_off};
use crate::client::Protocol;
use crate::expect::{self, Expectation};
use crate::schedule::parse_time;
use crate::schedule::{Arrivals, StageFlag};
use crate::target::Target;
use crate::workload::{Devices, Numbers, Presence, Share, Sizes};

/// Plays thousands of chatting phones against a chat server, and reports honestly.
///
/// Phones connect over the ramp, wait for their first frame, and keep up their heartbeat. After the ramp
/// they write to each other at a fixed rate, whether or not the server keeps up: delivery counts from
/// the moment a message was planned for. Every message is checked. Without a URL, loadgen starts a
/// server of its own, set by SWITCHBOARD_ variables.
///
/// Exit codes: 0 all is well, 1 the server failed a check or its books differ, 2 wrong usage, 3 an
/// expectation was not met, 4 the run says nothing, because the generator itself was overloaded. Of
/// several that would fit, and of several runs, 1 comes before 4, and 4 before 3. Ctrl-C ends a run
/// early, with a report.
#[derive(Debug, Parser)]
#[command(
    name = "loadgen",
    version,
    max_term_width = 100,
    args_override_self = true,
    args_conflicts_with_subcommands = true
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Instead>,

    /// The server, as ws://HOST:PORT; /ws/{mobile} or /ws is appended [default: a server of our own]
    #[arg(env = "LOADGEN_URL", value_name = "URL", value_parser = Target::parse)]
    pub(super) url: Option<Target>,

    /// A TOML file whose keys are these flags; what is given here, too, wins
    #[arg(long, env = "LOADGEN_PLAN", value_name = "FILE")]
    pub(super) plan: Option<PathBuf>,

    /// What phones speak
    ///
    /// sca: numbers that see each other in lists. session: the Session Messenger protocol, in which a
    /// phone is a device of a session, invites its circle, and hears what becomes of its messages.
    #[arg(long, env = "LOADGEN_PROTOCOL", value_name = "NAME", default_value = "sca")]
    pub(super) protocol: Protocol,

    /// Of session: devices of each session, all connected at once; there are N times as many phones then
    #[arg(long, env = "LOADGEN_DEVICES", value_name = "N", default_value = "1",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(Devices::MOST)))]
    pub(super) devices: u32,

    /// Of session: whether phones are told what becomes of messages, and say that they have read them
    #[arg(long, env = "LOADGEN_RECEIPTS", value_name = "ON_OFF", default_value = "on")]
    pub(super) receipts: OnOff,

    /// Of session: the share of messages that are marked as read, 0 to 1
    #[arg(long, env = "LOADGEN_READ", value_name = "SHARE", default_value = "1", value_parser = share)]
    pub(super) read: f64,

    /// Of session: the share of messages before which their sender is seen typing
    #[arg(long, env = "LOADGEN_TYPING", value_name = "SHARE", default_value = "0.1", value_parser = share)]
    pub(super) typing: f64,

    /// Of session: the share of invitations that are declined
    ///
    /// Who has declined is written to all the same: a server that wants invitations needs 0 here.
    #[arg(long, env = "LOADGEN_DECLINE", value_name = "SHARE", default_value = "0.1", value_parser = share)]
    pub(super) decline: f64,

    /// Of session: how long the server waits before it tells contacts that somebody has gone
    #[arg(long, env = "LOADGEN_CONTACT_GRACE", value_name = "TIME", default_value = "5s", value_parser = parse_time)]
    pub(super) contact_grace: Duration,

    /// Phones; of session, sessions
    #[arg(long, env = "LOADGEN_CLIENTS", value_name = "N", default_value = "1000",
        allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=i64::from(Numbers::MOST)))]
    pub(super) clients: u32,

    /// Time over which they connect
    #[arg(long, env = "LOADGEN_RAMP", value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(super) ramp: Duration,

    /// Time for which they write, after the ramp
    #[arg(long, env = "LOADGEN_DURATION", value_name = "TIME", default_value = "30s", value_parser = time)]
    pub(super) duration: Duration,

    /// Messages a second, from all chatters together; 0 for none
    #[arg(long, env = "LOADGEN_RATE", value_name = "MSGS_PER_S", default_value = "1000",
        allow_negative_numbers = true, value_parser = rate)]
    pub(super) rate: f64,

    /// A piece of the plan, instead of clients, ramp and duration: TIME:CLIENTS or TIME:CLIENTS:RATE; several times
    ///
    /// Over TIME, phones become CLIENTS, and messages a second RATE, both in a straight line from where
    /// the stage before ended; in no time, if TIME is 0s. Without RATE nobody writes in the first
    /// stage, and in a later one --rate holds. Who came last goes first.
    #[arg(long, env = "LOADGEN_STAGE", value_name = "STAGE", value_delimiter = ',')]
    pub(super) stage: Vec<StageFlag>,

    /// How messages follow each other
    #[arg(long, env = "LOADGEN_ARRIVALS", value_name = "HOW", default_value = "constant")]
    pub(super) arrivals: Arrivals,

    /// Messages are planned at multiples of this [default: ten messages' time, from 1ms to 5ms]
    ///
    /// Those within one go out together, and are a burst for the server: they wait for each other there,
    /// and that counts. Their delivery counts from that moment, which can be earlier by this than they
    /// would be due on their own. 0s plans each for itself, and takes both sides twice the CPU or more.
    #[arg(long, env = "LOADGEN_GRAIN", value_name = "TIME", value_parser = parse_time)]
    pub(super) grain: Option<Duration>,

    /// Whoever writes waits until his message has arrived, and thinks, before he writes again
    ///
    /// A server that stalls is then spared the messages of that time: latencies of this model flatter.
    #[arg(long, env = "LOADGEN_CLOSED", value_parser = FalseyValueParser::new())]
    pub(super) closed: bool,

    /// How long a chatter thinks; in the open model, how often it writes, whatever --rate says
    ///
    /// [default: so long that, with a server that takes no time, --rate is what comes of it]
    #[arg(long, env = "LOADGEN_THINK", value_name = "TIME", value_parser = parse_time)]
    pub(super) think: Option<Duration>,

    /// What all random choices come from: the same seed makes the same plan [default: a new one]
    #[arg(long, env = "LOADGEN_SEED", value_name = "S")]
    pub(super) seed: Option<u64>,

    /// How many phones are like what: NAME=WEIGHT, several times [default: chatter=1]
    ///
    /// lurker: heartbeat only. chatter: writes, too. refresher: asks who is online, every --refresh or
    /// 10s. flapper: drops its connection without a word, and returns. slow-reader: reads --slow-bytes
    /// a second. silent-drop: stops reading and writing one day, connection open. half-open: sends half a
    /// request, and nothing more. drip: sends one byte a second. garbage: sends what is no HTTP, no
    /// WebSocket or no such protocol. flood: sends --flood-rate pings a second. The first four are written to, and the
    /// slow reader, of which only the books are kept: how long it takes is its own doing.
    #[arg(long, env = "LOADGEN_PERSONA", value_name = "NAME=WEIGHT", value_delimiter = ',')]
    pub(super) persona: Vec<Share>,

    /// How many others each chatter writes to, always the same ones [default: anybody, but 8 of session]
    ///
    /// Sessions invite their circle, up to 50, when they first connect.
    #[arg(long, env = "LOADGEN_CIRCLE", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) circle: Option<u32>,

    /// Bytes of a text, 48 to 16384: 64, or evenly 48..2000, or ~200: exponentially about 200
    #[arg(long, env = "LOADGEN_TEXT_BYTES", value_name = "N", default_value = "64")]
    pub(super) text_bytes: Sizes,

    /// How phones want to be told who is online
    #[arg(long, env = "LOADGEN_PRESENCE", value_name = "MODE", default_value = "full")]
    pub(super) presence: Presence,

    /// Time between two pings of a phone, or off [default: 25s, or 0.4 of --ping-timeout if that is less]
    #[arg(long, env = "LOADGEN_HEARTBEAT", value_name = "TIME", value_parser = time_or_off)]
    pub(super) heartbeat: Option<Every>,

    /// Time between two requests of a phone for the list, or off
    ///
    /// The original app asks right after its first frame, and then every 10s. That is off by
    /// default: 10,000 phones that do so ask for 160 MB/s of lists, and that is then all one measures.
    #[arg(long, env = "LOADGEN_REFRESH", value_name = "TIME", default_value = "off", value_parser = time_or_off)]
    pub(super) refresh: Every,

    /// How long a flapper stays, on average
    #[arg(long, env = "LOADGEN_FLAP_UP", value_name = "TIME", default_value = "10s", value_parser = time)]
    pub(super) flap_up: Duration,

    /// How long a flapper is away, on average
    #[arg(long, env = "LOADGEN_FLAP_DOWN", value_name = "TIME", default_value = "5s", value_parser = time)]
    pub(super) flap_down: Duration,

    /// Bytes a second that a slow reader reads
    #[arg(long, env = "LOADGEN_SLOW_BYTES", value_name = "N", default_value = "1000",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) slow_bytes: u32,

    /// Pings a second that a flooding phone sends
    #[arg(long, env = "LOADGEN_FLOOD_RATE", value_name = "N", default_value = "5000",
        value_parser = clap::value_parser!(u32).range(60..=1_000_000))]
    pub(super) flood_rate: u32,

    /// What the server's ping timeout is: then a silent phone that it does not give up in time is a failure
    ///
    /// In time: not before this, and within this, --sweep-interval and two seconds. The run waits for that.
    #[arg(long, env = "LOADGEN_PING_TIMEOUT", value_name = "TIME", value_parser = time)]
    pub(super) ping_timeout: Option<Duration>,

    /// How often the server looks for silent phones
    #[arg(long, env = "LOADGEN_SWEEP_INTERVAL", value_name = "TIME", default_value = "30s", value_parser = parse_time)]
    pub(super) sweep_interval: Duration,

    /// Time to wait for messages under way, counted from the last that arrived
    #[arg(long, env = "LOADGEN_SETTLE", value_name = "TIME", default_value = "5s", value_parser = time)]
    pub(super) settle: Duration,

    /// What must hold, or the exit code is 3: 'delivery.p99<50ms', 'lost==0', several times
    #[arg(long, env = "LOADGEN_EXPECT", value_name = "EXPR", value_delimiter = ',', long_help = expect::HELP)]
    pub(super) expect: Vec<Expectation>,

    /// Where /metrics is, to compare books: http://HOST:PORT [default: our own server's]
    ///
    /// The server must have no other clients of this protocol meanwhile.
    #[arg(long, env = "LOADGEN_METRICS", value_name = "URL", value_parser = Target::parse)]
    pub(super) metrics: Option<Target>,

    #[command(flatten)]
    pub(super) reporting: Reporting,

    /// The program to start as a server of our own [default: the one built into loadgen]
    #[arg(long, env = "LOADGEN_SERVER_BIN", value_name = "PATH")]
    pub(super) server_bin: Option<PathBuf>,

    /// Print no progress
    #[arg(long, env = "LOADGEN_QUIET", value_parser = FalseyValueParser::new())]
    pub(super) quiet: bool,
}

/// What else loadgen can do.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(super) enum Instead {
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
