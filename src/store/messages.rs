//! The statements that store messages, change them, and delete them.

use std::sync::Arc;

use rusqlite::{Connection, Error, OptionalExtension as _, params};

use super::conversations::{between, find, ids_of, is_member, last_seq, note_gone, seen_by};
use super::schema::GLOBAL;
use super::{history, marks, stays};
use crate::chat::account::{
    MessageId, Output, Place, Quote, ReplyTo, Seq, UnixMs, UserId, UserKey,
};

/// What is to be stored of a message.
#[derive(Clone, Copy)]
pub(super) struct Message<'m> {
    pub(super) from: UserKey,
    pub(super) at: UnixMs,
    pub(super) text: &'m str,
    pub(super) reply: Option<&'m ReplyTo>,
    pub(super) client_id: Option<&'m str>,
}

/// Stores a message as the next of its conversation.
pub(super) fn say(
    connection: &Connection,
    place: Place,
    message: Message<'_>,
) -> rusqlite::Result<Output> {
    if let Some(id) = message.client_id
        && let Some(output) = said_before(connection, place, (message, id))?
    {
        return Ok(output);
    }
    let Message { from, at, text, reply, client_id } = message;
    let (reply_to, quote) = match reply {
        None => (None, None),
        Some(ReplyTo::Quote(quote)) => (None, Some(Arc::clone(quote))),
        Some(&ReplyTo::Message { mid, quote_chars }) => {
            let is_here = find(connection, place)? == Some(mid.conversation());
            let Some(quote) = quote_of(connection, mid, quote_chars)?.filter(|_| is_here) else {
                return Ok(Output::NoSuchMessage);
            };
            // The other conversations have no words for quotes.
            (Some(mid.0), matches!(place, Place::Room(_)).then(|| Arc::new(quote)))
        }
    };
    let (conversation, seq) = match place {
        Place::Global => (GLOBAL, next_seq(connection, GLOBAL)?),
        Place::Private(one, other) => {
            let conversation = between(connection, one, other)?;
            (conversation, next_seq(connection, conversation)?)
        }
        Place::Room(room) => {
            if !is_member(connection, room, from)? {
                return Ok(Output::NotAMember);
            }
            (room.0.into(), next_seq(connection, room.0.into())?)
        }
    };
    let mid = MessageId::of(conversation, seq);
    let words = quote.as_deref();
    connection
        .prepare_cached(
            "INSERT INTO messages(
                 id, sender, at, text, quoted_id, quoted_name, quoted_text, client_id, reply_to
             ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            mid.0,
            from.0,
            at.0,
            text,
            words.map(|quote| &*quote.sender_id),
            words.map(|quote| &*quote.sender_name),
            words.map(|quote| &*quote.text),
            client_id,
            reply_to,
        ])?;
    stays::keep(connection, from)?;
    if let Place::Private(one, other) = place
        && one != other
    {
        let reader = if one == from { other } else { one };
        marks::add_unread(connection, reader, conversation)?;
    }
    Ok(Output::Said { mid, quote })
}

/// What became of the message to which its sender's client gave this id before. `None`: there is none. The
/// text may have been changed since, so then it is enough that the conversation is the same.
fn said_before(
    connection: &Connection,
    place: Place,
    (message, id): (Message<'_>, &str),
) -> rusqlite::Result<Option<Output>> {
    let before = connection
        .prepare_cached(
            "SELECT id, at, text = ?3 OR edited IS NOT NULL OR deleted = 1 FROM messages
             WHERE sender = ?1 AND client_id = ?2",
        )?
        .query_row(params![message.from.0, id, message.text], |row| {
            Ok((MessageId(row.get(0)?), UnixMs(row.get(1)?), row.get::<_, bool>(2)?))
        })
        .optional()?;
    let Some((mid, at, may_be_equal)) = before else { return Ok(None) };
    let is_same = may_be_equal && find(connection, place)? == Some(mid.conversation());
    Ok(Some(if is_same { Output::SaidBefore { mid, at } } else { Output::IdReused }))
}

/// What can be quoted of a message. `None`: there is no such message.
fn quote_of(
    connection: &Connection,
    mid: MessageId,
    chars: usize,
) -> rusqlite::Result<Option<Quote<'static>>> {
    connection
        .prepare_cached(
            "SELECT users.id, name, text FROM messages JOIN users ON key = sender
             WHERE messages.id = ?",
        )?
        .query_row([mid.0], |row| {
            let text = row.get_ref(2)?.as_str()?.chars().take(chars).collect::<String>();
            Ok(Quote {
                sender_id: UserId(row.get(0)?).to_string().into(),
                sender_name: row.get::<_, String>(1)?.into(),
                text: text.into(),
            })
        })
        .optional()
}

/// The place of the next message of a conversation. The transaction has the write lock already, so nobody takes it
/// meanwhile.
fn next_seq(connection: &Connection, conversation: i64) -> rusqlite::Result<Seq> {
    let next = i64::from(last_seq(connection, conversation)?.0) + 1;
    let seq = u32::try_from(next).map_err(|_| Error::IntegralValueOutOfRange(0, next))?;
    Ok(Seq(seq))
}

/// Gives a message another text, or deletes it if there is none. Only its author may, while the conversation
/// is one of the author's. A deleted message keeps its row and its place, and nothing of what was written:
/// the quotes of it are empty, too.
pub(super) fn change(
    connection: &Connection,
    mid: MessageId,
    by: UserKey,
    (text, at): (Option<&str>, UnixMs),
) -> rusqlite::Result<Output> {
    let Some(place) = seen_by(connection, by, mid.conversation())? else {
        return Ok(Output::NoSuchMessage);
    };
    let found = history::one(connection, place, mid)?;
    let Some(message) = found.filter(|one| !one.is_deleted || text.is_none()) else {
        return Ok(Output::NoSuchMessage);
    };
    if message.from != by {
        return Ok(Output::NotYours);
    }
    match text {
        Some(text) => {
            let sql = "UPDATE messages SET text = ?, edited = ? WHERE id = ?";
            connection.prepare_cached(sql)?.execute(params![text, at.0, mid.0])?;
        }
        None => delete(connection, mid)?,
    }
    let changed = history::one(connection, place, mid)?;
    Ok(changed.map_or(Output::NoSuchMessage, |message| Output::Changed(Box::new(message))))
}

fn delete(connection: &Connection, mid: MessageId) -> rusqlite::Result<()> {
    marks::drop_unread(connection, mid.0)?;
    connection
        .prepare_cached(
            "UPDATE messages SET text = '', deleted = 1, edited = NULL, reply_to = NULL,
                 quoted_id = NULL, quoted_name = NULL, quoted_text = NULL
             WHERE id = ?",
        )?
        .execute([mid.0])?;
    connection
        .prepare_cached("UPDATE messages SET quoted_text = '' WHERE reply_to = ?")?
        .execute([mid.0])?;
    Ok(())
}

/// Deletes up to `most` messages of a conversation, the oldest first. Returns how many.
pub(super) fn delete_some(
    connection: &Connection,
    conversation: i64,
    most: usize,
) -> rusqlite::Result<usize> {
    let (first, last) = ids_of(conversation);
    connection
        .prepare_cached(
            "DELETE FROM messages WHERE id IN
                 (SELECT id FROM messages WHERE id BETWEEN ? AND ? LIMIT ?)",
        )?
        .execute(params![first.0, last.0, most as i64])
}

/// Deletes one message that is too old to be kept.
pub(super) fn delete_old(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    marks::drop_unread(connection, id)?;
    note_gone(connection, MessageId(id))?;
    connection.prepare_cached("DELETE FROM messages WHERE id = ?")?.execute([id])?;
    Ok(())
}
