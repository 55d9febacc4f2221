//! [`DataArgs`]: the flags about the data of the account realm. [`ToolArgs`]: the tools for it.

use std::path::PathBuf;
use std::time::Duration;

use super::values::time;
use crate::net::{DataSettings, Tool, UserTool};
use crate::store::{self, Durability};

/// The heading of these flags in the help.
const HEADING: &str = "Users and their messages";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = HEADING)]
pub(super) struct DataArgs {
    /// Folder for users and their messages; without it, nothing is stored, and nobody can register
    ///
    /// One server at a time can use a folder. Only its user can read what is in it.
    #[arg(long, env = "SWITCHBOARD_DATA", value_name = "DIR")]
    data: Option<PathBuf>,

    /// What a message that was acknowledged survives: a power cut, or only the end of the process
    #[arg(long, env = "SWITCHBOARD_DURABILITY", value_name = "WHAT", default_value = "power")]
    durability: DurabilityArg,

    /// Time for which messages are kept [default: for ever]
    #[arg(long, env = "SWITCHBOARD_RETENTION", value_name = "TIME", value_parser = time)]
    retention: Option<Duration>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum DurabilityArg {
    Power,
    Process,
}

impl DataArgs {
    /// The settings, if there is a folder.
    pub(super) fn settings(&self) -> Option<DataSettings> {
        let durability = match self.durability {
            DurabilityArg::Power => Durability::Power,
            DurabilityArg::Process => Durability::Process,
        };
        let store =
            store::Settings { durability, retention: self.retention, ..store::Settings::default() };
        self.data.clone().map(|folder| DataSettings { folder, store })
    }
}

/// A tool, instead of the server.
#[derive(Debug, clap::Subcommand)]
pub(super) enum ToolArgs {
    /// Write a copy of the data to FILE, beside a running server
    Backup {
        #[command(flatten)]
        folder: FolderArg,
        /// File for the copy; it is replaced
        file: PathBuf,
    },
    /// Replace the data by the copy in FILE, while no server runs
    Restore {
        #[command(flatten)]
        folder: FolderArg,
        /// File with the copy
        file: PathBuf,
    },
    /// Read all data, and say whether it is sound
    Check {
        #[command(flatten)]
        folder: FolderArg,
    },
    /// List, add, change or delete users, beside a running server
    #[command(subcommand, disable_help_subcommand = true)]
    User(UserArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct FolderArg {
    /// Folder with the data
    #[arg(long = "data", env = "SWITCHBOARD_DATA", value_name = "DIR")]
    folder: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum UserArgs {
    /// List all users: name, id and time of registration
    List {
        #[command(flatten)]
        folder: FolderArg,
    },
    /// Register a user, with the password in the first line of standard input
    Add {
        #[command(flatten)]
        folder: FolderArg,
        /// Name of the user
        name: String,
    },
    /// Change a user's password to the first line of standard input, and end all logins of the user
    Passwd {
        #[command(flatten)]
        folder: FolderArg,
        /// Name of the user
        name: String,
    },
    /// Delete a user; the messages stay, and nobody else gets the name
    Delete {
        #[command(flatten)]
        folder: FolderArg,
        /// Name of the user
        name: String,
    },
}

impl ToolArgs {
    pub(super) fn tool(self) -> Tool {
        match self {
            ToolArgs::Backup { folder, file } => Tool::Backup { data: folder.folder, file },
            ToolArgs::Restore { folder, file } => Tool::Restore { data: folder.folder, file },
            ToolArgs::Check { folder } => Tool::Check { data: folder.folder },
            ToolArgs::User(args) => {
                let (folder, what) = match args {
                    UserArgs::List { folder } => (folder, UserTool::List),
                    UserArgs::Add { folder, name } => (folder, UserTool::Add(name)),
                    UserArgs::Passwd { folder, name } => (folder, UserTool::Passwd(name)),
                    UserArgs::Delete { folder, name } => (folder, UserTool::Delete(name)),
                };
                Tool::User { data: folder.folder, what }
            }
        }
    }
}
