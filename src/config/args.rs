//! [`parse`]: makes [`Settings`] from arguments and environment.

use std::env;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _, FromArgMatches as _, Parser};

#[cfg(feature = "accounts")]
use super::data_args::{DataArgs, ToolArgs};
use super::headings::{DEADLINES, MEMORY, NETWORK, OPERATION, SESSIONS};
use super::limit_args::LimitArgs;
use super::values::{address, byte_rate, bytes, count, origin, time, time_or_none};
use crate::chat::{messenger, mobile};
use crate::net::{DataSettings, Format, Level, LogSettings, Settings, Tool};
use crate::turn::{Caps, Limits, PresenceLimits};
use crate::{chat, session, ws};

/// The address that the server listens on by default.
const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// How values are written. The help ends with it.
const VALUES: &str = "Times are written as 500ms, 60s or 2min, sizes as 64KiB or 1MB. \
A rate is AMOUNT[/TIME][:BURST]:\n200:400 is 400 at once and then 200 a second; 1/5s:3 is three at once and \
then one every 5 s.\nWithout a burst it is twice the amount. off is no limit.";

/// A chat server over WebSocket: people connect with a phone number, or with an id, and write to each other.
///
/// Phones connect to /ws/{mobile} and speak SCA. Sessions connect to /ws and speak Session Messenger. /health
/// says whether the server is well, and /metrics has its counters. Unless it is given a folder for data, the server stores nothing. SIGTERM and
/// SIGINT drain it: it tells all clients to leave, and then ends. A second signal ends it at once.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = VALUES)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
struct Args {
    #[cfg(feature = "accounts")]
    #[command(subcommand)]
    tool: Option<ToolArgs>,

    /// Address to listen on [default: 127.0.0.1:8080, or 0.0.0.0:$PORT if PORT is set]
    ///
    /// If systemd passes a socket, the server uses that one instead. Port 0 means any free port.
    #[arg(long, env = "SWITCHBOARD_LISTEN", value_name = "ADDRESS:PORT", help_heading = NETWORK, value_parser = address)]
    listen: Option<SocketAddr>,

    /// WebSockets that may be open at once [default: what the limit on descriptors allows]
    #[arg(long, env = "SWITCHBOARD_MAX_CONNECTIONS", value_name = "N", help_heading = NETWORK, value_parser = count)]
    max_connections: Option<usize>,

    /// Website whose pages may connect, in addition to the server's own host; may be given several times
    #[arg(long, env = "SWITCHBOARD_ALLOW_ORIGIN", value_name = "URL", value_delimiter = ',', help_heading = NETWORK, value_parser = origin)]
    allow_origin: Vec<String>,

    /// Serve /echo for conformance suites: it sends back every message of up to 16 MiB
    #[arg(long, env = "SWITCHBOARD_ECHO", help_heading = NETWORK, value_parser = FalseyValueParser::new())]
    echo: bool,

    #[command(flatten)]
    clients: LimitArgs,

    /// Largest message that is read; a larger one ends the connection with close code 1009
    #[arg(long, env = "SWITCHBOARD_MAX_MESSAGE_BYTES", value_name = "SIZE", default_value = "64KiB", help_heading = MEMORY, value_parser = bytes)]
    max_message_bytes: usize,

    /// Most bytes that may wait for one slow reader before it is disconnected
    #[arg(long, env = "SWITCHBOARD_OUTBOX_BYTES", value_name = "SIZE", default_value = "1MiB", help_heading = MEMORY, value_parser = bytes)]
    outbox_bytes: usize,

    /// Most bytes that may wait for all slow readers together
    #[arg(long, env = "SWITCHBOARD_OUTBOX_TOTAL_BYTES", value_name = "SIZE", default_value = "256MiB", help_heading = MEMORY, value_parser = bytes)]
    outbox_total_bytes: usize,

    /// Most bytes of incomplete messages that are kept, of all clients together
    ///
    /// A client that exceeds this limit is disconnected with close code 1013.
    #[arg(long, env = "SWITCHBOARD_INBOX_TOTAL_BYTES", value_name = "SIZE", default_value = "256MiB", help_heading = MEMORY, value_parser = bytes)]
    inbox_total_bytes: usize,

    /// Most bytes a second that are spent to tell clients who is online
    #[arg(long, env = "SWITCHBOARD_PRESENCE_BUDGET", value_name = "SIZE", default_value = "64MiB", help_heading = MEMORY, value_parser = byte_rate)]
    presence_budget: u64,

    /// Silence after which a connection is marked as gone
    #[arg(long, env = "SWITCHBOARD_PING_TIMEOUT", value_name = "TIME", default_value = "60s", help_heading = DEADLINES, value_parser = time)]
    ping_timeout: Duration,

    /// How often marked connections that are still silent are disconnected
    #[arg(long, env = "SWITCHBOARD_SWEEP_INTERVAL", value_name = "TIME", default_value = "30s", help_heading = DEADLINES, value_parser = time)]
    sweep_interval: Duration,

    /// Time for a client to send its HTTP request, and for a session to sign in
    #[arg(long, env = "SWITCHBOARD_HANDSHAKE_TIMEOUT", value_name = "TIME", default_value = "10s", help_heading = DEADLINES, value_parser = time)]
    handshake_timeout: Duration,

    /// Time for a message to arrive in full, once it has begun
    #[arg(long, env = "SWITCHBOARD_FRAME_TIMEOUT", value_name = "TIME", default_value = "30s", help_heading = DEADLINES, value_parser = time)]
    frame_timeout: Duration,

    /// Time for which a client may read nothing before it is disconnected
    #[arg(long, env = "SWITCHBOARD_WRITE_TIMEOUT", value_name = "TIME", default_value = "60s", help_heading = DEADLINES, value_parser = time)]
    write_timeout: Duration,

    /// Time for a client to close its side after the server has closed
    #[arg(long, env = "SWITCHBOARD_CLOSE_TIMEOUT", value_name = "TIME", default_value = "5s", help_heading = DEADLINES, value_parser = time)]
    close_timeout: Duration,

    /// Time for all clients to leave when the server shuts down
    #[arg(long, env = "SWITCHBOARD_DRAIN_TIMEOUT", value_name = "TIME", default_value = "30s", help_heading = DEADLINES, value_parser = time)]
    drain_timeout: Duration,

    /// Time for an invitation to be answered
    #[arg(long, env = "SWITCHBOARD_INVITATION_TTL", value_name = "TIME", default_value = "24h", help_heading = SESSIONS, value_parser = time)]
    invitation_ttl: Duration,

    /// Time for a contact to come back before its contacts hear that it has gone; 0s tells them at once
    #[arg(long, env = "SWITCHBOARD_CONTACT_GRACE", value_name = "TIME", default_value = "5s", help_heading = SESSIONS, value_parser = time_or_none)]
    contact_grace: Duration,

    /// Time for a message to be marked as read; until then its sender and recipient are remembered
    #[arg(long, env = "SWITCHBOARD_READ_TTL", value_name = "TIME", default_value = "24h", help_heading = SESSIONS, value_parser = time)]
    read_ttl: Duration,

    /// Offline sessions whose contacts are remembered; the longest absent is forgotten first
    #[arg(long, env = "SWITCHBOARD_MAX_REMEMBERED_SESSIONS", value_name = "N", default_value = "100000", help_heading = SESSIONS, value_parser = count)]
    max_remembered_sessions: usize,

    /// Let sessions write only to their contacts
    #[arg(long, env = "SWITCHBOARD_REQUIRE_INVITATION", help_heading = SESSIONS, value_parser = FalseyValueParser::new())]
    require_invitation: bool,

    #[cfg(feature = "accounts")]
    #[command(flatten)]
    data: DataArgs,

    /// Address for the operator's pages: /metrics, /stats and /trace
    ///
    /// /metrics and /stats are then no longer answered at --listen. This address takes no WebSockets, and at
    /// most eight connections, which count toward no other limit.
    #[arg(long, env = "SWITCHBOARD_ADMIN_LISTEN", value_name = "ADDRESS:PORT", help_heading = OPERATION, value_parser = address)]
    admin_listen: Option<SocketAddr>,

    /// File with a token; /stats tells its bearer which sessions are online
    #[arg(long, env = "SWITCHBOARD_ADMIN_TOKEN_FILE", value_name = "FILE", help_heading = OPERATION)]
    admin_token_file: Option<PathBuf>,

    /// Least severe lines to log
    #[arg(long, env = "SWITCHBOARD_LOG", value_name = "LEVEL", default_value = "info", help_heading = OPERATION)]
    log: LogLevel,

    /// Format of log lines: key=value, or one JSON object a line
    #[arg(long, env = "SWITCHBOARD_LOG_FORMAT", value_name = "FORMAT", default_value = "text", help_heading = OPERATION)]
    log_format: LogFormat,

    /// Log a turn of the loop that takes longer than this, phase by phase
    #[arg(long, env = "SWITCHBOARD_SLOW_TURN", value_name = "TIME", default_value = "50ms", help_heading = OPERATION, value_parser = time)]
    slow_turn: Duration,

    /// File to which SIGUSR1 writes the last turns, as /trace shows them; without it the signal is only logged
    #[arg(long, env = "SWITCHBOARD_TRACE_FILE", value_name = "FILE", help_heading = OPERATION)]
    trace_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// The result of parsing the arguments.
#[derive(Debug)]
pub enum Parsed {
    /// Serve, with these settings.
    Run(Box<Settings>),
    /// Run this tool, and end.
    Tool(Tool),
    /// Print this text, and end: it is the help or the version.
    Print(String),
}

/// Parses arguments and environment. The first argument is the program's name.
///
/// # Errors
///
/// One line that says which value is wrong, and why.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Parsed, String> {
    let args: Vec<OsString> = args.into_iter().collect();
    let matches = command(&args).try_get_matches_from(args);
    match matches.and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(mut args) => match args.take_tool() {
            Some(tool) => Ok(Parsed::Tool(tool)),
            None => settings(args, env::var("PORT").ok()).map(|s| Parsed::Run(Box::new(s))),
        },
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Parsed::Print(error.render().to_string()))
            }
            _ => Err(one_line(&error.render().to_string())),
        },
    }
}

#[cfg(feature = "accounts")]
impl Args {
    fn take_tool(&mut self) -> Option<Tool> {
        self.tool.take().map(ToolArgs::tool)
    }

    fn data(&self) -> Option<DataSettings> {
        self.data.settings()
    }
}

#[cfg(not(feature = "accounts"))]
impl Args {
    fn take_tool(&mut self) -> Option<Tool> {
        None
    }

    fn data(&self) -> Option<DataSettings> {
        None
    }
}

/// The flags. `-h` shows each on one line, and so leaves out the variables, which are in `--help`.
fn command(args: &[OsString]) -> Command {
    match args.iter().find(|&arg| arg == "-h" || arg == "--help") {
        Some(arg) if arg == "-h" => Args::command().mut_args(|arg| arg.hide_env(true)),
        _ => Args::command(),
    }
}

/// clap explains an error in several paragraphs. The first one says what is wrong.
fn one_line(explanation: &str) -> String {
    let paragraph = explanation.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

fn settings(args: Args, port: Option<String>) -> Result<Settings, String> {
    let listen = address_of(args.listen, port)?;
    let session_defaults = session::Limits::default();
    let echo_bytes = session_defaults.echo_ws.message_bytes.max(args.max_message_bytes);
    let data = args.data();
    let clients = args.clients.resolve(args.max_message_bytes)?;
    let limits = Limits {
        addresses: clients.addresses,
        ping_timeout: args.ping_timeout,
        sweep_interval: args.sweep_interval,
        handshake_timeout: args.handshake_timeout,
        frame_timeout: args.frame_timeout,
        write_timeout: args.write_timeout,
        close_timeout: args.close_timeout,
        drain_timeout: args.drain_timeout,
        outbox: Caps {
            each: args.outbox_bytes,
            echo: (2 * echo_bytes).max(args.outbox_bytes),
            all: args.outbox_total_bytes.max(args.outbox_bytes),
        },
        inbox_bytes: args.inbox_total_bytes,
        presence: PresenceLimits {
            bytes_per_second: args.presence_budget,
            ..PresenceLimits::default()
        },
        session: session::Limits {
            ws: ws::Limits { message_bytes: args.max_message_bytes, binary: false },
            echo_ws: ws::Limits { message_bytes: echo_bytes, binary: true },
            echo: args.echo,
            admin_listener: args.admin_listen.is_some(),
            allowed_origins: args.allow_origin,
            strikes: clients.strikes,
            message_rate: clients.message_rate,
            byte_rate: clients.byte_rate,
            trusted_proxies: clients.trusted_proxies,
            ..session_defaults
        },
        chat: chat::Limits {
            messenger: messenger::Limits {
                invitation_ttl: args.invitation_ttl,
                contact_grace: args.contact_grace,
                tracked_for: args.read_ttl,
                remembered_people: args.max_remembered_sessions,
                require_invitation: args.require_invitation,
                ..messenger::Limits::default()
            },
            mobile: mobile::Limits {
                replacements: clients.replacement_rate,
                ..mobile::Limits::default()
            },
        },
        ..Limits::default()
    };
    Ok(Settings {
        listen,
        admin_listen: args.admin_listen,
        max_connections: args.max_connections,
        admin_token_file: args.admin_token_file,
        limits,
        log: log_settings(args.log, args.log_format),
        slow_turn: args.slow_turn,
        trace_file: args.trace_file,
        data,
    })
}

/// The address to listen on: a flag wins over `PORT`, and `PORT` over the default.
fn address_of(flag: Option<SocketAddr>, port: Option<String>) -> Result<SocketAddr, String> {
    let port = port.filter(|port| !port.is_empty());
    match (flag, port) {
        (Some(address), _) => Ok(address),
        (None, Some(port)) => match port.parse() {
            Ok(number) => Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, number))),
            Err(_) => Err(format!("PORT must be a port number, not '{port}'")),
        },
        (None, None) => Ok(DEFAULT_ADDRESS),
    }
}

fn log_settings(level: LogLevel, format: LogFormat) -> LogSettings {
    LogSettings {
        level: match level {
            LogLevel::Error => Level::Error,
            LogLevel::Warn => Level::Warn,
            LogLevel::Info => Level::Info,
            LogLevel::Debug => Level::Debug,
        },
        format: match format {
            LogFormat::Text => Format::Text,
            LogFormat::Json => Format::Json,
        },
        journal: env::var("JOURNAL_STREAM").ok(),
    }
}

#[cfg(all(test, feature = "accounts"))]
#[path = "../../tests/flags/page.rs"]
mod flags_page;

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str], port: Option<&str>) -> Result<Settings, String> {
        let args = std::iter::once("switchboard").chain(args.iter().copied());
        let args = Args::try_parse_from(args).map_err(|e| one_line(&e.render().to_string()))?;
        settings(args, port.map(str::to_owned))
    }

    #[test]
    fn a_flag_wins_over_port_and_port_over_the_default() {
        let listen = |args, port| parsed(args, port).expect("valid").listen.to_string();
        assert_eq!(listen(&[], None), "127.0.0.1:8080");
        assert_eq!(listen(&[], Some("9000")), "0.0.0.0:9000");
        assert_eq!(listen(&["--listen", "[::1]:7000"], Some("9000")), "[::1]:7000");
    }

    #[test]
    fn a_wrong_value_is_one_clear_line() {
        let wrong: [(&[&str], Option<&str>, &str); 7] = [
            (&["--ping-timeout", "60"], None, "--ping-timeout"),
            (&["--max-connections", "0"], None, "--max-connections"),
            (&["--log", "loud"], None, "--log"),
            (&["--message-rate", "fast"], None, "--message-rate"),
            (&["--byte-rate", "64KiB:60KiB"], None, "--byte-rate"),
            (&["--frobnicate"], None, "--frobnicate"),
            (&[], Some("http"), "PORT"),
        ];
        for (args, port, names) in wrong {
            let line = parsed(args, port).expect_err("wrong");
            assert!(line.contains(names) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn every_flag_has_an_environment_variable() {
        for arg in Args::command().get_arguments() {
            let long = arg.get_long().expect("every flag is long").to_uppercase();
            let variable = format!("SWITCHBOARD_{}", long.replace('-', "_"));
            assert_eq!(arg.get_env().and_then(|name| name.to_str()), Some(variable.as_str()));
        }
    }

    #[cfg(feature = "accounts")]
    #[test]
    fn the_page_of_flags_is_current() {
        let preface = "A flag wins over its variable. A wrong value is one line on stderr, and exit code 2. \
            [LIMITS.md](../limiter/LIMITS.md) says\nwhat a client sees that reaches a limit.";
        let again = "cargo test --lib the_page_of_flags";
        super::flags_page::check(&Args::command(), "src/config/FLAGS.md", preface, again);
    }

    #[test]
    fn the_short_help_has_one_line_for_each_flag_and_the_long_one_its_variable() {
        let help = |flag: &str| match parse(["switchboard", flag].map(OsString::from)) {
            Ok(Parsed::Print(text)) => text,
            other => panic!("{flag} is help: {other:?}"),
        };
        let (short, long) = (help("-h"), help("--help"));
        let flags = Args::command().get_arguments().count();
        assert!(!short.contains("[env:") && long.matches("[env: SWITCHBOARD_").count() == flags);
        let lines = short.lines().filter(|line| line.trim_start().starts_with("--")).count();
        assert_eq!(lines, flags, "{short}");
    }
}
