//! The statements about users, and what an operator's tools do with them.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::names::folded;
use super::{Database, Dice, Hasher, failure, rooms, stays, uuid};
use crate::chat::account::{
    Credentials, Failure, PasswordHash, UnixMs, User, UserId, UserKey, UserName,
};

/// Registers a user. `None`: the name is taken, or looks like one that is.
pub(super) fn register(
    connection: &Connection,
    name: &UserName,
    hash: &PasswordHash,
    at: UnixMs,
    dice: Dice<'_>,
) -> rusqlite::Result<Option<User>> {
    let id = UserId(uuid::random(dice));
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
            connection.execute("DELETE FROM logins WHERE user = ?", [user.0])?;
            Ok(())
        })
    }

    /// Lets the user of this name stay also if others need room: the operator has chosen this user.
    ///
    /// # Errors
    ///
    /// [`Failure`]; then nothing has changed.
    pub fn keep_user(&mut self, name: &UserName) -> Result<bool, Failure> {
        self.change_user(name, stays::keep)
    }

    /// Deletes a user: password, logins, marks and memberships. The messages stay, and nobody else gets the
    /// name. Rooms that the user has made pass to the longest-standing member, or are deleted without one.
    /// `false`: there is no such user.
    ///
    /// # Errors
    ///
    /// [`Failure`]; then nothing has changed.
    pub fn delete_user(&mut self, name: &UserName) -> Result<bool, Failure> {
        self.change_user(name, |connection, user| {
            connection.execute("UPDATE users SET password = NULL WHERE key = ?", [user.0])?;
            connection.execute("DELETE FROM logins WHERE user = ?", [user.0])?;
            connection.execute("DELETE FROM marks WHERE user = ?", [user.0])?;
            rooms::forget_user(connection, user)
        })
    }

    fn change_user(
        &mut self,
        name: &UserName,
        change: impl FnOnce(&Connection, UserKey) -> rusqlite::Result<()>,
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
