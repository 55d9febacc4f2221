//! The tables, and how an older database gets them.
//!
//! A *migration* is the SQL that takes a database from one version to the next. They are never changed,
//! only added to: a database in the field has been through each of them.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// The version of the schema that this program works with: how many migrations there are.
pub const VERSION: u32 = MIGRATIONS.len() as u32;

/// What SQLite's header says of whose database this is: "SWBD".
pub(super) const APPLICATION_ID: i32 = 0x5357_4244;

/// The key of the global conversation.
pub(super) const GLOBAL: i64 = 0;

/// From version 0, an empty file, to 1, and so on.
pub(super) const MIGRATIONS: [&str; 5] = [FIRST, SECOND, ROOMS, CHANGES, GONE];

/// Users, their logins, and what they write.
///
/// A deleted user keeps the row, so that the messages keep a sender and the name is never given again.
/// Such a row has no password.
///
/// The id of a message is its conversation × 2³² + its place there. SQLite keeps a table in the order of
/// its integer key, so the end of a conversation is one range of neighbouring pages, and a new message
/// needs no other index. The alternative, a key of two columns, would be a second tree to write to.
const FIRST: &str = "
CREATE TABLE users(
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    folded TEXT NOT NULL,
    password TEXT,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX users_folded ON users(folded);
CREATE TABLE logins(
    token BLOB PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES users,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_of ON logins(user, created);
CREATE INDEX logins_end ON logins(expires);
CREATE TABLE conversations(
    key INTEGER PRIMARY KEY,
    low INTEGER,
    high INTEGER,
    last_seq INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX pairs ON conversations(low, high) WHERE low IS NOT NULL;
INSERT INTO conversations(key) VALUES (0);
CREATE TABLE messages(
    id INTEGER PRIMARY KEY,
    sender INTEGER NOT NULL,
    at INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE TABLE marks(
    user INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    PRIMARY KEY(user, conversation)
) STRICT, WITHOUT ROWID;
";

/// Which users make room for new ones if there are too many: those that do not *stay*. A user stays for good
/// by the first message, or by a login after the first day. Those of an older database all stay, since nobody
/// knows when they logged in. The index has only the others, which are few.
const SECOND: &str = "
ALTER TABLE users ADD COLUMN stays INTEGER NOT NULL DEFAULT 0;
UPDATE users SET stays = 1;
CREATE INDEX users_passing ON users(created) WHERE stays = 0;
";

/// Rooms with their members, replies, and how far each user has read a private conversation.
///
/// A room is a conversation, with the same key. `deserted` names the deleted rooms whose messages are still
/// there: they are deleted in slices.
const ROOMS: &str = "
CREATE TABLE rooms(
    key INTEGER PRIMARY KEY REFERENCES conversations,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    creator INTEGER NOT NULL REFERENCES users,
    created INTEGER NOT NULL
) STRICT;
CREATE TABLE members(
    room INTEGER NOT NULL REFERENCES rooms ON DELETE CASCADE,
    user INTEGER NOT NULL REFERENCES users,
    added INTEGER NOT NULL,
    PRIMARY KEY(room, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_of ON members(user);
CREATE TABLE deserted(conversation INTEGER PRIMARY KEY) STRICT;
ALTER TABLE messages ADD COLUMN quoted_id TEXT;
ALTER TABLE messages ADD COLUMN quoted_name TEXT;
ALTER TABLE messages ADD COLUMN quoted_text TEXT;
ALTER TABLE marks ADD COLUMN read INTEGER NOT NULL DEFAULT 0;
";

/// What protocol 5 needs: the ids that clients give to their messages, replies to a message, edits and
/// deletions. A deleted message keeps its row, without a text, so that its place stays taken.
///
/// The indices of messages have only the rows of that protocol, so the others cost nothing. `pairs_of_high` finds
/// the conversations of a user, which `pairs` does for the lower of the two.
const CHANGES: &str = "
ALTER TABLE messages ADD COLUMN client_id TEXT;
ALTER TABLE messages ADD COLUMN reply_to INTEGER;
ALTER TABLE messages ADD COLUMN edited INTEGER;
ALTER TABLE messages ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX once ON messages(sender, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX replies ON messages(reply_to) WHERE reply_to IS NOT NULL;
CREATE INDEX pairs_of_high ON conversations(high) WHERE high IS NOT NULL;
";

/// The last place in a conversation is that of its newest message, unless that message is gone. Only then it has
/// to be written down: a row that each message changes would be a second page in each transaction.
const GONE: &str = "ALTER TABLE conversations RENAME COLUMN last_seq TO gone_seq;";

/// Takes a database from `version` to the end of `migrations`, each in a transaction of its own.
pub(super) fn migrate(
    connection: &Connection,
    version: u32,
    migrations: &[&str],
) -> rusqlite::Result<()> {
    let behavior = TransactionBehavior::Immediate;
    for (number, sql) in (1_u32..).zip(migrations).skip(version as usize) {
        let transaction = Transaction::new_unchecked(connection, behavior)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::account::{History, Place, Seq, UserKey};
    use crate::store::{history, marks};

    fn version(connection: &Connection) -> u32 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a number")
    }

    #[test]
    fn a_migration_that_fails_leaves_the_version_before_it() {
        let connection = Connection::open_in_memory().expect("there is memory");
        let migrations =
            ["CREATE TABLE a(x) STRICT", "CREATE TABLE a(x INTEGER)", "CREATE TABLE b(x INTEGER)"];
        assert!(migrate(&connection, 0, &migrations).is_err(), "STRICT wants types");
        assert_eq!(version(&connection), 0);
        let migrations = ["CREATE TABLE a(x INTEGER)", "CREATE TABLE b(x INTEGER); nonsense"];
        assert!(migrate(&connection, 0, &migrations).is_err());
        assert_eq!(version(&connection), 1);
        let migrations = ["nonsense, but it is done already", "CREATE TABLE b(x INTEGER)"];
        migrate(&connection, 1, &migrations).expect("table b is not half there");
        assert_eq!(version(&connection), 2);
    }

    #[test]
    fn every_older_version_becomes_the_same_as_a_new_database() {
        let schema = |connection: &Connection| -> Vec<String> {
            let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
            let mut statement = connection.prepare(sql).expect("it is SQL");
            let rows = statement.query_map([], |row| row.get(0)).expect("it can be read");
            rows.map(|row| row.expect("a text")).collect()
        };
        let new = Connection::open_in_memory().expect("there is memory");
        migrate(&new, 0, &MIGRATIONS).expect("a new one");
        for old in 0..=VERSION {
            let connection = Connection::open_in_memory().expect("there is memory");
            migrate(&connection, 0, &MIGRATIONS[..old as usize]).expect("an older program");
            migrate(&connection, old, &MIGRATIONS).expect("this program");
            assert_eq!(version(&connection), VERSION);
            assert_eq!(schema(&connection), schema(&new), "from version {old}");
        }
    }

    #[test]
    fn what_version_1_holds_is_there_in_version_2_and_all_of_it_is_unread() {
        let connection = Connection::open_in_memory().expect("there is memory");
        migrate(&connection, 0, &MIGRATIONS[..1]).expect("an older program");
        let rows = "
            INSERT INTO users VALUES (1, x'01', 'ada', 'ada', 'hash', 1), (2, x'02', 'bob', 'bob', 'hash', 1);
            INSERT INTO conversations(key, low, high, last_seq) VALUES (7, 1, 2, 3);
            INSERT INTO messages VALUES (7 << 32 | 3, 2, 5, 'hi');
            INSERT INTO marks VALUES (1, 7, 3);
        ";
        connection.execute_batch(rows).expect("it is SQL");
        migrate(&connection, 1, &MIGRATIONS).expect("this program");
        let place = Place::Private(UserKey(1), UserKey(2));
        let History { messages, read } =
            history::history(&connection, place, 9).expect("it can be read");
        assert_eq!((&*messages[0].text, messages[0].mid.seq()), ("hi", Seq(3)));
        assert_eq!((messages.len(), messages[0].quote.is_none()), (1, true));
        assert_eq!(read, [(UserKey(1), Seq(0))]);
        let unread = marks::unread(&connection, UserKey(1)).expect("it can be read");
        assert_eq!(unread, [(UserKey(2), 3)]);
    }
}
