//! The statements about rooms and their members.
//!
//! A room is a conversation, and has its key. The key is never given again: the row of the conversation
//! stays when the room is deleted, and its messages are deleted later, in slices.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Dice, messages, stays, uuid};
use crate::chat::account::{Room, RoomChange, RoomId, RoomKey, UnixMs, UserKey};

/// What is to be stored of a room.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewRoom<'r> {
    pub(super) creator: UserKey,
    pub(super) name: &'r str,
    pub(super) description: &'r str,
    pub(super) at: UnixMs,
}

/// Makes a room with its creator as the only member. `None`: the creator was deleted.
pub(super) fn create(
    connection: &Connection,
    room: NewRoom<'_>,
    dice: Dice<'_>,
) -> rusqlite::Result<Option<Room>> {
    let NewRoom { creator, name, description, at } = room;
    if !is_user(connection, creator)? {
        return Ok(None);
    }
    let id = RoomId(uuid::random(dice));
    let key = connection
        .prepare_cached("INSERT INTO conversations DEFAULT VALUES RETURNING key")?
        .query_row([], |row| row.get(0).map(RoomKey))?;
    connection
        .prepare_cached(
            "INSERT INTO rooms(key, id, name, description, creator, created)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![key.0, id.0, name, description, creator.0, at.0])?;
    add(connection, key, creator, at)?;
    let (name, description, members) = (name.into(), description.into(), vec![creator]);
    Ok(Some(Room { key, id, name, description, creator, created: at, members }))
}

/// Changes a room, if `by` is its creator, or leaves it. Returns whether that is so.
pub(super) fn change(
    connection: &Connection,
    room: RoomKey,
    by: UserKey,
    (change, at): (RoomChange, UnixMs),
) -> rusqlite::Result<bool> {
    if let RoomChange::Leave(user) = change {
        return leave(connection, room, user);
    }
    let is_creator = connection
        .prepare_cached("SELECT 1 FROM rooms WHERE key = ? AND creator = ?")?
        .exists([room.0, by.0])?;
    if !is_creator {
        return Ok(false);
    }
    match change {
        RoomChange::Delete => delete(connection, room)?,
        RoomChange::Add(user) => {
            if !is_user(connection, user)? {
                return Ok(false);
            }
            add(connection, room, user, at)?;
        }
        RoomChange::Remove(user) | RoomChange::Leave(user) => {
            connection
                .prepare_cached("DELETE FROM members WHERE room = ? AND user = ?")?
                .execute([room.0, user.0])?;
        }
    }
    Ok(true)
}

/// Takes a member out of a room at its own wish. The creator stays. Returns whether it was a member.
fn leave(connection: &Connection, room: RoomKey, user: UserKey) -> rusqlite::Result<bool> {
    let gone = connection
        .prepare_cached(
            "DELETE FROM members WHERE room = ?1 AND user = ?2
             AND NOT EXISTS (SELECT 1 FROM rooms WHERE key = ?1 AND creator = ?2)",
        )?
        .execute([room.0, user.0])?;
    Ok(gone > 0)
}

fn add(connection: &Connection, room: RoomKey, user: UserKey, at: UnixMs) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO members(room, user, added) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        )?
        .execute(params![room.0, user.0, at.0])?;
    stays::keep(connection, user)
}

/// Whether there is such a user, who was not deleted.
fn is_user(connection: &Connection, user: UserKey) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM users WHERE key = ? AND password IS NOT NULL")?
        .exists([user.0])
}

/// Deletes a room and its members, and notes that its messages are to be deleted.
fn delete(connection: &Connection, room: RoomKey) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM rooms WHERE key = ?")?.execute([room.0])?;
    connection
        .prepare_cached("INSERT INTO deserted(conversation) VALUES (?)")?
        .execute([room.0])?;
    Ok(())
}

/// Takes a user out of all rooms. A room that the user has made passes to the member who has been there
/// longest. Without one it is deleted.
pub(super) fn forget_user(connection: &Connection, user: UserKey) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM members WHERE user = ?", [user.0])?;
    let mut made = connection.prepare("SELECT key FROM rooms WHERE creator = ?")?;
    let made = made.query_map([user.0], |row| row.get(0).map(RoomKey))?;
    for room in made.collect::<rusqlite::Result<Vec<_>>>()? {
        let heir: Option<u32> = connection
            .query_row(
                "SELECT user FROM members WHERE room = ? ORDER BY added, user LIMIT 1",
                [room.0],
                |row| row.get(0),
            )
            .optional()?;
        match heir {
            Some(heir) => {
                let sql = "UPDATE rooms SET creator = ? WHERE key = ?";
                connection.execute(sql, [heir, room.0])?;
            }
            None => delete(connection, room)?,
        }
    }
    Ok(())
}

/// All rooms, in the order of their keys, with their members, the longest-standing first.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Room>> {
    let room = |row: &Row<'_>| {
        Ok(Room {
            key: RoomKey(row.get(0)?),
            id: RoomId(row.get(1)?),
            name: row.get_ref(2)?.as_str()?.into(),
            description: row.get_ref(3)?.as_str()?.into(),
            creator: UserKey(row.get(4)?),
            created: UnixMs(row.get(5)?),
            members: Vec::new(),
        })
    };
    let mut rooms = connection
        .prepare_cached(
            "SELECT key, id, name, description, creator, created FROM rooms ORDER BY key",
        )?
        .query_map([], room)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut members =
        connection.prepare_cached("SELECT room, user FROM members ORDER BY room, added, user")?;
    let members = members.query_map([], |row| Ok((RoomKey(row.get(0)?), UserKey(row.get(1)?))))?;
    // Both are in the order of the rooms.
    let mut at = 0;
    for member in members {
        let (room, user) = member?;
        while rooms.get(at).is_some_and(|one| one.key < room) {
            at += 1;
        }
        if let Some(one) = rooms.get_mut(at).filter(|one| one.key == room) {
            one.members.push(user);
        }
    }
    Ok(rooms)
}

/// Deletes up to `most` messages of deleted rooms. Returns whether there may be more.
pub(super) fn clear_deserted(connection: &Connection, most: usize) -> rusqlite::Result<bool> {
    let next = connection
        .prepare_cached("SELECT conversation FROM deserted LIMIT 1")?
        .query_row([], |row| row.get::<_, i64>(0))
        .optional()?;
    let Some(conversation) = next else { return Ok(false) };
    let deleted = messages::delete_some(connection, conversation, most)?;
    if deleted < most {
        connection
            .prepare_cached("DELETE FROM deserted WHERE conversation = ?")?
            .execute([conversation])?;
    }
    Ok(true)
}
