//! [`Found`]: a database file that was opened, before its schema is today's. [`StartError`]: why a
//! server cannot work with it.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::failure::{self, Cause};
use super::schema::{self, APPLICATION_ID, MIGRATIONS, VERSION};
use super::upkeep::{self, Upkeep};
use super::{Database, Durability, Settings};

/// How long a statement waits for the lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The largest database that is checked at each start, in bytes. The check takes 0.3 s for 150 MB.
const CHECKED_BYTES: i64 = 1 << 30;

/// SQLite's cache of pages, in KiB. The sign says that it is no number of pages.
const CACHE_KIB: i32 = -8192;

/// Statements that are kept compiled: more than this room has.
const STATEMENTS: usize = 64;

/// Why the server cannot work with a database file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StartError {
    /// The file is something else.
    NotOurs,
    /// The database is of a version that this program does not know.
    Newer(u32),
    /// The database is of an older version, and only a server that starts may change that.
    Older(u32),
    /// The check found damage.
    Damaged,
    /// There is no room on the disk. Even a database that is only read needs some, for the log's index.
    Full,
    /// SQLite's own words.
    Sqlite(String),
}

impl StartError {
    pub(super) fn of(error: &rusqlite::Error) -> StartError {
        if failure::of(error) == Cause::Full {
            return StartError::Full;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => StartError::NotOurs,
            Some(ErrorCode::DatabaseCorrupt) => StartError::Damaged,
            _ => StartError::Sqlite(error.to_string()),
        }
    }
}

impl fmt::Display for StartError {
    /// What is wrong with it, as the end of a sentence that begins with the name of the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::NotOurs => f.write_str("is no database of switchboard"),
            StartError::Newer(version) => {
                write!(f, "is of version {version}, and this program knows {VERSION}")
            }
            StartError::Older(version) => write!(
                f,
                "is of version {version}, and this program needs {VERSION}: start the server once"
            ),
            StartError::Damaged => {
                f.write_str("is damaged: bring back a backup with `switchboard restore`")
            }
            StartError::Full => f.write_str("cannot be used: the disk is full"),
            StartError::Sqlite(words) => write!(f, "cannot be used: {words}"),
        }
    }
}

impl std::error::Error for StartError {}

/// A database that was opened. Its version is known, and nothing else.
#[derive(Debug)]
pub struct Found {
    pub(super) connection: Connection,
    version: u32,
}

impl Found {
    /// Opens a database file. An empty file is a database of version 0. It is not created here, because
    /// SQLite would give it permissions that are not ours.
    ///
    /// # Errors
    ///
    /// [`StartError`], if the file is no database of ours, or is newer than this program.
    pub fn open(path: &Path) -> Result<Found, StartError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            Ok(connection)
        };
        Found::identify(open().map_err(|error| StartError::of(&error))?)
    }

    /// Reads from its header whose database it is, and of which version.
    fn identify(connection: Connection) -> Result<Found, StartError> {
        let read = || {
            let id: i32 =
                connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
            let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            let tables = "SELECT count(*) FROM sqlite_schema";
            let is_empty =
                connection.query_row(tables, [], |row| Ok(row.get::<_, i64>(0)? == 0))?;
            Ok((id, version, is_empty))
        };
        match read().map_err(|error| StartError::of(&error))? {
            (APPLICATION_ID, version, _) if version > VERSION => Err(StartError::Newer(version)),
            (APPLICATION_ID, version, _) => Ok(Found { connection, version }),
            (0, 0, true) => Ok(Found { connection, version: 0 }),
            _ => Err(StartError::NotOurs),
        }
    }

    /// The version of its schema. 0: it is empty.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Checks the database, brings its schema to today's version, and makes it ready for jobs.
    ///
    /// # Errors
    ///
    /// [`StartError`], if it is damaged or cannot be written.
    pub fn migrate(self, settings: Settings) -> Result<Database, StartError> {
        self.use_wal(settings).map_err(|error| StartError::of(&error))?;
        if self.bytes().map_err(|error| StartError::of(&error))? <= CHECKED_BYTES {
            self.check()?;
        }
        schema::migrate(&self.connection, self.version, &MIGRATIONS)
            .map_err(|error| StartError::of(&error))?;
        self.ready(settings)
    }

    /// Makes the database ready for jobs beside a server that runs, and so changes nothing about it.
    ///
    /// # Errors
    ///
    /// [`StartError`], if it is of an older version.
    pub fn join(self, settings: Settings) -> Result<Database, StartError> {
        if self.version != VERSION {
            return Err(StartError::Older(self.version));
        }
        self.use_wal(settings).map_err(|error| StartError::of(&error))?;
        self.ready(settings)
    }

    /// Reads the whole database, and compares what belongs together.
    ///
    /// # Errors
    ///
    /// [`StartError::Damaged`], or why it cannot be read.
    pub fn check(&self) -> Result<(), StartError> {
        let first = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        match self.connection.query_row("PRAGMA quick_check(1)", [], first) {
            Ok(words) if words == "ok" => Ok(()),
            Ok(_) => Err(StartError::Damaged),
            Err(error) => Err(StartError::of(&error)),
        }
    }

    fn bytes(&self) -> rusqlite::Result<i64> {
        let number =
            |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        Ok(number("page_count")? * number("page_size")?)
    }

    /// Sets how the connection writes. The journal is a log of new pages (WAL): a commit appends to it,
    /// and a *checkpoint* later copies the pages into the database. SQLite would do that inside a COMMIT
    /// now and then, and make that one slow; [`tidy_up`](Database::tidy_up) does it between batches.
    fn use_wal(&self, settings: Settings) -> rusqlite::Result<()> {
        let connection = &self.connection;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let synchronous = match settings.durability {
            Durability::Power => "FULL",
            Durability::Process => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", CACHE_KIB)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // What is deleted is overwritten, and not only marked as free.
        connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(())
    }

    fn ready(self, settings: Settings) -> Result<Database, StartError> {
        let data_version =
            upkeep::data_version(&self.connection).map_err(|error| StartError::of(&error))?;
        Ok(Database {
            connection: self.connection,
            settings,
            trouble: None,
            data_version,
            upkeep: Upkeep::default(),
        })
    }
}

impl Database {
    /// A new database in memory. The simulator and tests use it.
    ///
    /// # Errors
    ///
    /// [`StartError`], if there is no memory for it.
    pub fn in_memory(settings: Settings) -> Result<Database, StartError> {
        let connection = Connection::open_in_memory().map_err(|error| StartError::of(&error))?;
        Found::identify(connection)?.migrate(settings)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn a_full_disk_is_called_that_also_where_sqlite_speaks_of_an_error() {
        // Where the index of the log cannot grow, SQLite's words are "disk I/O error".
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(StartError::of(&error).to_string(), "cannot be used: the disk is full");
        }
        let broken = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), None);
        assert!(matches!(StartError::of(&broken), StartError::Sqlite(_)));
    }
}
