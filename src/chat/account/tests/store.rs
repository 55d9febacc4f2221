//! [`Store`]: a store and a hasher in memory, for the tests of the realm. Each lane does its jobs in order.
//! A test says when, and may have the next job fail.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::super::*;

/// What is stored, and the jobs that wait.
#[derive(Default)]
pub(super) struct Store {
    pub(super) users: Vec<User>,
    pub(super) former: Vec<User>,
    passwords: BTreeMap<UserKey, PasswordHash>,
    pub(super) logins: BTreeMap<[u8; 32], (UserKey, UnixMs)>,
    pub(super) rows: Vec<Stored>,
    jobs: VecDeque<Job>,
    hashes: VecDeque<Job>,
    /// How the next job of the store lane ends that writes something.
    pub(super) failure: Option<Failure>,
    /// The logins to be revoked by the next one that begins.
    pub(super) revokes: Vec<TokenDigest>,
    tokens: u8,
    /// The names of those that make room if they are not online.
    pub(super) passing: Vec<&'static str>,
    /// The parameters of new hashes.
    pub(super) parameters: u8,
}

impl Store {
    pub(super) fn new(names: &[&str]) -> Self {
        let mut store = Store::default();
        for name in names {
            store.register(UserName::registered(name), hash_of(&format!("secret of {name}"), 0));
        }
        store
    }

    /// What a server loads at its start.
    pub(super) fn snapshot(&self) -> Snapshot {
        let global = self.rows.iter().filter(|row| row.place == Place::Global);
        let all: Vec<&Stored> = global.collect();
        let recent = all[all.len().saturating_sub(50)..].iter().copied().cloned().collect();
        Snapshot { users: self.users.clone(), former: self.former.clone(), recent }
    }

    /// Takes jobs.
    pub(super) fn queue(&mut self, jobs: &mut Vec<Job>) {
        for job in jobs.drain(..) {
            let lane = if job.work.is_hashing() { &mut self.hashes } else { &mut self.jobs };
            lane.push_back(job);
        }
    }

    /// Does the next job, those of the store first.
    pub(super) fn next_result(&mut self) -> Option<JobResult> {
        let Job { ticket, work } = self.jobs.pop_front().or_else(|| self.hashes.pop_front())?;
        let writes =
            !work.is_hashing() && !matches!(work, Work::Login(_) | Work::Credentials { .. });
        let outcome = match self.failure.take_if(|_| writes) {
            Some(failure) => Err(failure),
            None => Ok(self.carry_out(work)),
        };
        Some(JobResult { ticket, outcome })
    }

    /// What the store reports after another process has changed it.
    pub(super) fn news(&self) -> JobResult {
        JobResult { ticket: Ticket::NEWS, outcome: Ok(Output::News(self.users.clone())) }
    }

    /// Deletes a user as another process does.
    pub(super) fn delete(&mut self, name: &str) {
        let place = self.users.iter().position(|user| user.name.as_str() == name);
        let user = self.users.remove(place.expect("it is registered"));
        self.logins.retain(|_, login| login.0 != user.key);
        self.passwords.remove(&user.key);
        self.former.push(user);
    }

    pub(super) fn register(&mut self, name: UserName, hash: PasswordHash) -> Option<User> {
        let looks = name.as_str().to_lowercase();
        if self.users.iter().any(|user| user.name.as_str().to_lowercase() == looks) {
            return None;
        }
        let key = UserKey(self.users.last().map_or(0, |last| last.key.0) + 1);
        let id = UserId([u8::try_from(key.0).unwrap_or(0); 16]);
        let user = User { key, id, name, created: UnixMs(0) };
        self.passwords.insert(key, hash);
        self.users.push(user.clone());
        Some(user)
    }

    fn make_room(&mut self, online: &[UserKey]) -> Option<(UserKey, Vec<TokenDigest>)> {
        let makes_room = |user: &&User| {
            self.passing.contains(&user.name.as_str()) && !online.contains(&user.key)
        };
        let gone = self.users.iter().find(makes_room)?.clone();
        let logins = self.logins.iter().filter(|(_, login)| login.0 == gone.key);
        let logins = logins.map(|(digest, _)| TokenDigest(*digest)).collect();
        self.delete(gone.name.as_str());
        self.former.pop();
        Some((gone.key, logins))
    }

    fn carry_out(&mut self, work: Work) -> Output {
        match work {
            Work::Say { place, from, at, text } => {
                Output::Said { seq: self.say(place, from, at, text) }
            }
            Work::Credentials { name } => {
                let user = self.users.iter().find(|user| user.name == name);
                Output::Credentials(user.map(|user| {
                    let hash = self.passwords[&user.key].clone();
                    Credentials { user: user.key, hash }
                }))
            }
            Work::Register { name, hash, at: _ } => Output::Registered(self.register(name, hash)),
            Work::MakeRoom { online, at: _ } => Output::Room(self.make_room(&online)),
            Work::Admit { user, at: _, expires, rehash } => {
                if let Some(hash) = rehash {
                    self.passwords.insert(user, hash);
                }
                self.tokens += 1;
                let token = Token([self.tokens; 32]);
                self.logins.insert(token.digest().0, (user, expires));
                let revoked = std::mem::take(&mut self.revokes);
                revoked.iter().for_each(|old| _ = self.logins.remove(&old.0));
                Output::Admitted { token, revoked }
            }
            Work::Login(token) => Output::Login(self.logins.get(&token.0).copied()),
            Work::Revoke(token) => Output::Revoked(self.logins.remove(&token.0).is_some()),
            Work::Hash(password) => Output::Hashed(hash_of(password.reveal(), self.parameters)),
            Work::Verify { password, hash } => {
                let stored = hash.as_ref().map_or("", |hash| hash.reveal());
                let right = stored.ends_with(&format!(":{}", password.reveal()));
                let new = hash_of(password.reveal(), self.parameters);
                let rehash = Some(new).filter(|new| right && new.reveal() != stored);
                Output::Verified { right, rehash }
            }
        }
    }

    fn say(&mut self, place: Place, from: UserKey, at: UnixMs, text: Arc<str>) -> Seq {
        let place = match place {
            Place::Private(one, other) => Place::Private(one.min(other), one.max(other)),
            Place::Global => Place::Global,
        };
        let before = self.rows.iter().filter(|row| row.place == place).count();
        let seq = Seq(u32::try_from(before).expect("few") + 1);
        self.rows.push(Stored { place, seq, from, at, text });
        seq
    }
}

fn hash_of(password: &str, parameters: u8) -> PasswordHash {
    PasswordHash::new(&format!("{parameters}:{password}"))
}
