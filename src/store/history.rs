//! The statements that read messages: the end of a conversation, a page of it, and all that a user takes part in.
//!
//! Messages of a conversation are neighbours in the tree of all messages, so a page is one range of it. What
//! was deleted has a row still; only protocol 5 has words for it.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Params, Row, params};

use super::conversations::{find, ids_of};
use super::marks;
use super::schema::GLOBAL;
use crate::chat::account::{
    Entry, History, MessageId, Most, Output, Place, Quote, RoomKey, Seq, Stored, UnixMs, UserKey,
};

/// How many global messages memory keeps.
const RECENT: u32 = 50;

/// The columns of a message, in the order in which [`stored`] wants them.
macro_rules! columns {
    () => {
        "id, sender, at, text, quoted_id, quoted_name, quoted_text, reply_to, edited, deleted"
    };
}

/// The last messages of a conversation that were not deleted, and how far its users have read.
pub(super) fn history(
    connection: &Connection,
    place: Place,
    limit: u32,
) -> rusqlite::Result<History> {
    let Some(conversation) = find(connection, place)? else { return Ok(History::default()) };
    let messages = last(connection, place, conversation, limit)?;
    let mut read = Vec::new();
    if let Place::Private(one, other) = place {
        for user in [one, other] {
            if let Some(mark) = marks::of(connection, user, conversation)? {
                read.push((user, Seq(mark.read)));
            }
        }
    }
    Ok(History { messages, read })
}

/// The last global messages, oldest first.
pub(super) fn recent(connection: &Connection) -> rusqlite::Result<Vec<Stored>> {
    last(connection, Place::Global, GLOBAL, RECENT)
}

/// One message.
pub(super) fn one(
    connection: &Connection,
    place: Place,
    mid: MessageId,
) -> rusqlite::Result<Option<Stored>> {
    let sql = concat!("SELECT ", columns!(), " FROM messages WHERE id = ?");
    connection.prepare_cached(sql)?.query_row([mid.0], |row| stored(row, place)).optional()
}

/// Messages before one of the conversation, or the newest, oldest first; and whether there are older ones.
pub(super) fn page(
    connection: &Connection,
    place: Place,
    before: Option<MessageId>,
    (limit, bytes): (u16, usize),
) -> rusqlite::Result<Output> {
    let conversation = find(connection, place)?;
    if before.is_some_and(|before| conversation != Some(before.conversation())) {
        return Ok(Output::NoSuchMessage);
    }
    let Some(conversation) = conversation else { return Ok(Output::Page(Vec::new(), false)) };
    let (first, last) = ids_of(conversation);
    let last = before.map_or(last.0, |before| before.0 - 1);
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM messages WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT ?"
    );
    // One more, to know whether there is one.
    let limit = usize::from(limit);
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![first.0, last, limit as i64 + 1])?;
    let (mut messages, mut size) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let message = stored(row, place)?;
        size += message.text.len();
        if messages.len() == limit || (size > bytes && !messages.is_empty()) {
            messages.reverse();
            return Ok(Output::Page(messages, true));
        }
        messages.push(message);
    }
    messages.reverse();
    Ok(Output::Page(messages, false))
}

/// The conversations of a user: the one of everybody, those rooms, and the private ones in which something was
/// said last. O(all private conversations of the user).
pub(super) fn inbox(
    connection: &Connection,
    user: UserKey,
    rooms: &[RoomKey],
    most: Most,
) -> rusqlite::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let shared = std::iter::once(Place::Global).chain(rooms.iter().map(|room| Place::Room(*room)));
    for place in shared {
        let Some(conversation) = find(connection, place)? else { continue };
        let unread = unread_of_all(connection, user, (place, conversation), most.unread)?;
        let last = newest(connection, place, conversation, most.chars)?;
        entries.push(Entry { place, last, unread, read_by_other: None });
    }
    let private = connection
        .prepare_cached(
            "SELECT key, low, high FROM (
                 SELECT key, low, high FROM conversations WHERE low = ?1
                 UNION SELECT key, low, high FROM conversations WHERE high = ?1
             ) ORDER BY (
                 SELECT at FROM messages
                 WHERE id BETWEEN key << 32 AND key << 32 | 0xffffffff AND deleted = 0
                 ORDER BY id DESC LIMIT 1
             ) DESC LIMIT ?2",
        )?
        .query_map(params![user.0, most.conversations as i64], |row| {
            Ok((row.get(0)?, UserKey(row.get(1)?), UserKey(row.get(2)?)))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for (conversation, low, high) in private {
        let place = Place::Private(low, high);
        let other = if low == user { high } else { low };
        let own = marks::of(connection, user, conversation)?.unwrap_or_default();
        let others = marks::of(connection, other, conversation)?.unwrap_or_default();
        let has_read = other != user && others.read > 0;
        entries.push(Entry {
            place,
            last: newest(connection, place, conversation, most.chars)?,
            unread: own.unread.min(most.unread),
            read_by_other: has_read.then(|| MessageId::of(conversation, Seq(others.read))),
        });
    }
    Ok(entries)
}

/// How many of the newest `most` messages of a conversation of many are of others, and behind the user's mark.
/// Without a mark they count from when the user came to it.
fn unread_of_all(
    connection: &Connection,
    user: UserKey,
    (place, conversation): (Place, i64),
    most: u32,
) -> rusqlite::Result<u32> {
    let mark = marks::of(connection, user, conversation)?.filter(|mark| mark.read > 0);
    let since = match (mark, place) {
        (Some(_), _) | (None, Place::Private(..)) => Some(i64::MIN),
        (None, Place::Global) => connection
            .prepare_cached("SELECT created FROM users WHERE key = ?")?
            .query_row([user.0], |row| row.get(0))
            .optional()?,
        (None, Place::Room(room)) => connection
            .prepare_cached("SELECT added FROM members WHERE room = ? AND user = ?")?
            .query_row([room.0, user.0], |row| row.get(0))
            .optional()?,
    };
    let Some(since) = since else { return Ok(0) };
    let mark = MessageId::of(conversation, Seq(mark.map_or(0, |mark| mark.read)));
    connection
        .prepare_cached(
            "SELECT count(*) FROM (
                 SELECT sender, at, deleted FROM messages WHERE id > ? AND id <= ?
                 ORDER BY id DESC LIMIT ?
             ) WHERE sender <> ? AND deleted = 0 AND at >= ?",
        )?
        .query_row(params![mark.0, ids_of(conversation).1.0, most, user.0, since], |row| row.get(0))
}

/// The last message of a conversation that was not deleted, with at most this many characters of its text.
fn newest(
    connection: &Connection,
    place: Place,
    conversation: i64,
    chars: usize,
) -> rusqlite::Result<Option<Stored>> {
    let mut newest = last(connection, place, conversation, 1)?.pop();
    if let Some(message) = &mut newest
        && let Some((end, _)) = message.text.char_indices().nth(chars)
    {
        message.text = Arc::from(&message.text[..end]);
    }
    Ok(newest)
}

/// The last messages of a conversation that were not deleted, oldest first.
fn last(
    connection: &Connection,
    place: Place,
    conversation: i64,
    limit: u32,
) -> rusqlite::Result<Vec<Stored>> {
    let (first, last) = ids_of(conversation);
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM messages WHERE id BETWEEN ? AND ? AND deleted = 0 ORDER BY id DESC LIMIT ?"
    );
    let mut messages = all(connection, sql, params![first.0, last.0, limit], place)?;
    messages.reverse();
    Ok(messages)
}

fn all(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    place: Place,
) -> rusqlite::Result<Vec<Stored>> {
    connection.prepare_cached(sql)?.query_map(params, |row| stored(row, place))?.collect()
}

fn stored(row: &Row<'_>, place: Place) -> rusqlite::Result<Stored> {
    Ok(Stored {
        place,
        mid: MessageId(row.get(0)?),
        from: UserKey(row.get(1)?),
        at: UnixMs(row.get(2)?),
        text: Arc::from(row.get_ref(3)?.as_str()?),
        quote: quote(row)?.map(Arc::new),
        reply_to: row.get::<_, Option<i64>>(7)?.map(MessageId),
        edited: row.get::<_, Option<i64>>(8)?.map(UnixMs),
        is_deleted: row.get(9)?,
    })
}

/// What a message replies to, in words.
fn quote(row: &Row<'_>) -> rusqlite::Result<Option<Quote<'static>>> {
    let (id, name, text): (Option<String>, Option<String>, Option<String>) =
        (row.get(4)?, row.get(5)?, row.get(6)?);
    let (Some(id), Some(name), Some(text)) = (id, name, text) else { return Ok(None) };
    Ok(Some(Quote { sender_id: id.into(), sender_name: name.into(), text: text.into() }))
}
