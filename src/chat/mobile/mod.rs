//! [`Realm`]: the `mobile` realm, where one is known by a phone number, and everybody may know who
//! is online.
//!
//! A message's way: [`Realm::handle`] hands it to the sink, which queues it for its recipient; when
//! the kernel has taken its last byte, or never will, the turn says so with [`Realm::settle`]. Only
//! then does its sender hear what became of it. The realm itself keeps no message for a moment.

mod command;
mod counters;
mod directory;
mod event;
mod figures;
mod takeovers;
#[cfg(test)]
mod tests;
mod touched;

use std::time::Duration;

use super::{
    Admitted, Audience, Books, ConnectionId, Fault, Mobile, Outcome, PresenceMode, Reason, Sink,
    Watch,
};
use crate::chat;
use crate::limiter::{Block, Limit, Rate};
use crate::timer::{Moment, Now};

pub use command::Command;
pub use counters::{Counters, Relays};
use directory::Directory;
pub use event::{Delivery, Event};
use touched::Touched;

/// Everybody with a number, and what they say to each other.
#[derive(Debug)]
pub struct Realm {
    directory: Directory,
    touched: Touched,
    books: Books,
    counters: Counters,
}

/// How much the realm puts up with.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How often one address may take one number away from another connection.
    pub replacements: Rate,
    /// Pairs of a number and an address for which is remembered that it has done so.
    pub remembered_takeovers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            replacements: Rate::new(1, Duration::from_secs(5), 3),
            remembered_takeovers: 1 << 16,
        }
    }
}

/// How a connection came to hold its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Joined {
    /// The number was not online.
    New,
    /// This connection held it until now, and is out of the realm. The number never went offline.
    Replaced(ConnectionId),
}

/// Why somebody may not do what he asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The address has taken the number too often from another connection.
    ReplacedTooOften {
        /// How long it takes until the number may change hands again.
        retry_after: Duration,
    },
}

impl From<Refusal> for chat::Refusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::ReplacedTooOften { retry_after } => chat::Refusal {
                sentence: "this number changes hands too often",
                retry_after: Some(retry_after),
                limit: Some(Limit::ReplacementRate),
            },
        }
    }
}

impl Realm {
    /// A realm with nobody in it.
    pub fn new(limits: Limits) -> Self {
        Realm {
            directory: Directory::new(limits),
            touched: Touched::default(),
            books: Books::default(),
            counters: Counters::default(),
        }
    }

    /// Signs in a connection from the address block `from`. If another one holds the number, the
    /// newcomer wins.
    ///
    /// # Errors
    ///
    /// [`Refusal::ReplacedTooOften`]; nothing has changed then, and asking has cost nothing.
    ///
    /// # Panics
    ///
    /// If a connection of the same slot is still in the realm.
    pub fn join(
        &mut self,
        now: Now,
        id: ConnectionId,
        mobile: Mobile,
        from: Block,
    ) -> Result<Joined, Refusal> {
        let result = self.directory.join(now.monotonic, id, mobile, from);
        let counter = match result {
            Ok(Joined::New) => &mut self.counters.joins,
            Ok(Joined::Replaced(_)) => &mut self.counters.replacements,
            Err(Refusal::ReplacedTooOften { .. }) => &mut self.counters.replacements_refused,
        };
        *counter += 1;
        result
    }

    /// Forgets who took which number, where that no longer matters: at most `budget` of it.
    pub fn forget(&mut self, now: Moment, budget: usize) {
        self.directory.forget(now, budget);
    }

    /// Takes a connection out and returns the number that is offline now. None, and nothing has
    /// changed, if the connection was never in or has been replaced.
    pub fn leave(&mut self, id: ConnectionId) -> Option<Mobile> {
        let left = self.directory.leave(id);
        self.counters.leaves += u64::from(left.is_some());
        left
    }

    /// [`join`](Realm::join), in the words of the chat. The connection is shown the list of who is
    /// online; to everybody else a replacement is no news.
    pub fn admit(
        &mut self,
        now: Now,
        (id, from): (ConnectionId, Block),
        mobile: Mobile,
        mode: PresenceMode,
        sink: &mut impl Sink,
    ) -> Result<Admitted, chat::Refusal> {
        let replaces = match self.join(now, id, mobile, from)? {
            Joined::New => {
                self.touch(mobile, sink);
                None
            }
            Joined::Replaced(old) => {
                sink.watch(old, Watch::End);
                Some(old)
            }
        };
        sink.watch(id, Watch::Begin(Audience::Mobile, mode));
        Ok(Admitted { replaces, awaits_list: mode != PresenceMode::None })
    }

    /// [`leave`](Realm::leave), of which everybody in the realm is to know.
    pub fn depart(&mut self, id: ConnectionId, sink: &mut impl Sink) {
        // None: the number has passed to a newer connection, and stays online.
        if let Some(mobile) = self.leave(id) {
            sink.watch(id, Watch::End);
            self.touch(mobile, sink);
        }
    }

    /// The number that a connection holds.
    pub fn mobile_of(&self, id: ConnectionId) -> Option<Mobile> {
        self.directory.mobile_of(id)
    }

    /// Does what somebody asks. Whoever is not signed in asks in vain.
    pub fn handle(&mut self, from: ConnectionId, command: &Command<'_>, sink: &mut impl Sink) {
        let Some(sender) = self.directory.mobile_of(from) else { return };
        match *command {
            Command::Message { to, text, id } => {
                self.books.take();
                match self.directory.connection_of(to) {
                    Some(recipient) => {
                        let event = Event::Message { from: sender, to, text, id };
                        sink.send(recipient, &chat::Event::Mobile(event));
                    }
                    None => {
                        self.settle(sender, to, id, Outcome::Undelivered(Reason::Offline), sink);
                    }
                }
            }
            Command::Typing { to, is_typing } => {
                let sent = self.relay(to, Event::Typing { from: sender, is_typing }, sink);
                self.counters.typing.count(sent);
            }
            Command::Receipt { to, id } => {
                let sent = self.relay(to, Event::Receipt { from: sender, id }, sink);
                self.counters.receipts.count(sent);
            }
            Command::Signal { to, data } => {
                let sent = self.relay(to, Event::Signal { from: sender, data }, sink);
                self.counters.signals.count(sent);
            }
            Command::ListOnline => {
                self.counters.lists_wanted += 1;
                sink.watch(from, Watch::Ask);
            }
            Command::Presence(mode) => {
                self.counters.presence_modes += 1;
                sink.watch(from, Watch::Switch(mode));
            }
        }
    }

    /// Enters a message that never became a command into the books, if its sender is signed in here.
    pub fn refuse(&mut self, from: ConnectionId, fault: Fault) {
        if self.directory.mobile_of(from).is_some() {
            self.books.refuse(fault);
        }
    }

    /// Hears what became of a message that the sink was handed, and tells its sender: at whichever
    /// connection he is now, or not at all if he is gone.
    pub fn settle(
        &mut self,
        from: Mobile,
        to: Mobile,
        id: Option<&str>,
        outcome: Outcome,
        sink: &mut impl Sink,
    ) {
        self.books.settle(outcome);
        let event = match (outcome, id) {
            (Outcome::Delivered, None) => return,
            (Outcome::Delivered, Some(id)) => Event::Ack { id, delivery: Delivery::Delivered },
            (Outcome::Undelivered(Reason::Offline), Some(id)) => {
                Event::Ack { id, delivery: Delivery::Offline }
            }
            (Outcome::Undelivered(reason), id) => Event::Undelivered { to, id, reason },
        };
        self.relay(from, event, sink);
    }

    /// Everyone online, each number once, in no particular order.
    pub fn online(&self) -> &[Mobile] {
        self.directory.online()
    }

    /// Hands `tell` what has changed since the last time: every number that came or went meanwhile,
    /// with its state now, also if that is what it was.
    pub fn changes(&mut self, tell: impl FnOnce(Event<'_>)) {
        let is_online = |mobile: &Mobile| self.directory.connection_of(*mobile).is_some();
        let (joined, left): (Vec<_>, Vec<_>) = self.touched.take().into_iter().partition(is_online);
        let online = self.online().len();
        tell(Event::PresenceChanged { joined: &joined, left: &left, online });
    }

    /// Whether anybody holds a number.
    pub fn is_online(&self, mobile: Mobile) -> bool {
        self.directory.connection_of(mobile).is_some()
    }

    /// Where every message of the realm went.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// What the realm has done so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Checks everything that must hold between two calls, and panics with a clear sentence if it
    /// does not. Looks at everybody: for tests and the simulator.
    ///
    /// # Panics
    ///
    /// If there is a bug in this room.
    pub fn check_invariants(&self) {
        self.directory.check_invariants();
        assert!(self.books.balances(), "the ledger of messages balances: {:?}", self.books);
        let Counters { joins, leaves, .. } = self.counters;
        let online = self.online().len() as u64;
        assert_eq!(joins - leaves, online, "whoever has joined and not left is online");
    }

    /// A number came or went.
    fn touch(&mut self, mobile: Mobile, sink: &mut impl Sink) {
        let a_delta_will_tell = sink.list_changed(Audience::Mobile);
        self.touched.note(mobile, a_delta_will_tell);
    }

    /// Sends to somebody if he is online, and says whether he is.
    fn relay(&self, to: Mobile, event: Event<'_>, sink: &mut impl Sink) -> bool {
        let recipient = self.directory.connection_of(to);
        if let Some(recipient) = recipient {
            sink.send(recipient, &chat::Event::Mobile(event));
        }
        recipient.is_some()
    }
}

impl Relays {
    fn count(&mut self, sent: bool) {
        *if sent { &mut self.relayed } else { &mut self.dropped } += 1;
    }
}
