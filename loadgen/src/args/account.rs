//! [`AccountArgs`]: the flags of the protocols of users with accounts.

use std::path::PathBuf;

use super::values::share;

/// The flags of users with accounts.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Protocol")]
pub(super) struct AccountArgs {
    /// chatterbox, websocket-chat: file with the users' names and tokens; missing users are registered and added
    ///
    /// One user a line, as `switchboard user add --stdin --tokens` prints them, or as loadgen writes them. It is as
    /// secret as a password. loadgen's own server gets the users without it, and needs none.
    #[arg(long, env = "LOADGEN_ACCOUNTS", value_name = "FILE")]
    pub(super) accounts: Option<PathBuf>,

    /// websocket-chat: share of messages that go to one user and not to everyone [default: 0.9]
    #[arg(long, env = "LOADGEN_PRIVATE", value_name = "SHARE", value_parser = share)]
    pub(super) private: Option<f64>,
}
