//! [`parse`]: from arguments and environment to [`Settings`].

use std::env;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clap::builder::FalseyValueParser;
use clap::error::ErrorKind;

use super::limit_args::LimitArgs;
use super::values::{address, byte_rate, bytes, count, origin, time, time_or_none};
use crate::chat::{messenger, mobile};
use crate::net::{Format, Level, LogSettings, Settings};
use crate::turn::{Caps, Limits, PresenceLimits};
use crate::{chat, session, ws};

/// Where the server listens if nobody says otherwise.
const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// A chat switchboard: people connect with a phone number, and write to each other.
///
/// It speaks the SCA protocol over WebSocket at /ws/{mobile}, tells how it is at /health, and what it
/// has counted at /metrics. It stores nothing. SIGTERM and SIGINT let everybody leave in good order
/// first; a second one ends it at once.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Args {
    /// Where to listen [default: 127.0.0.1:8080, or 0.0.0.0:$PORT if PORT is set]
    ///
    /// A socket passed by systemd comes first, then this.
    #[arg(long, env = "SWITCHBOARD_LISTEN", value_name = "ADDRESS:PORT", value_parser = address)]
    listen: Option<SocketAddr>,

    /// Where to answer the operator: then /metrics is there, and no longer at --listen
    #[arg(long, env = "SWITCHBOARD_ADMIN_LISTEN", value_name = "ADDRESS:PORT", value_parser = address)]
    admin_listen: Option<SocketAddr>,

    /// Silence after which a connection is marked as gone
    #[arg(long, env = "SWITCHBOARD_PING_TIMEOUT", value_name = "TIME", default_value = "60s", value_parser = time)]
    ping_timeout: Duration,

    /// How often the marked connections are removed
    #[arg(long, env = "SWITCHBOARD_SWEEP_INTERVAL", value_name = "TIME", default_value = "30s", value_parser = time)]
    sweep_interval: Duration,

    /// People that may be connected [default: what the limit on descriptors allows]
    #[arg(long, env = "SWITCHBOARD_MAX_CONNECTIONS", value_name = "N", value_parser = count)]
    max_connections: Option<usize>,

    /// Size of the largest message that is read
    #[arg(long, env = "SWITCHBOARD_MAX_MESSAGE_BYTES", value_name = "SIZE", default_value = "64KiB", value_parser = bytes)]
    max_message_bytes: usize,

    /// What may wait for one slow reader before he is given up
    #[arg(long, env = "SWITCHBOARD_OUTBOX_BYTES", value_name = "SIZE", default_value = "1MiB", value_parser = bytes)]
    outbox_bytes: usize,

    /// What may wait for all slow readers together
    #[arg(long, env = "SWITCHBOARD_OUTBOX_TOTAL_BYTES", value_name = "SIZE", default_value = "256MiB", value_parser = bytes)]
    outbox_total_bytes: usize,

    /// What may be kept of messages that have not arrived in full, of all clients together
    #[arg(long, env = "SWITCHBOARD_INBOX_TOTAL_BYTES", value_name = "SIZE", default_value = "256MiB", value_parser = bytes)]
    inbox_total_bytes: usize,

    /// What telling everybody who is online may cost, in bytes a second
    #[arg(long, env = "SWITCHBOARD_PRESENCE_BUDGET", value_name = "SIZE", default_value = "64MiB", value_parser = byte_rate)]
    presence_budget: u64,

    /// Time for a client to send its HTTP request
    #[arg(long, env = "SWITCHBOARD_HANDSHAKE_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = time)]
    handshake_timeout: Duration,

    /// Time for a message to arrive in full, once it has begun
    #[arg(long, env = "SWITCHBOARD_FRAME_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = time)]
    frame_timeout: Duration,

    /// Time for which a client may refuse to read before it is given up
    #[arg(long, env = "SWITCHBOARD_WRITE_TIMEOUT", value_name = "TIME", default_value = "60s", value_parser = time)]
    write_timeout: Duration,

    /// Time for a client to close its side after the server has
    #[arg(long, env = "SWITCHBOARD_CLOSE_TIMEOUT", value_name = "TIME", default_value = "5s", value_parser = time)]
    close_timeout: Duration,

    /// Time for everybody to leave when the server shuts down
    #[arg(long, env = "SWITCHBOARD_DRAIN_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = time)]
    drain_timeout: Duration,

    /// A website whose pages may connect, beside the server's own; may be given several times
    #[arg(long, env = "SWITCHBOARD_ALLOW_ORIGIN", value_name = "URL", value_delimiter = ',', value_parser = origin)]
    allow_origin: Vec<String>,

    /// Time for an invitation to be answered
    #[arg(long, env = "SWITCHBOARD_INVITATION_TTL", value_name = "TIME", default_value = "24h", value_parser = time)]
    invitation_ttl: Duration,

    /// Time for a contact to come back before his friends hear that he is gone
    #[arg(long, env = "SWITCHBOARD_CONTACT_GRACE", value_name = "TIME", default_value = "5s", value_parser = time_or_none)]
    contact_grace: Duration,

    /// Time for a session's message to be marked as read
    #[arg(long, env = "SWITCHBOARD_READ_TTL", value_name = "TIME", default_value = "24h", value_parser = time)]
    read_ttl: Duration,

    /// Sessions that are offline and whose contacts are remembered
    #[arg(long, env = "SWITCHBOARD_MAX_REMEMBERED_SESSIONS", value_name = "N", default_value = "100000", value_parser = count)]
    max_remembered_sessions: usize,

    /// Let sessions write only to those who have accepted an invitation of theirs, or they of them
    #[arg(long, env = "SWITCHBOARD_REQUIRE_INVITATION", value_parser = FalseyValueParser::new())]
    require_invitation: bool,

    /// A file with a token; who bears it learns from /stats which sessions are online
    #[arg(long, env = "SWITCHBOARD_ADMIN_TOKEN_FILE", value_name = "FILE")]
    admin_token_file: Option<PathBuf>,

    #[command(flatten)]
    clients: LimitArgs,

    /// Serve /echo, which sends every message back: for conformance suites
    #[arg(long, env = "SWITCHBOARD_ECHO", value_parser = FalseyValueParser::new())]
    echo: bool,

    /// Which lines to log
    #[arg(long, env = "SWITCHBOARD_LOG", value_name = "LEVEL", default_value = "info")]
    log: LogLevel,

    /// How to write them: key=value, or one JSON object a line
    #[arg(long, env = "SWITCHBOARD_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,

    /// A turn of the loop that takes longer is logged
    #[arg(long, env = "SWITCHBOARD_SLOW_TURN", value_name = "TIME", default_value = "50ms", value_parser = time)]
    slow_turn: Duration,

    /// Where SIGUSR1 writes what the loop did in its last 4,096 turns, for ui.perfetto.dev
    #[arg(long, env = "SWITCHBOARD_TRACE_FILE", value_name = "FILE")]
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

/// What the arguments come to.
#[derive(Debug)]
pub enum Parsed {
    /// Serve, with these settings.
    Run(Box<Settings>),
    /// Print this, and be done: somebody asked for help or for the version.
    Print(String),
}

/// Reads arguments, the first of which is the program's name, and the environment.
///
/// # Errors
///
/// One line that says which value is wrong, and why.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Parsed, String> {
    match Args::try_parse_from(args) {
        Ok(args) => settings(args, env::var("PORT").ok()).map(|s| Parsed::Run(Box::new(s))),
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

fn settings(args: Args, port: Option<String>) -> Result<Settings, String> {
    let port = port.filter(|port| !port.is_empty()).map(|port| {
        let number = port.parse().map_err(|_| format!("PORT must be a port number, not '{port}'"));
        number.map(|number: u16| SocketAddr::from((Ipv4Addr::UNSPECIFIED, number)))
    });
    let listen = match (args.listen, port) {
        (Some(address), _) => address,
        (None, Some(address)) => address?,
        (None, None) => DEFAULT_ADDRESS,
    };
    let session_defaults = session::Limits::default();
    let echo_bytes = session_defaults.echo_ws.message_bytes.max(args.max_message_bytes);
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
            ws: ws::Limits { message_bytes: args.max_message_bytes },
            echo_ws: ws::Limits { message_bytes: echo_bytes },
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
                remembered_sessions: args.max_remembered_sessions,
                require_invitation: args.require_invitation,
                ..messenger::Limits::default()
            },
            mobile: mobile::Limits { replacements: clients.replacement_rate },
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
    })
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
        use clap::CommandFactory as _;
        for arg in Args::command().get_arguments() {
            let long = arg.get_long().expect("every flag is long").to_uppercase();
            let variable = format!("SWITCHBOARD_{}", long.replace('-', "_"));
            assert_eq!(arg.get_env().and_then(|name| name.to_str()), Some(variable.as_str()));
        }
    }
}
