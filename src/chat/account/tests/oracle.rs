//! The realm beside a model of it, for any order of events. The model says exactly what each device is told
//! of messages, and in what order. So nobody hears what is not committed, nobody hears anything twice or
//! misses something between, private messages stay private, each sender hears what became of its message,
//! and a login that has ended opens nothing.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 3] = ["ada", "bob", "eve"];
const SLOTS: u32 = 5;
const LIMITS: fn() -> Limits = || Limits { unstored_per_seat: 3, recent: 6, ..Limits::default() };

#[derive(Clone, Debug)]
enum Step {
    /// A connection comes with one of the two logins of a user.
    Enter(u32, usize, usize),
    Switch(u32),
    Leave(u32),
    /// A message to everybody, or to a user.
    Say(u32, Option<usize>),
    /// The store does its next job.
    Store,
    /// The next message or logout will fail.
    Fail(Failure),
    /// A login ends.
    LogOut(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let failure = prop_oneof![Just(Failure::Full), Just(Failure::ReadOnly), Just(Failure::Io)];
    prop_oneof![
        3 => (0..SLOTS, 0..3usize, 0..2usize).prop_map(|(slot, user, login)| Step::Enter(slot, user, login)),
        2 => (0..SLOTS).prop_map(Step::Switch),
        1 => (0..SLOTS).prop_map(Step::Leave),
        8 => (0..SLOTS, prop::option::of(0..3usize)).prop_map(|(slot, to)| Step::Say(slot, to)),
        8 => Just(Step::Store),
        1 => failure.prop_map(Step::Fail),
        1 => (0..3usize, 0..2usize).prop_map(|(user, login)| Step::LogOut(user, login)),
    ]
}

/// What the model expects of a connection.
struct Seat {
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
}

#[derive(Clone)]
struct Message {
    from: usize,
    to: Option<usize>,
    text: String,
}

struct Model {
    world: World,
    /// The two logins of each user; `None` if it has ended.
    tokens: [[Option<Token>; 2]; 3],
    seats: BTreeMap<ConnectionId, Seat>,
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
        Model {
            world,
            tokens,
            seats: BTreeMap::new(),
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
            Step::Enter(slot, user, login) => self.enter(slot, user, login),
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

    fn enter(&mut self, slot: u32, user: usize, login: usize) {
        let (None, Some(token)) = (self.at(slot), self.tokens[user][login]) else { return };
        self.generation += 1;
        let id = ConnectionId::new(slot, self.generation);
        let guest = self.world.guest(token);
        self.world.realm.enter(self.world.now, id, (guest, Role::Stream), &mut self.world.sink);
        let global = self.log.iter().filter(|message| message.to.is_none());
        let texts: Vec<String> = global.map(|message| message.text.clone()).collect();
        let recent = texts[texts.len().saturating_sub(LIMITS().recent)..].to_vec();
        self.expect(id, Told::History(recent));
        let since = self.log.len();
        self.seats.insert(id, Seat { user, login, speaks: false, since });
    }

    fn switch(&mut self, slot: u32) {
        let Some(id) = self.at(slot) else { return };
        self.world.realm.switched(id, &mut self.world.sink);
        let seat = self.seats.get_mut(&id).expect("it is there");
        if std::mem::replace(&mut seat.speaks, true) {
            return;
        }
        let (user, since) = (seat.user, seat.since);
        let recent: Vec<usize> =
            (0..self.log.len()).filter(|&place| self.log[place].to.is_none()).collect();
        let first = recent.len().checked_sub(LIMITS().recent).map_or(0, |place| recent[place]);
        for place in since..self.log.len() {
            let message = self.log[place].clone();
            let is_told = match message.to {
                None => place >= first,
                Some(to) => to == user || message.from == user,
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
        let to_name = to.map(|to| NAMES[to].into());
        let command = Command::Say { to: to_name, text: text.as_str().into() };
        self.world.realm.handle(self.world.now, id, &command, &mut self.world.sink);
        let message = Message { from: self.seats[&id].user, to, text };
        self.jobs.push_back(Job::Say { seat: id, message });
    }

    /// The store does its next job, here and there.
    fn store(&mut self) {
        self.world.step();
        let Some(job) = self.jobs.pop_front() else { return };
        match (job, self.failure.take()) {
            (Job::Say { seat, .. }, Some(failure)) => {
                if self.seats.contains_key(&seat) {
                    self.expect(seat, Told::Failed(failure));
                }
            }
            (Job::Say { message, .. }, None) => self.commit(&message),
            (Job::LogOut { asker, .. }, Some(failure)) => {
                assert_eq!(self.world.reply_to(asker), format!("Failed({failure:?})"));
            }
            (Job::LogOut { user, login, asker }, None) => self.log_out(user, login, asker),
        }
    }

    fn commit(&mut self, message: &Message) {
        self.log.push(message.clone());
        let speaks_for = |seat: &Seat, user| seat.speaks && seat.user == user;
        let delivered =
            message.to.is_some_and(|to| self.seats.values().any(|seat| speaks_for(seat, to)));
        let told: Vec<(ConnectionId, Told)> = self
            .seats
            .iter()
            .filter_map(|(&id, seat)| {
                let text = message.text.clone();
                let told = match message.to {
                    None => Told::Said(text),
                    Some(_) if speaks_for(seat, message.from) => Told::Sent { text, delivered },
                    Some(to) if speaks_for(seat, to) => Told::Said(text),
                    Some(_) => return None,
                };
                Some((id, told))
            })
            .collect();
        told.into_iter().for_each(|(id, told)| self.expect(id, told));
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
        let ends = |seat: &Seat| seat.user == user && seat.login == login;
        let ended = self.seats.iter().filter(|(_, seat)| ends(seat)).map(|(id, _)| *id);
        for id in ended.collect::<Vec<_>>() {
            self.seats.remove(&id);
            self.expect(id, Told::Ended);
        }
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
        let global: Vec<(Seq, &str)> = global.map(|row| (row.seq, &*row.text)).collect();
        let recent: Vec<(Seq, &str)> =
            realm.recent.iter().map(|message| (message.seq, &*message.text)).collect();
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
