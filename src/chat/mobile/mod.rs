//! [`Realm`]: the `mobile` realm. Each person has a phone number, and everybody may see who is online.
//!
//! A message passes in two steps. [`Realm::handle`] hands it to the sink, which queues it for its
//! recipient. Later the turn calls [`Realm::settle`]: the kernel has taken the message's last byte, or
//! never will. Only then the realm tells the sender what became of it. The realm keeps no message.

mod command;
mod counters;
mod directory;
mod event;
mod figures;
mod proofs;
mod takeovers;
#[cfg(test)]
mod tests;
mod touched;

use std::time::Duration;

use super::{
    Admitted, Audience, BackendMessage, Books, ConnectionId, Farewell, Fault, Mobile, Name,
    Outcome, PresenceMode, Reason, Sink, Watch,
};
use crate::chat;
use crate::limiter::{Block, Limit, Rate};
use crate::timer::{Moment, Now};

pub use command::Command;
pub use counters::{Counters, Relays};
use directory::Directory;
pub use event::{Delivery, Event};
use proofs::Proofs;
use touched::Touched;

/// All people with a number, and what they say to each other.
#[derive(Debug)]
pub struct Realm {
    directory: Directory,
    proofs: Proofs,
    touched: Touched,
    books: Books,
    counters: Counters,
}

/// The limits of the realm.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How often one address block may take one number away from another connection.
    pub replacements: Rate,
    /// The most pairs of a number and an address block whose takeovers are remembered.
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

/// How a connection got its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Joined {
    /// The number was not online.
    New,
    /// This connection held the number until now, and has left the realm. The number never went offline.
    Replaced(ConnectionId),
}

/// Why the realm refuses a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The address block has taken the number too often from another connection.
    ReplacedTooOften {
        /// The time until the number may change hands again.
        retry_after: Duration,
    },
}

impl From<Refusal> for chat::Refusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::ReplacedTooOften { retry_after } => chat::Refusal {
                sentence: "this number changes hands too often",
                code: "replaced_too_often",
                retry_after: Some(retry_after),
                limit: Some(Limit::ReplacementRate),
                is_ban: false,
            },
        }
    }
}

impl Realm {
    /// Makes a realm with nobody in it.
    pub fn new(limits: Limits) -> Self {
        Realm {
            directory: Directory::new(limits),
            proofs: Proofs::default(),
            touched: Touched::default(),
            books: Books::default(),
            counters: Counters::default(),
        }
    }

    /// Changes those limits that can change while people are online: the rate of replacements.
    pub fn set_limits(&mut self, limits: Limits) {
        self.directory.set_replacements(limits.replacements);
    }

    /// Signs in a connection from the address block `from`. If another connection holds the number, the
    /// new one takes it.
    ///
    /// # Errors
    ///
    /// [`Refusal::ReplacedTooOften`]. Then nothing has changed, and the attempt costs no token.
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
        if let Ok(Joined::Replaced(old)) = result {
            self.proofs.remove(old);
        }
        let counter = match result {
            Ok(Joined::New) => &mut self.counters.joins,
            Ok(Joined::Replaced(_)) => &mut self.counters.replacements,
            Err(Refusal::ReplacedTooOften { .. }) => &mut self.counters.replacements_refused,
        };
        *counter += 1;
        result
    }

    /// Forgets old takeovers that no longer matter: at most `budget` of them.
    pub fn forget(&mut self, now: Moment, budget: usize) {
        self.directory.forget(now, budget);
    }

    /// Removes a connection and returns its number, which is offline now. `None` if the connection has
    /// never joined, or has been replaced; then nothing has changed.
    pub fn leave(&mut self, id: ConnectionId) -> Option<Mobile> {
        let left = self.directory.leave(id);
        self.proofs.remove(id);
        self.counters.leaves += u64::from(left.is_some());
        left
    }

    /// Calls [`join`](Realm::join), and tells the sink. The connection begins to watch the list of numbers
    /// online. The other watchers hear of a number that comes online, but not of a replacement.
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

    /// Calls [`leave`](Realm::leave), and tells the sink that the list has changed.
    pub fn depart(&mut self, id: ConnectionId, sink: &mut impl Sink) {
        // None: the number has passed to a newer connection, and stays online.
        if let Some(mobile) = self.leave(id) {
            sink.watch(id, Watch::End);
            self.touch(mobile, sink);
        }
    }

    /// Notes that a connection has proved that its number is its own, until that time since the Unix epoch. A
    /// connection that is not signed in is ignored.
    pub fn prove(&mut self, now: Now, id: ConnectionId, until: Duration) {
        if self.directory.mobile_of(id).is_some() {
            self.proofs.put(now, id, until);
            self.counters.proofs += 1;
        }
    }

    /// Ends the connections whose proofs have ended: looks at `budget` of them at most.
    pub fn expire(&mut self, now: Now, budget: usize, sink: &mut impl Sink) {
        for _ in 0..budget {
            let Some(ended) = self.proofs.next_ended(now) else { return };
            if let Some(id) = ended {
                sink.end(id, Farewell::TokenExpired);
            }
        }
    }

    /// The moment at which [`expire`](Realm::expire) is to be called next.
    pub fn next_deadline(&self) -> Option<Moment> {
        self.proofs.next_deadline()
    }

    /// How many timers the realm keeps: one for each connection with a proof.
    pub fn timers(&self) -> usize {
        self.proofs.len()
    }

    /// The number that a connection holds.
    pub fn mobile_of(&self, id: ConnectionId) -> Option<Mobile> {
        self.directory.mobile_of(id)
    }

    /// The connection that holds a number.
    pub fn connection_of(&self, mobile: Mobile) -> Option<ConnectionId> {
        self.directory.connection_of(mobile)
    }

    /// Sends a message of the backend to a number. Returns whether the number is online. If it is not, the
    /// fate of the message is decided; otherwise [`settle_for_backend`](Realm::settle_for_backend) decides it.
    pub fn send_for_backend(&mut self, message: &BackendMessage<'_>, sink: &mut impl Sink) -> bool {
        self.books.take();
        match self.directory.connection_of(message.to) {
            Some(recipient) => {
                sink.send(recipient, &chat::Event::Mobile(Event::Backend(message)));
                true
            }
            None => {
                self.settle_for_backend(Outcome::Undelivered(Reason::Offline));
                false
            }
        }
    }

    /// Decides the fate of a message of the backend. No phone is told: the backend is no phone, also if one
    /// holds the number that it gave as the sender's.
    pub fn settle_for_backend(&mut self, outcome: Outcome) {
        self.books.settle(outcome);
    }

    /// Carries out a command. It ignores a connection that is not signed in.
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

    /// Counts a message that a dialect refused in the books, if its sender is signed in here.
    pub fn refuse(&mut self, from: ConnectionId, fault: Fault) {
        if self.directory.mobile_of(from).is_some() {
            self.books.refuse(fault);
        }
    }

    /// Decides the fate of a message that went to the sink, and tells its sender at the connection that
    /// the sender has now. A sender that is offline hears nothing.
    pub fn settle(
        &mut self,
        from: Mobile,
        to: Mobile,
        id: Option<&str>,
        outcome: Outcome,
        sink: &mut impl Sink,
    ) {
        self.books.settle(outcome);
        if let Outcome::Undelivered(reason) = outcome {
            sink.undelivered(&Name::Number(from), &Name::Number(to), reason);
        }
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

    /// All numbers online, each once, in no particular order.
    pub fn online(&self) -> &[Mobile] {
        self.directory.online()
    }

    /// Calls `tell` with what has changed since the last call: every number that came or went, with its
    /// present state. A number that came and went again is named too.
    pub fn changes(&mut self, tell: impl FnOnce(Event<'_>)) {
        let is_online = |mobile: &Mobile| self.directory.connection_of(*mobile).is_some();
        let (joined, left): (Vec<_>, Vec<_>) = self.touched.take().into_iter().partition(is_online);
        let online = self.online().len();
        tell(Event::PresenceChanged { joined: &joined, left: &left, online });
    }

    /// Whether a connection holds the number.
    pub fn is_online(&self, mobile: Mobile) -> bool {
        self.directory.connection_of(mobile).is_some()
    }

    /// What became of every message of the realm.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// What the realm has done so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Checks everything that must hold between two calls. It panics with a clear sentence if something
    /// does not. It looks at every number, so only tests and the simulator call it.
    ///
    /// # Panics
    ///
    /// If there is a bug in this room.
    pub fn check_invariants(&self) {
        self.directory.check_invariants();
        self.proofs.check_invariants(|id| self.directory.mobile_of(id).is_some());
        assert!(self.books.balances(), "the ledger of messages balances: {:?}", self.books);
        let Counters { joins, leaves, .. } = self.counters;
        let online = self.online().len() as u64;
        assert_eq!(joins - leaves, online, "a number that has joined and not left is online");
    }

    /// Notes that a number came or went.
    fn touch(&mut self, mobile: Mobile, sink: &mut impl Sink) {
        let a_delta_will_tell = sink.list_changed(Audience::Mobile);
        self.touched.note(mobile, a_delta_will_tell);
    }

    /// Sends an event to a number if it is online. Returns whether it is.
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
