//! Takes over messages. Those of the old database and those that are here already are put in the order of
//! their times, and numbered anew.
//!
//! A message that is here already is recognised by its conversation, sender, time and text. If an old
//! database has it three times, and it is here twice, one is added.
//!
//! Each new message first gets an id below zero, which no other message has. When all are there, each
//! conversation that has new ones is sorted: O(n log n), with 32 bytes of memory for a message. Messages of
//! the same millisecond keep their order, and those that were here stand before the new ones.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, params};

use super::misfits::{Column, Why};
use super::people::{People, Person};
use super::rooms::Rooms;
use super::source::{Columns, To};
use super::{ImportError, Run, check, check_length};
use crate::chat::account::{Limits, Place, Quote, Seq, UnixMs, UserKey};
use crate::store::messages::{between, id_of};
use crate::store::schema::GLOBAL;

/// A message, as the old database has it.
struct OldMessage<'r> {
    place: Place,
    from: UserKey,
    at: UnixMs,
    text: &'r str,
    reply: Option<Quote<'r>>,
    is_read: bool,
}

/// The conversations that the old database has messages of.
#[derive(Default)]
struct Conversations {
    /// How many messages of each are new.
    new: BTreeMap<i64, u32>,
    /// The ids of messages that are here, and that no old message has been found to be yet.
    here: HashMap<(i64, UserKey, UnixMs), Vec<i64>>,
    /// The new messages that their readers have not read.
    unread: HashSet<i64>,
}

/// Takes over the messages.
pub(super) fn take_over(
    run: &mut Run<'_, '_>,
    people: &People,
    rooms: &Rooms,
) -> Result<(), ImportError> {
    let mut all = Conversations::default();
    let source = run.source;
    source.each_message(|to, columns| {
        match read(run, to, columns, people, rooms) {
            Ok(message) => match all.add(run.connection, &message)? {
                true => run.report.messages.new += 1,
                false => run.report.messages.known += 1,
            },
            Err(why) => run.leave_out(&columns.row, why),
        }
        Ok(())
    })?;
    for (&conversation, &new) in &all.new {
        if new > 0 {
            sort(run.connection, conversation, new, &all.unread)?;
        }
    }
    Ok(())
}

fn read<'c>(
    run: &Run<'_, '_>,
    to: To,
    columns: &'c Columns<'_>,
    people: &People,
    rooms: &Rooms,
) -> Result<OldMessage<'c>, Why> {
    let from = people.find(columns, 1, Column::Sender)?.key;
    let place = match to {
        To::Room => Place::Room(rooms.find(columns, 2)?),
        To::User if !columns.is_null(2) => {
            Place::Private(from, people.find(columns, 2, Column::Recipient)?.key)
        }
        To::User if columns.is_true(3) => Place::Global,
        To::User => return Err(Why::ForNobody),
    };
    let most = Limits::default().text_chars;
    let text = columns.text(4, Column::Text)?;
    check(text, Column::Text, most)?;
    let at = run.time(columns, 5, None)?;
    let reply = quote(columns, people)?;
    Ok(OldMessage { place, from, at, text, reply, is_read: columns.is_true(6) })
}

/// What a message replies to. The user that it names may have another id and another name here.
fn quote<'c>(columns: &'c Columns<'_>, people: &People) -> Result<Option<Quote<'c>>, Why> {
    let most = Limits::default().text_chars;
    let part = |at| {
        let text = columns.text_or_nothing(at, Column::Reply)?.unwrap_or_default();
        check_length(text, Column::Reply, most).map(|()| text)
    };
    let (sender_id, sender_name, text) = (part(7)?, part(8)?, part(9)?);
    if sender_id.is_empty() && sender_name.is_empty() && text.is_empty() {
        return Ok(None);
    }
    let (sender_id, sender_name) = match people.find(columns, 7, Column::Sender) {
        Ok(Person { id, name, .. }) => (id.to_string().into(), name.as_str().to_owned().into()),
        // A quote is what the sender's client said. It may name anybody.
        Err(_) => (sender_id.into(), sender_name.into()),
    };
    Ok(Some(Quote { sender_id, sender_name, text: text.into() }))
}

impl Conversations {
    /// Adds a message, unless it is here. Returns whether it was added.
    fn add(
        &mut self,
        connection: &Connection,
        message: &OldMessage<'_>,
    ) -> Result<bool, ImportError> {
        let &OldMessage { place, from, at, text, ref reply, is_read } = message;
        let conversation = match place {
            Place::Global => GLOBAL,
            Place::Private(one, other) => between(connection, one, other)?,
            Place::Room(room) => room.0.into(),
        };
        if !self.new.contains_key(&conversation) {
            self.look_at(connection, conversation)?;
        }
        if self.is_here(connection, (conversation, from, at), text)? {
            return Ok(false);
        }
        let new = self.new.entry(conversation).or_default();
        *new += 1;
        let id = -id_of(conversation, Seq(*new));
        let (quoted_id, quoted_name) =
            reply.as_ref().map(|quote| (&*quote.sender_id, &*quote.sender_name)).unzip();
        let quoted_text = reply.as_ref().map(|quote| &*quote.text);
        connection
            .prepare_cached(
                "INSERT INTO messages(id, sender, at, text, quoted_id, quoted_name, quoted_text)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![id, from.0, at.0, text, quoted_id, quoted_name, quoted_text])?;
        if !is_read {
            self.unread.insert(id);
        }
        Ok(true)
    }

    /// Notes which messages of a conversation are here.
    fn look_at(&mut self, connection: &Connection, conversation: i64) -> rusqlite::Result<()> {
        self.new.insert(conversation, 0);
        for message in all_of(connection, conversation, 0)? {
            let Message { id, from, at, .. } = message;
            self.here.entry((conversation, from, at)).or_default().push(id);
        }
        Ok(())
    }

    /// Whether a message is here. The next equal one is another message.
    fn is_here(
        &mut self,
        connection: &Connection,
        place: (i64, UserKey, UnixMs),
        text: &str,
    ) -> rusqlite::Result<bool> {
        let Some(candidates) = self.here.get_mut(&place) else { return Ok(false) };
        let mut same = connection.prepare_cached("SELECT text = ? FROM messages WHERE id = ?")?;
        for at in 0..candidates.len() {
            if same.query_row(params![text, candidates[at]], |row| row.get(0))? {
                candidates.remove(at);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A message that is in our database.
struct Message {
    id: i64,
    from: UserKey,
    at: UnixMs,
    is_unread: bool,
}

/// The messages of a conversation in their order, and behind them those that are new, of which there are
/// this many.
fn all_of(connection: &Connection, conversation: i64, new: u32) -> rusqlite::Result<Vec<Message>> {
    let mut in_range = connection.prepare_cached(
        "SELECT id, sender, at FROM messages WHERE id BETWEEN ? AND ? ORDER BY id",
    )?;
    let mut range = |first: i64, last: i64| {
        let message = |row: &rusqlite::Row<'_>| {
            let (id, from, at) = (row.get(0)?, UserKey(row.get(1)?), UnixMs(row.get(2)?));
            Ok(Message { id, from, at, is_unread: false })
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

/// Sorts a conversation by time, and numbers its messages anew. The last number grows by the count of new
/// messages: the next message will have a number that none has had before.
fn sort(
    connection: &Connection,
    conversation: i64,
    new: u32,
    unread: &HashSet<i64>,
) -> Result<(), ImportError> {
    let mut all = all_of(connection, conversation, new)?;
    let last: u32 = connection
        .prepare_cached("SELECT last_seq FROM conversations WHERE key = ?")?
        .query_row([conversation], |row| row.get(0))?;
    let marks = Marks::of(connection, conversation)?;
    for message in &mut all {
        message.is_unread = match message.id {
            ..0 => unread.contains(&message.id),
            id => marks.as_ref().is_some_and(|marks| marks.is_unread(message.from, id)),
        };
    }
    // The sort is stable.
    all.sort_by_key(|message| message.at);
    let count = u32::try_from(all.len()).expect("their numbers have 32 bits");
    let last = last + new;
    let ids: Vec<i64> =
        (last - count + 1..=last).map(|seq| id_of(conversation, Seq(seq))).collect();
    let mut rename = connection.prepare_cached("UPDATE messages SET id = ? WHERE id = ?")?;
    // First out of the way, below the new ones.
    let aside = |id: i64| if id < 0 { id } else { -id - i64::from(new) };
    let moved = || all.iter().zip(&ids).filter(|(message, id)| message.id != **id);
    for (message, _) in moved().filter(|(message, _)| message.id >= 0) {
        rename.execute([aside(message.id), message.id])?;
    }
    for (message, id) in moved() {
        rename.execute([*id, aside(message.id)])?;
    }
    connection
        .prepare_cached("UPDATE conversations SET last_seq = ? WHERE key = ?")?
        .execute(params![last, conversation])?;
    if let Some(marks) = marks {
        marks.write(connection, &all, &ids)?;
    }
    Ok(())
}

/// How far each of the two users of a private conversation has read it.
struct Marks {
    conversation: i64,
    users: [UserKey; 2],
    /// The id of the last message that each has read.
    read: [i64; 2],
}

impl Marks {
    /// `None`: the conversation is not one of two users.
    fn of(connection: &Connection, conversation: i64) -> rusqlite::Result<Option<Marks>> {
        let users = connection
            .prepare_cached("SELECT low, high FROM conversations WHERE key = ?")?
            .query_row([conversation], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (Some(low), Some(high)) = users else { return Ok(None) };
        if low == high {
            return Ok(None);
        }
        let read = |user: u32| {
            connection
                .prepare_cached(
                    "SELECT coalesce(max(read), 0) FROM marks WHERE user = ? AND conversation = ?",
                )?
                .query_row(params![user, conversation], |row| row.get(0))
                .map(|seq| id_of(conversation, Seq(seq)))
        };
        let read = [read(low)?, read(high)?];
        Ok(Some(Marks { conversation, users: [low, high].map(UserKey), read }))
    }

    /// Whether the reader of a message that was here has not read it.
    fn is_unread(&self, from: UserKey, id: i64) -> bool {
        let reader = usize::from(self.users[0] == from);
        id > self.read[reader]
    }

    /// Writes them anew, for these messages with these new ids. A mark stands before the first unread
    /// message. So no message that is unread counts as read.
    fn write(&self, connection: &Connection, all: &[Message], ids: &[i64]) -> rusqlite::Result<()> {
        for reader in self.users {
            let received = || all.iter().zip(ids).filter(|(message, _)| message.from != reader);
            let Some((_, last)) = received().next_back() else { continue };
            let first_unread = received().find(|(message, _)| message.is_unread);
            let read = first_unread.map_or(*last, |(_, id)| id - 1);
            let unread = received().filter(|(_, id)| **id > read).count();
            let seq = Seq((read - id_of(self.conversation, Seq(0))) as u32);
            // A user who was deleted here has no marks.
            connection
                .prepare_cached(
                    "INSERT INTO marks(user, conversation, unread, read)
                     SELECT key, ?2, ?3, ?4 FROM users WHERE key = ?1 AND password IS NOT NULL
                     ON CONFLICT DO UPDATE SET unread = excluded.unread, read = excluded.read",
                )?
                .execute(params![reader.0, self.conversation, unread as i64, seq.0])?;
        }
        Ok(())
    }
}
