//! [`Database::import`]: takes over the users, rooms and messages of an app that this server replaces.
//!
//! It happens in one transaction: all or nothing. It can be repeated, and takes over only what is not here
//! yet. A user is recognised by the id, and a message by its conversation, sender, time and text. A row that
//! does not fit fails the import, unless it is to be left out.
//!
//! `source` reads the old files, `people`, `rooms` and `messages` take over what they say, and `misfits`
//! names the rows that do not fit.

mod marks;
mod messages;
mod misfits;
mod order;
mod people;
mod rooms;
mod source;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::{Database, Dice, failure};
use crate::chat::account::{Failure, UnixMs};
use misfits::{Column, Row, Why};

pub use misfits::Misfits;
pub use source::{OldFile, Source};

/// What is to be taken over, and how.
#[derive(Clone, Debug)]
pub struct Import {
    /// The old files.
    pub source: Source,
    /// What becomes of a user whose name is taken here.
    pub taken_names: TakenNames,
    /// Whether rows that do not fit are left out. Otherwise they fail the import.
    pub skips: bool,
    /// Whether nothing is to be changed.
    pub is_dry_run: bool,
    /// The time of the import. Users have registered now if the old files do not say when they did.
    pub now: UnixMs,
}

/// What becomes of a user whose name is taken here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TakenNames {
    /// The import fails.
    Refused,
    /// The user gets a name with this behind it.
    Renamed(String),
    /// The user is the one who has the name here, and keeps the password here.
    SamePeople,
}

/// What the import is lent: the store has no clock, no dice, no time zone and no terminal.
pub struct Means<'m> {
    /// Reads a time. `None`: the text is none.
    pub time: &'m dyn Fn(&str) -> Option<UnixMs>,
    /// Random bytes for salts.
    pub dice: Dice<'m>,
    /// Is told how many passwords of how many are hashed: it takes 15 ms for each.
    pub progress: &'m mut dyn FnMut(usize, usize),
}

/// What was taken over, or would be.
#[derive(Debug, Default)]
pub struct Report {
    /// Users.
    pub users: Count,
    /// Rooms.
    pub rooms: Count,
    /// Messages.
    pub messages: Count,
    /// The rows that were left out.
    pub left_out: Misfits,
}

/// How many were taken over.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Count {
    /// Those that were not here.
    pub new: u64,
    /// Those that were here already.
    pub known: u64,
}

/// Why nothing was taken over.
#[derive(Debug)]
pub enum ImportError {
    /// This old file cannot be read, for this reason.
    Source(String, String),
    /// These rows do not fit.
    Misfits(Misfits),
    /// Our database cannot be written.
    Store(Failure),
}

impl ImportError {
    /// An error of an old file.
    fn of_source(file: &str, error: &rusqlite::Error) -> Self {
        let words = match error {
            _ if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                "it is no SQLite database".to_owned()
            }
            // Without the statement around it: the operator asks which table or column is missing.
            rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
            error => error.to_string(),
        };
        ImportError::Source(file.to_owned(), words)
    }
}

impl From<rusqlite::Error> for ImportError {
    /// An error of our database. Those of the old files are told apart where they are read.
    fn from(error: rusqlite::Error) -> Self {
        ImportError::Store(failure::of(&error).to_the_realm())
    }
}

/// An import that is under way.
struct Run<'r, 'm> {
    /// Our database, in the transaction.
    connection: &'r Connection,
    source: &'r source::Opened,
    import: &'r Import,
    means: &'r mut Means<'m>,
    report: Report,
}

impl Database {
    /// Takes over what the old files say. No server may use the database.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; then nothing has changed.
    pub fn import(&mut self, import: &Import, mut means: Means<'_>) -> Result<Report, ImportError> {
        let source = source::Opened::open(&import.source)?;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (connection, report) = (&*transaction, Report::default());
        let mut run = Run { connection, source: &source, import, means: &mut means, report };
        let people = people::take_over(&mut run)?;
        let rooms = rooms::take_over(&mut run, &people)?;
        messages::take_over(&mut run, &people, &rooms)?;
        let misfits = &run.report.left_out;
        if misfits.taken_names() > 0 || (misfits.count() > 0 && !import.skips) {
            return Err(ImportError::Misfits(run.report.left_out));
        }
        // What is not committed is rolled back.
        if import.is_dry_run {
            return Ok(run.report);
        }
        people.hash(&mut run)?;
        let report = run.report;
        transaction.commit()?;
        Ok(report)
    }
}

impl Run<'_, '_> {
    /// Notes that a row does not fit.
    fn leave_out(&mut self, row: &Row, why: Why) {
        self.report.left_out.add(row.clone(), why);
    }

    /// The time in a column, or `default` where there is nothing.
    fn time(
        &self,
        columns: &source::Columns<'_>,
        at: usize,
        default: Option<UnixMs>,
    ) -> Result<UnixMs, Why> {
        let text = columns.text_or_nothing(at, Column::Time)?;
        let time = text.map_or(default, |text| (self.means.time)(text));
        time.ok_or(Why::NoTime(Column::Time))
    }
}

/// Checks a text that people wrote: it is not empty, and has at most this many characters.
fn check(text: &str, column: Column, most: usize) -> Result<(), Why> {
    if text.trim().is_empty() {
        return Err(Why::Empty(column));
    }
    check_length(text, column, most)
}

fn check_length(text: &str, column: Column, most: usize) -> Result<(), Why> {
    // A character has one byte at least: a short text need not be counted.
    let is_long = text.len() > most && text.chars().count() > most;
    if is_long { Err(Why::TooLong(column, most)) } else { Ok(()) }
}
