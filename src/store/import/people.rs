//! [`People`]: the users of the old database, and who they are here.
//!
//! A user is recognised by the id. MyChat has one. For the others it is made from what stays the same in the
//! old database, and tells its users from those of another one: of WebSocket Chat's users the name and the
//! salt of the password, of Chatterbox's the name, the number, and the first message of all. A password's
//! hash without a salt is not used: everybody sees ids.

use std::collections::{HashMap, HashSet};

use rusqlite::{OptionalExtension as _, params};

use super::misfits::{Column, Row, Why};
use super::source::{App, Columns};
use super::{ImportError, Run, TakenNames};
use crate::chat::account::{PasswordHash, UnixMs, UserId, UserKey, UserName};
use crate::store::names::folded;
use crate::store::old_hashes::{OldDigest, OldHash};
use crate::store::{Hasher, stays, uuid};

/// The users, by what the old database calls them. `None`: the row of the user does not fit.
pub(super) struct People {
    app: App,
    all: HashMap<String, Option<Person>>,
    /// Those that are new here.
    newcomers: Vec<UserKey>,
    /// The new users whose old digests are to be hashed.
    to_hash: Vec<(UserKey, OldHash, OldDigest)>,
}

/// Who a user is here.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) key: UserKey,
    pub(super) id: UserId,
    pub(super) name: UserName,
    /// Whether the user was deleted here. What they wrote is still taken over.
    pub(super) is_former: bool,
}

/// A user, as the old database has it.
struct OldUser {
    row: Row,
    called: String,
    id: UserId,
    name: UserName,
    password: OldPassword,
    created: UnixMs,
}

/// The hash of an old password.
enum OldPassword {
    /// By Argon2id already.
    Phc(PasswordHash),
    /// To be hashed once more.
    Digest(OldHash, OldDigest),
}

impl People {
    /// The user in a column.
    pub(super) fn find(
        &self,
        columns: &Columns<'_>,
        at: usize,
        column: Column,
    ) -> Result<&Person, Why> {
        let found = columns.key(at).and_then(|called| self.all.get(&self.canonical(called)));
        match found {
            Some(Some(person)) => Ok(person),
            Some(None) => Err(Why::UserLeftOut(column)),
            None => Err(Why::NoUser(column)),
        }
    }

    /// Those that are new here.
    pub(super) fn newcomers(&self) -> &[UserKey] {
        &self.newcomers
    }

    /// Hashes the old digests of new users. It takes long, so it comes last, when all else is well.
    pub(super) fn hash(&self, run: &mut Run<'_, '_>) -> Result<(), ImportError> {
        let mut hasher = Hasher::new();
        for (done, (key, old, digest)) in (1..).zip(&self.to_hash) {
            let hash = hasher.wrap(old, digest, run.means.dice);
            run.connection
                .prepare_cached("UPDATE users SET password = ? WHERE key = ?")?
                .execute(params![hash.reveal(), key.0])?;
            (run.means.progress)(done, self.to_hash.len());
        }
        Ok(())
    }

    /// The same text for the same user: a UUID can be written in several ways.
    fn canonical(&self, called: String) -> String {
        match self.app {
            App::MyChat => UserId::parse(&called).map_or(called, |id| id.to_string()),
            App::WebSocketChat | App::Chatterbox => called,
        }
    }
}

/// Takes over the users.
pub(super) fn take_over(run: &mut Run<'_, '_>) -> Result<People, ImportError> {
    let app = run.source.app;
    let mut people =
        People { app, all: HashMap::new(), newcomers: Vec::new(), to_hash: Vec::new() };
    let mut users = Vec::new();
    let deployment = match app {
        App::Chatterbox => run.source.first_message()?,
        App::MyChat | App::WebSocketChat => Vec::new(),
    };
    run.source.each_user(|columns| {
        match read(run, columns, &deployment) {
            Ok(user) => users.push(user),
            Err(why) => {
                run.leave_out(&columns.row, why);
                let called = columns.key(1).map(|called| people.canonical(called));
                people.all.extend(called.map(|called| (called, None)));
            }
        }
        Ok(())
    })?;
    let mut claimed = HashSet::new();
    for user in users {
        match find_or_add(run, &user, &mut claimed)? {
            Ok((person, is_new)) => {
                let key = person.key;
                people.all.insert(user.called, Some(person));
                people.newcomers.extend(is_new.then_some(key));
                if let (true, OldPassword::Digest(old, digest)) = (is_new, user.password) {
                    people.to_hash.push((key, old, digest));
                }
            }
            Err(why) => {
                run.leave_out(&user.row, why);
                people.all.entry(user.called).or_default();
            }
        }
    }
    Ok(people)
}

/// Reads the row of a user.
fn read(run: &Run<'_, '_>, columns: &Columns<'_>, deployment: &[u8]) -> Result<OldUser, Why> {
    let called = columns.key(1).ok_or(Why::NoText(Column::Id))?;
    let name = UserName::new(columns.text(2, Column::Name)?).map_err(Why::Name)?;
    let hash = columns.text(3, Column::Hash)?;
    let digest = |(old, digest)| OldPassword::Digest(old, digest);
    let (id, password) = match run.source.app {
        App::MyChat => {
            let id = UserId::parse(&called).ok_or(Why::NoUuid(Column::Id))?;
            let phc = Hasher::knows(hash).then(|| OldPassword::Phc(PasswordHash::new(hash)));
            (id, phc)
        }
        App::WebSocketChat => {
            let old = OldHash::of_websocket_chat(hash);
            let salt = old.as_ref().map_or(&[][..], |(old, _)| old.salt());
            let parts = [b"websocket-chat", called.as_bytes(), name.as_str().as_bytes(), salt];
            (UserId(uuid::derived(&parts)), old.map(digest))
        }
        App::Chatterbox => {
            let number = columns.row.number.to_be_bytes();
            let parts = [&b"chatterbox"[..], deployment, &number, name.as_str().as_bytes()];
            (UserId(uuid::derived(&parts)), OldHash::of_chatterbox(hash).map(digest))
        }
    };
    let password = password.ok_or(Why::Hash)?;
    let created = run.time(columns, 4, Some(run.import.now))?;
    let called = match run.source.app {
        App::MyChat => id.to_string(),
        App::WebSocketChat | App::Chatterbox => called,
    };
    Ok(OldUser { row: columns.row.clone(), called, id, name, password, created })
}

/// Finds a user here, or adds the user. Returns also whether the user is new. `claimed` has those that were
/// found or added before: two users of the old database are never one here.
fn find_or_add(
    run: &mut Run<'_, '_>,
    user: &OldUser,
    claimed: &mut HashSet<UserKey>,
) -> Result<Result<(Person, bool), Why>, ImportError> {
    let mut known = find(run, "id", user.id.0)?;
    if known.as_ref().is_some_and(|known| claimed.contains(&known.key)) {
        return Ok(Err(Why::Twice));
    }
    let mut name = user.name.clone();
    if known.is_none()
        && let Some(other) = find(run, "name", name.as_str())?
    {
        match &run.import.taken_names {
            TakenNames::SamePeople if !claimed.contains(&other.key) => known = Some(other),
            TakenNames::SamePeople | TakenNames::Refused => return Ok(Err(Why::NameTaken(name))),
            TakenNames::Renamed(suffix) => {
                name = match UserName::new(&format!("{}{suffix}", name.as_str())) {
                    Ok(name) => name,
                    Err(flaw) => return Ok(Err(Why::NewName(flaw))),
                };
                if find(run, "name", name.as_str())?.is_some() {
                    return Ok(Err(Why::NameTaken(name)));
                }
            }
        }
    }
    if let Some(person) = known {
        stays::keep(run.connection, person.key)?;
        run.report.users.known += 1;
        claimed.insert(person.key);
        return Ok(Ok((person, false)));
    }
    let hash = match &user.password {
        OldPassword::Phc(hash) => hash.reveal(),
        // Nothing matches it. It is replaced in the same transaction.
        OldPassword::Digest(..) => "",
    };
    let key = run
        .connection
        .prepare_cached(
            "INSERT INTO users(id, name, folded, password, created, stays)
             VALUES (?, ?, ?, ?, ?, 1) RETURNING key",
        )?
        .query_row(
            params![user.id.0, name.as_str(), folded(&name), hash, user.created.0],
            |row| row.get(0).map(UserKey),
        )?;
    run.report.users.new += 1;
    claimed.insert(key);
    Ok(Ok((Person { key, id: user.id, name, is_former: false }, true)))
}

/// The user here with this value in a column.
fn find(
    run: &Run<'_, '_>,
    column: &str,
    value: impl rusqlite::ToSql,
) -> rusqlite::Result<Option<Person>> {
    let sql = format!("SELECT key, id, name, password IS NULL FROM users WHERE {column} = ?");
    run.connection
        .prepare_cached(&sql)?
        .query_row([value], |row| {
            let name = UserName::registered(row.get_ref(2)?.as_str()?);
            let (key, id) = (UserKey(row.get(0)?), UserId(row.get(1)?));
            Ok(Person { key, id, name, is_former: row.get(3)? })
        })
        .optional()
}
