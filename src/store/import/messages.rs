//! Takes over messages. Those of the old database and those that are here already are put in the order of
//! their times, and numbered anew.
//!
//! A message that is here already is recognised by its conversation, sender, time and text. If an old
//! database has it three times, and it is here twice, one is added. One that was edited or deleted here is
//! recognised without its text: what its author has taken back does not return.
//!
//! Each new message first gets an id below zero, which no other message has. When all are there, `order` sorts
//! each conversation that has new ones, and `marks` says how far its readers have read.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, params};

use super::misfits::{Column, Why};
use super::order::id_of;
use super::people::{People, Person};
use super::rooms::Rooms;
use super::source::{Columns, To};
use super::{ImportError, Run, check, check_length, marks, order};
use crate::chat::account::{Limits, Place, Quote, Seq, UnixMs, UserKey};
use crate::store::conversations::between;
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
    for (&conversation, &new) in all.new.iter().filter(|(_, new)| **new > 0) {
        let sorted = order::sort(run.connection, conversation, new)?;
        marks::renew(run.connection, conversation, &sorted, &all.unread)?;
        // What was said before they came counts as read, where the old app does not know better.
        let came = match conversation {
            GLOBAL => people.newcomers(),
            room => rooms.new_members(room),
        };
        marks::begin(run.connection, conversation, came, sorted.last)?;
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
        for message in order::all_of(connection, conversation, 0)? {
            let place = (conversation, message.from, message.at);
            self.here.entry(place).or_default().push(message.before);
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
        let mut kept = connection.prepare_cached(
            "SELECT text = ?, edited IS NOT NULL OR deleted = 1 FROM messages WHERE id = ?",
        )?;
        let mut changed = None;
        for (place, id) in candidates.iter().enumerate() {
            let (is_same, is_changed): (bool, bool) =
                kept.query_row(params![text, id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if is_same {
                candidates.remove(place);
                return Ok(true);
            }
            if is_changed && changed.is_none() {
                changed = Some(place);
            }
        }
        changed.map(|place| candidates.remove(place));
        Ok(changed.is_some())
    }
}
