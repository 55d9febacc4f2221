//! The statements about conversations and messages.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::schema::GLOBAL;
use super::stays;
use crate::chat::account::{History, Place, Quote, RoomKey, Seq, Stored, UnixMs, UserKey};

/// How many global messages memory keeps.
const RECENT: u32 = 50;

/// The bits of a message's id that hold its place in the conversation.
const SEQ_BITS: u32 = 32;

/// The id of the message at this place of a conversation.
pub(super) fn id_of(conversation: i64, seq: Seq) -> i64 {
    conversation << SEQ_BITS | i64::from(seq.0)
}

/// The conversation of a message, by its id.
pub(super) fn conversation_of(id: i64) -> i64 {
    id >> SEQ_BITS
}

/// What is to be stored of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'m> {
    pub(super) from: UserKey,
    pub(super) at: UnixMs,
    pub(super) text: &'m str,
    pub(super) reply: Option<&'m Quote<'static>>,
}

/// Stores a message as the next of its conversation. `None`: the conversation is a room, and the sender is
/// no member of it.
pub(super) fn say(
    connection: &Connection,
    place: Place,
    message: Message<'_>,
) -> rusqlite::Result<Option<Seq>> {
    let from = message.from;
    let (conversation, seq) = match place {
        Place::Global => (GLOBAL, next_seq(connection, GLOBAL)?),
        Place::Private(one, other) => {
            let conversation = between(connection, one, other)?;
            (conversation, next_seq(connection, conversation)?)
        }
        Place::Room(room) => match next_seq_in_room(connection, room, from)? {
            Some(seq) => (room.0.into(), seq),
            None => return Ok(None),
        },
    };
    let Message { at, text, reply, .. } = message;
    let (quoted_id, quoted_name) =
        reply.map(|quote| (&*quote.sender_id, &*quote.sender_name)).unzip();
    let quoted_text = reply.map(|quote| &*quote.text);
    connection
        .prepare_cached(
            "INSERT INTO messages(id, sender, at, text, quoted_id, quoted_name, quoted_text)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            id_of(conversation, seq),
            from.0,
            at.0,
            text,
            quoted_id,
            quoted_name,
            quoted_text
        ])?;
    stays::keep(connection, from)?;
    if let Place::Private(one, other) = place
        && one != other
    {
        let reader = if one == from { other } else { one };
        mark_unread(connection, reader, conversation)?;
    }
    Ok(Some(seq))
}

// The transaction has the write lock already, so nothing comes between the two statements. An UPDATE with
// RETURNING would make a table for its one row each time, which takes as long as the rest.

fn next_seq(connection: &Connection, conversation: i64) -> rusqlite::Result<Seq> {
    let seq = connection
        .prepare_cached("SELECT last_seq + 1 FROM conversations WHERE key = ?")?
        .query_row([conversation], |row| row.get(0).map(Seq))?;
    set_last_seq(connection, conversation, seq)
}

/// The same, if the user is a member of the room.
fn next_seq_in_room(
    connection: &Connection,
    room: RoomKey,
    user: UserKey,
) -> rusqlite::Result<Option<Seq>> {
    let seq = connection
        .prepare_cached(
            "SELECT last_seq + 1 FROM conversations WHERE key = ?1
             AND EXISTS (SELECT 1 FROM members WHERE room = ?1 AND user = ?2)",
        )?
        .query_row([room.0, user.0], |row| row.get(0).map(Seq))
        .optional()?;
    seq.map(|seq| set_last_seq(connection, room.0.into(), seq)).transpose()
}

fn set_last_seq(connection: &Connection, conversation: i64, seq: Seq) -> rusqlite::Result<Seq> {
    connection
        .prepare_cached("UPDATE conversations SET last_seq = ? WHERE key = ?")?
        .execute(params![seq.0, conversation])?;
    Ok(seq)
}

/// The conversation of two users, which begins now if there is none.
pub(super) fn between(
    connection: &Connection,
    one: UserKey,
    other: UserKey,
) -> rusqlite::Result<i64> {
    match find(connection, one, other)? {
        Some(conversation) => Ok(conversation),
        None => connection
            .prepare_cached("INSERT INTO conversations(low, high) VALUES (?, ?) RETURNING key")?
            .query_row([one.min(other).0, one.max(other).0], |row| row.get(0)),
    }
}

/// The conversation of two users, if they have one.
fn find(connection: &Connection, one: UserKey, other: UserKey) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT key FROM conversations WHERE low = ? AND high = ?")?
        .query_row([one.min(other).0, one.max(other).0], |row| row.get(0))
        .optional()
}

fn mark_unread(
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

/// Notes that a user has read all of a private conversation that there is now.
pub(super) fn mark_read(
    connection: &Connection,
    user: UserKey,
    other: UserKey,
) -> rusqlite::Result<()> {
    let Some(conversation) = find(connection, user, other)? else { return Ok(()) };
    connection
        .prepare_cached(
            "INSERT INTO marks(user, conversation, unread, read)
             SELECT ?1, ?2, 0, last_seq FROM conversations WHERE key = ?2
             ON CONFLICT DO UPDATE SET unread = 0, read = excluded.read",
        )?
        .execute(params![user.0, conversation])?;
    Ok(())
}

/// The last messages of a conversation.
pub(super) fn history(
    connection: &Connection,
    place: Place,
    limit: u32,
) -> rusqlite::Result<History> {
    let conversation = match place {
        Place::Global => Some(GLOBAL),
        Place::Private(one, other) => find(connection, one, other)?,
        Place::Room(room) => Some(room.0.into()),
    };
    let Some(conversation) = conversation else { return Ok(History::default()) };
    let messages = last(connection, place, conversation, limit)?;
    let read = match place {
        Place::Global | Place::Room(_) => Vec::new(),
        Place::Private(one, other) => [one, other]
            .into_iter()
            .filter_map(|user| has_read(connection, user, conversation).transpose())
            .collect::<rusqlite::Result<Vec<_>>>()?,
    };
    Ok(History { messages, read })
}

/// How far a user has read.
fn has_read(
    connection: &Connection,
    user: UserKey,
    conversation: i64,
) -> rusqlite::Result<Option<(UserKey, Seq)>> {
    connection
        .prepare_cached("SELECT read FROM marks WHERE user = ? AND conversation = ?")?
        .query_row(params![user.0, conversation], |row| Ok((user, Seq(row.get(0)?))))
        .optional()
}

/// The last global messages, oldest first.
pub(super) fn recent(connection: &Connection) -> rusqlite::Result<Vec<Stored>> {
    last(connection, Place::Global, GLOBAL, RECENT)
}

/// The last messages of a conversation, oldest first. They are neighbours in the tree of all messages.
fn last(
    connection: &Connection,
    place: Place,
    conversation: i64,
    limit: u32,
) -> rusqlite::Result<Vec<Stored>> {
    let stored = |row: &Row<'_>| {
        let id: i64 = row.get(0)?;
        Ok(Stored {
            place,
            // The upper bits are the conversation.
            seq: Seq(id as u32),
            from: UserKey(row.get(1)?),
            at: UnixMs(row.get(2)?),
            text: Arc::from(row.get_ref(3)?.as_str()?),
            reply: quote(row)?.map(Arc::new),
        })
    };
    let (first, last) = (id_of(conversation, Seq(0)), id_of(conversation, Seq(u32::MAX)));
    let mut newest_first = connection
        .prepare_cached(
            "SELECT id, sender, at, text, quoted_id, quoted_name, quoted_text FROM messages
             WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT ?",
        )?
        .query_map(params![first, last, limit], stored)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    newest_first.reverse();
    Ok(newest_first)
}

/// What a message replies to.
fn quote(row: &Row<'_>) -> rusqlite::Result<Option<Quote<'static>>> {
    let (id, name, text): (Option<String>, Option<String>, Option<String>) =
        (row.get(4)?, row.get(5)?, row.get(6)?);
    let (Some(id), Some(name), Some(text)) = (id, name, text) else { return Ok(None) };
    Ok(Some(Quote { sender_id: id.into(), sender_name: name.into(), text: text.into() }))
}

/// Deletes up to `most` messages of a conversation, the oldest first. Returns how many.
pub(super) fn delete_some(
    connection: &Connection,
    conversation: i64,
    most: usize,
) -> rusqlite::Result<usize> {
    let (first, last) = (id_of(conversation, Seq(0)), id_of(conversation, Seq(u32::MAX)));
    connection
        .prepare_cached(
            "DELETE FROM messages WHERE id IN
                 (SELECT id FROM messages WHERE id BETWEEN ? AND ? LIMIT ?)",
        )?
        .execute(params![first, last, most as i64])
}

/// Deletes one message that is too old to be kept. If its reader has not read it, it is not unread either.
pub(super) fn delete_old(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE marks SET unread = unread - 1
             WHERE unread > 0 AND conversation = ?1 >> 32 AND read < (?1 & 0xffffffff)
             AND user IN (
                 SELECT CASE sender WHEN low THEN high ELSE low END
                 FROM messages JOIN conversations ON key = ?1 >> 32 WHERE id = ?1
             )",
        )?
        .execute([id])?;
    connection.prepare_cached("DELETE FROM messages WHERE id = ?")?.execute([id])?;
    Ok(())
}
