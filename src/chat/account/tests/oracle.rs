//! The realm beside a model of it, for any order of events. The model says exactly what each device is told
//! of messages, and in what order. So nobody hears what is not committed, nobody hears anything twice or
//! misses something between, private messages stay private, what is said in a room is heard by its members of
//! that moment, each sender hears what became of its message, and a login that has ended opens nothing.
//!
//! There is one room. Ada has made it, and takes the others in and out, until she deletes it.

mod commits;
mod steps;

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::*;
use steps::{Kind, Step, step};

const NAMES: [&str; 3] = ["ada", "bob", "eve"];
const SLOTS: u32 = 7;
const LIMITS: fn() -> Limits = || Limits { unstored_per_seat: 3, recent: 6, ..Limits::default() };

/// What the model expects of a connection.
struct Seat {
    kind: Kind,
    /// Which of all connections it is.
    came: u32,
    user: usize,
    login: usize,
    speaks: bool,
    /// The number of commits before it came.
    since: usize,
}

/// A job of the store.
enum Job {
    Say { seat: ConnectionId, message: Message },
    LogOut { user: usize, login: usize, asker: Asker },
    Change { user: usize, adds: bool, asker: Asker },
    Delete { asker: Asker },
    MarkRead { user: usize, other: usize, asker: Asker },
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum To {
    All,
    User(usize),
    Room,
}

#[derive(Clone)]
struct Message {
    from: usize,
    to: To,
    text: String,
}

struct Model {
    world: World,
    /// The two logins of each user; `None` if it has ended.
    tokens: [[Option<Token>; 2]; 3],
    seats: BTreeMap<ConnectionId, Seat>,
    room: RoomId,
    /// Who is in the room, as far as results have come.
    members: [bool; 3],
    room_is_there: bool,
    generation: u32,
    said: u32,
    jobs: VecDeque<Job>,
    failure: Option<Failure>,
    log: Vec<Message>,
    expected: BTreeMap<ConnectionId, Vec<Told>>,
}

impl Model {
    fn new() -> Self {
        let mut world = World::new(LIMITS(), &NAMES);
        let tokens = NAMES.map(|name| [0; 2].map(|_| Some(world.log_in(name))));
        let room = world.room(tokens[0][0].expect("it was made"), "den");
        Model {
            world,
            tokens,
            seats: BTreeMap::new(),
            room,
            members: [true, false, false],
            room_is_there: true,
            generation: 0,
            said: 0,
            jobs: VecDeque::new(),
            failure: None,
            log: Vec::new(),
            expected: BTreeMap::new(),
        }
    }

    fn expect(&mut self, id: ConnectionId, told: Told) {
        self.expected.entry(id).or_default().push(told);
    }

    /// The connection at a slot.
    fn at(&self, slot: u32) -> Option<ConnectionId> {
        self.seats.keys().copied().find(|id| id.index() == slot as usize)
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Enter(slot, user, login, kind) => self.enter(slot, (user, login), kind),
            Step::Change(user, adds) => {
                let other = self.world.id(NAMES[user]);
                let wants = match adds {
                    true => Wants::AddMember(self.room, other),
                    false => Wants::RemoveMember(self.room, other),
                };
                self.ask_about_room(wants, |asker| Job::Change { user, adds, asker });
            }
            Step::Delete => {
                self.ask_about_room(Wants::DeleteRoom(self.room), |asker| Job::Delete { asker });
            }
            Step::MarkRead(user, other) => {
                let wants = Wants::MarkRead(self.world.id(NAMES[other]));
                let Some(asker) = self.ask(user, wants) else { return };
                self.jobs.push_back(Job::MarkRead { user, other, asker });
            }
            Step::Switch(slot) => self.switch(slot),
            Step::Leave(slot) => {
                let Some(id) = self.at(slot) else { return };
                self.seats.remove(&id);
                self.world.realm.leave(id, &mut self.world.sink);
            }
            Step::Say(slot, to) => self.say(slot, to),
            Step::Store => self.store(),
            Step::Fail(failure) => {
                self.failure = Some(failure);
                self.world.store.failure = Some(failure);
            }
            Step::LogOut(user, login) => {
                let Some(token) = self.tokens[user][login] else { return };
                let asker = self.world.call_from(home(), &Call::LogOut(Some(token)));
                self.jobs.push_back(Job::LogOut { user, login, asker });
            }
        }
    }

    /// Has a user ask for something with a login that has not ended.
    fn ask(&mut self, user: usize, wants: Wants) -> Option<Asker> {
        let token = self.tokens[user].iter().flatten().next()?;
        Some(self.world.call_from(home(), &Call::ask(Some(*token), wants)))
    }

    /// Has Ada ask for a change of the room.
    fn ask_about_room(&mut self, wants: Wants, job: impl Fn(Asker) -> Job) {
        let Some(asker) = self.ask(0, wants) else { return };
        match self.room_is_there {
            true => self.jobs.push_back(job(asker)),
            false => assert_eq!(self.world.reply_to(asker), "NoSuchRoom"),
        }
    }

    fn enter(&mut self, slot: u32, (user, login): (usize, usize), kind: Kind) {
        let (None, Some(token)) = (self.at(slot), self.tokens[user][login]) else { return };
        self.generation += 1;
        let id = ConnectionId::new(slot, self.generation);
        let guest = self.world.guest(token);
        let role = match kind {
            Kind::Stream => Role::Stream,
            Kind::Pair(other) => Role::Pair(self.world.id(NAMES[other])),
            Kind::Notices => Role::Notices,
            Kind::Room => Role::Room(self.room),
        };
        self.world.realm.enter(self.world.now, id, (guest, role), &mut self.world.sink);
        if kind == Kind::Room && !(self.room_is_there && self.members[user]) {
            return self.expect(id, Told::Ended);
        }
        if kind == Kind::Stream {
            let global = self.log.iter().filter(|message| message.to == To::All);
            let texts: Vec<String> = global.map(|message| message.text.clone()).collect();
            let recent = texts[texts.len().saturating_sub(LIMITS().recent)..].to_vec();
            self.expect(id, Told::History(recent));
        }
        let (since, came) = (self.log.len(), self.generation);
        self.seats.insert(id, Seat { kind, came, user, login, speaks: false, since });
    }

    fn switch(&mut self, slot: u32) {
        let Some(id) = self.at(slot) else { return };
        self.world.realm.switched(id, &mut self.world.sink);
        let seat = self.seats.get_mut(&id).expect("it is there");
        if seat.kind != Kind::Stream || std::mem::replace(&mut seat.speaks, true) {
            return;
        }
        let (user, since) = (seat.user, seat.since);
        let recent: Vec<usize> =
            (0..self.log.len()).filter(|&place| self.log[place].to == To::All).collect();
        let first = recent.len().checked_sub(LIMITS().recent).map_or(0, |place| recent[place]);
        for place in since..self.log.len() {
            let message = self.log[place].clone();
            let is_told = match message.to {
                To::All => place >= first,
                To::User(to) => to == user || message.from == user,
                To::Room => false,
            };
            if is_told {
                self.expect(id, Told::Said(message.text));
            }
        }
    }

    fn say(&mut self, slot: u32, to: Option<usize>) {
        let Some(id) = self.at(slot) else { return };
        if !self.world.realm.may_speak(id) {
            let own = |job: &&Job| matches!(job, Job::Say { seat, .. } if *seat == id);
            assert_eq!(self.jobs.iter().filter(own).count(), 3, "it waits for its own messages");
            return;
        }
        self.said += 1;
        let text = self.said.to_string();
        let (to, command) = match self.seats[&id].kind {
            Kind::Stream => {
                let (id, reply_to) = (None, None);
                let command = Command::Say {
                    to: target(to.map(|to| NAMES[to])),
                    text: text.as_str().into(),
                    id,
                    reply_to,
                };
                (to.map_or(To::All, To::User), command)
            }
            kind => {
                let command = Command::SayHere { text: text.as_str().into(), reply: None };
                let to = match kind {
                    Kind::Pair(other) => To::User(other),
                    Kind::Room => To::Room,
                    Kind::Notices | Kind::Stream => return,
                };
                (to, command)
            }
        };
        self.world.realm.handle(self.world.now, id, &command, &mut self.world.sink);
        let message = Message { from: self.seats[&id].user, to, text };
        self.jobs.push_back(Job::Say { seat: id, message });
    }

    /// The store does its next job, here and there.
    fn store(&mut self) {
        self.world.step();
        let Some(job) = self.jobs.pop_front() else { return };
        match (job, self.failure.take()) {
            (Job::Say { seat, .. }, Some(failure)) => match self.seats.get(&seat) {
                Some(Seat { kind: Kind::Stream, .. }) => self.expect(seat, Told::Failed(failure)),
                Some(_) => self.end(|id, _| id == seat),
                None => {}
            },
            (Job::Say { seat, message }, None) => {
                match message.to == To::Room && !(self.room_is_there && self.members[message.from])
                {
                    true => self.end(|id, _| id == seat),
                    false => self.commit(&message),
                }
            }
            (
                Job::LogOut { asker, .. }
                | Job::Change { asker, .. }
                | Job::Delete { asker }
                | Job::MarkRead { asker, .. },
                Some(failure),
            ) => assert_eq!(self.world.reply_to(asker), format!("Failed({failure:?})")),
            (Job::LogOut { user, login, asker }, None) => self.log_out(user, login, asker),
            (Job::Change { asker, .. } | Job::Delete { asker }, None) if !self.room_is_there => {
                assert_eq!(self.world.reply_to(asker), "NoSuchRoom", "it was deleted before");
            }
            (Job::Change { user, adds, asker }, None) => {
                assert_eq!(self.world.reply_to(asker), "done");
                self.members[user] = adds;
                if !adds {
                    self.end(|_, seat| seat.kind == Kind::Room && seat.user == user);
                }
            }
            (Job::Delete { asker }, None) => {
                assert_eq!(self.world.reply_to(asker), "done");
                self.room_is_there = false;
                self.end(|_, seat| seat.kind == Kind::Room);
            }
            (Job::MarkRead { user, other, asker }, None) => {
                assert_eq!(self.world.reply_to(asker), "done");
                let other = self.world.id(NAMES[other]);
                for id in self.notices_of(user) {
                    self.expect(id, Told::Reset(other));
                }
            }
        }
    }

    /// The connections for which `is` holds are ended.
    fn end(&mut self, is: impl Fn(ConnectionId, &Seat) -> bool) {
        let ended: Vec<ConnectionId> =
            self.seats.iter().filter(|(id, seat)| is(**id, seat)).map(|(id, _)| *id).collect();
        for id in ended {
            self.seats.remove(&id);
            self.expect(id, Told::Ended);
        }
    }

    fn log_out(&mut self, user: usize, login: usize, asker: Asker) {
        let Some(token) = self.tokens[user][login].take() else {
            assert_eq!(self.world.reply_to(asker), "NotSignedIn", "it was logged out before");
            return;
        };
        assert_eq!(self.world.reply_to(asker), "out");
        let identify = Call::ask(Some(token), Wants::Identity);
        let asker = self.world.call_from(home(), &identify);
        assert!(self.world.sink.replies.is_empty(), "memory has forgotten it: {asker:?}");
        // The store has, too; its answer comes behind all else.
        assert!(!self.world.store.logins.contains_key(&token.digest().0), "it is still stored");
        self.forget_question(asker);
        self.end(|_, seat| seat.user == user && seat.login == login);
    }

    /// Answers a question for the store out of turn, which changes nothing: it only reads.
    fn forget_question(&mut self, asker: Asker) {
        let job = self.world.sink.jobs.pop().expect("the store is asked");
        let outcome = Ok(Output::Login(None));
        let result = JobResult { ticket: job.ticket, outcome };
        self.world.realm.done(self.world.now, result, &mut self.world.sink);
        assert_eq!(self.world.reply_to(asker), "NotSignedIn");
    }

    /// Compares what was told since the last call.
    fn compare(&mut self) {
        let mut told: BTreeMap<ConnectionId, Vec<Told>> = BTreeMap::new();
        for (id, what) in std::mem::take(&mut self.world.sink.told) {
            told.entry(id).or_default().push(what);
        }
        assert_eq!(told, std::mem::take(&mut self.expected));
        self.world.check();
    }

    /// What memory holds at rest is what the store holds.
    fn check_at_rest(&self) {
        let World { realm, store, .. } = &self.world;
        assert_eq!(realm.unstored(), 0);
        assert_eq!(realm.ledger().stored, store.rows.len() as u64, "a row is one message");
        let rows: Vec<&str> = store.rows.iter().map(|row| &*row.text).collect();
        let log: Vec<&str> = self.log.iter().map(|message| message.text.as_str()).collect();
        assert_eq!(rows, log, "the order of commits is the order of the store");
        let global = store.rows.iter().filter(|row| row.place == Place::Global);
        let global: Vec<(MessageId, &str)> = global.map(|row| (row.mid, &*row.text)).collect();
        let recent: Vec<(MessageId, &str)> =
            realm.recent.iter().map(|message| (message.mid, &*message.text)).collect();
        assert_eq!(recent, global[global.len().saturating_sub(LIMITS().recent)..]);
        let users: Vec<&User> = realm.users.iter().map(|one| &one.user).collect();
        assert_eq!(users, store.users.iter().collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_device_is_told_exactly_what_the_model_says(steps in prop::collection::vec(step(), 0..120)) {
        let mut model = Model::new();
        for step in &steps {
            model.take(step);
            model.compare();
        }
        while !model.jobs.is_empty() {
            model.store();
            model.compare();
        }
        model.check_at_rest();
    }
}
