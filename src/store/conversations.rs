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

/// The place of the last message that a conversation ever had. 0: it never had one, or there is no such conversation.
pub(super) fn last_seq(connection: &Connection, conversation: i64) -> rusqlite::Result<Seq> {
    let (first, last) = ids_of(conversation);
    let seq = connection
        .prepare_cached(
            "SELECT max(gone_seq, coalesce(
                 (SELECT id FROM messages WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1) & 0xffffffff, 0))
             FROM conversations WHERE key = ?",
        )?
        .query_row(params![first.0, last.0, conversation], |row| row.get(0).map(Seq))
        .optional()?;
    Ok(seq.unwrap_or(Seq(0)))
}

/// Notes that the message at a place is gone, so that no other will have its id.
pub(super) fn note_gone(connection: &Connection, mid: MessageId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE conversations SET gone_seq = ?1 WHERE key = ?2 AND gone_seq < ?1")?
        .execute(params![mid.seq().0, mid.conversation()])?;
    Ok(())
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
        Some(_) => {
            let room = RoomKey(
                u32::try_from(conversation).expect("4,294,967,296 conversations fit nowhere"),
            );
            Ok(is_member(connection, room, user)?.then_some(Place::Room(room)))
        }
    }
}

/// Whether a user is a member of a room that there is.
pub(super) fn is_member(
    connection: &Connection,
    room: RoomKey,
    user: UserKey,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM members WHERE room = ? AND user = ?")?
        .exists([room.0, user.0])
}
