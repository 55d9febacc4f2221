//! The statements about conversations and messages.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::schema::GLOBAL;
use super::users;
use crate::chat::account::{Place, Seq, Stored, UnixMs, UserKey};

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

/// Stores a message as the next of its conversation.
pub(super) fn say(
    connection: &Connection,
    place: Place,
    from: UserKey,
    at: UnixMs,
    text: &str,
) -> rusqlite::Result<Seq> {
    let conversation = match place {
        Place::Global => GLOBAL,
        Place::Private(one, other) => between(connection, one.min(other), one.max(other))?,
    };
    // The transaction has the write lock already, so nothing comes between the two statements. An UPDATE with
    // RETURNING would make a table for its one row each time, which takes as long as the rest.
    let seq = connection
        .prepare_cached("SELECT last_seq + 1 FROM conversations WHERE key = ?")?
        .query_row([conversation], |row| row.get(0).map(Seq))?;
    connection
        .prepare_cached("UPDATE conversations SET last_seq = ? WHERE key = ?")?
        .execute(params![seq.0, conversation])?;
    connection
        .prepare_cached("INSERT INTO messages(id, sender, at, text) VALUES (?, ?, ?, ?)")?
        .execute(params![id_of(conversation, seq), from.0, at.0, text])?;
    users::keep(connection, from)?;
    if let Place::Private(one, other) = place {
        let reader = if one == from { other } else { one };
        if reader != from {
            mark_unread(connection, reader, conversation)?;
        }
    }
    Ok(seq)
}

/// The conversation of two users, which begins now if there is none.
fn between(connection: &Connection, low: UserKey, high: UserKey) -> rusqlite::Result<i64> {
    let found = connection
        .prepare_cached("SELECT key FROM conversations WHERE low = ? AND high = ?")?
        .query_row([low.0, high.0], |row| row.get(0))
        .optional()?;
    match found {
        Some(conversation) => Ok(conversation),
        None => connection
            .prepare_cached("INSERT INTO conversations(low, high) VALUES (?, ?) RETURNING key")?
            .query_row([low.0, high.0], |row| row.get(0)),
    }
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

/// The last global messages, oldest first.
pub(super) fn recent(connection: &Connection) -> rusqlite::Result<Vec<Stored>> {
    let stored = |row: &Row<'_>| {
        let id: i64 = row.get(0)?;
        Ok(Stored {
            place: Place::Global,
            // The upper bits are the conversation, which is 0.
            seq: Seq(id as u32),
            from: UserKey(row.get(1)?),
            at: UnixMs(row.get(2)?),
            text: Arc::from(row.get_ref(3)?.as_str()?),
        })
    };
    let (first, last) = (id_of(GLOBAL, Seq(0)), id_of(GLOBAL, Seq(u32::MAX)));
    let mut newest_first = connection
        .prepare_cached(
            "SELECT id, sender, at, text FROM messages
             WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT ?",
        )?
        .query_map(params![first, last, RECENT], stored)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    newest_first.reverse();
    Ok(newest_first)
}
