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
mod browsing;
mod changing;
mod entering;
mod errands;
mod hosting;
mod joining;
mod passing;
mod reading;
mod saying;

// What the operator sees, and what must hold.
mod counters;
mod figures;
mod invariants;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::chat::{self, ConnectionId, Farewell, Fault, Sink, Watch};
use crate::limiter::{BanList, Block};
use crate::timer::{Moment, Now};

pub use call::{Asker, Call, Guest, Reply, Wants};
pub use command::{Command, Query, Target};
pub use counters::Counters;
pub use event::{Conversation, Event, News, RoomNews};
pub use ids::{
    MessageId, NotAName, Place, Role, RoomId, RoomKey, Seq, UnixMs, UserId, UserKey, UserName,
};
pub use job::{
    Changed, Commit, Credentials, Entry, Failure, History, Job, JobResult, Most, Output, ReplyTo,
    Room, RoomChange, Snapshot, StoreReport, Stored, Ticket, User, Work,
};
pub use ledger::{Ledger, Refused};
pub use limits::{Limits, Registration};
pub use refusal::Refusal;
pub use said::{Line, Quote, RoomView, Said, Spot};
pub use secret::{PasswordHash, Secret, Token, TokenDigest};

use directory::Directory;
use hashes::Hashes;
use logins::Logins;
use missed::Missed;
use passing::Passed;
use pending::{AndThen, By, Pending, Waiting};
use pings::Pings;
use presence::Online;
use recent::{Message, Recent};
use rooms::Rooms;
use seats::{Purpose, Seats};
use throttle::Throttle;

/// The name that is shown for a sender that the store does not name.
const NOBODY: &str = "unknown user";

/// The id that is shown for such a sender.
const NO_ID: UserId = UserId([0; 16]);

/// All users, and what they say to each other.
pub struct Realm {
    limits: Limits,
    /// The names of the users who are banned.
    bans: BanList<Box<str>>,
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
    /// How many commands of devices the store has in hand, messages not counted.
    errands: usize,
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
        for Stored { mid, from, at, text, reply_to, edited, .. } in stored {
            let sender = users.get(from).or_else(|| former.get(from));
            let name = sender.map(|one| one.user.name.clone());
            let from_id = sender.map_or(NO_ID, |one| one.user.id);
            let from = name.unwrap_or_else(|| UserName::registered(NOBODY));
            let (commit, to) = (0, None);
            recent.add(Message { commit, mid, from_id, from, to, text, at, reply_to, edited });
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
            errands: 0,
            is_draining: false,
            ledger: Ledger::default(),
            counters: Counters::default(),
            bans: BanList::default(),
            limits,
        }
    }

    /// Changes the limits, except for the time for which messages are kept: the store has it, too.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = Limits { retention: self.limits.retention, ..limits };
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
        let pending = self.waiting.take(ticket).expect("each job has one result");
        if let Some(errand) = pending.errand() {
            self.has_come(errand.seat);
            self.errands -= 1;
        }
        let (asker, then) = match pending {
            Pending::Message(message) => return self.stored(message, outcome, sink),
            Pending::Change { errand, at } => return self.changed(&errand, at, outcome, sink),
            Pending::Page { errand, user, to } => {
                return self.paged(&errand, (user, &to), outcome, sink);
            }
            Pending::Inbox { errand, user } => return self.listed(&errand, user, outcome, sink),
            Pending::ReadUpTo { errand, user, to } => {
                return self.read_up_to(&errand, (user, &to), outcome, sink);
            }
            Pending::CreateRoom { by, creator: _ } => {
                let then = self.room_created(&by, outcome, sink);
                return refuse_if(then, &by, sink);
            }
            Pending::ChangeRoom { by, room, change } => {
                let then = self.room_changed(&by, (room, change), outcome, sink);
                return refuse_if(then, &by, sink);
            }
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
        let (purpose, user) = (seat.purpose, seat.user);
        let (client_id, done) = match command {
            Command::SayHere { text, reply } => {
                return self.say_here(now, id, (text, reply.as_ref()), sink);
            }
            // The other sockets have no words for the rest.
            _ if purpose != Purpose::Stream => return,
            Command::Say { to, text, id: client_id, reply_to } => {
                let words = (&**text, client_id.as_deref(), *reply_to);
                (client_id, self.say(now, id, to, words, sink))
            }
            Command::ListUsers => return sink.watch(id, Watch::Ask),
            Command::Presence(mode) => return sink.watch(id, Watch::Switch(*mode)),
            Command::Typing { to, is_typing } => {
                return self.pass_on(id, to, Passed::Typing(*is_typing), sink);
            }
            Command::Receipt { to, id: about } => {
                return self.pass_on(id, to, Passed::Receipt(about), sink);
            }
            Command::Signal { to, data } => {
                return self.pass_on(id, to, Passed::Signal(data), sink);
            }
            Command::Edit { mid, text, id: client_id } => {
                let errand = (id, client_id.as_deref());
                (client_id, self.change(now, errand, (user, *mid, Some(text)), sink))
            }
            Command::Delete { mid, id: client_id } => {
                let errand = (id, client_id.as_deref());
                (client_id, self.change(now, errand, (user, *mid, None), sink))
            }
            Command::Read { place, up_to, id: client_id } => {
                let errand = (id, client_id.as_deref());
                (client_id, self.mark(errand, (user, place, *up_to), sink))
            }
            Command::Query { id: client_id, what } => {
                let errand = (id, client_id.as_deref());
                (client_id, self.browse(now, errand, (user, what), sink))
            }
        };
        if let Err(refusal) = done {
            tell(sink, &[id], Event::Refused { refusal, id: client_id.as_deref() });
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

    /// The name of the user that a connection belongs to.
    pub fn name_at(&self, id: ConnectionId) -> Option<&str> {
        Some(self.users.get(self.user_at(id)?)?.user.name.as_str())
    }

    /// The sockets of the user with this name.
    pub fn sockets_of_name(&self, name: &str) -> &[ConnectionId] {
        self.users.find(name).map_or(&[], |user| user.seats())
    }

    /// How many users are registered.
    pub fn users(&self) -> usize {
        self.users.len()
    }

    /// How many users are online.
    pub fn online(&self) -> usize {
        self.online.len()
    }

    /// How many connections watch the list of those online, with sentences.
    pub fn watchers(&self) -> usize {
        self.seats.speaking().len() - self.seats.devices()
    }

    /// How many connections watch the names of those online.
    pub fn name_watchers(&self) -> usize {
        self.seats.devices()
    }

    /// Calls `tell` with all changes of the names of those online since the last call.
    pub fn changes(&mut self, tell: impl FnOnce(Event<'_>)) {
        self.online.take_changes(tell);
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

/// Refuses what a request or a device waits for, if it is refused.
fn refuse_if(done: Result<(), Refusal<'static>>, by: &By, sink: &mut impl Sink) {
    match (done, by) {
        (Ok(()), _) => {}
        (Err(refusal), By::Request(asker)) => sink.reply(*asker, &Reply::Refused(refusal)),
        (Err(refusal), By::Device(errand)) => errand.refuse(refusal, sink),
    }
}

fn reply_if_refused(asker: Asker, done: Result<(), Refusal<'static>>, sink: &mut impl Sink) {
    if let Err(refusal) = done {
        sink.reply(asker, &Reply::Refused(refusal));
    }
}
