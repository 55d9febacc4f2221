//! [`Store`]: a store and a hasher in memory, for the tests of the realm. Each lane does its jobs in order.
//! A test says when, and may have the next job fail.

mod messages;

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
    pub(super) rooms: Vec<Room>,
    /// How many rooms there ever were.
    rooms_made: u32,
    /// How many messages of each other user are unread, and how far the reader has read.
    pub(super) marks: BTreeMap<(UserKey, UserKey), (u32, Seq)>,
    /// The messages that came with an id of their senders' clients.
    client_ids: BTreeMap<(UserKey, Arc<str>), MessageId>,
    /// How far users have read the global conversation (0) and rooms.
    places_read: BTreeMap<(UserKey, u32), Seq>,
    /// The private conversations and rooms in the order in which they began.
    conversations: Vec<Place>,
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
        let global = self.rows.iter();
        let global = global.filter(|row| row.place == Place::Global && !row.is_deleted);
        let all: Vec<&Stored> = global.collect();
        let recent = all[all.len().saturating_sub(50)..].iter().copied().cloned().collect();
        let Store { users, former, rooms, .. } = self;
        Snapshot { users: users.clone(), former: former.clone(), recent, rooms: rooms.clone() }
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
        let outcome = match self.failure.take_if(|_| work.writes()) {
            Some(failure) => Err(failure),
            None => Ok(self.carry_out(work)),
        };
        Some(JobResult { ticket, outcome })
    }

    /// What the store reports after another process has changed it.
    pub(super) fn news(&self) -> JobResult {
        JobResult { ticket: Ticket::NEWS, outcome: Ok(Output::News(self.changed())) }
    }

    fn changed(&self) -> Changed {
        Changed { users: self.users.clone(), rooms: self.rooms.clone() }
    }

    /// Deletes a user as another process does.
    pub(super) fn delete(&mut self, name: &str) {
        let place = self.users.iter().position(|user| user.name.as_str() == name);
        let user = self.users.remove(place.expect("it is registered"));
        self.logins.retain(|_, login| login.0 != user.key);
        self.passwords.remove(&user.key);
        self.rooms.iter_mut().for_each(|room| room.members.retain(|&member| member != user.key));
        self.rooms.retain(|room| !room.members.is_empty());
        for room in &mut self.rooms {
            if room.creator == user.key {
                room.creator = room.members[0];
            }
        }
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
        match work.clone() {
            Work::Say { place: Place::Room(room), from, .. } if !self.is_member(room, from) => {
                Output::NotAMember
            }
            Work::Say { place, from, at, text, reply, client_id } => {
                self.say((place, from, at, text), reply.as_ref(), client_id)
            }
            Work::Change { mid, by, at, text } => self.change_message(mid, by, (at, text)),
            Work::Page { place, before, limit, bytes: _ } => {
                self.page(messages::in_order(place), before, limit.into())
            }
            Work::Inbox { user, rooms, most } => self.inbox(user, &rooms, most),
            Work::ReadUpTo { user, place, up_to } => {
                self.read_up_to(user, messages::in_order(place), up_to)
            }
            Work::History { place, limit } => Output::History(self.history(place, limit.into())),
            Work::Unread(user) => {
                let own = self.marks.iter().filter(|((reader, _), _)| *reader == user);
                let unread = own.map(|((_, from), (count, _))| (*from, *count));
                Output::Unread(unread.filter(|(_, count)| *count > 0).collect())
            }
            Work::MarkRead { user, other } => {
                let place = messages::in_order(Place::Private(user, other));
                let last = self.rows.iter().rfind(|row| row.place == place).map(|row| row.mid);
                if let Some(last) = last {
                    self.marks.insert((user, other), (0, last.seq()));
                }
                Output::Read(last)
            }
            Work::CreateRoom { creator, name, description, at } => {
                self.rooms_made += 1;
                let key = RoomKey(self.rooms_made);
                let id = RoomId([u8::try_from(key.0).unwrap_or(0); 16]);
                let members = vec![creator];
                let room = Room { key, id, name, description, creator, created: at, members };
                self.rooms.push(room.clone());
                Output::RoomCreated(Some(room))
            }
            Work::ChangeRoom { room, by, change, .. } => {
                Output::RoomChanged(self.change(room, by, change))
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
            Work::Hash(_) | Work::Verify { .. } => self.hash(&work),
        }
    }

    fn hash(&self, work: &Work) -> Output {
        match work {
            Work::Hash(password) => Output::Hashed(hash_of(password.reveal(), self.parameters)),
            Work::Verify { password, hash } => {
                let stored = hash.as_ref().map_or("", |hash| hash.reveal());
                let right = stored.ends_with(&format!(":{}", password.reveal()));
                let new = hash_of(password.reveal(), self.parameters);
                let rehash = Some(new).filter(|new| right && new.reveal() != stored);
                Output::Verified { right, rehash }
            }
            other => panic!("the store does {other:?}"),
        }
    }

    fn change(&mut self, key: RoomKey, by: UserKey, change: RoomChange) -> bool {
        let is_leaving = change == RoomChange::Leave(by);
        let is_it = |room: &&mut Room| room.key == key && (room.creator == by) != is_leaving;
        let Some(room) = self.rooms.iter_mut().find(is_it) else { return false };
        match change {
            RoomChange::Delete => self.rooms.retain(|room| room.key != key),
            RoomChange::Add(user) if room.members.contains(&user) => {}
            RoomChange::Add(user) => room.members.push(user),
            RoomChange::Remove(user) | RoomChange::Leave(user) => {
                room.members.retain(|&member| member != user)
            }
        }
        true
    }

    pub(super) fn is_member(&self, key: RoomKey, user: UserKey) -> bool {
        self.rooms.iter().any(|room| room.key == key && room.members.contains(&user))
    }
}

fn hash_of(password: &str, parameters: u8) -> PasswordHash {
    PasswordHash::new(&format!("{parameters}:{password}"))
}
