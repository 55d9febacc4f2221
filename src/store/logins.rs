//! The statements about logins. The store keeps the digest of a token, never the token.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Dice, stays};
use crate::chat::account::{Token, TokenDigest, UnixMs, UserKey};

/// A login, before it has a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Login {
    pub(super) user: UserKey,
    pub(super) created: UnixMs,
    pub(super) expires: UnixMs,
}

/// Makes a token for a login, and revokes the user's oldest logins beyond `most`. A user that was deleted
/// meanwhile gets a token that opens nothing.
pub(super) fn admit(
    connection: &Connection,
    login: Login,
    most: u32,
    dice: Dice<'_>,
) -> rusqlite::Result<(Token, Vec<TokenDigest>)> {
    let mut token = Token([0; 32]);
    dice(&mut token.0);
    let digest = token.digest();
    connection
        .prepare_cached(
            "INSERT INTO logins(token, user, created, expires) SELECT ?1, ?2, ?3, ?4
             WHERE EXISTS (SELECT 1 FROM users WHERE key = ?2 AND password IS NOT NULL)",
        )?
        .execute(params![digest.0, login.user.0, login.created.0, login.expires.0])?;
    stays::came_back(connection, login.user, login.created)?;
    // The new login is left out, since the clock may have been set back since the older ones.
    let revoked = connection
        .prepare_cached(
            "DELETE FROM logins WHERE token IN (
                 SELECT token FROM logins WHERE user = ?1 AND token <> ?2
                 ORDER BY created DESC LIMIT -1 OFFSET ?3
             ) RETURNING token",
        )?
        .query_map(params![login.user.0, digest.0, most.saturating_sub(1)], |row| {
            row.get(0).map(TokenDigest)
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok((token, revoked))
}

/// Whose token it is, and when it expires, unless it has.
pub(super) fn whose(
    connection: &Connection,
    digest: &TokenDigest,
    now: UnixMs,
) -> rusqlite::Result<Option<(UserKey, UnixMs)>> {
    connection
        .prepare_cached("SELECT user, expires FROM logins WHERE token = ? AND expires > ?")?
        .query_row(params![digest.0, now.0], |row| Ok((UserKey(row.get(0)?), UnixMs(row.get(1)?))))
        .optional()
}

/// Forgets a token. Returns whether it existed.
pub(super) fn revoke(connection: &Connection, digest: &TokenDigest) -> rusqlite::Result<bool> {
    let rows = connection
        .prepare_cached("DELETE FROM logins WHERE token = ?")?
        .execute(params![digest.0])?;
    Ok(rows > 0)
}

/// Deletes up to `most` expired logins. Returns how many.
pub(super) fn delete_expired(
    connection: &Connection,
    now: UnixMs,
    most: usize,
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "DELETE FROM logins WHERE token IN
                 (SELECT token FROM logins WHERE expires <= ? LIMIT ?)",
        )?
        .execute(params![now.0, most as i64])
}
