//! [`sort`]: puts the messages of a conversation in the order of their times, and numbers them anew.
//!
//! O(n log n), with 32 bytes of memory for a message. Messages of the same millisecond keep their order, and
//! those that were here stand before the new ones.

use rusqlite::Connection;

use super::super::conversations::last_seq;
use crate::chat::account::{MessageId, Seq, UnixMs, UserKey};

/// A conversation after it was sorted.
pub(super) struct Sorted {
    /// Its messages.
    pub(super) messages: Vec<Message>,
    /// The number of the last one.
    pub(super) last: Seq,
}

/// A message, with its place before and after.
pub(super) struct Message {
    /// The id before. A new message has one below zero.
    pub(super) before: i64,
    /// The id now.
    pub(super) id: i64,
    pub(super) from: UserKey,
    pub(super) at: UnixMs,
    pub(super) is_deleted: bool,
}

/// The id of the message at this place of a conversation.
pub(super) fn id_of(conversation: i64, seq: Seq) -> i64 {
    MessageId::of(conversation, seq).0
}

/// The messages of a conversation in their order, and behind them those that are new, of which there are
/// this many.
pub(super) fn all_of(
    connection: &Connection,
    conversation: i64,
    new: u32,
) -> rusqlite::Result<Vec<Message>> {
    let mut in_range = connection.prepare_cached(
        "SELECT id, sender, at, deleted FROM messages WHERE id BETWEEN ? AND ? ORDER BY id",
    )?;
    let mut range = |first: i64, last: i64| {
        let message = |row: &rusqlite::Row<'_>| {
            let id = row.get(0)?;
            let (from, at) = (UserKey(row.get(1)?), UnixMs(row.get(2)?));
            Ok(Message { before: id, id, from, at, is_deleted: row.get(3)? })
        };
        in_range.query_map([first, last], message)?.collect::<rusqlite::Result<Vec<_>>>()
    };
    let mut all = range(id_of(conversation, Seq(0)), id_of(conversation, Seq(u32::MAX)))?;
    if new > 0 {
        // The first has the highest id.
        let last_to_first = range(-id_of(conversation, Seq(new)), -id_of(conversation, Seq(1)))?;
        all.extend(last_to_first.into_iter().rev());
    }
    Ok(all)
}

/// Sorts a conversation that has this many new messages. The last number grows by as many: the next message
/// will have a number that none has had before.
pub(super) fn sort(
    connection: &Connection,
    conversation: i64,
    new: u32,
) -> rusqlite::Result<Sorted> {
    let mut messages = all_of(connection, conversation, new)?;
    // The sort is stable.
    messages.sort_by_key(|message| message.at);
    let last = last_seq(connection, conversation)?.0 + new;
    let count = u32::try_from(messages.len()).expect("their numbers have 32 bits");
    for (seq, message) in (last - count + 1..).zip(&mut messages) {
        message.id = id_of(conversation, Seq(seq));
    }
    // First out of the way, below the new ones.
    let aside = |id: i64| if id < 0 { id } else { -id - i64::from(new) };
    let moved = || messages.iter().filter(|message| message.id != message.before);
    for message in moved().filter(|message| message.before >= 0) {
        rename(connection, message.before, aside(message.before))?;
    }
    for message in moved() {
        rename(connection, aside(message.before), message.id)?;
    }
    Ok(Sorted { messages, last: Seq(last) })
}

/// Gives a message another id. The messages that reply to it go on replying to it.
fn rename(connection: &Connection, from: i64, to: i64) -> rusqlite::Result<()> {
    for sql in [
        "UPDATE messages SET id = ? WHERE id = ?",
        "UPDATE messages SET reply_to = ? WHERE reply_to = ?",
    ] {
        connection.prepare_cached(sql)?.execute([to, from])?;
    }
    Ok(())
}
