//! [`Misfits`]: the rows of an old database that cannot be taken over, and why.
//!
//! A row is named by its file, its table and SQLite's `rowid`, so that the operator can look at it. What the
//! row says is never repeated: it may be a text that people wrote, or the hash of a password.

use std::fmt;

use crate::chat::account::{NotAName, UserName};

/// The most rows that are named. All are counted.
const LISTED: usize = 50;

/// Rows that do not fit.
#[derive(Debug, Default)]
pub struct Misfits {
    listed: Vec<(Row, Why)>,
    count: u64,
    /// How many of them want a decision about a name.
    taken_names: u64,
}

/// A row of an old database.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The path of the file.
    pub(super) file: String,
    pub(super) table: &'static str,
    /// SQLite's number for it.
    pub(super) number: i64,
}

/// Why a row does not fit.
#[derive(Clone, Debug)]
pub(super) enum Why {
    /// A column has no text in UTF-8.
    NoText(Column),
    /// A column has no UUID.
    NoUuid(Column),
    /// A column has no time.
    NoTime(Column),
    /// A column has only spaces, or nothing.
    Empty(Column),
    /// A column has more than this many characters.
    TooLong(Column, usize),
    /// The id is another row's, too.
    Twice,
    /// The name cannot be one here.
    Name(NotAName),
    /// The name is a user's of this server, or that of another row.
    NameTaken(UserName),
    /// With the suffix, the name cannot be one here.
    NewName(NotAName),
    /// The hash of the password is of an unknown kind, or takes too much memory.
    Hash,
    /// There is no user as this column says.
    NoUser(Column),
    /// The row of the user in this column does not fit.
    UserLeftOut(Column),
    /// The user in this column was deleted on this server.
    UserDeleted(Column),
    /// There is no such room.
    NoRoom,
    /// The row of the room does not fit.
    RoomLeftOut,
    /// It is neither for everybody nor for a user.
    ForNobody,
}

/// What a column is about. The old databases call the same by different names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column {
    Id,
    Name,
    Hash,
    Time,
    Text,
    Reply,
    Description,
    Sender,
    Recipient,
    Creator,
    Member,
}

impl Misfits {
    pub(super) fn add(&mut self, row: Row, why: Why) {
        self.count += 1;
        self.taken_names += u64::from(matches!(why, Why::NameTaken(_)));
        if self.listed.len() < LISTED {
            self.listed.push((row, why));
        }
    }

    /// How many rows do not fit.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many of them are users with a name that is taken. The operator decides what is to become of them.
    pub fn taken_names(&self) -> u64 {
        self.taken_names
    }
}

impl fmt::Display for Misfits {
    /// A line for each row, and one that says how many more there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (Row { file, table, number }, why) in &self.listed {
            writeln!(f, "{file}, {table}, row {number}: {why}")?;
        }
        match self.count - self.listed.len() as u64 {
            0 => Ok(()),
            1 => writeln!(f, "and 1 row more"),
            more => writeln!(f, "and {more} rows more"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::NoText(column) => write!(f, "the {column} is no text"),
            Why::NoUuid(column) => write!(f, "the {column} is no UUID"),
            Why::NoTime(column) => write!(f, "the {column} is none, or has another form"),
            Why::Empty(column) => write!(f, "the {column} is empty"),
            Why::TooLong(column, most) => {
                write!(f, "the {column} has more than {most} characters")
            }
            Why::Twice => f.write_str("another row has the same id"),
            Why::Name(flaw) => write!(f, "the name {}", Flaw(*flaw)),
            Why::NameTaken(name) => write!(f, "the name {} is taken", name.as_str()),
            Why::NewName(flaw) => write!(f, "with the suffix, the name {}", Flaw(*flaw)),
            Why::Hash => f.write_str("the hash of the password is of an unknown kind"),
            Why::NoUser(column) => write!(f, "the {column} is no user"),
            Why::UserLeftOut(column) => write!(f, "the row of the {column} does not fit"),
            Why::UserDeleted(column) => write!(f, "the {column} was deleted on this server"),
            Why::NoRoom => f.write_str("there is no such room"),
            Why::RoomLeftOut => f.write_str("the row of the room does not fit"),
            Why::ForNobody => f.write_str("it is neither for everybody nor for a user"),
        }
    }
}

/// What is wrong with a name, as the end of a sentence.
struct Flaw(NotAName);

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            NotAName::TooShort => {
                write!(f, "has fewer than {} characters", UserName::MIN_CHARS)
            }
            NotAName::TooLong => write!(f, "has more than {} characters", UserName::MAX_CHARS),
            NotAName::BadCharacter => f.write_str("has a character that names cannot have"),
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Column::Id => "id",
            Column::Name => "name",
            Column::Hash => "hash of the password",
            Column::Time => "time",
            Column::Text => "text",
            Column::Reply => "text that it replies to",
            Column::Description => "description",
            Column::Sender => "sender",
            Column::Recipient => "recipient",
            Column::Creator => "creator",
            Column::Member => "member",
        })
    }
}
