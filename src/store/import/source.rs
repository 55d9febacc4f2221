//! [`Source`]: the SQLite files of an app that this server replaces. [`Opened`]: its tables, read-only.
//!
//! The three apps have the same tables under different names. Here they become the same columns, so that
//! the other files of this folder know no app. Values are checked there: SQLite lets a column hold anything.

use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row as SqlRow};

use super::ImportError;
use super::misfits::{Column, Row, Why};

/// The files of an app.
#[derive(Clone, Debug)]
pub enum Source {
    /// MyChat's three files.
    MyChat {
        /// `users.db`.
        users: OldFile,
        /// `chathistory.db`, if there is one.
        messages: Option<OldFile>,
        /// `rooms.db`, if there is one.
        rooms: Option<OldFile>,
    },
    /// WebSocket Chat's `chat.db`.
    WebSocketChat(OldFile),
    /// Chatterbox's `chat.db`.
    Chatterbox(OldFile),
}

/// A file of an app.
#[derive(Clone, Debug)]
pub struct OldFile {
    /// The file.
    pub path: PathBuf,
    /// Whether it is in WAL mode and no log stands beside it. Then nobody writes to it, and SQLite is told
    /// so: it would else create a log to read it.
    pub is_at_rest: bool,
}

/// Which app it is, for what differs beyond names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum App {
    MyChat,
    WebSocketChat,
    Chatterbox,
}

/// What the addressee's column of a table of messages has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum To {
    /// A user, or nothing where the message is for everybody.
    User,
    /// A room.
    Room,
}

/// The files, open for reading.
pub(super) struct Opened {
    pub(super) app: App,
    /// MyChat's users, or the only file.
    main: (Connection, String),
    messages: Option<(Connection, String)>,
    rooms: Option<(Connection, String)>,
}

/// A row of a table, with the columns that the queries of this file give it.
pub(super) struct Columns<'r> {
    pub(super) row: Row,
    columns: &'r SqlRow<'r>,
}

/// The first column of every query is the number of the row.
const USERS: [&str; 3] = [
    "SELECT rowid, id, name, password_hash, NULL FROM users ORDER BY rowid",
    "SELECT rowid, id, username, password_hash, created_at FROM users ORDER BY rowid",
    "SELECT rowid, username, username, password_hash, NULL FROM users ORDER BY rowid",
];
const ROOMS: &str =
    "SELECT rowid, id, name, description, creator_id, created_at FROM rooms ORDER BY rowid";
const MEMBERS: &str = "SELECT rowid, room_id, user_id, added_at FROM room_members ORDER BY rowid";

// Row, sender, addressee, whether it is for everybody, text, time, whether it was read; and of the message that
// it replies to: id of the sender, name of the sender, text. The two apps without a column for it have no
// unread messages, so theirs count as read.
const PRIVATE: &str = "SELECT rowid, sender, receiver, 0, text, timestamp, read, NULL, NULL, NULL
    FROM messages ORDER BY rowid";
const IN_ROOMS: &str = "SELECT rowid, sender_id, room_id, 0, text, timestamp, 1,
    reply_to_sender_id, reply_to_sender_name, reply_to_text FROM room_messages ORDER BY rowid";
const PRIVATE_OR_GLOBAL: &str =
    "SELECT rowid, sender_id, recipient_id, is_global, content, created_at, 1,
    NULL, NULL, NULL FROM messages ORDER BY rowid";
const GLOBAL: &str = "SELECT rowid, username, NULL, 1, content, timestamp, 1, NULL, NULL, NULL
    FROM messages ORDER BY rowid";

impl Opened {
    /// Opens the files. What they hold now is what will be read, also if the app should still be writing.
    pub(super) fn open(source: &Source) -> Result<Opened, ImportError> {
        let (app, main, messages, rooms) = match source {
            Source::MyChat { users, messages, rooms } => {
                (App::MyChat, users, messages.as_ref(), rooms.as_ref())
            }
            Source::WebSocketChat(file) => (App::WebSocketChat, file, None, None),
            Source::Chatterbox(file) => (App::Chatterbox, file, None, None),
        };
        Ok(Opened {
            app,
            main: open(main)?,
            messages: messages.map(open).transpose()?,
            rooms: rooms.map(open).transpose()?,
        })
    }

    /// Each user: row, what messages call the user, name, hash of the password, when registered.
    pub(super) fn each_user(
        &self,
        take: impl FnMut(&Columns<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        each(&self.main, "users", USERS[self.app as usize], take)
    }

    /// Each room: row, id, name, description, creator, when made.
    pub(super) fn each_room(
        &self,
        take: impl FnMut(&Columns<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        self.rooms.as_ref().map_or(Ok(()), |file| each(file, "rooms", ROOMS, take))
    }

    /// Each member of a room: row, room, user, when added.
    pub(super) fn each_member(
        &self,
        take: impl FnMut(&Columns<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        self.rooms.as_ref().map_or(Ok(()), |file| each(file, "room_members", MEMBERS, take))
    }

    /// Each message, of each table in the order in which the app has stored them.
    pub(super) fn each_message(
        &self,
        mut take: impl FnMut(To, &Columns<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let mut to_user = |columns: &Columns<'_>| take(To::User, columns);
        match self.app {
            App::MyChat => {
                if let Some(file) = &self.messages {
                    each(file, "messages", PRIVATE, to_user)?;
                }
                let Some(file) = &self.rooms else { return Ok(()) };
                each(file, "room_messages", IN_ROOMS, |columns| take(To::Room, columns))
            }
            App::WebSocketChat => each(&self.main, "messages", PRIVATE_OR_GLOBAL, &mut to_user),
            App::Chatterbox => each(&self.main, "messages", GLOBAL, &mut to_user),
        }
    }

    /// What tells this deployment of Chatterbox from others: who wrote the first message, and when.
    pub(super) fn first_message(&self) -> Result<Vec<u8>, ImportError> {
        let mut first = Vec::new();
        let sql = "SELECT rowid, username, timestamp FROM messages ORDER BY rowid LIMIT 1";
        each(&self.main, "messages", sql, |columns| {
            first = format!("{:?} {:?}", columns.key(1), columns.key(2)).into_bytes();
            Ok(())
        })?;
        Ok(first)
    }
}

fn open(file: &OldFile) -> Result<(Connection, String), ImportError> {
    let name = file.path.display().to_string();
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(address(&file.path, file.is_at_rest), flags)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        // All that is read is of one moment.
        connection.execute_batch("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1")?;
        Ok(connection)
    };
    match open() {
        Ok(connection) => Ok((connection, name)),
        Err(error) => Err(ImportError::of_source(&name, &error)),
    }
}

/// The file as a URI (SQLite, "Uniform Resource Identifiers"). A path in another encoding than UTF-8 finds
/// no file.
fn address(path: &Path, is_at_rest: bool) -> String {
    let path = path.to_string_lossy();
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    // Two slashes at the beginning would be those of an authority.
    let root = if path.starts_with('/') { "//" } else { "" };
    format!("file:{root}{path}{}", if is_at_rest { "?immutable=1" } else { "" })
}

fn each(
    (connection, file): &(Connection, String),
    table: &'static str,
    sql: &str,
    mut take: impl FnMut(&Columns<'_>) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let failed = |error: rusqlite::Error| ImportError::of_source(file, &error);
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(columns) = rows.next().map_err(failed)? {
        let number = columns.get(0).map_err(failed)?;
        take(&Columns { row: Row { file: file.clone(), table, number }, columns })?;
    }
    Ok(())
}

impl Columns<'_> {
    /// What a column refers to, as a text: some apps count, others have a text. `None`: nothing.
    pub(super) fn key(&self, at: usize) -> Option<String> {
        match self.value(at) {
            ValueRef::Integer(number) => Some(number.to_string()),
            ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
        }
    }

    /// The text in a column.
    pub(super) fn text(&self, at: usize, column: Column) -> Result<&str, Why> {
        self.value(at).as_str().map_err(|_| Why::NoText(column))
    }

    /// The text in a column, or none where there is nothing.
    pub(super) fn text_or_nothing(&self, at: usize, column: Column) -> Result<Option<&str>, Why> {
        self.value(at).as_str_or_null().map_err(|_| Why::NoText(column))
    }

    /// Whether a column says yes. Nothing says no.
    pub(super) fn is_true(&self, at: usize) -> bool {
        matches!(self.value(at), ValueRef::Integer(1..))
    }

    pub(super) fn is_null(&self, at: usize) -> bool {
        self.value(at) == ValueRef::Null
    }

    /// Panics only where the query has fewer columns.
    fn value(&self, at: usize) -> ValueRef<'_> {
        self.columns.get_ref(at).expect("the query has this column")
    }
}
