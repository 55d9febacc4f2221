//! [`Rooms`]: the rooms of the old database, and which they are here.
//!
//! A room is recognised by its id. Once it is here, its name and its members are this server's: a member who
//! was removed since the first import does not come back by a second one. Only messages are added.

use std::collections::HashMap;

use rusqlite::{OptionalExtension as _, params};

use super::misfits::{Column, Why};
use super::people::{People, Person};
use super::source::Columns;
use super::{ImportError, Run, check, check_length};
use crate::chat::account::{Limits, RoomId, RoomKey, UnixMs, UserKey};

/// The rooms, by their ids. `None`: the row of the room does not fit.
#[derive(Default)]
pub(super) struct Rooms {
    all: HashMap<RoomId, Option<RoomKey>>,
    /// The members of those that are new here. The creator is the first, and may be there twice.
    new: HashMap<RoomKey, Vec<UserKey>>,
}

/// A room, as the old database has it.
struct OldRoom<'r> {
    id: RoomId,
    name: &'r str,
    description: &'r str,
    creator: &'r Person,
    created: UnixMs,
}

impl Rooms {
    /// The room in a column.
    pub(super) fn find(&self, columns: &Columns<'_>, at: usize) -> Result<RoomKey, Why> {
        let id = columns.key(at).and_then(|id| RoomId::parse(&id));
        match id.and_then(|id| self.all.get(&id)) {
            Some(Some(room)) => Ok(*room),
            Some(None) => Err(Why::RoomLeftOut),
            None => Err(Why::NoRoom),
        }
    }

    /// The members of a room, if it is new here.
    pub(super) fn new_members(&self, conversation: i64) -> &[UserKey] {
        let key = u32::try_from(conversation).ok().map(RoomKey);
        key.and_then(|key| self.new.get(&key)).map_or(&[], Vec::as_slice)
    }
}

/// Takes over the rooms with their members.
pub(super) fn take_over(run: &mut Run<'_, '_>, people: &People) -> Result<Rooms, ImportError> {
    let mut rooms = Rooms::default();
    let source = run.source;
    source.each_room(|columns| {
        let id = columns.key(1).and_then(|id| RoomId::parse(&id));
        let found = match read(run, columns, people) {
            Ok(room) if rooms.all.contains_key(&room.id) => Err(Why::Twice),
            Ok(room) => find_or_add(run, &room)?,
            Err(why) => Err(why),
        };
        match found {
            Ok((key, new_creator)) => {
                rooms.all.extend(id.map(|id| (id, Some(key))));
                rooms.new.extend(new_creator.map(|creator| (key, vec![creator])));
            }
            Err(why) => {
                run.leave_out(&columns.row, why);
                if let Some(id) = id {
                    rooms.all.entry(id).or_default();
                }
            }
        }
        Ok(())
    })?;
    source.each_member(|columns| {
        let member = rooms.find(columns, 1).and_then(|room| {
            let person = people.find(columns, 2, Column::Member)?;
            Ok((room, person, run.time(columns, 3, None)?))
        });
        match member {
            Ok((room, person, added)) => match rooms.new.get_mut(&room) {
                Some(members) if !person.is_former => {
                    members.push(person.key);
                    join(run, room, person.key, added)?;
                }
                // The room was here before, or the user was deleted here.
                Some(_) | None => {}
            },
            Err(why) => run.leave_out(&columns.row, why),
        }
        Ok(())
    })?;
    Ok(rooms)
}

fn read<'c>(
    run: &Run<'_, '_>,
    columns: &'c Columns<'_>,
    people: &'c People,
) -> Result<OldRoom<'c>, Why> {
    let limits = Limits::default();
    let id = RoomId::parse(columns.text(1, Column::Id)?).ok_or(Why::NoUuid(Column::Id))?;
    let name = columns.text(2, Column::Name)?;
    check(name, Column::Name, limits.room_name_chars)?;
    let description = columns.text_or_nothing(3, Column::Description)?.unwrap_or_default();
    check_length(description, Column::Description, limits.room_description_chars)?;
    let creator = people.find(columns, 4, Column::Creator)?;
    let created = run.time(columns, 5, None)?;
    Ok(OldRoom { id, name, description, creator, created })
}

/// Finds a room here, or adds it. Returns also the creator, if it is new.
fn find_or_add(
    run: &mut Run<'_, '_>,
    room: &OldRoom<'_>,
) -> Result<Result<(RoomKey, Option<UserKey>), Why>, ImportError> {
    let known = run
        .connection
        .prepare_cached("SELECT key FROM rooms WHERE id = ?")?
        .query_row([room.id.0], |row| row.get(0).map(RoomKey))
        .optional()?;
    if let Some(key) = known {
        run.report.rooms.known += 1;
        return Ok(Ok((key, None)));
    }
    if room.creator.is_former {
        return Ok(Err(Why::UserDeleted(Column::Creator)));
    }
    let key = add(run, room)?;
    run.report.rooms.new += 1;
    Ok(Ok((key, Some(room.creator.key))))
}

/// Adds a room. The creator is always a member.
fn add(run: &Run<'_, '_>, room: &OldRoom<'_>) -> Result<RoomKey, ImportError> {
    let key = run
        .connection
        .prepare_cached("INSERT INTO conversations DEFAULT VALUES RETURNING key")?
        .query_row([], |row| row.get(0).map(RoomKey))?;
    let OldRoom { id, name, description, creator, created } = room;
    run.connection
        .prepare_cached(
            "INSERT INTO rooms(key, id, name, description, creator, created)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![key.0, id.0, name, description, creator.key.0, created.0])?;
    join(run, key, creator.key, *created)?;
    Ok(key)
}

/// Makes a user a member. Of a creator, who is one already, it corrects the time.
fn join(run: &Run<'_, '_>, room: RoomKey, user: UserKey, added: UnixMs) -> Result<(), ImportError> {
    run.connection
        .prepare_cached(
            "INSERT INTO members(room, user, added) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET added = excluded.added",
        )?
        .execute(params![room.0, user.0, added.0])?;
    Ok(())
}
