//! The statements about conversations: which one is meant, who takes part in it, and the ids of its messages.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::schema::GLOBAL;
use crate::chat::account::{MessageId, Place, RoomKey, Seq, UserKey};

/// The ids that the messages of a conversation have: the least and the greatest.
pub(super) fn ids_of(conversation: i64) -> (MessageId, MessageId) {
    [Seq(0), Seq(u32::MAX)].map(|seq| MessageId::of(conversation, seq)).into()
}

/// The key of a conversation. `None`: the two users have none yet.
pub(super) fn find(connection: &Connection, place: Place) -> rusqlite::Result<Option<i64>> {
    match place {
        Place::Global => Ok(Some(GLOBAL)),
        Place::Room(room) => Ok(Some(room.0.into())),
        Place::Private(one, other) => connection
            .prepare_cached("SELECT key FROM conversations WHERE low = ? AND high = ?")?
            .query_row([one.min(other).0, one.max(other).0], |row| row.get(0))
            .optional(),
    }
}

/// The conversation of two users, which begins now if there is none.
pub(super) fn between(
    connection: &Connection,
    one: UserKey,
    other: UserKey,
) -> rusqlite::Result<i64> {
    match find(connection, Place::Private(one, other))? {
        Some(conversation) => Ok(conversation),
        None => connection
            .prepare_cached("INSERT INTO conversations(low, high) VALUES (?, ?) RETURNING key")?
            .query_row([one.min(other).0, one.max(other).0], |row| row.get(0)),
    }
}

/// The place of a conversation, if a user sees it now: a member of the room, or one of the two.
pub(super) fn seen_by(
    connection: &Connection,
    user: UserKey,
    conversation: i64,
) -> rusqlite::Result<Option<Place>> {
    if conversation == GLOBAL {
        return Ok(Some(Place::Global));
    }
    let ends = connection
        .prepare_cached("SELECT low, high FROM conversations WHERE key = ?")?
        .query_row([conversation], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match ends {
        None => Ok(None),
        Some((Some(low), Some(high))) => {
            let (low, high) = (UserKey(low), UserKey(high));
            Ok((user == low || user == high).then_some(Place::Private(low, high)))
        }
        Some(_) => connection
            .prepare_cached("SELECT room FROM members WHERE room = ? AND user = ?")?
            .query_row(params![conversation, user.0], |row| row.get(0).map(RoomKey))
            .optional()
            .map(|room| room.map(Place::Room)),
    }
}
