//! [`CtlArgs`]: the flags of `switchboard ctl`.

use std::path::PathBuf;

use clap::ValueEnum;

use super::values::LogLevel;
use crate::ctl::{Command, Settings};

/// Ask a running server, or tell it what to do
///
/// It uses the operator's API, which is at the server's --admin-listen and wants the token of its
/// --admin-token-file. Exit code 0: it is done. 1: the server has refused, or there is none. 2: the command is wrong.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = false)]
pub(super) struct CtlArgs {
    /// Address of the operator's listener: what the server has as --admin-listen
    #[arg(long, env = "SWITCHBOARD_ADMIN_LISTEN", value_name = "ADDRESS", global = true)]
    admin: Option<String>,

    /// File with the operator's token: what the server has as --admin-token-file
    #[arg(long, env = "SWITCHBOARD_ADMIN_TOKEN_FILE", value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,

    /// Print the answer as JSON
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: CommandArgs,
}

#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
enum CommandArgs {
    /// Say how many are connected: by realm, by protocol, by age
    Status,
    /// List who is connected
    Connections {
        /// Only those of this realm
        #[arg(long, value_name = "REALM")]
        realm: Option<Realm>,
        /// Only those from this address or network
        #[arg(long, value_name = "ADDRESS")]
        address: Option<String>,
        /// Most rows, 1000 at most [default: 100]
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
        /// Go on where the page before has ended
        #[arg(long, value_name = "N")]
        after: Option<u32>,
    },
    /// Tell everybody who is connected something; the apps of MyChat cannot show it
    Notice {
        /// The text, 2048 bytes at most
        text: String,
    },
    /// Change which lines are logged, until the server ends
    Log {
        /// Least severe lines to log
        level: LogLevel,
    },
    /// Drain the server, as SIGTERM does: it tells all clients to leave, and then ends
    Drain,
    /// Send a message to a number, and say what became of it
    Send {
        /// Number that the recipient sees as the sender
        #[arg(long, value_name = "NUMBER")]
        from: String,
        /// Number of the recipient
        #[arg(long, value_name = "NUMBER")]
        to: String,
        /// Id of the message, for receipts
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        /// The text
        text: String,
    },
    /// Say which of these people are online
    Presence {
        /// Realm of the people [default: mobile]
        #[arg(long, value_name = "REALM")]
        realm: Option<Realm>,
        /// Numbers, session ids or user names
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Show who comes and goes, and what fails, as it happens
    Events,
    /// Disconnect clients, with close code 4005: their apps should not come back by themselves
    Disconnect {
        /// What kind of name follows
        kind: Kind,
        /// Number, session id, user name, address such as 10.0.0.0/8, or connection such as 12-3456
        name: String,
        /// Reason that the app is told, 123 bytes at most
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// List who is banned, in the lines of --bans-file; 1000 at most
    Bans,
    /// Ban a number, session, account or address: its connections close with 4003. Written to --bans-file, if there is one
    Ban {
        /// What kind of name follows
        kind: BanKind,
        /// Number, session id, user name, or address such as 10.0.0.0/8
        name: String,
        /// Time at which the ban ends, in UTC: 2026-12-01T18:00:00Z or 2026-12-01
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// Remark about it, for the operator alone
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
    },
    /// Lift a ban
    Unban {
        /// What kind of name follows
        kind: BanKind,
        /// Who is banned, as it was written
        name: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BanKind {
    Number,
    Session,
    Account,
    Address,
}

impl BanKind {
    /// The key of the API.
    fn key(self) -> &'static str {
        match self {
            BanKind::Number => "number",
            BanKind::Session => "session",
            BanKind::Account => "account",
            BanKind::Address => "address",
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Realm {
    Mobile,
    Session,
    Account,
}

/// The word of a choice, as the command line and the API have it.
fn word(choice: impl ValueEnum) -> String {
    let value = choice.to_possible_value().expect("no choice is hidden");
    value.get_name().to_owned()
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Number,
    Session,
    Account,
    Address,
    Connection,
}

impl CtlArgs {
    /// What to ask, and where.
    ///
    /// # Errors
    ///
    /// One line: the flags do not say where.
    pub(super) fn settings(self) -> Result<Settings, String> {
        let CtlArgs { admin, token_file, json, command } = self;
        let admin = admin.ok_or(
            "ctl: give the address of the operator's listener: --admin, or SWITCHBOARD_ADMIN_LISTEN",
        )?;
        let token_file = token_file.ok_or(
            "ctl: give the operator's token: --token-file, or SWITCHBOARD_ADMIN_TOKEN_FILE",
        )?;
        let admin =
            admin.strip_prefix("http://").unwrap_or(&admin).trim_end_matches('/').to_owned();
        let is_unix = admin.starts_with("unix:");
        if !is_unix && admin.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            return Err(format!("ctl: --admin: {admin} is no ADDRESS:PORT or unix:PATH"));
        }
        let command = match command {
            CommandArgs::Status => Command::Status,
            CommandArgs::Connections { realm, address, limit, after } => {
                Command::Connections { realm: realm.map(word), address, limit, after }
            }
            CommandArgs::Notice { text } => Command::Notice(text),
            CommandArgs::Log { level } => Command::Log(word(level)),
            CommandArgs::Drain => Command::Drain,
            CommandArgs::Send { from, to, id, text } => Command::Send { from, to, text, id },
            CommandArgs::Presence { realm, ids } => {
                Command::Presence { realm: realm.map(word), ids }
            }
            CommandArgs::Events => Command::Events,
            CommandArgs::Disconnect { kind, name, reason } => {
                Command::Disconnect { kind: word(kind), name, reason }
            }
            CommandArgs::Bans => Command::Bans,
            CommandArgs::Ban { kind, name, until, why } => {
                Command::Ban { kind: kind.key(), name, until, why }
            }
            CommandArgs::Unban { kind, name } => Command::Unban { kind: kind.key(), name },
        };
        Ok(Settings { admin, token_file, json, command })
    }
}
