//! How far users have read a conversation, after it was sorted.
//!
//! A mark stands before the first message of others that its user has not read. So no message that is unread
//! counts as read.

use std::collections::HashSet;

use rusqlite::{Connection, params};

use super::order::{Message, Sorted, id_of};
use crate::chat::account::{Seq, UserKey};
use crate::store::schema::GLOBAL;

/// Moves the marks of a conversation to where they belong now. `unread` has the new messages, by the ids that
/// they had before, that their readers have not read.
pub(super) fn renew(
    connection: &Connection,
    conversation: i64,
    sorted: &Sorted,
    unread: &HashSet<i64>,
) -> rusqlite::Result<()> {
    let users = connection
        .prepare_cached("SELECT low, high FROM conversations WHERE key = ?")?
        .query_row([conversation], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match users {
        (Some(low), Some(high)) if low == high => Ok(()),
        (Some(low), Some(high)) => [low, high].map(UserKey).into_iter().try_for_each(|reader| {
            let read = read_by(connection, reader, conversation)?;
            let is_unread = |message: &&Message| {
                message.from != reader
                    && !message.is_deleted
                    && match message.before {
                        ..0 => unread.contains(&message.before),
                        before => before > read,
                    }
            };
            renew_private(connection, conversation, (reader, &sorted.messages), is_unread)
        }),
        _ => move_shared(connection, conversation, sorted),
    }
}

/// The id of the last message that a user has read, or one below all.
fn read_by(connection: &Connection, user: UserKey, conversation: i64) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(max(read), 0) FROM marks WHERE user = ? AND conversation = ?";
    let seq = connection
        .prepare_cached(sql)?
        .query_row(params![user.0, conversation], |row| row.get(0).map(Seq))?;
    Ok(id_of(conversation, seq))
}

fn renew_private(
    connection: &Connection,
    conversation: i64,
    (reader, messages): (UserKey, &[Message]),
    is_unread: impl Fn(&&Message) -> bool,
) -> rusqlite::Result<()> {
    let received = || messages.iter().filter(|message| message.from != reader);
    let Some(last) = received().next_back() else { return Ok(()) };
    let read = received().find(is_unread).map_or(last.id, |message| message.id - 1);
    let unread = received().filter(|message| message.id > read && !message.is_deleted).count();
    // A user who was deleted here has no marks.
    connection
        .prepare_cached(
            "INSERT INTO marks(user, conversation, unread, read)
             SELECT key, ?2, ?3, ?4 FROM users WHERE key = ?1 AND password IS NOT NULL
             ON CONFLICT DO UPDATE SET unread = excluded.unread, read = excluded.read",
        )?
        .execute(params![reader.0, conversation, unread as i64, seq_of(conversation, read)])?;
    Ok(())
}

/// Moves the marks of a room, or of the conversation of everybody. Any number of users may have one, so each
/// takes a search, and not a pass over all messages.
fn move_shared(
    connection: &Connection,
    conversation: i64,
    sorted: &Sorted,
) -> rusqlite::Result<()> {
    let here = sorted.messages.iter().filter(|message| message.before >= 0);
    let mut here: Vec<(i64, i64)> = here.map(|message| (message.before, message.id)).collect();
    here.sort_unstable();
    // For each message: the first of it and of those that stood behind it.
    let mut first = i64::MAX;
    for (_, id) in here.iter_mut().rev() {
        first = first.min(*id);
        *id = first;
    }
    let readers = match conversation {
        GLOBAL => "SELECT user, read FROM users JOIN marks ON user = key AND conversation = ?",
        _ => {
            "SELECT user, read FROM members JOIN marks USING (user)
             WHERE room = ?1 AND conversation = ?1"
        }
    };
    let marks = connection
        .prepare_cached(readers)?
        .query_map([conversation], |row| Ok((row.get(0)?, Seq(row.get(1)?))))?
        .collect::<rusqlite::Result<Vec<(u32, Seq)>>>()?;
    for (user, read) in marks {
        let unread = here.partition_point(|(before, _)| *before <= id_of(conversation, read));
        let read = here.get(unread).map_or(sorted.last.0, |(_, id)| seq_of(conversation, id - 1));
        connection
            .prepare_cached("UPDATE marks SET read = ? WHERE user = ? AND conversation = ?")?
            .execute(params![read, user, conversation])?;
    }
    Ok(())
}

/// Notes that users who have just come have read all of a conversation.
pub(super) fn begin(
    connection: &Connection,
    conversation: i64,
    users: &[UserKey],
    last: Seq,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO marks(user, conversation, unread, read) VALUES (?, ?, 0, ?)
         ON CONFLICT DO NOTHING",
    )?;
    users
        .iter()
        .try_for_each(|user| insert.execute(params![user.0, conversation, last.0]).map(drop))
}

/// The number in an id.
fn seq_of(conversation: i64, id: i64) -> u32 {
    u32::try_from(id - id_of(conversation, Seq(0))).expect("the message is of this conversation")
}
