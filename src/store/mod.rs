//! [`Database`]: the jobs of the account realm, done in SQLite. [`Hasher`]: passwords, by Argon2id.
//!
//! Both are synchronous: no thread, no clock and no randomness of their own. `net` gives each a thread, and
//! the simulator a virtual lane. The database is a file that only SQLite touches; this room never opens one
//! itself. [`Found`] is a database before its schema is known to be today's.
//!
//! The files: `open` and `schema` for the start, `batch` for the transaction, `conversations`, `messages`,
//! `history`, `marks`, `rooms`, `users` and `logins` for the statements, `upkeep` for what is done between
//! batches, `copies` for backups, `failure` for SQLite's errors in the realm's words, `import` for what other apps
//! leave behind.

mod batch;
mod conversations;
mod copies;
mod failure;
mod history;
mod import;
mod logins;
mod marks;
mod messages;
mod names;
mod old_hashes;
mod open;
mod passwords;
mod rooms;
mod schema;
mod stays;
mod upkeep;
mod users;
mod uuid;

use std::fmt;
use std::time::Duration;

use rusqlite::Connection;

use crate::chat::account::{Changed, Failure, Snapshot, User};

pub use import::{Count, Import, ImportError, Means, Misfits, OldFile, Report, Source, TakenNames};
pub use open::{Found, StartError};
pub use passwords::Hasher;
pub use schema::VERSION;

/// A source of random bytes: it fills the whole slice.
pub type Dice<'a> = &'a mut dyn FnMut(&mut [u8]);

/// How the store behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// What a committed transaction survives.
    pub durability: Durability,
    /// How long messages are kept. `None`: for ever.
    pub retention: Option<Duration>,
    /// The most logins of one user. One more revokes the oldest.
    pub logins_per_user: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { durability: Durability::Power, retention: None, logins_per_user: 32 }
    }
}

/// What a committed transaction survives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// The end of the process and a power cut: each commit waits until the disk has it.
    Power,
    /// The end of the process. A power cut may lose everything since the last checkpoint.
    Process,
}

/// The database of the account realm, open and of today's schema.
pub struct Database {
    connection: Connection,
    settings: Settings,
    /// Why the last transaction that wrote has failed, if it has.
    trouble: Option<Failure>,
    /// SQLite's number for the state that other connections have left behind.
    data_version: i64,
    upkeep: upkeep::Upkeep,
}

impl Database {
    /// What memory needs of the database at the start.
    ///
    /// # Errors
    ///
    /// [`StartError`], if the database cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot, StartError> {
        let read = || {
            Ok(Snapshot {
                users: users::all(&self.connection)?,
                former: users::former(&self.connection)?,
                recent: history::recent(&self.connection)?,
                rooms: rooms::all(&self.connection)?,
            })
        };
        read().map_err(|error| StartError::of(&error))
    }

    /// All users and rooms, if another process has committed anything since the last call.
    pub fn news(&mut self) -> Option<Changed> {
        let version = upkeep::data_version(&self.connection).ok()?;
        if version == self.data_version {
            return None;
        }
        // After an error the next call tries again.
        let users = users::all(&self.connection).ok()?;
        let rooms = rooms::all(&self.connection).ok()?;
        self.data_version = version;
        Some(Changed { users, rooms })
    }

    /// All users, in the order of their keys.
    ///
    /// # Errors
    ///
    /// [`Failure`], if they cannot be read.
    pub fn users(&self) -> Result<Vec<User>, Failure> {
        users::all(&self.connection).map_err(|error| failure::of(&error).to_the_realm())
    }

    /// Why the store does not write, as far as it knows. `None`: it writes.
    pub fn trouble(&self) -> Option<Failure> {
        self.trouble
    }

    /// Whether the disk has failed, or the database is given up. After a failed fsync nobody knows what it holds,
    /// so nothing is written until a new process has read it anew.
    fn refuses_writes(&self) -> bool {
        self.trouble == Some(Failure::Io)
    }

    /// Writes nothing any more. To be called when the database is no longer where the next process looks for it:
    /// what is written to it now would be lost.
    pub fn give_up(&mut self) {
        self.trouble = Some(Failure::Io);
    }

    /// Limits the size of the database, in pages of 4 KiB. Then the disk is full, as far as SQLite can
    /// tell: the simulator and tests fill and empty it so. A limit below the present size means that size.
    pub fn limit_pages(&self, pages: u32) {
        // The answer is the limit that holds now.
        let limit = self
            .connection
            .pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0));
        debug_assert!(limit.is_ok(), "it is a number in memory: {limit:?}");
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("settings", &self.settings).finish_non_exhaustive()
    }
}
