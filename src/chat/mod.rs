//! The chat itself: who is here, and who says what to whom. Commands in, events out.
//!
//! The chat knows no bytes, no JSON, no socket and no clock: a [`Command`] arrives already
//! understood, the time is an argument, and what follows is handed to a [`Sink`] as [`Event`]s.
//! It refuses, but it never fails, and nothing that it calls comes back into it.
//!
//! A *realm* is a directory of people of its own: nobody in one sees, or can write to, another. In
//! [`mobile`] people have phone numbers, in [`messenger`] an id that only their friends know. A realm is
//! a folder here and an arm in each method of [`Chat`]; the turn names none. Methods that ask every
//! realm take `self` apart first, so that a new field compiles only once it is used in each of them.

mod audience;
mod books;
mod entry;
mod figure;
mod ids;
pub mod messenger;
pub mod mobile;
mod seats;
mod sink;

use crate::limiter::Block;
use crate::timer::{Moment, Now};

pub use audience::{Audience, PresenceMode, Watch};
pub use books::{Books, Fault};
pub use entry::{Admitted, Refusal};
pub use figure::{Figure, FigureKind, FigureValue};
pub use ids::{ConnectionId, Mobile, NotAMobile};
pub use sink::{Handling, Kind, Outcome, Reason, Sink};

/// What a person asks of the realm.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command<'a> {
    /// Of the `mobile` realm.
    Mobile(mobile::Command<'a>),
    /// Of the messenger realm.
    Messenger(messenger::Command<'a>),
}

impl Command<'_> {
    /// Whether it is a message from one person to another, which the books account for.
    pub fn is_message(&self) -> bool {
        match self {
            Command::Mobile(command) => command.is_message(),
            Command::Messenger(command) => command.is_message(),
        }
    }
}

/// What one person is told, before any dialect has put it into words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// The answer to a heartbeat.
    Pong,
    /// What the person sent made no sense, or is not allowed.
    Error {
        /// One clear sentence that never quotes a text.
        detail: &'a str,
    },
    /// Something happened in the `mobile` realm.
    Mobile(mobile::Event<'a>),
    /// Something happened in the messenger realm.
    Messenger(messenger::Event<'a>),
}

impl<'a> Event<'a> {
    /// How it is to be queued.
    pub fn handling(&self) -> Handling<'a> {
        match self {
            Event::Pong | Event::Error { .. } => Handling::FOR_CONNECTION,
            Event::Mobile(event) => event.handling(),
            Event::Messenger(event) => event.handling(),
        }
    }
}

/// Who wants to come into a realm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entrant<'a> {
    /// A phone, into the `mobile` realm. Its address says who it is.
    Mobile {
        /// Its number.
        mobile: Mobile,
        /// How it wants to hear who is online.
        presence: PresenceMode,
    },
    /// A device, into the messenger realm. Its first frame says who it is.
    Messenger(&'a messenger::SignIn<'a>),
}

/// Who a connection belongs to. It is there to be hashed, and must not appear in any output.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub enum Person<'a> {
    /// A number of the `mobile` realm.
    Mobile(Mobile),
    /// An id of the messenger realm.
    Messenger(&'a str),
}

/// A message on its way to one connection, as its realm wants to hear of it again: see
/// [`Chat::settle`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Receipt {
    /// A message of the `mobile` realm, of which the realm itself keeps nothing.
    Mobile {
        /// The sender.
        from: Mobile,
        /// The recipient.
        to: Mobile,
    },
    /// One copy of a message of the messenger realm.
    Messenger(messenger::Ticket),
}

/// What each realm allows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// The `mobile` realm.
    pub mobile: mobile::Limits,
    /// The messenger realm.
    pub messenger: messenger::Limits,
}

/// A realm, where only its name matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Realm {
    /// Where people have phone numbers.
    Mobile,
    /// Where people have ids that only their friends know.
    Messenger,
}

impl Realm {
    /// The word that stands for the realm in the names of its own metrics of messages, for the realms
    /// that have such. The metrics without a word are those of all realms together.
    pub fn metrics_word(self) -> Option<&'static str> {
        match self {
            Realm::Mobile => None,
            // Published under this name before the realm had its own.
            Realm::Messenger => Some("session"),
        }
    }
}

/// What the pages `/health` and `/stats` say of the chat. The fields of a realm that there is not are 0.
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
}

/// All realms.
#[derive(Debug)]
pub struct Chat {
    mobile: mobile::Realm,
    messenger: messenger::Realm,
}

impl Chat {
    /// A chat with nobody in it. It begins `now`.
    pub fn new(limits: Limits, now: Now) -> Self {
        Chat {
            mobile: mobile::Realm::new(limits.mobile),
            messenger: messenger::Realm::new(limits.messenger, now.monotonic),
        }
    }

    /// Whether this entrant would only take the place of an older connection.
    pub fn would_replace(&self, who: Entrant<'_>) -> bool {
        match who {
            Entrant::Mobile { mobile, .. } => self.mobile.is_online(mobile),
            Entrant::Messenger(_) => false,
        }
    }

    /// Lets a connection, which comes from the address block `from`, into the realm of its entrant. It
    /// is told at once what waits for it there.
    ///
    /// # Errors
    ///
    /// The realm's refusal; nothing has changed then, and nobody was told anything.
    ///
    /// # Panics
    ///
    /// If the former tenant of the connection's slot has not left the chat.
    pub fn admit(
        &mut self,
        now: Now,
        (id, from): (ConnectionId, Block),
        who: Entrant<'_>,
        sink: &mut impl Sink,
    ) -> Result<Admitted, Refusal> {
        match who {
            Entrant::Mobile { mobile, presence } => {
                self.mobile.admit(now, (id, from), mobile, presence, sink)
            }
            Entrant::Messenger(who) => {
                self.messenger.sign_in(now, (id, from), who, sink)?;
                Ok(Admitted::default())
            }
        }
    }

    /// Forgets what addresses have done, where that no longer matters: at most `budget` of it.
    pub fn forget(&mut self, now: Moment, budget: usize) {
        // The messenger realm keeps nothing of that kind.
        let Chat { mobile, messenger: _ } = self;
        mobile.forget(now, budget);
    }

    /// Does what a person asks, over a connection of the address block that comes with it. A connection
    /// that is not signed in to that realm asks in vain.
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
        }
    }

    /// Enters into the books that a dialect refused a message; its sender is signed in.
    pub fn refuse(&mut self, from: ConnectionId, fault: Fault) {
        // A realm ignores the connections that it does not know.
        let Chat { mobile, messenger } = self;
        mobile.refuse(from, fault);
        messenger.refuse(from, fault);
    }

    /// Hears what became of a message that the sink was handed, and tells its sender. `id` is the one
    /// that came with the message ([`Event::handling`]).
    pub fn settle(
        &mut self,
        receipt: Receipt,
        id: Option<&str>,
        outcome: Outcome,
        sink: &mut impl Sink,
    ) {
        match receipt {
            Receipt::Mobile { from, to } => self.mobile.settle(from, to, id, outcome, sink),
            Receipt::Messenger(ticket) => self.messenger.settle(ticket, outcome, sink),
        }
    }

    /// Takes a connection out of the realm that it is in, if it is in one. Messages on their way to it
    /// come back through [`settle`](Chat::settle).
    pub fn leave(&mut self, now: Now, (id, from): (ConnectionId, Block), sink: &mut impl Sink) {
        let Chat { mobile, messenger } = self;
        mobile.depart(id, sink);
        messenger.leave(now, (id, from), sink);
    }

    /// Does what is due. At most `budget` deadlines are looked at; the rest waits.
    pub fn expire(&mut self, now: Now, budget: usize, sink: &mut impl Sink) {
        // Nothing in the mobile realm happens because of time alone.
        let Chat { mobile: _, messenger } = self;
        messenger.expire(now, budget, sink);
    }

    /// When there is something to [`expire`](Chat::expire).
    pub fn next_deadline(&self) -> Option<Moment> {
        let Chat { mobile: _, messenger } = self;
        messenger.next_deadline()
    }

    /// How many deadlines are kept by timers.
    pub fn timers(&self) -> usize {
        let Chat { mobile: _, messenger } = self;
        messenger.timers()
    }

    /// Who a connection belongs to; None if it is signed in to no realm.
    pub fn person_at(&self, id: ConnectionId) -> Option<Person<'_>> {
        let Chat { mobile, messenger } = self;
        let mobile = mobile.mobile_of(id).map(Person::Mobile);
        mobile.or_else(|| messenger.id_of(id).map(Person::Messenger))
    }

    /// An audience's list as it is now, as an event.
    pub fn list(&self, of: Audience) -> Event<'_> {
        match of {
            Audience::Mobile => Event::Mobile(mobile::Event::OnlineUsers(self.mobile.online())),
        }
    }

    /// Hands `tell` what has changed in an audience's list since the last time, as an event: all of
    /// which the sink said that a delta will tell ([`Sink::list_changed`]).
    pub fn changes(&mut self, of: Audience, tell: impl FnOnce(&Event<'_>)) {
        match of {
            Audience::Mobile => self.mobile.changes(|event| tell(&Event::Mobile(event))),
        }
    }

    /// How many connections are in an audience.
    pub fn audience_len(&self, of: Audience) -> usize {
        match of {
            Audience::Mobile => self.mobile.online().len(),
        }
    }

    /// Where every message went, for each realm.
    pub fn books(&self) -> impl Iterator<Item = (Realm, &Books)> {
        let Chat { mobile, messenger } = self;
        [(Realm::Mobile, mobile.books()), (Realm::Messenger, messenger.books())].into_iter()
    }

    /// Copies of messages that the sink was handed with a receipt, and that are not settled.
    pub fn unsettled(&self) -> u64 {
        let Chat { mobile, messenger } = self;
        mobile.books().in_flight + messenger.copies_in_flight()
    }

    /// What else the realms have counted.
    pub fn figures(&self) -> impl Iterator<Item = Figure> {
        let Chat { mobile, messenger } = self;
        mobile.figures().into_iter().chain(messenger.figures())
    }

    /// What the pages about the server say of the chat.
    pub fn census(&self) -> Census {
        let Chat { mobile: _, messenger } = self;
        Census {
            invitations_sent: messenger.counters().invitations_sent,
            invitations: messenger.invitations(),
            pending_invitations: messenger.pending_invitations(),
            conversations: messenger.conversations(),
            online: messenger.online().len(),
        }
    }

    /// The ids of everyone online in the messenger realm. They are for the operator's eyes alone.
    pub fn ids_online(&self) -> impl Iterator<Item = &str> {
        self.messenger.online()
    }

    /// Checks everything that must hold between two calls, and panics with a clear sentence if it
    /// does not. Looks at everybody: for tests and the simulator.
    ///
    /// # Panics
    ///
    /// If there is a bug in this room.
    pub fn check_invariants(&self) {
        let Chat { mobile, messenger } = self;
        mobile.check_invariants();
        messenger.check_invariants();
    }
}
