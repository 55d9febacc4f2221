//! Registrations and logins, each in a few steps with a job between them.
//!
//! ```text
//! register   (MakeRoom ──▶) Hash ──▶ Register
//! join       (MakeRoom ──▶) Hash ──▶ Register ──▶ Admit
//! log in     Credentials ──▶ Verify ──▶ Admit
//! ```
//!
//! Whether the name exists or the password is wrong looks the same from outside, and takes the same time: an
//! unknown name is compared with a dummy hash. Throttles count attempts by address and by name and address;
//! a login that succeeds costs nothing. Clients on the server's own machine are exempt from those by address.

use super::logins::unix_ms;
use super::pending::{AndThen, LoggingIn, Pending};
use super::{
    Asker, Failure, Guest, Output, PasswordHash, Realm, Refusal, Registration, Reply, Secret,
    UnixMs, UserKey, UserName, Work,
};
use crate::chat::{Audience, Farewell, Sink};
use crate::limiter::Block;
use crate::timer::Now;

/// Who calls: the request that waits, and the address that it comes from.
type Caller = (Asker, Block);

impl Realm {
    /// Begins to register a user.
    pub(super) fn register(
        &mut self,
        now: Now,
        (asker, from): Caller,
        (name, password): (&str, &Secret),
        then: AndThen,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        self.require_no_drain()?;
        if self.limits.registration == Registration::Closed {
            return Err(Refusal::RegistrationClosed);
        }
        let name = UserName::new(name).map_err(Refusal::Name)?;
        self.require_no_ban(name.as_str(), now)?;
        if password.reveal().chars().count() < Secret::MIN_CHARS {
            return Err(Refusal::PasswordTooShort);
        }
        if password.reveal().len() > Secret::MAX_BYTES {
            return Err(Refusal::PasswordTooLong);
        }
        let is_full = self.users.len() + self.waiting.registrations() >= self.limits.users;
        let retry = self.limits.room_retry;
        if is_full && self.was_full.is_some_and(|then| now.monotonic.since(then) < retry) {
            return Err(Refusal::TooManyUsers);
        }
        self.require_hash(now, from)?;
        if !from.is_loopback() {
            let taken = self.registrations.take(from, now.monotonic);
            taken.map_err(|wait| self.too_often(wait))?;
        }
        // The store has the last word: it knows also which names look alike.
        if self.users.find(name.as_str()).is_some() {
            return Err(Refusal::UserExists);
        }
        if is_full {
            let online = self.users.iter().filter(|one| one.is_online());
            let online = online.map(|one| one.user.key).collect();
            let room = Pending::Room { asker, from, name, password: password.clone(), then };
            self.ask(room, Work::MakeRoom { online, at: unix_ms(now) }, sink);
            return Ok(());
        }
        self.hash((asker, from), name, (password, then), sink);
        Ok(())
    }

    /// Has the password of a registration hashed.
    fn hash(
        &mut self,
        (asker, from): Caller,
        name: UserName,
        (password, then): (&Secret, AndThen),
        sink: &mut impl Sink,
    ) {
        self.hashes.enter(from);
        self.ask(Pending::Hash { asker, from, name, then }, Work::Hash(password.clone()), sink);
    }

    /// Takes the account that made room for a registration, and goes on with it.
    pub(super) fn made_room(
        &mut self,
        now: Now,
        (asker, from): Caller,
        (name, password, then): (UserName, Secret, AndThen),
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        let gone = match outcome {
            Ok(Output::Room(gone)) => gone,
            Ok(other) => unreachable!("room was to be made, and the result is {other:?}"),
            Err(failure) => return Err(self.failed(failure)),
        };
        let Some((gone, logins)) = gone else {
            self.was_full = Some(now.monotonic);
            return Err(Refusal::TooManyUsers);
        };
        self.counters.made_room += 1;
        // The user may have connected since the store was asked.
        self.end_seats_of(gone, sink);
        for login in logins {
            self.end_login(login, Farewell::LoggedOut, sink);
        }
        if let Some(person) = self.users.get(gone) {
            self.former.add(person.user.clone());
        }
        self.users.remove(gone);
        sink.list_changed(Audience::Status);
        // Others may have taken the places of the queue meanwhile.
        if !self.hashes.has_room(&self.limits, from, now.monotonic) {
            return Err(self.busy());
        }
        self.hash((asker, from), name, (&password, then), sink);
        Ok(())
    }

    /// Takes the hash for a registration.
    pub(super) fn hashed(
        &mut self,
        now: Now,
        (asker, from): Caller,
        (name, then): (UserName, AndThen),
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        self.hashes.leave(from);
        let hash = match outcome {
            Ok(Output::Hashed(hash)) => hash,
            Ok(other) => unreachable!("a password was hashed, and the result is {other:?}"),
            Err(failure) => return Err(self.failed(failure)),
        };
        let work = Work::Register { name, hash, at: unix_ms(now) };
        self.ask(Pending::Register { asker, from, then }, work, sink);
        Ok(())
    }

    /// Takes the result of a registration. The new user may be logged in at once.
    pub(super) fn registered(
        &mut self,
        now: Now,
        (asker, from): Caller,
        then: AndThen,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        match outcome {
            Ok(Output::Registered(Some(user))) => {
                self.counters.registered += 1;
                let key = user.key;
                match then {
                    AndThen::Nothing => sink.reply(asker, &Reply::Registered(&user)),
                    AndThen::LogIn => {
                        let name = user.name.as_str().into();
                        let login = Box::new(LoggingIn {
                            user: Some(key),
                            is_attempt: false,
                            ..LoggingIn::begin(asker, from, name, Secret::new(""))
                        });
                        self.admit(now, login, key, None, sink);
                    }
                }
                self.users.add(user);
                sink.list_changed(Audience::Status);
                Ok(())
            }
            Ok(Output::Registered(None)) => Err(Refusal::UserExists),
            Ok(other) => unreachable!("a user was registered, and the result is {other:?}"),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// Begins a login.
    pub(super) fn log_in(
        &mut self,
        now: Now,
        (asker, from): Caller,
        (name, password): (&str, &Secret),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        self.require_no_drain()?;
        let name = name.trim();
        self.require_hash(now, from)?;
        if !from.is_loopback() {
            let by_address = self.logins_by_address.take(from, now.monotonic);
            by_address.map_err(|wait| self.too_often(wait))?;
        }
        let by_name = self.logins_by_name.take((name, from), now.monotonic);
        by_name.map_err(|wait| self.too_often(wait))?;
        // No password of this length was ever registered.
        if password.reveal().len() > Secret::MAX_BYTES {
            return Err(self.wrong());
        }
        self.hashes.enter(from);
        let login = LoggingIn::begin(asker, from, name.into(), password.clone());
        let work = Work::Credentials { name: UserName::registered(name) };
        self.ask(Pending::Credentials(Box::new(login)), work, sink);
        Ok(())
    }

    /// Takes the user's hash, and has the password compared with it.
    pub(super) fn found(
        &mut self,
        mut login: Box<LoggingIn>,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        let credentials = match outcome {
            Ok(Output::Credentials(credentials)) => credentials,
            Ok(other) => unreachable!("a name was looked up, and the result is {other:?}"),
            Err(failure) => {
                self.hashes.leave(login.from);
                return Err(self.failed(failure));
            }
        };
        login.user = credentials.as_ref().map(|found| found.user);
        let hash = credentials.map(|found| found.hash);
        let password = login.password.clone();
        self.ask(Pending::Verify(login), Work::Verify { password, hash }, sink);
        Ok(())
    }

    /// Takes the verdict on a password. If it was right, the login is stored.
    pub(super) fn verified(
        &mut self,
        now: Now,
        login: Box<LoggingIn>,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        self.hashes.leave(login.from);
        let rehash = match outcome {
            Ok(Output::Verified { right: true, rehash }) => rehash,
            Ok(Output::Verified { right: false, .. }) => return Err(self.wrong()),
            Ok(other) => unreachable!("a password was compared, and the result is {other:?}"),
            Err(failure) => return Err(self.failed(failure)),
        };
        let Some(user) = login.user else { return Err(self.wrong()) };
        // Another process may have added the user a moment ago, and the news is still on its way.
        if self.users.get(user).is_none() {
            return Err(self.busy());
        }
        self.require_no_ban(self.name_of(user), now)?;
        self.admit(now, login, user, rehash, sink);
        Ok(())
    }

    /// Has the login of a user stored, who has proved who they are.
    fn admit(
        &mut self,
        now: Now,
        mut login: Box<LoggingIn>,
        user: UserKey,
        rehash: Option<PasswordHash>,
        sink: &mut impl Sink,
    ) {
        let at = unix_ms(now);
        let ttl = i64::try_from(self.limits.login_ttl.as_millis()).unwrap_or(i64::MAX);
        let expires = UnixMs(at.0.saturating_add(ttl));
        login.expires = expires;
        self.ask(Pending::Admit(login), Work::Admit { user, at, expires, rehash }, sink);
    }

    /// Takes the result of a login: the token, and the logins that had to make room for it.
    pub(super) fn admitted(
        &mut self,
        now: Now,
        login: &LoggingIn,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        let (token, revoked) = match outcome {
            Ok(Output::Admitted { token, revoked }) => (token, revoked),
            Ok(other) => unreachable!("a login was stored, and the result is {other:?}"),
            Err(failure) => return Err(self.failed(failure)),
        };
        for old in revoked {
            self.end_login(old, Farewell::LoggedOut, sink);
        }
        // Another process may have deleted the user meanwhile.
        let LoggingIn { asker, from, expires, user, is_attempt, .. } = *login;
        let Some(person) = user.and_then(|key| self.users.get(key)) else {
            return Err(self.wrong());
        };
        let user = &person.user;
        self.logins.learn(Guest { user: user.key, login: token.digest(), expires });
        if is_attempt {
            self.logins_by_name.give_back((&*login.name, from));
            self.logins_by_address.give_back(from);
        }
        self.hashes.succeeded(&self.limits, from, now.monotonic);
        self.counters.logins += 1;
        sink.reply(asker, &Reply::LoggedIn { user, token, expires });
        Ok(())
    }

    /// Whether there is room for a call that needs a hash.
    fn require_hash(&mut self, now: Now, from: Block) -> Result<(), Refusal<'static>> {
        self.require_room()?;
        match self.hashes.has_room(&self.limits, from, now.monotonic) {
            true => Ok(()),
            false => Err(self.busy()),
        }
    }

    fn wrong(&mut self) -> Refusal<'static> {
        self.counters.wrong_credentials += 1;
        Refusal::WrongCredentials
    }

    pub(super) fn too_often(&mut self, wait: std::time::Duration) -> Refusal<'static> {
        self.counters.too_often += 1;
        Refusal::TooOften(wait)
    }
}
