//! [`Args`]: the flags, as clap sees them and as `--help` shows them. What they come to is in the module
//! above.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Command, CommandFactory as _, Parser, Subcommand};

use super::account::AccountArgs;
use super::certificates::{Certificates, PROTOCOL};
use super::reporting::{Files, OUTPUT, Reporting};
use super::servers::MetricsFlag;
use super::sharing::{LOAD, Sharing};
use super::values::{Every, OnOff, rate, seed, share, time, time_or_off};
use crate::client::{Presence, Protocol};
use crate::count;
use crate::expect::{self, Expectation};
use crate::schedule::parse_time;
use crate::schedule::{Arrivals, Command as AtFlag, StageFlag};
use crate::target::Server;
use crate::workload::{Devices, Numbers, Share, Sizes};

/// Examples, at the end of the help.
const EXAMPLES: &str = "Examples:
  loadgen
      a thousand phones, 1000 messages a second, on a server of loadgen's own
  loadgen --clients 100 --ramp 2s --duration 10s --rate 200 --expect 'delivery.p99<50ms' --expect 'lost==0'
      a smoke test for CI
  loadgen ws://127.0.0.1:8080 --metrics http://127.0.0.1:8080 --seed 1 --repeat 5 --json a.json
      five runs against a running server, for `loadgen compare`";

/// The headings of the help, in their order.
const PEOPLE: &str = "People";
const CHECKS: &str = "Checks";

/// Plays thousands of chatting phones against a chat server, and checks and times every message.
///
/// Phones connect over the ramp, wait for their first frame, and send heartbeats. After the ramp they write to
/// each other at a fixed rate, whether or not the server keeps up: delivery counts from the moment a message
/// was planned for. Every message is checked. Without a URL, loadgen starts a server of its own, which
/// SWITCHBOARD_ variables set. Ctrl-C ends a run early, with a report; the second time at once.
///
/// Exit codes: 0 all is well, 1 the server failed a check or its books differ, 2 wrong usage, or an output that
/// could not be written, 3 an expectation was not met, 4 the run says nothing, because loadgen itself was
/// overloaded, or was interrupted before the first message. If several fit, and of several runs, 1 comes before
/// 4, 4 before 3, and 3 before 2. Numbers can be written as 10k or 2.5M.
#[derive(Debug, Parser)]
#[command(
    name = "loadgen",
    version,
    max_term_width = 100,
    args_override_self = true,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Instead>,

    /// Server, as ws://HOST:PORT or wss://HOST:PORT, or several, with =WEIGHT [default: a server of loadgen's own]
    ///
    /// /ws or /ws/{mobile} may stand at its end. Phones are shared out among several servers by their weights: to
    /// ws://a and ws://b=2, a third and two thirds. Deliveries are then shown within one server and across two.
    #[arg(env = "LOADGEN_URL", value_name = "URL", value_delimiter = ',', help_heading = LOAD, value_parser = Server::parse)]
    pub(super) url: Vec<Server>,

    /// Program to start as loadgen's own server [default: the one built into loadgen]
    #[arg(long, env = "LOADGEN_SERVER_BIN", value_name = "PATH", help_heading = LOAD)]
    pub(super) server_bin: Option<PathBuf>,

    /// TOML file whose keys are these flags; a flag on the command line wins over it
    #[arg(long, env = "LOADGEN_PLAN", value_name = "FILE", help_heading = LOAD)]
    pub(super) plan: Option<PathBuf>,

    /// Number of phones; with --protocol session, of sessions
    #[arg(long, env = "LOADGEN_CLIENTS", value_name = "N", default_value = "1000", help_heading = LOAD,
        value_parser = |text: &str| count::whole(text, 1, Numbers::MOST))]
    pub(super) clients: u32,

    /// Time over which they connect
    #[arg(long, env = "LOADGEN_RAMP", value_name = "TIME", default_value = "10s", help_heading = LOAD, value_parser = parse_time)]
    pub(super) ramp: Duration,

    /// Time for which they write, after the ramp
    #[arg(long, env = "LOADGEN_DURATION", value_name = "TIME", default_value = "30s", help_heading = LOAD, value_parser = time)]
    pub(super) duration: Duration,

    /// Messages a second, from all chatters together; 0 for none
    ///
    /// At most 1000000. A rate above 0 needs a chatter. In the protocols of users with accounts, the default is what
    /// makes 10000 deliveries a second, if that is less: a message to everyone has one for each phone.
    #[arg(long, env = "LOADGEN_RATE", value_name = "MSGS_PER_S", default_value = "1000", help_heading = LOAD,
        value_parser = rate)]
    pub(super) rate: f64,

    /// Stage of the plan, TIME:CLIENTS or TIME:CLIENTS:RATE, instead of clients, ramp and duration; several times
    ///
    /// Over TIME, the number of phones becomes CLIENTS, and messages a second become RATE, both in a straight line
    /// from where the stage before ended. If TIME is 0s, both jump. Without RATE nobody writes in the first
    /// stage, and --rate holds in a later one. The phone that came last goes first.
    #[arg(long, env = "LOADGEN_STAGE", value_name = "STAGE", value_delimiter = ',', help_heading = LOAD)]
    pub(super) stage: Vec<StageFlag>,

    /// Run a command at this time after the start: --at 30s 'systemctl restart switchboard'; several times
    ///
    /// The shell runs it, with the server's address in SERVER_URL, and the process of loadgen's own server in
    /// SERVER_PID. It is marked in the series and the charts, and deliveries from a second before it to five seconds
    /// after it are shown beside the others. Phones that lose their connection then come back. A run in which a
    /// command fails is invalid. In a plan file and in the variable, time and command are one text. A comma in the
    /// variable is part of the command.
    #[arg(long, env = "LOADGEN_AT", value_name = "TIME COMMAND", help_heading = LOAD)]
    pub(super) at: Vec<AtFlag>,

    /// How messages follow each other: at equal distances, or exponentially, as from many people
    #[arg(long, env = "LOADGEN_ARRIVALS", value_name = "HOW", default_value = "constant", help_heading = LOAD)]
    pub(super) arrivals: Arrivals,

    /// Messages are planned at multiples of this [default: ten messages' time, from 1ms to 5ms]
    ///
    /// At most 1s. The messages of one multiple are sent together. They are a burst for the server, in which they
    /// wait for each other, and that counts. Their delivery counts from that moment, which can be earlier by one
    /// grain than each would be due alone. 0s plans each message for itself, and takes both sides twice the CPU
    /// or more.
    #[arg(long, env = "LOADGEN_GRAIN", value_name = "TIME", help_heading = LOAD, value_parser = parse_time)]
    pub(super) grain: Option<Duration>,

    /// Closed model: a chatter waits until its message has arrived, and thinks, before it writes again
    ///
    /// A server that stalls is then spared the messages of that time: latencies of this model flatter.
    #[arg(long, env = "LOADGEN_CLOSED", help_heading = LOAD, value_parser = BoolishValueParser::new())]
    pub(super) closed: bool,

    /// Time that a chatter thinks; in the open model, time between its messages [default: what --rate leads to]
    ///
    /// In the open model it replaces --rate. In the closed model the default leads to --rate with a server
    /// that takes no time.
    #[arg(long, env = "LOADGEN_THINK", value_name = "TIME", help_heading = LOAD, value_parser = parse_time)]
    pub(super) think: Option<Duration>,

    /// Seed of all random choices: the same seed makes the same plan [default: a new one]
    #[arg(long, env = "LOADGEN_SEED", value_name = "S", help_heading = LOAD, value_parser = seed)]
    pub(super) seed: Option<u64>,

    #[command(flatten)]
    pub(super) sharing: Sharing,

    /// Share of phones of one kind, NAME=WEIGHT; several times [default: chatter=1]
    ///
    ///   lurker       sends heartbeats only
    ///   chatter      writes, too
    ///   refresher    asks who is online, every --refresh or 10s
    ///   flapper      drops its connection without a word, and returns
    ///   roamer       comes back on the next server, with its old connection half-open
    ///   slow-reader  reads --slow-bytes a second
    ///   silent-drop  stops reading and writing at some moment, with its connection open
    ///   half-open    sends half a request, and nothing more
    ///   drip         sends one byte a second
    ///   garbage      sends what is no HTTP, no WebSocket or not this protocol
    ///   flood        sends --flood-rate pings a second
    ///   quota-hog    session: invites others 100 times, leaves, and returns under a new name
    ///
    /// Chatters write to the first six. What a slow reader gets is checked, and not timed.
    #[arg(long, env = "LOADGEN_PERSONA", value_name = "NAME=WEIGHT", value_delimiter = ',', help_heading = PEOPLE,
        verbatim_doc_comment)]
    pub(super) persona: Vec<Share>,

    /// Number of others that a chatter writes to, always the same ones [default: anybody, but 8 of session]
    ///
    /// A session invites its circle, up to 50, when it first connects.
    #[arg(long, env = "LOADGEN_CIRCLE", value_name = "N", help_heading = PEOPLE, value_parser = |text: &str| count::whole(text, 1, u32::MAX))]
    pub(super) circle: Option<u32>,

    /// Bytes of a text, 48 to 16384, and of users with accounts to 5000: 64, or evenly 48..2000, or ~200:
    /// exponentially about 200
    #[arg(long, env = "LOADGEN_TEXT_BYTES", value_name = "N", default_value = "64", help_heading = PEOPLE)]
    pub(super) text_bytes: Sizes,

    /// Time between two pings of a phone, or off [default: 25s, or 0.4 of --ping-timeout if that is less]
    #[arg(long, env = "LOADGEN_HEARTBEAT", value_name = "TIME", help_heading = PEOPLE, value_parser = time_or_off)]
    pub(super) heartbeat: Option<Every>,

    /// Time that a flapper or roamer stays, on average
    #[arg(long, env = "LOADGEN_FLAP_UP", value_name = "TIME", default_value = "10s", help_heading = PEOPLE, value_parser = time)]
    pub(super) flap_up: Duration,

    /// Time that a flapper is away, on average
    #[arg(long, env = "LOADGEN_FLAP_DOWN", value_name = "TIME", default_value = "5s", help_heading = PEOPLE, value_parser = time)]
    pub(super) flap_down: Duration,

    /// Bytes a second that a slow reader reads
    #[arg(long, env = "LOADGEN_SLOW_BYTES", value_name = "N", default_value = "1000", help_heading = PEOPLE,
        value_parser = |text: &str| count::whole(text, 1, u32::MAX))]
    pub(super) slow_bytes: u32,

    /// Pings a second that a flooding phone sends
    #[arg(long, env = "LOADGEN_FLOOD_RATE", value_name = "N", default_value = "5000", help_heading = PEOPLE,
        value_parser = |text: &str| count::whole(text, 60, 1_000_000))]
    pub(super) flood_rate: u32,

    /// Protocol that the phones speak
    ///
    /// sca: numbers that see each other in lists. session: Session Messenger, in which a phone is a device of a
    /// session, invites its circle, and hears what becomes of its messages. chatterbox, websocket-chat,
    /// mychat and v1 (switchboard.v1): users with accounts, whose messages the server keeps.
    #[arg(long, env = "LOADGEN_PROTOCOL", value_name = "NAME", default_value = "sca", help_heading = PROTOCOL)]
    pub(super) protocol: Protocol,

    #[command(flatten)]
    pub(super) certificates: Certificates,

    /// sca, v1: how phones want to be told who is online
    #[arg(long, env = "LOADGEN_PRESENCE", value_name = "MODE", default_value = "full", help_heading = PROTOCOL)]
    pub(super) presence: Presence,

    /// sca: file with a private key (JWK); each phone signs a token for its number with it
    ///
    /// For a server with --auth-key-file; a server of loadgen's own gets it by SWITCHBOARD_AUTH_KEY_FILE. `switchboard
    /// token --new-key` makes a key. A token is valid for a day, so a phone that stays longer is closed with 4001.
    #[arg(long, env = "LOADGEN_AUTH_KEY_FILE", value_name = "FILE", help_heading = PROTOCOL)]
    pub(super) auth_key_file: Option<PathBuf>,

    /// sca: name of the servers that the tokens are for: their --auth-audience
    #[arg(long, env = "LOADGEN_AUTH_AUDIENCE", value_name = "NAME", help_heading = PROTOCOL, requires = "auth_key_file")]
    pub(super) auth_audience: Option<String>,

    /// sca: time between two requests of a phone for the list, or off
    ///
    /// The original app asks right after its first frame, and then every 10s. That is off by default: 10,000
    /// phones that do so ask for 160 MB/s of lists, and nothing else can then be measured.
    #[arg(long, env = "LOADGEN_REFRESH", value_name = "TIME", default_value = "off", help_heading = PROTOCOL, value_parser = time_or_off)]
    pub(super) refresh: Every,

    /// session: devices of each session, all connected at once; N devices are N phones
    #[arg(long, env = "LOADGEN_DEVICES", value_name = "N", default_value = "1", help_heading = PROTOCOL,
        value_parser = |text: &str| count::whole(text, 1, Devices::MOST))]
    pub(super) devices: u32,

    /// session: whether phones are told what becomes of messages, and say that they have read them
    #[arg(long, env = "LOADGEN_RECEIPTS", value_name = "ON_OFF", default_value = "on", help_heading = PROTOCOL)]
    pub(super) receipts: OnOff,

    /// session: share of messages that are marked as read, 0 to 1
    #[arg(long, env = "LOADGEN_READ", value_name = "SHARE", default_value = "1", help_heading = PROTOCOL, value_parser = share)]
    pub(super) read: f64,

    /// session, websocket-chat, v1: share of messages before which their sender is seen typing
    #[arg(long, env = "LOADGEN_TYPING", value_name = "SHARE", default_value = "0.1", help_heading = PROTOCOL, value_parser = share)]
    pub(super) typing: f64,

    /// session: share of invitations that are declined
    ///
    /// A session writes also to those that have declined: a server that requires invitations needs 0 here.
    #[arg(long, env = "LOADGEN_DECLINE", value_name = "SHARE", default_value = "0.1", help_heading = PROTOCOL, value_parser = share)]
    pub(super) decline: f64,

    /// session: the server's --contact-grace
    ///
    /// The run waits for it at the end, before it judges what each session believes of its contacts.
    #[arg(long, env = "LOADGEN_CONTACT_GRACE", value_name = "TIME", default_value = "5s", help_heading = PROTOCOL, value_parser = parse_time)]
    pub(super) contact_grace: Duration,

    #[command(flatten)]
    pub(super) account: AccountArgs,

    /// What must hold, or the exit code is 3: 'delivery.p99<50ms', 'lost==0'; several times
    #[arg(long, env = "LOADGEN_EXPECT", value_name = "EXPR", value_delimiter = ',', long_help = expect::HELP, help_heading = CHECKS)]
    pub(super) expect: Vec<Expectation>,

    /// End a run as soon as an expectation can no longer be met
    ///
    /// Counts and the longest time are known at once; a quantile of delivery, as soon as too many messages were
    /// slow. What only the end of a run can tell is waited for: lost==0, for one.
    #[arg(long, env = "LOADGEN_ABORT_ON_FAIL", help_heading = CHECKS, value_parser = BoolishValueParser::new())]
    pub(super) abort_on_fail: bool,

    /// Where /metrics is, to compare the books: http://HOST:PORT [default: that of loadgen's own server]
    ///
    /// It is at the server's --admin-listen, if it has one: of an installed server http://127.0.0.1:8081.
    /// The server must have no other clients of this protocol meanwhile. Of several servers, in their order; `off` for one
    /// that has none.
    #[arg(long, env = "LOADGEN_METRICS", value_name = "URL", value_delimiter = ',', help_heading = CHECKS,
        value_parser = MetricsFlag::parse)]
    pub(super) metrics: Vec<MetricsFlag>,

    /// The server's --ping-timeout: then it must give up a silent phone in time [default: not known]
    ///
    /// In time is not before this, and at most --sweep-interval and two seconds after it. The run waits for that.
    /// loadgen's own server is started with both.
    #[arg(long, env = "LOADGEN_PING_TIMEOUT", value_name = "TIME", help_heading = CHECKS, value_parser = time)]
    pub(super) ping_timeout: Option<Duration>,

    /// The server's --sweep-interval
    #[arg(long, env = "LOADGEN_SWEEP_INTERVAL", value_name = "TIME", default_value = "30s", help_heading = CHECKS, value_parser = parse_time)]
    pub(super) sweep_interval: Duration,

    /// Time to wait for messages under way, counted from the last that arrived
    #[arg(long, env = "LOADGEN_SETTLE", value_name = "TIME", default_value = "5s", help_heading = CHECKS, value_parser = time)]
    pub(super) settle: Duration,

    #[command(flatten)]
    pub(super) reporting: Reporting,

    /// Print no progress
    #[arg(long, env = "LOADGEN_QUIET", help_heading = OUTPUT, value_parser = BoolishValueParser::new())]
    pub(super) quiet: bool,
}

/// The flags. `-h` shows each in short, and so leaves out the variables, which are in `--help`. A negative number is a
/// wrong value of its flag, and no flag itself.
pub(super) fn command(args: &[OsString]) -> Command {
    let command = Args::command().mut_args(|arg| {
        let has_value = arg.get_action().takes_values();
        arg.allow_negative_numbers(has_value)
    });
    match args.iter().find(|&arg| arg == "-h" || arg == "--help") {
        Some(arg) if arg == "-h" => command.mut_args(|arg| arg.hide_env(true)),
        _ => command,
    }
}

/// What else loadgen can do.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(super) enum Instead {
    /// Find the highest load at which all expectations hold: --rate 1k..200k or --clients 100..20k
    ///
    /// It takes the flags of a run, and plays one load after the other. Both sides of the edge are played three
    /// times, or as often as --repeat says, and the majority counts. It says whether the server or loadgen is the
    /// limit. --json and --html write what was found, with all loads.
    Find {
        /// The flags of a run, with a range for --rate or --clients, and --expect
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
        flags: Vec<OsString>,
    },
    /// Merge the reports of all shards of a plan (--shard), exactly as if one process had played it
    ///
    /// Histograms and counts are added, messages between shards are followed from one report to the other, and the
    /// expectations, the server's books and the verdict are judged anew. The exit code is that of the whole. Reports
    /// that do not belong together are refused.
    Merge {
        /// The report of each shard, as --json has written it
        #[arg(required = true, value_name = "FILE")]
        shards: Vec<PathBuf>,
        #[command(flatten)]
        outputs: Files,
    },
    /// Compare two reports, and tell what changed by more than the noise of the runs
    ///
    /// A figure has changed if its ranges in the runs of both sides do not overlap: so play each side
    /// several times, with --repeat.
    Compare {
        /// The report to compare with, as --json has written it
        before: PathBuf,
        /// The report to be compared
        after: PathBuf,
        /// Print a table in Markdown, for a pull request
        #[arg(long)]
        markdown: bool,
    },
    /// Show all reports of a folder, oldest first: p50, p99 and the server's CPU time a message
    ///
    /// It says where the plan, the machine, a version or a limit of the server has changed from one report to the
    /// next, and which files are no reports, and why.
    Trend {
        /// The folder; its reports are the files that end in .json
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Write it as one page with charts
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
}
