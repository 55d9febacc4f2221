//! [`Args`]: the flags, as clap sees them and as `--help` shows them; and the [`Settings`] that they become.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clap::builder::BoolishValueParser;

use super::ctl_args::CtlArgs;
#[cfg(feature = "accounts")]
use super::data_args::{DataArgs, DataToolArgs};
use super::headings::{DEADLINES, MEMORY, NETWORK, OPERATION, SESSIONS};
use super::health_args::HealthArgs;
use super::identity_args::IdentityArgs;
use super::limit_args::{ClientLimits, LimitArgs};
use super::mistakes::Mistakes;
use super::origin::origin;
use super::parsed::Parsed;
use super::rates::pace;
#[cfg(feature = "auth")]
use super::token_args::TokenArgs;
use super::values::{
    LogLevel, byte_rate, bytes, count, file_mode, http_head, listen_address, message_bytes,
    overlap, time, time_or_none,
};
use crate::chat::{account, messenger, mobile};
use crate::limiter::Rate;
#[cfg(any(feature = "accounts", feature = "auth"))]
use crate::net::Tool;
use crate::net::{DataSettings, Format, Level, ListenAddress, LogSettings, Settings};
use crate::turn::{Caps, Limits, PresenceLimits};
use crate::{chat, http, session, ws};

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
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) tool: Option<Tools>,

    /// Address and port to listen on, or unix:PATH [default: 127.0.0.1:8080, or 0.0.0.0:$PORT if PORT is set]
    ///
    /// If systemd passes a socket, the server uses that one instead. Port 0 means any free port. A Unix socket is for a
    /// proxy on this machine: see --trusted-proxy.
    #[arg(long, env = "SWITCHBOARD_LISTEN", value_name = "ADDRESS", help_heading = NETWORK, value_parser = listen_address)]
    listen: Option<ListenAddress>,

    /// Permissions of the Unix sockets that the server makes: who may write may connect
    #[arg(long, env = "SWITCHBOARD_SOCKET_MODE", value_name = "MODE", default_value = "0660", help_heading = NETWORK, value_parser = file_mode)]
    socket_mode: u32,

    /// WebSockets that may be open at once [default: what the limit on descriptors allows]
    #[arg(long, env = "SWITCHBOARD_MAX_CONNECTIONS", value_name = "N", help_heading = NETWORK, value_parser = count)]
    max_connections: Option<usize>,

    /// Website whose pages may connect, in addition to the server's own host; may be given several times
    #[arg(long, env = "SWITCHBOARD_ALLOW_ORIGIN", value_name = "URL", value_delimiter = ',', help_heading = NETWORK, value_parser = origin)]
    allow_origin: Vec<String>,

    #[command(flatten)]
    identity: IdentityArgs,

    /// Folder with an app's own pages, in templates/ and static/; they are read once, at the start
    ///
    /// With templates/login.html they are MyChat's, and with templates/chat.html alone WebSocket Chat's: browsers
    /// then find them at /. At most 256 files and 16 MiB. Names that begin with a dot are left out.
    #[arg(long, env = "SWITCHBOARD_PAGES", value_name = "DIR", help_heading = NETWORK)]
    pages: Option<PathBuf>,

    /// Serve no web client: / is then JSON for browsers, too, unless --pages has a page for it
    #[arg(long, env = "SWITCHBOARD_NO_WEB", help_heading = NETWORK, value_parser = BoolishValueParser::new())]
    no_web: bool,

    /// Serve /echo for conformance suites: it sends back every message of up to 16 MiB
    #[arg(long, env = "SWITCHBOARD_ECHO", help_heading = NETWORK, value_parser = BoolishValueParser::new())]
    echo: bool,

    #[command(flatten)]
    clients: LimitArgs,

    /// Largest message that is read; a larger one ends the connection with close code 1009
    #[arg(long, env = "SWITCHBOARD_MAX_MESSAGE_BYTES", value_name = "SIZE", default_value = "64KiB", help_heading = MEMORY, value_parser = message_bytes)]
    max_message_bytes: usize,

    /// Largest head of an HTTP request that is read, cookies included; a larger one gets 431, or 414
    #[arg(long, env = "SWITCHBOARD_HTTP_HEAD", value_name = "SIZE", default_value = "8KiB", help_heading = MEMORY, value_parser = http_head)]
    http_head: usize,

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

    /// Rate at which clients are told to leave when the server shuts down, and asked to come back; or off
    ///
    /// They are all told within --drain-timeout, if need be faster. With off that is as fast as possible, and they are
    /// asked to come back at 500 a second: close frames of SCA, Session Messenger and switchboard.v1 say when.
    #[arg(long, env = "SWITCHBOARD_DRAIN_RATE", value_name = "AMOUNT[/TIME]", default_value = "off", help_heading = DEADLINES, value_parser = pace)]
    drain_rate: Rate,

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
    #[arg(long, env = "SWITCHBOARD_REQUIRE_INVITATION", help_heading = SESSIONS, value_parser = BoolishValueParser::new())]
    require_invitation: bool,

    #[cfg(feature = "accounts")]
    #[command(flatten)]
    data: DataArgs,

    /// Address for the operator's pages, /metrics and /trace for example, and for the operator's API
    ///
    /// --listen then has no /metrics any more, and its /stats names nobody. This address takes no WebSockets, and at
    /// most eight connections, which count toward no other limit.
    #[arg(long, env = "SWITCHBOARD_ADMIN_LISTEN", value_name = "ADDRESS", help_heading = OPERATION, value_parser = listen_address)]
    admin_listen: Option<ListenAddress>,

    /// File with the operator's token, for the API at --admin-listen that `switchboard ctl` uses
    ///
    /// /stats also tells its bearer which sessions are online.
    #[arg(long, env = "SWITCHBOARD_ADMIN_TOKEN_FILE", value_name = "FILE", help_heading = OPERATION)]
    admin_token_file: Option<PathBuf>,

    /// File with those who may not connect, one a line; SIGHUP reads it again
    ///
    /// A line is number 0123456789, session ID, account NAME or address 10.0.0.0/8, and may go on with
    /// until=2026-12-01T18:00:00Z and a remark behind #. Those who are connected are closed with 4003. At most 100000
    /// lines and 16 MiB.
    #[arg(long, env = "SWITCHBOARD_BANS_FILE", value_name = "FILE", help_heading = OPERATION)]
    bans_file: Option<PathBuf>,

    /// File with settings, one a line, such as SWITCHBOARD_STRIKES=50; SIGHUP reads it again
    ///
    /// Its lines are those of systemd's EnvironmentFile=: the variables of the flags, and comments that begin with #.
    /// Flags and the environment win over it. It has at most 64 KiB.
    #[arg(long, env = "SWITCHBOARD_CONFIG", value_name = "FILE", help_heading = OPERATION)]
    config: Option<String>,

    /// Print the settings in effect and where each comes from, as lines for --config, and end
    ///
    /// It names files, and shows no secret that is in one. Wrong values end it with exit code 2, as they end a start.
    #[arg(long, conflicts_with = "check_config", help_heading = OPERATION)]
    pub(super) print_config: bool,

    /// Check the settings and the files that they name, say what is wrong, and end; nothing is opened or written
    ///
    /// Exit code 0 means that a start would read everything; 2 comes with one line for each mistake.
    #[arg(long, help_heading = OPERATION)]
    pub(super) check_config: bool,

    /// Least severe lines to log
    #[arg(long, env = "SWITCHBOARD_LOG", value_name = "LEVEL", default_value = "info", ignore_case = true, help_heading = OPERATION)]
    log: LogLevel,

    /// Format of log lines: key=value, or one JSON object a line
    #[arg(long, env = "SWITCHBOARD_LOG_FORMAT", value_name = "FORMAT", default_value = "text", ignore_case = true, help_heading = OPERATION)]
    log_format: LogFormat,

    /// Log a turn of the loop that takes longer than this, phase by phase
    #[arg(long, env = "SWITCHBOARD_SLOW_TURN", value_name = "TIME", default_value = "50ms", help_heading = OPERATION, value_parser = time)]
    slow_turn: Duration,

    /// File to which SIGUSR1 writes the last turns, as /trace shows them; without it the signal is only logged
    #[arg(long, env = "SWITCHBOARD_TRACE_FILE", value_name = "FILE", help_heading = OPERATION)]
    trace_file: Option<PathBuf>,
}

/// What the program can do instead of serving.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Tools {
    #[cfg(feature = "accounts")]
    #[command(flatten)]
    Data(DataToolArgs),
    #[cfg(feature = "auth")]
    Token(TokenArgs),
    Ctl(CtlArgs),
    Health(HealthArgs),
}

impl Tools {
    /// What is to be done. `port` is the variable `PORT`.
    ///
    /// # Errors
    ///
    /// One line for what is wrong with the flags.
    pub(super) fn parsed(self, port: Option<&str>) -> Result<Parsed, Vec<String>> {
        match self {
            #[cfg(feature = "accounts")]
            Tools::Data(tool) => Ok(Parsed::Tool(Tool::Data(tool.tool()))),
            #[cfg(feature = "auth")]
            Tools::Token(tool) => Ok(Parsed::Tool(Tool::Token(tool.tool()))),
            Tools::Ctl(ctl) => ctl.settings().map(Parsed::Ctl).map_err(|line| vec![line]),
            Tools::Health(health) => {
                health.server(port).map(Parsed::Health).map_err(|line| vec![line])
            }
        }
    }
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[cfg(feature = "accounts")]
impl Args {
    fn data(&self, mistakes: &mut Mistakes) -> Option<DataSettings> {
        self.data.settings(mistakes)
    }

    fn account_limits(&self) -> account::Limits {
        self.data.limits()
    }
}

#[cfg(not(feature = "accounts"))]
impl Args {
    fn data(&self, _: &mut Mistakes) -> Option<DataSettings> {
        None
    }

    fn account_limits(&self) -> account::Limits {
        account::Limits::default()
    }
}

/// What a start needs to know of the environment, beside the variables of the flags.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// `PORT`, which cloud hosts set.
    pub(super) port: Option<String>,
    /// `JOURNAL_STREAM`, which systemd sets.
    pub(super) journal: Option<String>,
    /// Lines about the environment that the log is to begin with.
    pub(super) warnings: Vec<String>,
}

/// Makes settings of the flags. What is wrong is added to the mistakes.
pub(super) fn settings(args: Args, around: Surroundings, mistakes: &mut Mistakes) -> Settings {
    let port = || from_port(around.port.as_deref()?, mistakes);
    let listen = args.listen.clone().or_else(port);
    let listen = listen.unwrap_or(ListenAddress::Tcp(DEFAULT_ADDRESS));
    refuse_contradictions(&args, &listen, mistakes);
    let (account, data) = (args.account_limits(), args.data(mistakes));
    let mut warnings = around.warnings;
    let realms = args.identity.open_realms(data.is_some(), mistakes, &mut warnings);
    let mut chat = chat_limits(&args, account);
    let clients = args.clients.resolve(args.max_message_bytes, mistakes);
    chat.mobile.replacements = clients.replacement_rate;
    warnings.extend(clients.warnings(&listen));
    let session = session_limits(&args, &clients, realms);
    let limits = Limits {
        addresses: clients.addresses,
        ping_timeout: args.ping_timeout,
        sweep_interval: args.sweep_interval,
        handshake_timeout: args.handshake_timeout,
        frame_timeout: args.frame_timeout,
        write_timeout: args.write_timeout,
        close_timeout: args.close_timeout,
        drain_timeout: args.drain_timeout,
        drain_rate: args.drain_rate,
        outbox: Caps {
            each: args.outbox_bytes,
            echo: (2 * session.echo_ws.message_bytes).max(args.outbox_bytes),
            all: args.outbox_total_bytes,
        },
        inbox_bytes: args.inbox_total_bytes,
        presence: PresenceLimits {
            bytes_per_second: args.presence_budget,
            ..PresenceLimits::default()
        },
        session,
        chat,
        ..Limits::default()
    };
    Settings {
        listen,
        admin_listen: args.admin_listen,
        socket_mode: args.socket_mode,
        max_connections: args.max_connections,
        admin_token_file: args.admin_token_file,
        bans_file: args.bans_file,
        auth_key_file: args.identity.auth_key_file,
        auth_audience: args.identity.auth_audience,
        limits,
        log: log_settings(args.log, args.log_format, around.journal),
        slow_turn: args.slow_turn,
        trace_file: args.trace_file,
        pages: args.pages,
        web: !args.no_web,
        warnings,
        data: data.filter(|_| realms.account),
        values: Vec::new(),
        reread: None,
    }
}

/// The limits of one connection's conversation.
fn session_limits(
    args: &Args,
    clients: &ClientLimits,
    realms: session::OpenRealms,
) -> session::Limits {
    let defaults = session::Limits::default();
    let echo_bytes = defaults.echo_ws.message_bytes.max(args.max_message_bytes);
    session::Limits {
        http: http::Limits { head_bytes: args.http_head, ..defaults.http },
        ws: ws::Limits { message_bytes: args.max_message_bytes, binary: false },
        echo_ws: ws::Limits { message_bytes: echo_bytes, binary: true },
        echo: args.echo,
        admin_listener: args.admin_listen.is_some(),
        realms,
        allowed_origins: args.allow_origin.clone(),
        strikes: clients.strikes,
        message_rate: clients.message_rate,
        byte_rate: clients.byte_rate,
        trusted_proxies: clients.trusted_proxies.clone(),
        proxy_protocol: clients.proxy_protocol,
        ..defaults
    }
}

/// The limits of the realms.
fn chat_limits(args: &Args, account: account::Limits) -> chat::Limits {
    chat::Limits {
        messenger: messenger::Limits {
            invitation_ttl: args.invitation_ttl,
            contact_grace: args.contact_grace,
            tracked_for: args.read_ttl,
            remembered_people: args.max_remembered_sessions,
            require_invitation: args.require_invitation,
            ..messenger::Limits::default()
        },
        mobile: mobile::Limits::default(),
        account,
    }
}

/// The address that `PORT` means: cloud hosts set it, and want every address of the machine.
fn from_port(port: &str, mistakes: &mut Mistakes) -> Option<ListenAddress> {
    // A wrong address is given all the same, so PORT does not count.
    if mistakes.concern("--listen") {
        return None;
    }
    match port.parse::<u16>() {
        Ok(number) => Some(ListenAddress::Tcp(SocketAddr::from((Ipv4Addr::UNSPECIFIED, number)))),
        Err(_) => {
            mistakes.add_to("--listen", format!("PORT must be a port number, not '{port}'"));
            None
        }
    }
}

/// Adds to the mistakes what each flag allows, and what can never work together. (One message always fits into
/// an empty outbox of one reader. So `--outbox-bytes` may be less than the largest message.)
fn refuse_contradictions(args: &Args, listen: &ListenAddress, mistakes: &mut Mistakes) {
    mistakes.refuse(
        args.admin_listen.as_ref().is_some_and(|admin| overlap(listen, admin)),
        ["--admin-listen", "--listen"],
        "they are the same address; each needs one of its own",
    );
    mistakes.refuse(
        args.outbox_total_bytes < args.outbox_bytes,
        ["--outbox-total-bytes", "--outbox-bytes"],
        "one slow reader may have more than all together; the first must not be less than the second",
    );
    mistakes.refuse(
        args.outbox_total_bytes < args.max_message_bytes,
        ["--outbox-total-bytes", "--max-message-bytes"],
        "the largest message could never be passed on; the first must not be less than the second",
    );
    mistakes.refuse(
        args.inbox_total_bytes < args.max_message_bytes,
        ["--inbox-total-bytes", "--max-message-bytes"],
        "the largest message would never fit; the first must not be less than the second",
    );
}

fn log_settings(level: LogLevel, format: LogFormat, journal: Option<String>) -> LogSettings {
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
        journal,
    }
}
