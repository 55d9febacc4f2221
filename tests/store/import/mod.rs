//! The import of other apps' databases: everything arrives, nothing twice, and nothing at all if a row does
//! not fit.

mod arriving;
mod merging;
mod refusing;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;
use switchboard::chat::account::{
    History, MessageId, Most, Output, Place, ReplyTo, RoomChange, RoomKey, Stored, UnixMs, UserKey,
    Work,
};
use switchboard::store::{
    Count, Database, Import, ImportError, Means, OldFile, Report, Settings, Source, TakenNames,
};

use super::old_files::{ANNA, BERT, CARL, PBKDF2, PHC, chatterbox, mychat, websocket_chat};
use super::{Folder, carry_out, credentials, dice, register, say, say_in};

/// The time of every import.
const NOW: UnixMs = UnixMs(1_000_000);

/// Times are written as `t1`, `t2` and so on, in milliseconds: another form would not be a text in a column for times.
fn time(text: &str) -> Option<UnixMs> {
    text.strip_prefix('t')?.parse().ok().map(UnixMs)
}

fn old_file(path: &Path) -> OldFile {
    OldFile { path: path.to_owned(), is_at_rest: false }
}

fn of_mychat(folder: &Folder) -> Import {
    let file = |name: &str| old_file(&folder.file(name));
    let (messages, rooms) = (Some(file("chathistory.db")), Some(file("rooms.db")));
    of(Source::MyChat { users: file("users.db"), messages, rooms })
}

fn of(source: Source) -> Import {
    let (skips, is_dry_run) = (false, false);
    Import { source, taken_names: TakenNames::Refused, skips, is_dry_run, now: NOW }
}

fn import(database: &mut Database, import: &Import) -> Result<Report, ImportError> {
    let means = Means { time: &time, dice: &mut dice(), progress: &mut |_, _| {} };
    database.import(import, means)
}

/// Imports, and returns how many users, rooms and messages are new, and how many were here.
#[track_caller]
fn taken_over(database: &mut Database, what: &Import) -> [(u64, u64); 3] {
    match import(database, what) {
        Ok(Report { users, rooms, messages, left_out }) => {
            assert_eq!(left_out.to_string(), "");
            [users, rooms, messages].map(|Count { new, known }| (new, known))
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// The rows that do not fit, a line each, without the folder. Nothing was taken over.
#[track_caller]
fn misfits(folder: &Folder, database: &mut Database, what: &Import) -> Vec<String> {
    let before = dump(folder);
    let Err(ImportError::Misfits(misfits)) = import(database, what) else {
        panic!("some rows do not fit");
    };
    assert_eq!(dump(folder), before, "nothing has changed");
    let folder = format!("{}/", folder.file("").display().to_string().trim_end_matches('/'));
    misfits.to_string().lines().map(|line| line.replace(&folder, "")).collect()
}

/// Everything in our database.
fn dump(folder: &Folder) -> String {
    let connection = Connection::open(folder.file("switchboard.db")).expect("it is there");
    let tables =
        ["users", "logins", "conversations", "messages", "marks", "rooms", "members", "deserted"];
    tables.map(|table| format!("{table}\n{}", rows(&connection, table))).concat()
}

fn rows(connection: &Connection, table: &str) -> String {
    let mut all = connection.prepare(&format!("SELECT * FROM {table}")).expect("it is a table");
    let columns = all.column_count();
    let line = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|at| row.get_ref(at).map(|value| format!("{value:?} ")));
        values.collect::<rusqlite::Result<String>>().map(|line| line + "\n")
    };
    let lines = all.query_map([], line).expect("it can be read");
    lines.collect::<rusqlite::Result<String>>().expect("it can be read")
}

fn did(database: &mut Database, work: Work) -> Output {
    let mut results = carry_out(database, [work], &mut dice(), 0);
    results.pop().expect("there is a result").outcome.expect("the disk is well")
}

/// Registers Anna and Bert here.
fn register_two(database: &mut Database) {
    let results = carry_out(database, ["anna", "bert"].map(register), &mut dice(), 0);
    assert!(results.iter().all(|result| matches!(result.outcome, Ok(Output::Registered(Some(_))))));
}

fn history(database: &mut Database, place: Place) -> History {
    match did(database, Work::History { place, limit: 100 }) {
        Output::History(history) => history,
        other => panic!("{other:?}"),
    }
}

/// A conversation: the number, sender, time and text of each message.
fn talk(database: &mut Database, place: Place) -> Vec<(u32, u32, i64, String)> {
    let messages = history(database, place).messages;
    let line = |one: &Stored| (one.mid.seq().0, one.from.0, one.at.0, one.text.to_string());
    messages.iter().map(line).collect()
}

/// The same, as one text a message.
fn texts(database: &mut Database, place: Place) -> Vec<String> {
    talk(database, place).into_iter().map(|(.., text)| text).collect()
}

fn unread(database: &mut Database, user: u32) -> Vec<(u32, u32)> {
    match did(database, Work::Unread(UserKey(user))) {
        Output::Unread(unread) => unread.into_iter().map(|(user, count)| (user.0, count)).collect(),
        other => panic!("{other:?}"),
    }
}

fn private(one: u32, other: u32) -> Place {
    Place::Private(UserKey(one), UserKey(other))
}

fn change(room: RoomKey, change: RoomChange) -> Work {
    Work::ChangeRoom { room, by: UserKey(2), change, at: UnixMs(0) }
}

const TWO_USERS: &str =
    "INSERT INTO users VALUES('@ANNA', 'anna', '@PHC', 0), ('@BERT', 'bert', '@PHC', 1);";
const THREE_USERS: &str =
    "INSERT INTO users VALUES('@ANNA', 'anna', '@PHC', 0), ('@BERT', 'bert', '@PHC', 1),
    ('@CARL', 'Carl Ö', '@PHC', 0);";

/// A room of Bert's, with Anna in it, who came first.
const ROOM: &str = "
INSERT INTO rooms VALUES('dddddddd-0000-4000-8000-00000000000D', 'Tea', 'all about it', '@BERT', 't10');
INSERT INTO room_members VALUES('dddddddd-0000-4000-8000-00000000000D', '@BERT', 't12'),
    ('dddddddd-0000-4000-8000-00000000000D', '@ANNA', 't11');
INSERT INTO room_messages(room_id, sender_id, sender_name, text, timestamp, reply_to_sender_id,
    reply_to_sender_name, reply_to_text) VALUES
    ('dddddddd-0000-4000-8000-00000000000D', '@CARL', 'Carl Ö', 'green?', 't20', NULL, NULL, NULL),
    ('dddddddd-0000-4000-8000-00000000000D', '@ANNA', 'anna', 'black', 't21', '@CARL', 'Carl', 'green?');";
