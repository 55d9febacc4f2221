//! Which accounts make room for new ones, if there are as many as may be: those whose user has left no trace.
//!
//! A user *stays* by the first message, by a login after the first day, or as a member of a room.

use rusqlite::{Connection, params};

use crate::chat::account::{TokenDigest, UnixMs, UserKey};

/// The first day of an account, in milliseconds: a login after it shows that its user came back.
const FIRST_DAY: i64 = 24 * 60 * 60 * 1_000;

/// Notes that a user has written something or is in a room, and so stays.
pub(super) fn keep(connection: &Connection, user: UserKey) -> rusqlite::Result<()> {
    // The condition makes this a look-up for all but the first message.
    let sql = "UPDATE users SET stays = 1 WHERE key = ? AND stays = 0";
    connection.prepare_cached(sql)?.execute([user.0]).map(drop)
}

/// Notes a login. The user stays, if it is after the first day.
pub(super) fn came_back(
    connection: &Connection,
    user: UserKey,
    at: UnixMs,
) -> rusqlite::Result<()> {
    let sql = "UPDATE users SET stays = 1 WHERE key = ? AND stays = 0 AND created <= ?";
    let created = at.0.saturating_sub(FIRST_DAY);
    connection.prepare_cached(sql)?.execute(params![user.0, created]).map(drop)
}

/// Removes the oldest account that makes room: its first day is over, its user has not logged in since and has
/// written nothing, and is not among those `online`. Returns whose it was, and
/// the logins that ended with it.
///
/// The name is free again, since no message has it as its sender. If others have written to it, the name stays
/// taken: the next user of that name would be mistaken for this one.
pub(super) fn make_room(
    connection: &Connection,
    online: &[UserKey],
    now: UnixMs,
) -> rusqlite::Result<Option<(UserKey, Vec<TokenDigest>)>> {
    // The newest user of all stays, because SQLite would give its key again.
    let mut passing = connection.prepare_cached(
        "SELECT key FROM users WHERE stays = 0 AND created <= ? AND password IS NOT NULL
         AND key < (SELECT max(key) FROM users) ORDER BY created",
    )?;
    let mut keys = passing.query_map([now.0.saturating_sub(FIRST_DAY)], |row| row.get(0))?;
    let gone = loop {
        let Some(key) = keys.next() else { return Ok(None) };
        let key = UserKey(key?);
        if !online.contains(&key) {
            break key;
        }
    };
    drop(keys);
    let logins = connection
        .prepare_cached("DELETE FROM logins WHERE user = ? RETURNING token")?
        .query_map([gone.0], |row| row.get(0).map(TokenDigest))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    connection.prepare_cached("DELETE FROM marks WHERE user = ?")?.execute([gone.0])?;
    let was_written_to = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM conversations WHERE low = ?)
                 OR EXISTS (SELECT 1 FROM conversations WHERE high = ?)",
        )?
        .query_row([gone.0, gone.0], |row| row.get::<_, bool>(0))?;
    if was_written_to {
        let sql = "UPDATE users SET password = NULL, stays = 1 WHERE key = ?";
        connection.prepare_cached(sql)?.execute([gone.0])?;
    } else {
        connection.prepare_cached("DELETE FROM users WHERE key = ?")?.execute([gone.0])?;
    }
    Ok(Some((gone, logins)))
}
