//! [`DataArgs`]: the flags about the data of the account realm. [`DataToolArgs`]: the tools for it.

use std::path::PathBuf;
use std::time::Duration;

use super::mistakes::Mistakes;
use super::values::{count, time};
use crate::chat::account::{self, Registration};
use crate::net::{DataSettings, DataTool, ImportTool, OldApp, UserTool};
use crate::store::{self, Durability, TakenNames};

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

    /// Who may register: anybody, or nobody, so that only `switchboard user add` makes users
    #[arg(long, env = "SWITCHBOARD_REGISTRATION", value_name = "WHO", default_value = "open")]
    registration: RegistrationArg,

    /// Time after which a login ends, and the client has to show the password again
    #[arg(long, env = "SWITCHBOARD_LOGIN_TTL", value_name = "TIME", default_value = "7d", value_parser = time)]
    login_ttl: Duration,

    /// Most users; the list of all of them is one page, which every client may ask for
    ///
    /// One more takes the place of a user who registered more than a day ago, has not logged in after the
    /// first day, has written nothing and is not online. If there is none, nobody can register. Users that
    /// `switchboard user add` has made stay.
    #[arg(long, env = "SWITCHBOARD_MAX_USERS", value_name = "N", default_value_t = account::Limits::default().users, value_parser = count)]
    max_users: usize,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum RegistrationArg {
    Open,
    Closed,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum DurabilityArg {
    Power,
    Process,
}

impl DataArgs {
    /// The limits of the realm.
    pub(super) fn limits(&self) -> account::Limits {
        account::Limits {
            registration: match self.registration {
                RegistrationArg::Open => Registration::Open,
                RegistrationArg::Closed => Registration::Closed,
            },
            login_ttl: self.login_ttl,
            users: self.max_users,
            retention: self.retention,
            ..account::Limits::default()
        }
    }

    /// The settings, if there is a folder.
    pub(super) fn settings(&self, mistakes: &mut Mistakes) -> Option<DataSettings> {
        mistakes.refuse(
            self.retention.is_some() && self.data.is_none(),
            ["--retention", "--data"],
            "without a folder nothing is kept; give both, or neither",
        );
        let durability = match self.durability {
            DurabilityArg::Power => Durability::Power,
            DurabilityArg::Process => Durability::Process,
        };
        let store =
            store::Settings { durability, retention: self.retention, ..store::Settings::default() };
        self.data.clone().map(|folder| DataSettings { folder, store })
    }
}

/// A tool for the data.
#[derive(Debug, clap::Subcommand)]
pub(super) enum DataToolArgs {
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
    /// Take over the users, rooms and messages of another app, while no server runs
    ///
    /// All is taken over, or nothing. Users keep their passwords, and messages their times. It can be done
    /// again, and then adds what is new.
    Import(ImportArgs),
    /// List, add, change or delete users, beside a running server
    #[command(subcommand, disable_help_subcommand = true)]
    User(UserArgs),
}

#[derive(Clone, Debug, clap::Args)]
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
    /// Register a user, with the password in the first line of standard input; or many, with --stdin
    Add(AddArgs),
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

#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    #[command(flatten)]
    folder: FolderArg,

    /// Name of the user
    #[arg(required_unless_present = "stdin")]
    name: Option<String>,

    /// Register the users that standard input names: in each line NAME, or NAME, a tab and the password
    ///
    /// All lines are read before the first user is registered. A user who is there already keeps the password.
    #[arg(long, conflicts_with = "name")]
    stdin: bool,

    /// Log each of them in, and print NAME, ID, TOKEN and the token's end, with tabs between them
    ///
    /// Then a line may have no password: this user can only sign in with a token. Each is as secret as a password.
    #[arg(long, requires = "stdin")]
    tokens: bool,

    /// Time for which the tokens are valid
    #[arg(long, value_name = "TIME", default_value = "7d", requires = "tokens", value_parser = time)]
    token_ttl: Duration,
}

impl AddArgs {
    fn tool(self) -> UserTool {
        match self.name {
            Some(name) => UserTool::Add(name),
            None => UserTool::AddMany { token_ttl: self.tokens.then_some(self.token_ttl) },
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    #[command(flatten)]
    folder: FolderArg,

    #[command(flatten)]
    app: AppArg,

    /// Change nothing, and say what would be taken over
    #[arg(long)]
    dry_run: bool,

    /// Put SUFFIX behind the names of users whose names are taken here
    #[arg(long, value_name = "SUFFIX", conflicts_with = "same_people")]
    rename: Option<String>,

    /// Take users whose names are taken here for the same people; they keep the passwords that they have here
    #[arg(long)]
    same_people: bool,

    /// Time zone of the old server, such as Europe/Berlin [default: this machine's]
    ///
    /// MyChat and Chatterbox write times without one. WebSocket Chat's are UTC.
    #[arg(long, value_name = "ZONE", conflicts_with = "websocket_chat")]
    zone: Option<String>,

    /// Leave out rows that do not fit, and name them; without it they fail the import
    #[arg(long)]
    skip: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct AppArg {
    /// MyChat's folder, with users.db, chathistory.db and rooms.db
    #[arg(long, value_name = "FOLDER")]
    mychat: Option<PathBuf>,

    /// WebSocket Chat's chat.db
    #[arg(long, value_name = "FILE")]
    websocket_chat: Option<PathBuf>,

    /// Chatterbox's chat.db
    #[arg(long, value_name = "FILE")]
    chatterbox: Option<PathBuf>,
}

impl AppArg {
    /// The app. clap sees to it that exactly one is there.
    fn app(self) -> OldApp {
        let mychat = self.mychat.map(OldApp::MyChat);
        let websocket_chat = self.websocket_chat.map(OldApp::WebSocketChat);
        let chatterbox = self.chatterbox.map(OldApp::Chatterbox);
        mychat.or(websocket_chat).or(chatterbox).expect("the group is required")
    }
}

impl ImportArgs {
    fn tool(self) -> DataTool {
        let taken_names = match (self.rename, self.same_people) {
            (Some(suffix), _) => TakenNames::Renamed(suffix),
            (None, true) => TakenNames::SamePeople,
            (None, false) => TakenNames::Refused,
        };
        let (zone, skips, is_dry_run) = (self.zone, self.skip, self.dry_run);
        let what = ImportTool { app: self.app.app(), taken_names, zone, skips, is_dry_run };
        DataTool::Import { data: self.folder.folder, what }
    }
}

impl DataToolArgs {
    pub(super) fn tool(self) -> DataTool {
        match self {
            DataToolArgs::Backup { folder, file } => DataTool::Backup { data: folder.folder, file },
            DataToolArgs::Restore { folder, file } => {
                DataTool::Restore { data: folder.folder, file }
            }
            DataToolArgs::Check { folder } => DataTool::Check { data: folder.folder },
            DataToolArgs::Import(args) => args.tool(),
            DataToolArgs::User(args) => {
                let (folder, what) = match args {
                    UserArgs::List { folder } => (folder, UserTool::List),
                    UserArgs::Add(args) => (args.folder.clone(), args.tool()),
                    UserArgs::Passwd { folder, name } => (folder, UserTool::Passwd(name)),
                    UserArgs::Delete { folder, name } => (folder, UserTool::Delete(name)),
                };
                DataTool::User { data: folder.folder, what }
            }
        }
    }
}
