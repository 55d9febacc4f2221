//! [`CtlArgs`]: the flags of `switchboard ctl`.

use std::path::PathBuf;

use clap::ValueEnum;

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
    /// Send somebody away, with close code 4005: their app should not come back by itself
    Disconnect {
        /// What kind of name follows
        kind: Kind,
        /// Number, session id, user name, address such as 10.0.0.0/8, or connection such as 12-3456
        name: String,
        /// Reason that the app is told, 123 bytes at most
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Number,
    Session,
    Account,
    Address,
    Connection,
}

impl Kind {
    /// The key of the API.
    fn key(self) -> &'static str {
        match self {
            Kind::Number => "number",
            Kind::Session => "session",
            Kind::Account => "account",
            Kind::Address => "address",
            Kind::Connection => "connection",
        }
    }
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
            CommandArgs::Disconnect { kind, name, reason } => {
                Command::Disconnect { kind: kind.key(), name, reason }
            }
        };
        Ok(Settings { admin, token_file, json, command })
    }
}
