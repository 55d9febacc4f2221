//! The statements about marks: how far a user has read a conversation, and how much of a private one is unread.
//!
//! In a private conversation the unread messages are counted as they come: pages ask for the numbers all the
//! time. In a room and in the conversation of everybody that would be a row for each member and message, so
//! there they are counted when a client asks.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::conversations::{find, ids_of, last_seq};
use crate::chat::account::{MessageId, Output, Place, Seq, UserKey};

/// How far a user has read a conversation, and how many private messages are unread.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    pub(super) read: u32,
    pub(super) unread: u32,
}

/// The mark of a user. `None`: the user has read nothing, and nothing is unread.
pub(super) fn of(
    connection: &Connection,
    user: UserKey,
    conversation: i64,
) -> rusqlite::Result<Option<Mark>> {
    connection
        .prepare_cached("SELECT read, unread FROM marks WHERE user = ? AND conversation = ?")?
        .query_row(params![user.0, conversation], |row| {
            Ok(Mark { read: row.get(0)?, unread: row.get(1)? })
        })
        .optional()
}

/// Counts a new private message as unread.
pub(super) fn add_unread(
    connection: &Connection,
    reader: UserKey,
    conversation: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO marks(user, conversation, unread) VALUES (?, ?, 1)
             ON CONFLICT DO UPDATE SET unread = unread + 1",
        )?
        .execute(params![reader.0, conversation])?;
    Ok(())
}

/// Notes that a private message is going. If its reader has not read it, it is not unread either.
pub(super) fn drop_unread(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE marks SET unread = unread - 1
             WHERE unread > 0 AND conversation = ?1 >> 32 AND read < (?1 & 0xffffffff)
             AND user IN (
                 SELECT CASE sender WHEN low THEN high ELSE low END
                 FROM messages JOIN conversations ON key = ?1 >> 32 WHERE id = ?1 AND deleted = 0
             )",
        )?
        .execute([id])?;
    Ok(())
}

/// How many messages of each other user this one has not read.
pub(super) fn unread(
    connection: &Connection,
    user: UserKey,
) -> rusqlite::Result<Vec<(UserKey, u32)>> {
    let count = |row: &Row<'_>| {
        let (low, high) = (UserKey(row.get(0)?), UserKey(row.get(1)?));
        Ok((if low == user { high } else { low }, row.get(2)?))
    };
    connection
        .prepare_cached(
            "SELECT low, high, unread FROM marks JOIN conversations ON key = conversation
             WHERE user = ? AND unread > 0 ORDER BY conversation",
        )?
        .query_map([user.0], count)?
        .collect()
}

/// Notes that a user has read all of a private conversation that there is now. Returns the last message.
pub(super) fn read_all(
    connection: &Connection,
    user: UserKey,
    other: UserKey,
) -> rusqlite::Result<Option<MessageId>> {
    let Some(conversation) = find(connection, Place::Private(user, other))? else {
        return Ok(None);
    };
    let Seq(last) = last_seq(connection, conversation)?;
    connection
        .prepare_cached(
            "INSERT INTO marks(user, conversation, unread, read) VALUES (?, ?, 0, ?)
             ON CONFLICT DO UPDATE SET unread = 0, read = excluded.read",
        )?
        .execute(params![user.0, conversation, last])?;
    Ok((last > 0).then(|| MessageId::of(conversation, Seq(last))))
}

/// Notes that a user has read a conversation up to a message. A mark never goes back.
pub(super) fn read_up_to(
    connection: &Connection,
    user: UserKey,
    place: Place,
    up_to: MessageId,
) -> rusqlite::Result<Output> {
    let conversation = find(connection, place)?.filter(|&key| key == up_to.conversation());
    let Some(conversation) = conversation else { return Ok(Output::NoSuchMessage) };
    let before = of(connection, user, conversation)?.unwrap_or_default();
    let read = up_to.seq().0.min(last_seq(connection, conversation)?.0).max(before.read);
    let unread = match place {
        Place::Global | Place::Room(_) => 0,
        Place::Private(..) if read == before.read => before.unread,
        Place::Private(..) => count_unread(connection, user, conversation, read)?,
    };
    connection
        .prepare_cached(
            "INSERT INTO marks(user, conversation, unread, read) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET unread = excluded.unread, read = excluded.read",
        )?
        .execute(params![user.0, conversation, unread, read])?;
    Ok(Output::ReadUpTo {
        up_to: (read > 0).then(|| MessageId::of(conversation, Seq(read))),
        is_reset: before.unread > 0 && unread == 0,
    })
}

/// The messages of others after a mark. O(those messages).
fn count_unread(
    connection: &Connection,
    user: UserKey,
    conversation: i64,
    read: u32,
) -> rusqlite::Result<u32> {
    let (mark, last) = (MessageId::of(conversation, Seq(read)), ids_of(conversation).1);
    connection
        .prepare_cached(
            "SELECT count(*) FROM messages
             WHERE id > ? AND id <= ? AND sender <> ? AND deleted = 0",
        )?
        .query_row(params![mark.0, last.0, user.0], |row| row.get(0))
}
