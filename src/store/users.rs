//! The statements about users, and what an operator's tools do with them.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::names::folded;
use super::{Database, Dice, Hasher, failure};
use crate::chat::account::{
    Credentials, Failure, PasswordHash, TokenDigest, UnixMs, User, UserId, UserKey, UserName,
};

/// Registers a user. `None`: the name is taken, or looks like one that is.
pub(super) fn register(
    connection: &Connection,
    name: &UserName,
    hash: &PasswordHash,
    at: UnixMs,
    dice: Dice<'_>,
) -> rusqlite::Result<Option<User>> {
    let id = random_id(dice);
    connection
        .prepare_cached(
            "INSERT INTO users(id, name, folded, password, created) SELECT ?1, ?2, ?3, ?4, ?5
             WHERE NOT EXISTS (SELECT 1 FROM users WHERE folded = ?3) RETURNING key",
        )?
        .query_row(params![id.0, name.as_str(), folded(name), hash.reveal(), at.0], |row| {
            Ok(User { key: UserKey(row.get(0)?), id, name: name.clone(), created: at })
        })
        .optional()
}

/// The first day of an account, in milliseconds: a login after it shows that its user came back.
const FIRST_DAY: i64 = 24 * 60 * 60 * 1_000;

/// Notes that a user has written something, and so stays.
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
    let was_written_to = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM marks WHERE user = ?)")?
        .query_row([gone.0], |row| row.get::<_, bool>(0))?;
    if was_written_to {
        connection.prepare_cached("DELETE FROM marks WHERE user = ?")?.execute([gone.0])?;
        let sql = "UPDATE users SET password = NULL, stays = 1 WHERE key = ?";
        connection.prepare_cached(sql)?.execute([gone.0])?;
    } else {
        connection.prepare_cached("DELETE FROM users WHERE key = ?")?.execute([gone.0])?;
    }
    Ok(Some((gone, logins)))
}

/// A UUID of version 4: 122 random bits (RFC 9562 §5.4).
fn random_id(dice: Dice<'_>) -> UserId {
    let mut id = [0; 16];
    dice(&mut id);
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    UserId(id)
}

/// The user and the password's hash under exactly this name.
pub(super) fn credentials(
    connection: &Connection,
    name: &UserName,
) -> rusqlite::Result<Option<Credentials>> {
    connection
        .prepare_cached("SELECT key, password FROM users WHERE name = ? AND password IS NOT NULL")?
        .query_row([name.as_str()], |row| {
            let hash = PasswordHash::new(row.get_ref(1)?.as_str()?);
            Ok(Credentials { user: UserKey(row.get(0)?), hash })
        })
        .optional()
}

/// Replaces the hash of a password by one with today's parameters, unless it has them already. Then the
/// password itself was changed since it was compared, and the new hash is of the old one.
pub(super) fn replace_outdated_hash(
    connection: &Connection,
    user: UserKey,
    hash: &PasswordHash,
) -> rusqlite::Result<()> {
    let stored: Option<Option<String>> = connection
        .prepare_cached("SELECT password FROM users WHERE key = ?")?
        .query_row([user.0], |row| row.get(0))
        .optional()?;
    if stored.flatten().is_some_and(|stored| !Hasher::is_of_today(&stored)) {
        connection
            .prepare_cached("UPDATE users SET password = ? WHERE key = ?")?
            .execute(params![hash.reveal(), user.0])?;
    }
    Ok(())
}

/// All users, in the order of their keys.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<User>> {
    select(connection, "password IS NOT NULL")
}

/// The deleted users, in the order of their keys.
pub(super) fn former(connection: &Connection) -> rusqlite::Result<Vec<User>> {
    select(connection, "password IS NULL")
}

fn select(connection: &Connection, which: &str) -> rusqlite::Result<Vec<User>> {
    let user = |row: &Row<'_>| {
        Ok(User {
            key: UserKey(row.get(0)?),
            id: UserId(row.get(1)?),
            name: UserName::registered(row.get_ref(2)?.as_str()?),
            created: UnixMs(row.get(3)?),
        })
    };
    connection
        .prepare_cached(&format!(
            "SELECT key, id, name, created FROM users WHERE {which} ORDER BY key"
        ))?
        .query_map([], user)?
        .collect()
}

impl Database {
    /// Gives a user another password, and ends all logins of that user. `false`: there is no such user.
    ///
    /// # Errors
    ///
    /// [`Failure`]; then nothing has changed.
    pub fn set_password(&mut self, name: &UserName, hash: &PasswordHash) -> Result<bool, Failure> {
        self.change_user(name, |connection, user| {
            let sql = "UPDATE users SET password = ? WHERE key = ?";
            connection.execute(sql, params![hash.reveal(), user.0])?;
            connection.execute("DELETE FROM logins WHERE user = ?", [user.0])
        })
    }

    /// Lets the user of this name stay also if others need room: the operator has chosen this user.
    ///
    /// # Errors
    ///
    /// [`Failure`]; then nothing has changed.
    pub fn keep_user(&mut self, name: &UserName) -> Result<bool, Failure> {
        self.change_user(name, |connection, user| keep(connection, user).map(|()| 1))
    }

    /// Deletes a user: password, logins and marks. The messages stay, and nobody else gets the name.
    /// `false`: there is no such user.
    ///
    /// # Errors
    ///
    /// [`Failure`]; then nothing has changed.
    pub fn delete_user(&mut self, name: &UserName) -> Result<bool, Failure> {
        self.change_user(name, |connection, user| {
            connection.execute("UPDATE users SET password = NULL WHERE key = ?", [user.0])?;
            connection.execute("DELETE FROM logins WHERE user = ?", [user.0])?;
            connection.execute("DELETE FROM marks WHERE user = ?", [user.0])
        })
    }

    fn change_user(
        &mut self,
        name: &UserName,
        change: impl FnOnce(&Connection, UserKey) -> rusqlite::Result<usize>,
    ) -> Result<bool, Failure> {
        let all = || {
            let transaction = self.connection.transaction()?;
            let Some(found) = credentials(&transaction, name)? else { return Ok(false) };
            change(&transaction, found.user)?;
            transaction.commit()?;
            Ok(true)
        };
        all().map_err(|error: rusqlite::Error| failure::of(&error).to_the_realm())
    }
}
