//! [`run_tool`]: what an operator does with the data on the command line.
//!
//! `backup`, `check` and `user` work beside a running server, which notices within a second. `restore` and
//! `import` need the server to be stopped. A password comes from standard input, because other users of the
//! machine can read arguments.

use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::super::clock::Clock;
use super::import::{self, ImportTool};
use super::many_users::add_many;
use super::typed::{hash_of, name_of, password_of, words};
use super::{Settings, dice, folder, unix_ms};
use crate::chat::account::{Failure, Job, Output, PasswordHash, Ticket, User, UserName, Work};
use crate::store::{Database, Found, Hasher, Settings as StoreSettings};

/// A tool, and what it is given.
#[derive(Clone, Debug)]
pub enum Tool {
    /// Write a copy of the folder's database to a file.
    Backup {
        /// The folder.
        data: PathBuf,
        /// The file.
        file: PathBuf,
    },
    /// Replace the folder's database by a copy of a file.
    Restore {
        /// The folder.
        data: PathBuf,
        /// The file.
        file: PathBuf,
    },
    /// Read the whole database, and say whether it is sound.
    Check {
        /// The folder.
        data: PathBuf,
    },
    /// Take over what another app has left.
    Import {
        /// The folder.
        data: PathBuf,
        /// What is to be taken over, and how.
        what: ImportTool,
    },
    /// Look after the users.
    User {
        /// The folder.
        data: PathBuf,
        /// What is to be done.
        what: UserTool,
    },
}

/// What can be done with users. A name is a user's.
#[derive(Clone, Debug)]
pub enum UserTool {
    /// List all.
    List,
    /// Register one, with a password from standard input.
    Add(String),
    /// Register the users that standard input names, a line each.
    AddMany {
        /// How long the token is valid that each gets. `None`: nobody gets one.
        token_ttl: Option<Duration>,
    },
    /// Change the password of one to what standard input says, and end all logins of that user.
    Passwd(String),
    /// Delete one.
    Delete(String),
}

/// Runs a tool. Returns what it prints.
///
/// # Errors
///
/// Lines that say why it could not do its work: one, except where an import names the rows that do not fit.
pub(in crate::net) fn run_tool(tool: &Tool) -> Result<String, String> {
    match tool {
        Tool::Backup { data, file } => {
            folder::copy(&folder::look_into(data)?, file)?;
            Ok(format!("the backup is in {}\n", file.display()))
        }
        Tool::Restore { data, file } => {
            let _lock = folder::lock(data)?;
            let found = Found::open(file).and_then(|found| found.check().map(|()| found));
            let found = found.map_err(|error| format!("{} {error}", file.display()))?;
            folder::restore(&found, data)?;
            Ok(format!("{} is what {} holds\n", folder::database(data).display(), file.display()))
        }
        Tool::Check { data } => {
            let found = folder::look_into(data)?;
            found.check().map_err(|error| folder::about(data, &error))?;
            let version = found.version();
            Ok(format!("{} is sound, of version {version}\n", folder::database(data).display()))
        }
        Tool::Import { data, what } => import::run(data, what),
        Tool::User { data, what } => run_user_tool(data, what),
    }
}

fn run_user_tool(data: &Path, what: &UserTool) -> Result<String, String> {
    let mut database = join(data)?;
    match what {
        UserTool::List => {
            let users = database.users().map_err(words)?;
            Ok(users.iter().map(line_of).collect())
        }
        UserTool::Add(name) => add(&mut database, name),
        UserTool::AddMany { token_ttl } => add_many(&mut database, *token_ttl),
        UserTool::Passwd(name) => {
            let hash = read_password()?;
            let is_there = database.set_password(&UserName::registered(name), &hash);
            told(is_there, name, "has a new password, and no login")
        }
        UserTool::Delete(name) => {
            let is_there = database.delete_user(&UserName::registered(name));
            told(is_there, name, "is deleted")
        }
    }
}

/// Opens the database beside a server, or as the first server would if there is none yet.
fn join(data: &Path) -> Result<Database, String> {
    let store = StoreSettings::default();
    if !folder::database(data).exists() {
        let settings = Settings { folder: data.to_owned(), store };
        return folder::open(&settings).map(|(_lock, database)| database);
    }
    folder::look_into(data)?.join(store).map_err(|error| folder::about(data, &error))
}

fn add(database: &mut Database, name: &str) -> Result<String, String> {
    let name = name_of(name)?;
    let (hash, at) = (read_password()?, unix_ms(Clock::start().now()));
    let job = Job { ticket: Ticket(0), work: Work::Register { name: name.clone(), hash, at } };
    let mut results = Vec::new();
    database.carry_out(&[job], &mut dice, at, &mut results);
    let name = name.as_str();
    match results.pop().map(|result| result.outcome) {
        Some(Ok(Output::Registered(Some(user)))) => {
            database.keep_user(&user.name).map_err(words)?;
            Ok(format!("{name} is registered\n"))
        }
        Some(Ok(_)) | None => Err(format!("{name} is taken, or looks like a name that is")),
        Some(Err(failure)) => Err(words(failure)),
    }
}

/// The hash of the password in the first line of standard input.
fn read_password() -> Result<PasswordHash, String> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| format!("the password could not be read from standard input: {error}"))?;
    let password = line.trim_end_matches(['\n', '\r']);
    let password = password_of(password)?;
    Ok(hash_of(&mut Hasher::new(), &password))
}

/// `NAME<tab>ID<tab>TIME`. No name has a tab.
fn line_of(user: &User) -> String {
    let since = Duration::from_millis(u64::try_from(user.created.0).unwrap_or(0));
    let created = humantime::format_rfc3339_seconds(UNIX_EPOCH + since);
    format!("{}\t{}\t{created}\n", user.name.as_str(), user.id)
}

fn told(is_there: Result<bool, Failure>, name: &str, what: &str) -> Result<String, String> {
    match is_there {
        Ok(true) => Ok(format!("{name} {what}\n")),
        Ok(false) => Err(format!("there is no user {name}")),
        Err(failure) => Err(words(failure)),
    }
}
