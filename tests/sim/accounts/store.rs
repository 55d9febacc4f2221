//! [`Store`]: the other threads of a server with accounts, in virtual time. The SQL is the real one, on a
//! database in memory. Only its time and its failures are virtual.
//!
//! The store lane carries out one batch at a time. A batch takes as much of what waits as the dice say. It
//! is committed when its time is over, and its results come later, in the order of the lane. The hash lane
//! has an order of its own, and hashes with a virtual function, since the real one takes all the time.
//!
//! The database outlives a crash of the server. [`Rows`] are what it has told of its commits: the oracle
//! compares with them what clients are shown, and they are compared with what the database itself holds.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use switchboard::chat::account::{
    Failure, Job, JobResult, Most, Output, PasswordHash, Place, ReplyTo, RoomChange, Secret,
    Snapshot, Ticket, Token, TokenDigest, UnixMs, UserKey, UserName, Work,
};
use switchboard::store::{Database, Settings};
use switchboard::turn::Jobs;

use super::rows::{Row, Rows, Version};
use super::talk::Talk;
use super::{model, rows};
use crate::agenda::at;
use crate::dice::Dice;

/// The number of pages that no world fills.
const NO_LIMIT: u32 = u32::MAX - 1;
/// How many global messages the server keeps in memory.
const RECENT: usize = 50;
/// What is cut off of the conversations of a user that nobody has asked for.
const MOST: Most = Most { conversations: 1_000, unread: 7, chars: 5 };

/// The next batch of the lane: how many jobs, when it is done, and whether its sync fails.
struct Batch {
    jobs: usize,
    done: Duration,
    fails: bool,
}

pub(super) struct Store {
    database: Database,
    dice: Dice,
    now: Duration,
    waiting: VecDeque<Job>,
    batch: Option<Batch>,
    /// Results of the store lane, when each may be taken, and the commits up to it.
    results: VecDeque<(Duration, u64, JobResult)>,
    hashes: Vec<(Duration, JobResult)>,
    /// Whether the loop is to be woken, since a result has come after the last poll.
    pub(super) wakes: bool,
    /// How long a batch takes at most.
    pub(super) latency: Duration,
    /// Whether the sync of the next batch that writes fails.
    pub(super) next_sync_fails: bool,
    has_failed: bool,
    orders: u64,
    /// The commits up to the last result that was taken.
    taken: u64,
    pub(super) talk: Talk,
    pub(super) rows: Rows,
    /// After how many commits each token was revoked.
    pub(super) revoked: HashMap<TokenDigest, u64>,
    /// How many jobs have failed because of a full disk.
    pub(super) full: u64,
}

impl Store {
    pub(super) fn new(dice: Dice, latency: Duration) -> Self {
        let settings = Settings { logins_per_user: 10_000, ..Settings::default() };
        Store {
            database: Database::in_memory(settings).expect("there is memory"),
            dice,
            now: Duration::ZERO,
            waiting: VecDeque::new(),
            batch: None,
            results: VecDeque::new(),
            hashes: Vec::new(),
            wakes: false,
            latency,
            next_sync_fails: false,
            has_failed: false,
            orders: 0,
            taken: 0,
            talk: Talk::default(),
            rows: Rows::default(),
            revoked: HashMap::new(),
            full: 0,
        }
    }

    /// Adds a user with a login, before the server starts.
    pub(super) fn add_user(&mut self, name: &str, password: &str, now: Duration) -> Token {
        let (at, expires) = (unix_ms(now), unix_ms(now + Duration::from_secs(7 * 86_400)));
        let name = UserName::new(name).expect("a name");
        let hash = hash_of(&Secret::new(password));
        let Ok(Output::Registered(Some(user))) = self.do_now(Work::Register { name, hash, at })
        else {
            panic!("a user cannot be registered");
        };
        self.talk.users.push(user.id);
        let admit = Work::Admit { user: user.key, at, expires, rehash: None };
        match self.do_now(admit) {
            Ok(Output::Admitted { token, .. }) => token,
            other => panic!("a user is not admitted: {other:?}"),
        }
    }

    /// Adds a room of the first user with all users in it, before the server starts.
    pub(super) fn add_room(&mut self, now: Duration) {
        let (creator, at) = (UserKey(1), unix_ms(now));
        let (name, description) = ("room".into(), "".into());
        let made = self.do_now(Work::CreateRoom { creator, name, description, at });
        let Ok(Output::RoomCreated(Some(room))) = made else { panic!("no room is made: {made:?}") };
        for user in (2..).map(UserKey).take(self.talk.users.len() - 1) {
            let (room, change) = (room.key, RoomChange::Add(user));
            let added = self.do_now(Work::ChangeRoom { room, by: creator, change, at });
            assert_eq!(added, Ok(Output::RoomChanged(true)));
        }
    }

    /// Up to which commit, of any kind, the server has been told: what it has in memory is as old as that.
    pub(super) fn told(&self) -> u64 {
        self.taken
    }

    fn do_now(&mut self, work: Work) -> Result<Output, Failure> {
        let results = self.commit(&[Job { ticket: Ticket(0), work }]);
        results.into_iter().next().expect("each job has a result").outcome
    }

    /// What a server starts with.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.database.snapshot().expect("the database can be read")
    }

    /// The server is killed. The batch under way is committed whole or not at all, and nobody hears of it.
    pub(super) fn crash(&mut self) {
        let is_whole = self.dice.per_mille(500);
        if let Some(batch) = self.batch.take().filter(|_| is_whole && !self.has_failed) {
            let jobs: Vec<Job> = self.waiting.drain(..batch.jobs).collect();
            let before = self.orders;
            self.commit(&jobs);
            self.untell(before);
        }
        self.waiting.clear();
        self.results.clear();
        self.hashes.clear();
        (self.wakes, self.has_failed, self.next_sync_fails) = (false, false, false);
        self.check_rows();
    }

    /// Fills the disk, or makes room again.
    pub(super) fn fill_disk(&self, is_full: bool) {
        self.database.limit_pages(if is_full { 1 } else { NO_LIMIT });
    }

    /// Whether a write has failed in a way after which the server has to be started anew.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// The last global message that the server was told of, or has read when it started.
    pub(super) fn last_global(&self) -> u32 {
        self.rows.last_in(Place::Global)
    }

    /// The server will not be told of what was committed after this one.
    fn untell(&mut self, after: u64) {
        self.rows.untell(after);
        self.talk.untell(after);
    }

    /// Notes that a server starts: it reads all rows.
    pub(super) fn starts(&mut self) {
        self.rows.tell();
        self.count();
    }

    /// Lets the database count what each user has not read, in both ways that clients can ask for it.
    pub(super) fn count(&mut self) {
        for user in (1..).map(UserKey).take(self.talk.users.len()) {
            let rooms = self.talk.rooms_of(user);
            let all = [Work::Unread(user), Work::Inbox { user, rooms, most: MOST }];
            for work in all {
                let counted = self.do_now(work);
                assert!(counted.is_ok(), "A11: {counted:?}");
            }
        }
        self.taken = self.orders;
    }

    /// Checks that nothing is under way.
    pub(super) fn check_rest(&self) {
        let left = self.waiting.len() + self.results.len() + self.hashes.len();
        assert_eq!(left, 0, "results are not taken, or jobs are not done");
        self.check_rows();
    }

    /// Compares what the database has told of its commits with what it holds.
    pub(super) fn check_rows(&self) {
        let global: Vec<_> = self.rows.of(Place::Global).filter(|row| !row.is_deleted()).collect();
        let last = &global[global.len().saturating_sub(RECENT)..];
        let told: Vec<_> = last.iter().map(|row| (row.mid, row.from, row.text())).collect();
        let recent = self.snapshot().recent;
        let held: Vec<_> = recent.iter().map(|one| (one.mid, one.from, Some(&*one.text))).collect();
        assert_eq!(told, held, "A1: the store does not hold what it has told of");
    }

    /// When something happens next.
    pub(super) fn next_event(&self) -> Duration {
        let batch = self.batch.iter().map(|batch| batch.done);
        let results = self.results.front().map(|(time, ..)| *time).into_iter();
        let results = results.chain(self.hashes.iter().map(|(time, _)| *time));
        batch.chain(results.filter(|time| *time > self.now)).min().unwrap_or(Duration::MAX)
    }

    /// Lets the time go on.
    pub(super) fn advance(&mut self, now: Duration) {
        while self.next_event() <= now {
            self.now = self.next_event();
            let done = self.now;
            if let Some(batch) = self.batch.take_if(|batch| batch.done <= done) {
                self.finish(&batch);
                self.start_batch();
            }
            self.wakes |= self.results.front().is_some_and(|(time, ..)| *time <= done)
                || self.hashes.iter().any(|(time, _)| *time <= done);
        }
        self.now = self.now.max(now);
    }

    fn start_batch(&mut self) {
        if self.batch.is_none() && !self.waiting.is_empty() {
            let jobs = self.dice.between(1, self.waiting.len());
            let fails =
                self.next_sync_fails && self.waiting.iter().take(jobs).any(|job| job.work.writes());
            self.next_sync_fails &= !fails;
            let done = self.now + self.dice.time(Duration::from_nanos(1), self.latency);
            self.batch = Some(Batch { jobs, done, fails });
        }
    }

    fn finish(&mut self, batch: &Batch) {
        let jobs: Vec<Job> = self.waiting.drain(..batch.jobs).collect();
        let (mut results, mut order) = (Vec::new(), self.orders);
        if batch.fails {
            // After a failed sync nobody knows whether the disk has it. It has all of the batch, or nothing.
            self.has_failed = true;
            if self.dice.per_mille(500) {
                let before = self.orders;
                results = self.commit(&jobs);
                self.untell(before);
            }
        }
        if self.has_failed {
            let mut answers = results.into_iter();
            results = Vec::new();
            for job in &jobs {
                let answer = answers.next();
                results.push(match job.work.writes() {
                    true => JobResult { ticket: job.ticket, outcome: Err(Failure::Io) },
                    false => {
                        answer.unwrap_or_else(|| self.commit(std::slice::from_ref(job)).remove(0))
                    }
                });
            }
        } else {
            results = self.commit(&jobs);
        }
        for result in results {
            // After a failure there are more results than commits.
            order = self.orders.min(order + 1);
            let before = self.results.back().map_or(self.now, |(time, ..)| *time);
            let time = before.max(self.now) + self.dice.time(Duration::ZERO, self.latency / 4);
            self.results.push_back((time, order, result));
        }
    }

    /// Carries out a batch, and notes what the database says that it has committed.
    fn commit(&mut self, jobs: &[Job]) -> Vec<JobResult> {
        let (mut results, dice) = (Vec::new(), &mut self.dice);
        let mut fill = |bytes: &mut [u8]| bytes.fill_with(|| dice.below(256) as u8);
        self.database.carry_out(jobs, &mut fill, unix_ms(self.now), &mut results);
        assert_eq!(results.len(), jobs.len(), "each job has one result, and only one");
        for (job, result) in jobs.iter().zip(&results) {
            assert_eq!(job.ticket, result.ticket, "results come in the order of the jobs");
            self.full += u64::from(result.outcome == Err(Failure::Full));
            self.orders += 1;
            if let Ok(output) = &result.outcome {
                model::check(&job.work, output, &self.rows, &self.talk);
                self.talk.note(self.orders, &job.work, output, &self.rows);
                self.note(&job.work, output);
            }
        }
        results
    }

    /// Notes what a job has stored.
    fn note(&mut self, work: &Work, output: &Output) {
        let order = self.orders;
        match (work, output) {
            (Work::Say { place, from, at, text, reply, client_id }, Output::Said { mid, .. }) => {
                let (place, from) = (in_order(*place), *from);
                let reply_to = reply.as_ref().and_then(ReplyTo::mid);
                let versions = vec![rows::first(order, *at, text)];
                let row = Row { place, mid: *mid, from, reply_to, versions };
                self.rows.add(row, client_id.as_deref());
            }
            (Work::Change { mid, at, text, .. }, Output::Changed(_)) => {
                let text = text.as_ref().map(ToString::to_string);
                self.rows.change(*mid, Version { order, at: *at, text, is_told: true });
            }
            (Work::Revoke(token), Output::Revoked(true)) => {
                self.revoked.insert(*token, order);
            }
            _ => {}
        }
    }
}

impl Jobs for Store {
    fn hand_over(&mut self, batch: &mut Vec<Job>) {
        for job in batch.drain(..) {
            if !job.work.is_hashing() {
                self.waiting.push_back(job);
                continue;
            }
            let outcome = Ok(match &job.work {
                Work::Hash(password) => Output::Hashed(hash_of(password)),
                Work::Verify { password, hash } => {
                    let right = hash.as_ref() == Some(&hash_of(password));
                    Output::Verified { right, rehash: None }
                }
                other => unreachable!("{other:?} is no job of the hash lane"),
            });
            let after = self.dice.time(Duration::from_millis(1), Duration::from_millis(40));
            let result = JobResult { ticket: job.ticket, outcome };
            self.hashes.push((self.now + after, result));
        }
        self.start_batch();
    }

    fn next_result(&mut self) -> Option<JobResult> {
        if self.results.front().is_some_and(|(time, ..)| *time <= self.now) {
            let (_, order, result) = self.results.pop_front()?;
            self.taken = order;
            return Some(result);
        }
        let ready = self.hashes.iter().position(|(time, _)| *time <= self.now)?;
        Some(self.hashes.swap_remove(ready).1)
    }
}

/// A conversation has one place, whichever of the two writes.
pub(super) fn in_order(place: Place) -> Place {
    match place {
        Place::Private(one, other) => Place::Private(one.min(other), one.max(other)),
        Place::Global | Place::Room(_) => place,
    }
}

fn hash_of(password: &Secret) -> PasswordHash {
    PasswordHash::new(&format!("virtual {}", password.reveal()))
}

fn unix_ms(now: Duration) -> UnixMs {
    UnixMs(i64::try_from(at(now).unix.as_millis()).expect("it is this century"))
}
