//! [`Realm`]: the `account` realm. People have a name and a password, and their messages are kept.
//!
//! The realm is sans-IO like the others. What has to be read from the disk, written to it, or hashed is a
//! [`Job`]; it goes out through the sink and comes back as a [`JobResult`]. Nobody sees a message before
//! the job that stores it has come back: commit, then broadcast.
//!
//! What is small is kept in memory as a *replica* of the store: the users, and the last global messages.
//! It changes only by results. Everything else (messages, password hashes, tokens) is in the store only.
//! A *call* is what an HTTP request asks for. It gets one reply, at once or after some jobs. A *seat* is a
//! WebSocket of a user.

// The words.
mod call;
mod command;
mod event;
mod ids;
mod job;
mod limits;
mod refusal;
mod said;
mod secret;

// The tables.
mod directory;
mod hashes;
mod ledger;
mod logins;
mod missed;
mod pending;
mod pings;
mod presence;
mod recent;
mod rooms;
mod seats;
mod throttle;

// What the realm does.
mod answering;
mod entering;
mod hosting;
mod joining;
mod reading;
mod saying;
mod typing;

// What the operator sees, and what must hold.
mod counters;
mod figures;
mod invariants;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::chat::{self, ConnectionId, Farewell, Fault, Sink, Watch};
use crate::limiter::Block;
use crate::timer::{Moment, Now};

pub use call::{Asker, Call, Guest, Reply, Wants};
pub use command::Command;
pub use counters::Counters;
pub use event::{Event, News};
pub use ids::{NotAName, Place, Role, RoomId, RoomKey, Seq, UnixMs, UserId, UserKey, UserName};
pub use job::{
    Changed, Commit, Credentials, Failure, History, Job, JobResult, Output, Room, RoomChange,
    Snapshot, StoreReport, Stored, Ticket, User, Work,
};
pub use ledger::{Ledger, Refused};
pub use limits::{Limits, Registration};
pub use refusal::Refusal;
pub use said::{Line, Quote, RoomSaid, RoomView, Said};
pub use secret::{PasswordHash, Secret, Token, TokenDigest};

use directory::Directory;
use hashes::Hashes;
use logins::Logins;
use missed::Missed;
use pending::{AndThen, Pending, Waiting};
use pings::Pings;
use presence::Online;
use recent::{Message, Recent};
use rooms::Rooms;
use seats::{Purpose, Seats};
use throttle::Throttle;

/// The name that is shown for a sender that the store does not name.
const NOBODY: &str = "unknown user";

/// All users, and what they say to each other.
pub struct Realm {
    limits: Limits,
    users: Directory,
    /// The users that were deleted. Their messages still have a sender.
    former: Directory,
    rooms: Rooms,
    seats: Seats,
    /// When the notices sockets are sent their next sign of life.
    pings: Pings,
    online: Online,
    logins: Logins,
    /// What waits for a job.
    waiting: Waiting,
    /// The last global messages.
    recent: Recent,
    /// Private messages for seats that have no words for them yet.
    missed: Missed,
    hashes: Hashes,
    registrations: Throttle,
    logins_by_address: Throttle,
    logins_by_name: Throttle,
    calls_by_login: Throttle,
    /// When the store last had no account that makes room for another.
    was_full: Option<Moment>,
    /// How many messages were committed since the start.
    commits: u64,
    /// The bytes of the texts that wait for the store.
    unstored_bytes: usize,
    is_draining: bool,
    ledger: Ledger,
    counters: Counters,
}

impl Realm {
    /// Makes the realm as the store has it. Nobody is online.
    pub fn restore(limits: Limits, snapshot: Snapshot, now: Moment) -> Self {
        let Snapshot { users, former, recent: stored, rooms } = snapshot;
        let (users, former) = (Directory::restore(users), Directory::restore(former));
        let mut recent = Recent::new(limits.recent);
        for Stored { seq, from, at, text, place: _, reply: _ } in stored {
            let sender = users.get(from).or_else(|| former.get(from));
            let name = sender.map(|one| one.user.name.clone());
            let from = name.unwrap_or_else(|| UserName::registered(NOBODY));
            recent.add(Message { commit: 0, seq, from, to: None, text, at });
        }
        let throttle = |rate| Throttle::new(rate, limits.remembered_attempts);
        Realm {
            users,
            former,
            rooms: Rooms::restore(rooms),
            recent,
            seats: Seats::default(),
            pings: Pings::new(limits.notices_ping, now),
            online: Online::default(),
            logins: Logins::new(limits.tokens_cached, now),
            waiting: Waiting::default(),
            missed: Missed::default(),
            hashes: Hashes::default(),
            registrations: throttle(limits.registrations),
            logins_by_address: throttle(limits.logins_per_address),
            logins_by_name: throttle(limits.logins_per_name),
            calls_by_login: throttle(limits.calls_per_login),
            was_full: None,
            commits: 0,
            unstored_bytes: 0,
            is_draining: false,
            ledger: Ledger::default(),
            counters: Counters::default(),
            limits,
        }
    }

    /// Does what a request from the address block `from` asks for. The sink gets exactly one reply for it,
    /// now or after some jobs.
    pub fn call(&mut self, now: Now, from: Block, asker: Asker, call: &Call, sink: &mut impl Sink) {
        let caller = (asker, from);
        let begun = match call {
            Call::Register { name, password } => {
                self.register(now, caller, (name, password), AndThen::Nothing, sink)
            }
            Call::Join { name, password } => {
                self.register(now, caller, (name, password), AndThen::LogIn, sink)
            }
            Call::LogIn { name, password } => self.log_in(now, caller, (name, password), sink),
            Call::LogOut(token) => self.log_out(asker, *token, sink),
            Call::LogOutOfNothing => {
                sink.reply(asker, &Reply::LoggedOut);
                Ok(())
            }
            Call::Ask { token, claims, wants } => {
                self.read(now, asker, *token, (*claims, wants), sink)
            }
        };
        reply_if_refused(asker, begun, sink);
    }

    /// Takes the result of a job, and goes on with what waited for it.
    ///
    /// # Panics
    ///
    /// If the result is not one of the job's work.
    pub fn done(&mut self, now: Now, result: JobResult, sink: &mut impl Sink) {
        let JobResult { ticket, outcome } = result;
        if ticket == Ticket::NEWS {
            if let Ok(Output::News(news)) = outcome {
                self.news(news, sink);
            }
            return;
        }
        let pending = self.waiting.take(ticket);
        let (asker, then) = match pending.expect("each job has one result") {
            Pending::Message(message) => return self.stored(message, outcome, sink),
            Pending::Recheck(token) => return self.recheck(token, outcome, sink),
            Pending::Login { token, asker, claims, wants } => {
                (asker, self.looked_up(now, asker, token, (claims, &wants), outcome, sink))
            }
            Pending::LogOut { token, asker } => {
                (asker, self.logged_out((token, asker), outcome, sink))
            }
            Pending::Room { asker, from, name, password, then } => {
                let new = (name, password, then);
                (asker, self.made_room(now, (asker, from), new, outcome, sink))
            }
            Pending::Hash { asker, from, name, then } => {
                (asker, self.hashed(now, (asker, from), (name, then), outcome, sink))
            }
            Pending::Register { asker, from, then } => {
                (asker, self.registered(now, (asker, from), then, outcome, sink))
            }
            Pending::Credentials(login) => (login.asker, self.found(login, outcome, sink)),
            Pending::Verify(login) => (login.asker, self.verified(now, login, outcome, sink)),
            Pending::Admit(login) => (login.asker, self.admitted(now, &login, outcome, sink)),
            Pending::History { asker, user, place } => {
                (asker, self.looked_back(asker, (user, place), outcome, sink))
            }
            Pending::Unread { asker } => (asker, self.counted(asker, outcome, sink)),
            Pending::MarkRead { asker, user, other } => {
                (asker, self.marked(asker, (user, other), outcome, sink))
            }
            Pending::CreateRoom { asker, creator: _ } => {
                (asker, self.room_created(asker, outcome, sink))
            }
            Pending::ChangeRoom { asker, room, change } => {
                (asker, self.room_changed(asker, (room, change), outcome, sink))
            }
        };
        reply_if_refused(asker, then, sink);
    }

    /// Carries out a command. It ignores a connection without a seat.
    pub fn handle(
        &mut self,
        now: Now,
        id: ConnectionId,
        command: &Command<'_>,
        sink: &mut impl Sink,
    ) {
        let Some(seat) = self.seats.get(id) else { return };
        let is_stream = seat.purpose == Purpose::Stream;
        match command {
            Command::SayHere { text, reply } => {
                self.say_here(now, id, (text, reply.as_ref()), sink);
            }
            // The other sockets have no words for these.
            Command::Say { .. } | Command::Typing { .. } | Command::ListUsers if !is_stream => {}
            Command::Say { to, text } => {
                if let Err(refusal) = self.say(now, id, (to.as_deref(), text), sink) {
                    tell(sink, &[id], Event::Refused(refusal));
                }
            }
            Command::Typing { to, is_typing } => self.typing(id, to.as_deref(), *is_typing, sink),
            Command::ListUsers => sink.watch(id, Watch::Ask),
        }
    }

    /// Counts a message that a dialect refused, if its sender has a seat here.
    pub fn refuse(&mut self, from: ConnectionId, fault: Fault) {
        if self.seats.get(from).is_some() {
            self.ledger.refuse(fault.into());
        }
    }

    /// Ends the sockets of logins that have expired, and sends the pings that are due: at most `budget` of
    /// each in one call. Forgets the global messages that are older than the retention.
    pub fn expire(&mut self, now: Now, budget: usize, sink: &mut impl Sink) {
        if let Some(retention) = self.limits.retention {
            let age = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
            self.recent.forget(UnixMs(logins::unix_ms(now).0.saturating_sub(age)));
        }
        for _ in 0..budget {
            let Some(expired) = self.logins.next_expired(now) else { break };
            if let Some(login) = expired {
                self.end_login(self.logins.token(login), Farewell::Expired, sink);
            }
        }
        for _ in 0..budget {
            let Some(id) = self.pings.next_due(now.monotonic) else { return };
            tell(sink, &[id], Event::Ping);
        }
    }

    /// The moment at which [`expire`](Realm::expire) is to be called next.
    pub fn next_deadline(&self) -> Option<Moment> {
        [self.logins.next_deadline(), self.pings.next_deadline()].into_iter().flatten().min()
    }

    /// How many timers the realm keeps.
    pub fn timers(&self) -> usize {
        self.logins.timers() + self.pings.len()
    }

    /// Forgets attempts and regulars that no longer matter: at most `budget` entries of each table.
    pub fn forget(&mut self, now: Moment, budget: usize) {
        for table in [
            &mut self.registrations,
            &mut self.logins_by_address,
            &mut self.logins_by_name,
            &mut self.calls_by_login,
        ] {
            table.forget(now, budget);
        }
        self.hashes.forget(&self.limits, now, budget);
    }

    /// From now on, only calls that read are answered, and no client is read.
    pub fn drain(&mut self) {
        self.is_draining = true;
    }

    /// The user that a connection belongs to.
    pub fn user_at(&self, id: ConnectionId) -> Option<UserKey> {
        self.seats.get(id).map(|seat| seat.user)
    }

    /// How many users are registered.
    pub fn users(&self) -> usize {
        self.users.len()
    }

    /// How many users are online.
    pub fn online(&self) -> usize {
        self.online.len()
    }

    /// How many connections watch the list of those online.
    pub fn watchers(&self) -> usize {
        self.seats.speaking().len()
    }

    /// How many connections watch the list of all users.
    pub fn status_watchers(&self) -> usize {
        self.seats.status()
    }

    /// How many sentences the list of those online is published with, for a client that is behind by this
    /// many changes.
    pub fn sentences(changes: u64) -> usize {
        Online::sentences(changes)
    }

    /// Calls `tell` with the list of those online, once for each sentence, or once without one.
    pub fn publish(&self, sentences: usize, now: Now, tell: impl FnMut(&Event<'_>)) {
        self.online.publish(sentences, now, tell);
    }

    /// Calls `tell` with the list of all users, and whether each is online.
    pub fn publish_status(&self, tell: impl FnOnce(&Event<'_>)) {
        let all = self.users.iter();
        let all = all.map(|one| (one.user.id, one.user.name.as_str(), one.is_online()));
        tell(&Event::Everyone(&all.collect::<Vec<_>>()));
    }

    /// Hands over a job, and keeps what waits for its result.
    fn ask(&mut self, pending: Pending, work: Work, sink: &mut impl Sink) {
        let ticket = self.waiting.add(pending);
        sink.ask(Job { ticket, work });
    }

    fn require_no_drain(&self) -> Result<(), Refusal<'static>> {
        if self.is_draining { Err(Refusal::Draining) } else { Ok(()) }
    }

    fn require_room(&mut self) -> Result<(), Refusal<'static>> {
        match self.waiting.calls() < self.limits.calls_under_way {
            true => Ok(()),
            false => Err(self.busy()),
        }
    }

    fn busy(&mut self) -> Refusal<'static> {
        self.counters.busy += 1;
        Refusal::Busy
    }

    fn failed(&mut self, failure: Failure) -> Refusal<'static> {
        self.counters.calls_failed[failure as usize] += 1;
        Refusal::Failed(failure)
    }
}

/// Debug output shows nothing of what people wrote, or who they are.
impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Realm").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

/// Sends an event to some seats.
fn tell(sink: &mut impl Sink, seats: &[ConnectionId], event: Event<'_>) {
    let event = chat::Event::Account(event);
    match seats {
        [] => {}
        [only] => sink.send(*only, &event),
        several => sink.fan_out(several, &event),
    }
}

fn reply_if_refused(asker: Asker, done: Result<(), Refusal<'static>>, sink: &mut impl Sink) {
    if let Err(refusal) = done {
        sink.reply(asker, &Reply::Refused(refusal));
    }
}
