//! The chat itself: who is online, and who writes to which person. Commands in, events out.
//!
//! The chat knows no bytes, no JSON, no socket and no clock. A dialect has parsed each [`Command`], the
//! time is an argument, and the chat hands the results to a [`Sink`] as [`Event`]s. It may refuse a
//! command, but it never fails. No method of the sink calls the chat back.
//!
//! A *realm* is a separate directory of people: the people of one realm can't see those of another, or
//! write to them. In [`mobile`] people have phone numbers, in [`messenger`] an id that only their friends
//! know, in [`account`] a name and a password. A realm is a folder here and an arm in each method of
//! [`Chat`]; the turn names no realm. Methods that ask every realm take `self` apart first. So a new field
//! compiles only once each of them uses it.

pub mod account;
mod audience;
mod bans;
mod books;
mod chain;
mod entry;
mod figure;
mod ids;
pub mod messenger;
pub mod mobile;
mod name;
mod operating;
mod seats;
mod sink;

use std::time::Duration;

use crate::limiter::Block;
use crate::timer::{Moment, Now};

pub use audience::{Audience, PresenceMode, Watch};
pub use bans::{BANNED, Ban, Banned, Bans};
pub use books::{Books, Fault};
pub use entry::{Admitted, Refusal};
pub use figure::{Figure, FigureKind, FigureValue};
pub use ids::{ConnectionId, Mobile, NotAMobile};
pub use name::Name;
pub use operating::BackendMessage;
pub use sink::{Farewell, Handling, Kind, Outcome, Reason, Sink};

/// What a person asks of the realm.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command<'a> {
    /// A command of the `mobile` realm.
    Mobile(mobile::Command<'a>),
    /// A command of the messenger realm.
    Messenger(messenger::Command<'a>),
    /// A command of the account realm.
    Account(account::Command<'a>),
}

impl Command<'_> {
    /// Whether it is a message from one person to another. The books account for those.
    pub fn is_message(&self) -> bool {
        match self {
            Command::Mobile(command) => command.is_message(),
            Command::Messenger(command) => command.is_message(),
            Command::Account(command) => command.is_message(),
        }
    }
}

/// What the chat tells one person. A dialect encodes it later.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// The answer to a heartbeat.
    Pong,
    /// The server could not understand what the person sent, or does not allow it.
    Error {
        /// One clear sentence. It never quotes what the person sent.
        detail: &'a str,
        /// The same as a word for programs. It never changes, and needs no escapes in JSON.
        code: &'static str,
        /// The id in the frame that caused the error, as plain text, if there is one that can be used.
        id: Option<&'a str>,
    },
    /// The operator tells everybody something.
    Notice(&'a str),
    /// Something happened in the `mobile` realm.
    Mobile(mobile::Event<'a>),
    /// Something happened in the messenger realm.
    Messenger(messenger::Event<'a>),
    /// Something happened in the account realm.
    Account(account::Event<'a>),
}

impl<'a> Event<'a> {
    /// How an outbox queues this event.
    pub fn handling(&self) -> Handling<'a> {
        match self {
            Event::Pong | Event::Error { .. } => Handling::FOR_CONNECTION,
            // A person who changes connections gets it on the new one.
            Event::Notice(_) => Handling::FOR_PERSON,
            Event::Mobile(event) => event.handling(),
            Event::Messenger(event) => event.handling(),
            Event::Account(event) => event.handling(),
        }
    }
}

/// Who asks to be admitted to a realm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entrant<'a> {
    /// A phone asks for the `mobile` realm. The path of its request says who it is.
    Mobile {
        /// Its number.
        mobile: Mobile,
        /// In what form it wants to hear who is online.
        presence: PresenceMode,
        /// Until when it has proved that the number is its own, since the Unix epoch. `None`: nobody has asked.
        proven_until: Option<Duration>,
    },
    /// A device asks for the messenger realm. Its first frame says who it is.
    Messenger(&'a messenger::SignIn<'a>),
    /// A user's client asks for the account realm. Its token has proved who it is.
    Account {
        /// The user, and the login.
        guest: account::Guest,
        /// What the socket is for.
        role: account::Role,
    },
}

/// The person that a connection belongs to. It exists to be hashed, and must not appear in any output.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub enum Person<'a> {
    /// A number of the `mobile` realm.
    Mobile(Mobile),
    /// An id of the messenger realm.
    Messenger(&'a str),
    /// A user of the account realm.
    Account(account::UserKey),
}

/// Identifies a message on its way to one connection. The turn gives it back to the realm with
/// [`Chat::settle`], once the fate of the message is decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Receipt {
    /// A message of the `mobile` realm. The realm itself keeps nothing about it, so all stands here.
    Mobile {
        /// The sender.
        from: Mobile,
        /// The recipient.
        to: Mobile,
    },
    /// A message of an app's own backend to a number. The request that waits for its fate is the turn's to
    /// answer.
    Backend {
        /// The request.
        asker: account::Asker,
    },
    /// One copy of a message of the messenger realm.
    Messenger(messenger::Ticket),
}

/// The limits of each realm.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// The limits of the `mobile` realm.
    pub mobile: mobile::Limits,
    /// The limits of the messenger realm.
    pub messenger: messenger::Limits,
    /// The limits of the account realm.
    pub account: account::Limits,
}

/// The name of a realm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Realm {
    /// The realm where people have phone numbers.
    Mobile,
    /// The realm where people have ids that only their friends know.
    Messenger,
}

impl Realm {
    /// The word for the realm in the names of its own metrics about messages. `None` if the realm has no
    /// such metrics: those without a word count the messages of all realms together.
    pub fn metrics_word(self) -> Option<&'static str> {
        match self {
            Realm::Mobile => None,
            // The metrics were published under this word before the realm had its present name.
            Realm::Messenger => Some("session"),
        }
    }
}

/// What the pages `/health` and `/stats` say of the chat.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Census {
    /// Invitations since the start.
    pub invitations_sent: u64,
    /// Invitations in memory: pending ones, and answers that wait for their sender.
    pub invitations: usize,
    /// Invitations that wait for an answer.
    pub pending_invitations: usize,
    /// Pairs of contacts.
    pub conversations: usize,
    /// People of the messenger realm who are online.
    pub online: usize,
    /// Registered users.
    pub users: usize,
    /// Users who are online.
    pub users_online: usize,
    /// Messages from users since the start, the refused ones not counted.
    pub messages_of_users: u64,
}

/// All realms.
#[derive(Debug)]
pub struct Chat {
    mobile: mobile::Realm,
    messenger: messenger::Realm,
    /// `None` if the server has no store. Boxed, so that it then takes no memory.
    account: Option<Box<account::Realm>>,
    bans: Bans,
}

impl Chat {
    /// Makes a chat with nobody in it, at the time `now`. It has no account realm.
    pub fn new(limits: Limits, now: Now) -> Self {
        Chat {
            mobile: mobile::Realm::new(limits.mobile),
            messenger: messenger::Realm::new(limits.messenger, now.monotonic),
            account: None,
            bans: Bans::default(),
        }
    }

    /// Makes a chat with nobody in it, at the time `now`. Its account realm is as the store has it.
    pub fn restore(limits: Limits, snapshot: account::Snapshot, now: Now) -> Self {
        let account = account::Realm::restore(limits.account, snapshot, now.monotonic);
        Chat { account: Some(Box::new(account)), ..Chat::new(limits, now) }
    }

    /// Changes those limits that can change while people are online. What the others limit is in memory already.
    pub fn set_limits(&mut self, limits: Limits) {
        let Chat { mobile, messenger, account, bans: _ } = self;
        mobile.set_limits(limits.mobile);
        messenger.set_limits(limits.messenger);
        if let Some(account) = account {
            account.set_limits(limits.account);
        }
    }

    /// Whether there is an account realm.
    pub fn has_accounts(&self) -> bool {
        self.account.is_some()
    }

    /// Whether this entrant would only replace an older connection of the same person.
    pub fn would_replace(&self, who: Entrant<'_>) -> bool {
        match who {
            Entrant::Mobile { mobile, .. } => self.mobile.is_online(mobile),
            Entrant::Messenger(_) | Entrant::Account { .. } => false,
        }
    }

    /// Admits a connection from the address block `from` to the realm that its entrant asks for. The sink
    /// gets at once what waits there for the connection.
    ///
    /// # Errors
    ///
    /// The realm's refusal. Then nothing has changed, and the sink got no event.
    ///
    /// # Panics
    ///
    /// If the previous tenant of the connection's slot has not left the chat.
    pub fn admit(
        &mut self,
        now: Now,
        (id, from): (ConnectionId, Block),
        who: Entrant<'_>,
        sink: &mut impl Sink,
    ) -> Result<Admitted, Refusal> {
        if self.is_entrant_banned(now, from, who) {
            return Err(bans::REFUSAL);
        }
        match who {
            Entrant::Mobile { mobile, presence, proven_until } => {
                let admitted = self.mobile.admit(now, (id, from), mobile, presence, sink)?;
                if let Some(until) = proven_until {
                    self.mobile.prove(now, id, until);
                }
                Ok(admitted)
            }
            Entrant::Messenger(who) => {
                self.messenger.sign_in(now, (id, from), who, sink)?;
                Ok(Admitted::default())
            }
            // The realm has events for the connection at once. They have to wait until it can hear them.
            Entrant::Account { .. } => Ok(Admitted::default()),
        }
    }

    /// Notes that a connection has proved again that its number is its own, until that time since the Unix epoch.
    pub fn prove(&mut self, now: Now, id: ConnectionId, until: Duration) {
        self.mobile.prove(now, id, until);
    }

    /// Tells a connection that was admitted what its realm has for it, now that the connection speaks a
    /// dialect. The realm may also end the connection.
    pub fn welcome(&mut self, now: Now, id: ConnectionId, who: Entrant<'_>, sink: &mut impl Sink) {
        match (who, &mut self.account) {
            (Entrant::Mobile { .. } | Entrant::Messenger(_), _) => {}
            (Entrant::Account { guest, role }, Some(realm)) => {
                realm.enter(now, id, (guest, role), sink);
            }
            (Entrant::Account { .. }, None) => sink.end(id, Farewell::TryAgain),
        }
    }

    /// Notes that a connection of the account realm speaks another dialect from now on, one that has words
    /// for everything in the realm.
    pub fn switched(&mut self, id: ConnectionId, sink: &mut impl Sink) {
        if let Some(realm) = &mut self.account {
            realm.switched(id, sink);
        }
    }

    /// Carries out what a request from this address block asks for. The sink gets exactly one reply for
    /// `asker`: before this call returns, or after some jobs.
    pub fn call(
        &mut self,
        now: Now,
        from: Block,
        asker: account::Asker,
        call: &account::Call,
        sink: &mut impl Sink,
    ) {
        if self.is_address_banned(now, from) {
            return sink.reply(asker, &account::Reply::Refused(account::Refusal::Banned));
        }
        match &mut self.account {
            Some(realm) => realm.call(now, from, asker, call, sink),
            None => sink.reply(asker, &account::Reply::Refused(account::Refusal::NoAccounts)),
        }
    }

    /// Takes the result of a job that went to the sink.
    pub fn done(&mut self, now: Now, result: account::JobResult, sink: &mut impl Sink) {
        if let Some(realm) = &mut self.account {
            realm.done(now, result, sink);
        }
    }

    /// Whether the turn may read from a connection. If not, too much of what clients have said waits to be
    /// stored. This changes only with [`done`](Chat::done), or when a connection leaves.
    pub fn may_speak(&self, id: ConnectionId) -> bool {
        self.account.as_ref().is_none_or(|realm| realm.may_speak(id))
    }

    /// Whether a drain may end this connection now. If not, something that it has said is being stored, and
    /// it is to hear the result.
    pub fn may_go(&self, id: ConnectionId) -> bool {
        self.account.as_ref().is_none_or(|realm| realm.may_go(id))
    }

    /// Begins a drain: from now on, the account realm only finishes what it has begun.
    pub fn drain(&mut self) {
        if let Some(realm) = &mut self.account {
            realm.drain();
        }
    }

    /// Forgets old entries about what addresses have done, once they no longer matter: at most `budget`
    /// entries in one call.
    pub fn forget(&mut self, now: Moment, budget: usize) {
        // The messenger realm keeps no such entries.
        let Chat { mobile, messenger: _, account, bans: _ } = self;
        mobile.forget(now, budget);
        if let Some(account) = account {
            account.forget(now, budget);
        }
    }

    /// Carries out a command of a person, from a connection of the address block that comes with it. It
    /// ignores a connection that is not signed in to the realm of the command.
    pub fn handle(
        &mut self,
        now: Now,
        from: (ConnectionId, Block),
        command: &Command<'_>,
        sink: &mut impl Sink,
    ) {
        match command {
            Command::Mobile(command) => self.mobile.handle(from.0, command, sink),
            Command::Messenger(command) => self.messenger.handle(now, from, command, sink),
            Command::Account(command) => {
                if let Some(realm) = &mut self.account {
                    realm.handle(now, from.0, command, sink);
                }
            }
        }
    }

    /// Counts a message that a dialect refused in the books of its sender's realm. The sender is signed in.
    pub fn refuse(&mut self, from: ConnectionId, fault: Fault) {
        // A realm ignores a connection that it does not know.
        let Chat { mobile, messenger, account, bans: _ } = self;
        mobile.refuse(from, fault);
        messenger.refuse(from, fault);
        if let Some(account) = account {
            account.refuse(from, fault);
        }
    }

    /// Decides the fate of a message that went to the sink, and tells its sender. `id` is the one that
    /// came with the message ([`Event::handling`]).
    pub fn settle(
        &mut self,
        receipt: Receipt,
        id: Option<&str>,
        outcome: Outcome,
        sink: &mut impl Sink,
    ) {
        match receipt {
            Receipt::Mobile { from, to } => self.mobile.settle(from, to, id, outcome, sink),
            Receipt::Backend { .. } => self.mobile.settle_for_backend(outcome),
            Receipt::Messenger(ticket) => self.messenger.settle(ticket, outcome, sink),
        }
    }

    /// Removes a connection from its realm, if it is in one. The turn reports the messages on their way to
    /// it through [`settle`](Chat::settle).
    pub fn leave(&mut self, now: Now, (id, from): (ConnectionId, Block), sink: &mut impl Sink) {
        let Chat { mobile, messenger, account, bans: _ } = self;
        mobile.depart(id, sink);
        messenger.leave(now, (id, from), sink);
        if let Some(account) = account {
            account.leave(id, sink);
        }
    }

    /// Acts on the deadlines that have passed: at most `budget` of them in one call. The rest waits for the
    /// next call.
    pub fn expire(&mut self, now: Now, budget: usize, sink: &mut impl Sink) {
        let Chat { mobile, messenger, account, bans: _ } = self;
        mobile.expire(now, budget, sink);
        messenger.expire(now, budget, sink);
        if let Some(account) = account {
            account.expire(now, budget, sink);
        }
    }

    /// The moment at which [`expire`](Chat::expire) is to be called next. `None` if there is no deadline.
    pub fn next_deadline(&self) -> Option<Moment> {
        let Chat { mobile, messenger, account, bans: _ } = self;
        let account = account.as_ref().and_then(|realm| realm.next_deadline());
        [mobile.next_deadline(), messenger.next_deadline(), account].into_iter().flatten().min()
    }

    /// How many timers the realms keep.
    pub fn timers(&self) -> usize {
        let Chat { mobile, messenger, account, bans: _ } = self;
        mobile.timers() + messenger.timers() + account.as_ref().map_or(0, |realm| realm.timers())
    }

    /// The person that a connection belongs to. `None` if it is signed in to no realm.
    pub fn person_at(&self, id: ConnectionId) -> Option<Person<'_>> {
        let Chat { mobile, messenger, account, bans: _ } = self;
        let user = || account.as_ref()?.user_at(id).map(Person::Account);
        let mobile = mobile.mobile_of(id).map(Person::Mobile);
        mobile.or_else(|| messenger.id_of(id).map(Person::Messenger)).or_else(user)
    }

    /// How many of the last changes an audience's list is published with, for a receiver that has not seen
    /// this many changes. Receivers with the same number get the same frames.
    pub fn news(&self, of: Audience, changes: u64) -> usize {
        match of {
            Audience::Accounts => account::Realm::sentences(changes),
            // The list alone says it all.
            Audience::Mobile | Audience::Names | Audience::Status => 0,
        }
    }

    /// Calls `tell` with the list of an audience as it is now. With news, it is called once for each of the
    /// last changes, this many.
    pub fn publication(
        &self,
        of: Audience,
        news: usize,
        now: Now,
        mut tell: impl FnMut(&Event<'_>),
    ) {
        match (of, &self.account) {
            (Audience::Mobile, _) => {
                tell(&Event::Mobile(mobile::Event::OnlineUsers(self.mobile.online())));
            }
            (Audience::Accounts | Audience::Names, Some(realm)) => {
                realm.publish(news, now, |event| tell(&Event::Account(*event)));
            }
            (Audience::Status, Some(realm)) => {
                realm.publish_status(|event| tell(&Event::Account(*event)));
            }
            (Audience::Accounts | Audience::Names | Audience::Status, None) => {}
        }
    }

    /// Calls `tell` with an event that holds all changes of an audience's list since the last call. Only
    /// those changes count for which the sink wanted a delta ([`Sink::list_changed`]).
    pub fn changes(&mut self, of: Audience, tell: impl FnOnce(&Event<'_>)) {
        match (of, &mut self.account) {
            (Audience::Mobile, _) => self.mobile.changes(|event| tell(&Event::Mobile(event))),
            (Audience::Names, Some(realm)) => realm.changes(|event| tell(&Event::Account(event))),
            // No receiver of these audiences wants deltas.
            (Audience::Accounts | Audience::Status, _) | (Audience::Names, None) => {}
        }
    }

    /// How many connections are in an audience.
    pub fn audience_len(&self, of: Audience) -> usize {
        match of {
            Audience::Mobile => self.mobile.online().len(),
            Audience::Accounts => self.account.as_ref().map_or(0, |realm| realm.watchers()),
            Audience::Names => self.account.as_ref().map_or(0, |realm| realm.name_watchers()),
            Audience::Status => self.account.as_ref().map_or(0, |realm| realm.status_watchers()),
        }
    }

    /// The books of each realm whose messages go from one person's connection to another's. The account
    /// realm's go to the store, and have a [`Ledger`](account::Ledger) of their own.
    pub fn books(&self) -> impl Iterator<Item = (Realm, &Books)> {
        let Chat { mobile, messenger, account: _, bans: _ } = self;
        [(Realm::Mobile, mobile.books()), (Realm::Messenger, messenger.books())].into_iter()
    }

    /// Whether every message of every realm is accounted for.
    pub fn balances(&self) -> bool {
        let is_stored = self.account.as_ref().is_none_or(|realm| realm.ledger().balances());
        is_stored && self.books().all(|(_, books)| books.balances())
    }

    /// How many copies of messages went to the sink with a receipt and are not settled yet.
    pub fn unsettled(&self) -> u64 {
        // The account realm wants to hear of no copy.
        let Chat { mobile, messenger, account: _, bans: _ } = self;
        mobile.books().in_flight + messenger.copies_in_flight()
    }

    /// What the realms have counted beside their books.
    pub fn figures(&self) -> impl Iterator<Item = Figure> {
        let Chat { mobile, messenger, account, bans: _ } = self;
        let account = account.iter().flat_map(|realm| realm.figures());
        mobile.figures().into_iter().chain(messenger.figures()).chain(account)
    }

    /// What the pages about the server say of the chat.
    pub fn census(&self) -> Census {
        let Chat { mobile: _, messenger, account, bans: _ } = self;
        Census {
            invitations_sent: messenger.counters().invitations_sent,
            invitations: messenger.invitations(),
            pending_invitations: messenger.pending_invitations(),
            conversations: messenger.conversations(),
            online: messenger.online().len(),
            users: account.as_ref().map_or(0, |realm| realm.users()),
            users_online: account.as_ref().map_or(0, |realm| realm.online()),
            messages_of_users: account.as_ref().map_or(0, |realm| realm.ledger().taken()),
        }
    }

    /// The ids of all people online in the messenger realm. Only the operator may see them.
    pub fn ids_online(&self) -> impl Iterator<Item = &str> {
        self.messenger.online()
    }

    /// Checks everything that must hold between two calls. It panics with a clear sentence if something
    /// does not. It looks at every person, so only tests and the simulator call it.
    ///
    /// # Panics
    ///
    /// If there is a bug in this room.
    pub fn check_invariants(&self) {
        let Chat { mobile, messenger, account, bans: _ } = self;
        mobile.check_invariants();
        messenger.check_invariants();
        if let Some(account) = account {
            account.check_invariants();
        }
    }
}
