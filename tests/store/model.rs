//! Random batches of jobs, in memory and in a file that is closed and opened at random. Every result has
//! to be the model's.

use proptest::prelude::*;
use switchboard::chat::account::{
    Job, MessageId, Most, Output, PasswordHash, Place, ReplyTo, Room, RoomChange, RoomKey, Seq,
    Ticket, TokenDigest, UnixMs, User, UserKey, UserName, Work,
};
use switchboard::store::{Database, Settings};

use crate::talk::{QUOTE_CHARS, Talk};
use crate::{Folder, dice, say_in};

/// Few names, and two that look alike, so that most are taken soon.
const NAMES: [&str; 5] = ["anna", "ANNA", "bert", "Zoë", "zoe\u{308}"];

/// Few enough logins of one user that the oldest are revoked.
const LOGINS_PER_USER: u32 = 3;

/// Milliseconds between two batches: more than the jobs of one.
const TICK: i64 = 100;

/// How many global messages a snapshot has.
const RECENT: usize = 50;

/// What a batch may have. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Op {
    Say { one: u32, other: Option<u32>, text: String },
    Register(usize),
    Credentials(usize),
    Admit { user: u32, lasts: i64 },
    Login(usize),
    Revoke(usize),
    SayInRoom { from: u32, room: usize },
    MarkRead(u32, u32),
    Unread(u32),
    History { one: u32, other: u32, limit: u16 },
    RoomHistory(usize),
    CreateRoom(u32),
    ChangeRoom { room: usize, by: u32, user: u32, what: u8 },
    SayOnce { from: u32, to: To, text: bool, id: u8, reply: Option<usize> },
    Change { by: u32, message: usize, text: Option<bool> },
    Page { to: To, user: u32, before: Option<usize>, limit: u16 },
    ReadUpTo { user: u32, to: Option<To>, message: usize },
    Inbox { user: u32, most: u32 },
}

/// A conversation.
#[derive(Clone, Copy, Debug)]
enum To {
    Everybody,
    User(u32),
    Room(usize),
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![Just(To::Everybody), (1..4_u32).prop_map(To::User), (0..2_usize).prop_map(To::Room),]
}

fn op() -> impl Strategy<Value = Op> {
    let name = 0..NAMES.len();
    prop_oneof![
        3 => (1..4_u32, proptest::option::of(1..4_u32), "[a-z\0ß]{0,9}")
            .prop_map(|(one, other, text)| Op::Say { one, other, text }),
        2 => name.clone().prop_map(Op::Register),
        1 => name.prop_map(Op::Credentials),
        3 => (1..4_u32, 0..9_i64).prop_map(|(user, lasts)| Op::Admit { user, lasts }),
        2 => (0..20_usize).prop_map(Op::Login),
        1 => (0..20_usize).prop_map(Op::Revoke),
        3 => (1..4_u32, 0..4_usize).prop_map(|(from, room)| Op::SayInRoom { from, room }),
        1 => (1..4_u32, 1..4_u32).prop_map(|(user, other)| Op::MarkRead(user, other)),
        1 => (1..4_u32).prop_map(Op::Unread),
        1 => (1..4_u32, 1..4_u32, 0..9_u16)
            .prop_map(|(one, other, limit)| Op::History { one, other, limit }),
        1 => (0..4_usize).prop_map(Op::RoomHistory),
        2 => (1..4_u32).prop_map(Op::CreateRoom),
        3 => (0..4_usize, 1..4_u32, 1..4_u32, 0..9_u8)
            .prop_map(|(room, by, user, what)| Op::ChangeRoom { room, by, user, what }),
        6 => (1..4_u32, to(), any::<bool>(), 0..9_u8, proptest::option::of(0..20_usize))
            .prop_map(|(from, to, text, id, reply)| Op::SayOnce { from, to, text, id, reply }),
        4 => (1..4_u32, 0..20_usize, proptest::option::of(any::<bool>()))
            .prop_map(|(by, message, text)| Op::Change { by, message, text }),
        2 => (to(), 1..4_u32, proptest::option::of(0..20_usize), 1..5_u16)
            .prop_map(|(to, user, before, limit)| Op::Page { to, user, before, limit }),
        3 => (1..4_u32, proptest::option::of(to()), 0..20_usize)
            .prop_map(|(user, to, message)| Op::ReadUpTo { user, to, message }),
        2 => (1..4_u32, 1..6_u32).prop_map(|(user, most)| Op::Inbox { user, most }),
    ]
}

#[derive(Debug, Default)]
struct Model {
    /// Each with the moment of its registration.
    users: Vec<(UserKey, &'static str, i64)>,
    talk: Talk,
    /// In the order in which they began.
    logins: Vec<(TokenDigest, UserKey, UnixMs)>,
    /// Every token there ever was.
    tokens: Vec<TokenDigest>,
}

impl Model {
    fn work(&self, op: &Op, now: i64, place_in_batch: i64) -> Work {
        let token = |at: &usize| {
            let count = self.tokens.len().max(1);
            self.tokens.get(at % count).copied().unwrap_or(TokenDigest([7; 32]))
        };
        match op {
            Op::Say { one, other, text } => {
                let from = UserKey(*one);
                let place =
                    other.map_or(Place::Global, |other| Place::Private(UserKey(other), from));
                say_in(place, from.0, now, text)
            }
            Op::Register(name) => {
                let (name, hash) = (UserName::registered(NAMES[*name]), PasswordHash::new("hash"));
                Work::Register { name, hash, at: UnixMs(now) }
            }
            Op::Credentials(name) => Work::Credentials { name: UserName::registered(NAMES[*name]) },
            Op::Admit { user, lasts } => {
                // No two begin at once, so that it is clear which is the oldest.
                let (at, expires) = (UnixMs(now + place_in_batch), UnixMs(now + lasts * TICK));
                Work::Admit { user: UserKey(*user), at, expires, rehash: None }
            }
            Op::Login(at) => Work::Login(token(at)),
            Op::Revoke(at) => Work::Revoke(token(at)),
            Op::SayInRoom { from, room } => {
                say_in(Place::Room(self.room(*room)), *from, now, "in a room")
            }
            Op::MarkRead(user, other) => {
                Work::MarkRead { user: UserKey(*user), other: UserKey(*other) }
            }
            Op::Unread(user) => Work::Unread(UserKey(*user)),
            Op::History { one, other, limit } => {
                let place = Place::Private(UserKey(*one), UserKey(*other));
                Work::History { place, limit: *limit }
            }
            Op::RoomHistory(room) => {
                Work::History { place: Place::Room(self.room(*room)), limit: 200 }
            }
            Op::CreateRoom(creator) => {
                let (name, description) = ("a room".into(), "".into());
                Work::CreateRoom { creator: UserKey(*creator), name, description, at: UnixMs(now) }
            }
            Op::ChangeRoom { room, by, user, what } => {
                // The creator is never removed: the realm sees to that.
                let change = match (what, UserKey(*user)) {
                    (0, _) => RoomChange::Delete,
                    (1..3, user) if user.0 != *by => RoomChange::Remove(user),
                    (_, user) => RoomChange::Add(user),
                };
                // Some milliseconds apart, so that it is clear who has been there longest.
                let change = if matches!(change, RoomChange::Add(user) if user.0 == *by) {
                    RoomChange::Leave(UserKey(*by))
                } else {
                    change
                };
                let at = UnixMs(now + place_in_batch);
                Work::ChangeRoom { room: self.room(*room), by: UserKey(*by), change, at }
            }
            Op::SayOnce { .. }
            | Op::Change { .. }
            | Op::Page { .. }
            | Op::ReadUpTo { .. }
            | Op::Inbox { .. } => self.work_of_a_device(op, now + place_in_batch),
        }
    }

    /// What only a device asks for.
    fn work_of_a_device(&self, op: &Op, now: i64) -> Work {
        match op {
            Op::SayOnce { from, to, text, id, reply } => Work::Say {
                place: self.place(*from, *to),
                from: UserKey(*from),
                at: UnixMs(now),
                text: if *text { "one text" } else { "another" }.into(),
                reply: reply.map(|at| ReplyTo::Message {
                    mid: self.message(at).0,
                    quote_chars: QUOTE_CHARS,
                }),
                client_id: Some(id.to_string().into()),
            },
            Op::Change { by, message, text } => Work::Change {
                mid: self.message(*message).0,
                by: UserKey(*by),
                at: UnixMs(now),
                text: text.map(|text| if text { "changed" } else { "one text" }.into()),
            },
            Op::Page { to, user, before, limit } => Work::Page {
                place: self.place(*user, *to),
                before: before.map(|at| self.message(at).0),
                limit: *limit,
                bytes: 20,
            },
            Op::ReadUpTo { user, to, message } => {
                let (up_to, place) = self.message(*message);
                // Nobody asks for a private conversation of two others: the realm sees to that.
                let is_of_others = matches!(place, Place::Private(one, other)
                    if one.0 != *user && other.0 != *user);
                let to = to.or_else(|| is_of_others.then_some(To::Everybody));
                let place = to.map_or(place, |to| self.place(*user, to));
                Work::ReadUpTo { user: UserKey(*user), place, up_to }
            }
            Op::Inbox { user, most } => {
                let user = UserKey(*user);
                let is_member = |room: &&Room| room.members.contains(&user);
                let rooms = self.talk.rooms.iter().filter(is_member).map(|room| room.key);
                let most = Most { conversations: 2, unread: *most, chars: 3 };
                Work::Inbox { user, rooms: rooms.collect(), most }
            }
            other => panic!("every client asks for {other:?}"),
        }
    }

    /// A conversation of a user.
    fn place(&self, user: u32, to: To) -> Place {
        match to {
            To::Everybody => Place::Global,
            To::User(other) => Place::Private(UserKey(user), UserKey(other)),
            To::Room(room) => Place::Room(self.room(room)),
        }
    }

    /// One of the last messages and its conversation, or one that never was.
    fn message(&self, at: usize) -> (MessageId, Place) {
        let all = &self.talk.mids;
        let found = all.len().checked_sub(1 + at).map(|at| all[at]);
        found.unwrap_or((MessageId::of(0, Seq(1_000_000)), Place::Global))
    }

    /// One of the last rooms, or one that never was.
    fn room(&self, at: usize) -> RoomKey {
        let last = self.talk.keys.len();
        let key = last.checked_sub(1 + at).map(|at| self.talk.keys[at]);
        key.unwrap_or(RoomKey(1_000_000))
    }

    /// Does to the model what the job does to the store, and checks what the job has brought.
    fn expect(&mut self, work: &Work, output: &Output, now: i64) {
        let Model { talk, users, .. } = self;
        if talk.expect(work, output, |user| {
            users.iter().find(|(key, ..)| *key == user).map(|user| user.2)
        }) {
            return;
        }
        match (work, output) {
            (Work::Register { name, .. }, Output::Registered(user)) => {
                let looks = |name: &str| name.to_lowercase().replace("ë", "e\u{308}");
                let is_taken =
                    self.users.iter().any(|(_, taken, _)| looks(taken) == looks(name.as_str()));
                assert_eq!(user.is_none(), is_taken, "{name:?}");
                if let Some(User { key, name, created, .. }) = user {
                    assert_eq!(key.0 as usize, self.users.len() + 1);
                    let name = NAMES.iter().find(|known| **known == name.as_str());
                    self.users.push((*key, name.expect("it was asked for"), created.0));
                }
            }
            (Work::Credentials { name }, Output::Credentials(found)) => {
                let user = self.users.iter().find(|(_, known, _)| *known == name.as_str());
                assert_eq!(found.as_ref().map(|found| found.user), user.map(|(key, ..)| *key));
            }
            (Work::Admit { user, expires, .. }, Output::Admitted { token, revoked }) => {
                self.tokens.push(token.digest());
                if !self.users.iter().any(|(key, ..)| key == user) {
                    return assert!(revoked.is_empty());
                }
                self.logins.push((token.digest(), *user, *expires));
                let of_user = self.logins.iter().filter(|login| login.1 == *user);
                let too_many = of_user.clone().count().saturating_sub(LOGINS_PER_USER as usize);
                let oldest: Vec<TokenDigest> =
                    of_user.take(too_many).map(|login| login.0).collect();
                assert_eq!(*revoked, oldest);
                self.logins.retain(|login| !oldest.contains(&login.0));
            }
            (Work::Login(digest), Output::Login(found)) => {
                let login = self.logins.iter().find(|login| login.0 == *digest && login.2.0 > now);
                assert_eq!(*found, login.map(|login| (login.1, login.2)));
            }
            (Work::Revoke(digest), Output::Revoked(was_there)) => {
                let before = self.logins.len();
                self.logins.retain(|login| login.0 != *digest);
                assert_eq!(*was_there, self.logins.len() < before);
            }
            _ => panic!("{work:?} cannot bring {output:?}"),
        }
    }

    fn compare(&self, database: &Database) {
        let snapshot = database.snapshot().expect("it can be read");
        let users: Vec<_> = snapshot
            .users
            .iter()
            .map(|user| (user.key, user.name.as_str(), user.created.0))
            .collect();
        assert_eq!(users, self.users);
        let texts: Vec<&str> = snapshot.recent.iter().map(|stored| &*stored.text).collect();
        let global = self.talk.global();
        assert_eq!(texts, global[global.len().saturating_sub(RECENT)..]);
        assert_eq!(snapshot.rooms, self.talk.rooms);
    }
}

/// A run: batches, and after each whether the database is closed and opened again.
fn run(batches: &[(Vec<Op>, bool)], mut reopen: impl FnMut(Option<Database>) -> Database) {
    let (mut model, mut dice) = (Model::default(), dice());
    let mut database = reopen(None);
    for (now, (batch, again)) in (1..).map(|tick| tick * TICK).zip(batches) {
        let jobs: Vec<Job> = (0..)
            .zip(batch)
            .map(|(ticket, op)| Job {
                ticket: Ticket(ticket),
                work: model.work(op, now, ticket.into()),
            })
            .collect();
        let mut results = Vec::new();
        database.carry_out(&jobs, &mut dice, UnixMs(now), &mut results);
        assert_eq!(results.len(), jobs.len());
        for (job, result) in jobs.iter().zip(&results) {
            assert_eq!(job.ticket, result.ticket);
            model.expect(&job.work, result.outcome.as_ref().expect("there is room"), now);
        }
        database.tidy_up(UnixMs(now), true);
        if *again {
            database = reopen(Some(database));
        }
        model.compare(&database);
    }
}

fn settings() -> Settings {
    Settings { logins_per_user: LOGINS_PER_USER, ..Settings::default() }
}

fn batches() -> impl Strategy<Value = Vec<(Vec<Op>, bool)>> {
    proptest::collection::vec((proptest::collection::vec(op(), 0..12), any::<bool>()), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_memory_every_result_is_what_the_model_says(batches in batches()) {
        run(&batches, |open| {
            open.unwrap_or_else(|| Database::in_memory(settings()).expect("there is memory"))
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_that_is_closed_and_opened_at_random_forgets_nothing(batches in batches()) {
        let folder = Folder::new();
        let mut is_even = false;
        run(&batches, |open| {
            // Closed well, or just dropped, as at the end of a process.
            is_even = !is_even;
            match open {
                Some(open) if is_even => open.close(),
                open => drop(open),
            }
            folder.open(settings())
        });
    }
}
