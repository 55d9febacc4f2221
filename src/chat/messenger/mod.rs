//! [`Realm`]: the messenger realm. Each person has an id that only friends know.
//!
//! The *devices* of a person are the connections that are signed in with the person's id. People *invite*
//! each other and become *contacts*. Contacts hear when the other one comes and goes; strangers hear
//! nothing. The sender of a message is told what becomes of it.
//!
//! The realm keeps no text of a message, only its id, its sender and its recipient. It keeps invitations
//! until they are answered. All that it keeps is in memory, and has a limit in [`Limits`].

mod circle;
mod command;
mod contacts;
mod counters;
mod directory;
mod event;
mod figures;
mod giving_way;
mod ids;
mod invariants;
mod invitations;
mod inviting;
mod limits;
mod messages;
mod person;
mod person_key;
mod ranks;
mod refusal;
mod shares;
#[cfg(test)]
mod tests;
mod tracks;
mod typing;

use std::fmt;

use super::{Books, ConnectionId, Fault, Outcome, Sink};
use crate::chat;
use crate::limiter::Block;
use crate::timer::{Moment, Now, Wheel};
use directory::Directory;
use invitations::Invitations;
use person_key::PersonKey;
use shares::{HolderKey, Shares};
use tracks::Tracks;

pub use command::{Command, Invite, Message, Name, NotAName, SignIn};
pub use counters::Counters;
pub use event::{Answer, Event, Invitation, Status};
pub use ids::{ItemId, NotAnId, PersonId};
pub use limits::{Limits, Quota};
pub use refusal::Refusal;

/// Identifies a message on its way to the recipient's devices. All its copies have the same ticket.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Ticket {
    index: u32,
    generation: u32,
}

/// All people with an id, and what is between them.
pub struct Realm {
    limits: Limits,
    people: Directory,
    tracks: Tracks,
    invitations: Invitations,
    /// How much of the shared quotas each person holds.
    shares: Shares,
    wheel: Wheel<Due>,
    books: Books,
    counters: Counters,
}

/// The source of a command.
#[derive(Clone, Copy)]
struct Caller {
    /// The connection that the command came over.
    device: ConnectionId,
    person: PersonKey,
    /// The address block of the connection.
    from: Block,
}

/// What a timer is for. A timer is cancelled before what its key names is forgotten, so the key is valid.
#[derive(Clone, Copy)]
enum Due {
    /// An invitation expires, or the answer to it is forgotten.
    Invitation(u32),
    /// The grace of a person ends.
    Grace(PersonKey),
    /// The typing of a person ends, because there was no new notice.
    Typing { typist: PersonKey, to: PersonKey },
}

impl Realm {
    /// Makes a realm with nobody in it, at the time `now`.
    pub fn new(limits: Limits, now: Moment) -> Self {
        Realm {
            limits,
            people: Directory::default(),
            tracks: Tracks::default(),
            invitations: Invitations::default(),
            shares: Shares::default(),
            wheel: Wheel::new(now),
            books: Books::default(),
            counters: Counters::default(),
        }
    }

    /// Changes the limits, except for the number of people who are remembered: all of them are in memory.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = Limits { remembered_people: self.limits.remembered_people, ..limits };
    }

    /// Signs a connection in, as one more device of its person. The device is told that it is signed in,
    /// then what waited for it, then which contacts are online. If the connection or the previous tenant
    /// of its slot is signed in already, that one leaves first. A device without a name does not change
    /// the person's name. `from` is the address block of the connection, and from now on the person's.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooManyDevices`]. Then the connection is not signed in, and was told nothing.
    pub fn sign_in(
        &mut self,
        now: Now,
        (id, from): (ConnectionId, Block),
        who: &SignIn<'_>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal> {
        if let Some(former) = self.people.tenant_of_slot(id) {
            self.leave(now, (former, from), sink);
        }
        let known = self.people.find(who.id.as_str());
        let devices = known.map_or(0, |person| self.people[person].devices().len());
        if devices >= self.limits.devices_per_person {
            self.counters.devices_refused += 1;
            return Err(Refusal::TooManyDevices);
        }
        let person = known.unwrap_or_else(|| self.people.find_or_add(who.id.as_str()));
        if let Some(name) = &who.name {
            self.people[person].rename(name.as_str());
        }
        self.counters.devices_joined += 1;
        let is_first = self.people.seat(person, id, who.receipts);
        if self.people[person].holder().is_some() {
            self.locate(person, from);
        }

        tell(sink, &[id], Event::Authenticated { who: who.id.as_str() });
        self.catch_up(id, person, sink);
        for &contact in self.people[person].contacts() {
            if self.people[contact].is_present() {
                let contact = self.people[contact].id();
                tell(sink, &[id], Event::ContactOnline { who: contact });
            }
        }
        if is_first {
            self.counters.joins += 1;
            self.arrive(person, sink);
        }
        Ok(())
    }

    /// Removes a connection. Returns false, and changes nothing, if it was not signed in. The turn reports
    /// the messages on their way to it through [`settle`](Realm::settle). `from` is its address block.
    pub fn leave(
        &mut self,
        now: Now,
        (id, from): (ConnectionId, Block),
        sink: &mut impl Sink,
    ) -> bool {
        let Some(person) = self.people.vacate(id) else { return false };
        self.counters.devices_left += 1;
        if !self.people[person].is_online() {
            self.counters.leaves += 1;
            // A message on its way to the person can still make a contact. Then the person is remembered.
            if self.people[person].social().is_some() {
                self.locate(person, from);
            }
            self.end_all_typing(person, sink);
            self.depart(now, person, sink);
            self.tidy(person);
            self.forget_excess_people(sink);
        }
        true
    }

    /// Carries out a command. It ignores a connection that is not signed in. `from` has the address block of
    /// the connection. What the person holds counts toward this block from now on.
    pub fn handle(
        &mut self,
        now: Now,
        (id, from): (ConnectionId, Block),
        command: &Command<'_>,
        sink: &mut impl Sink,
    ) {
        let Some(person) = self.people.person_at(id) else { return };
        let who = Caller { device: id, person, from };
        let done = match command {
            Command::Invite(invite) => self.invite(now, who, invite, sink),
            Command::Accept { invitation } => {
                self.answer(now, who, invitation, Answer::Accepted, sink)
            }
            Command::Decline { invitation } => {
                self.answer(now, who, invitation, Answer::Declined, sink)
            }
            Command::Message(message) => self.say(now, who, message, sink),
            Command::Read { message } => self.read(who, message, sink),
            Command::Typing { to, is_typing } => {
                self.typing(now, person, to, *is_typing, sink);
                Ok(())
            }
        };
        if let Err(refusal) = done {
            let (detail, code) = (refusal.sentence(), refusal.code());
            sink.send(id, &chat::Event::Error { detail, code, id: command.item() });
        }
        self.forget_excess_people(sink);
    }

    /// Counts a message that a dialect refused in the books, if its sender is signed in here.
    pub fn refuse(&mut self, from: ConnectionId, fault: Fault) {
        if self.people.person_at(from).is_some() {
            self.books.refuse(fault);
        }
    }

    /// Settles one copy of a message, and tells the sender once the fate of the message is decided. It
    /// ignores a ticket whose copies are all settled.
    pub fn settle(&mut self, ticket: Ticket, outcome: Outcome, sink: &mut impl Sink) {
        self.settle_copy(ticket, outcome, sink);
        self.forget_excess_people(sink);
    }

    /// Acts on the deadlines that have passed: at most `budget` of them in one call. Telling a contact that
    /// a person is gone counts like a deadline. The rest waits for the next call.
    pub fn expire(&mut self, now: Now, budget: usize, sink: &mut impl Sink) {
        let mut left = budget;
        while left > 0 {
            left -= 1;
            match self.wheel.next_due(now.monotonic) {
                Some(Due::Invitation(key)) => self.invitation_due(now, key, sink),
                Some(Due::Grace(person)) => {
                    left = left.saturating_sub(self.people[person].contacts().len());
                    self.end_grace(person, sink);
                }
                Some(Due::Typing { typist, to }) => self.end_typing(typist, to, sink),
                None => {
                    if !self.forget_aged_message(now.monotonic) {
                        break;
                    }
                }
            }
        }
        self.forget_excess_people(sink);
    }

    /// The moment at which [`expire`](Realm::expire) is to be called next. `None` if there is no deadline.
    pub fn next_deadline(&self) -> Option<Moment> {
        let deadlines = [self.wheel.next_deadline(), self.next_aged_message()];
        deadlines.into_iter().flatten().min()
    }

    /// How many timers the realm keeps.
    pub fn timers(&self) -> usize {
        self.wheel.len()
    }

    /// What the realm has done so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What became of every message of the realm. A message counts once, however many devices get a copy.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// How many copies of messages went to the sink and are not settled yet. The copies for the sender's
    /// other devices do not count.
    pub fn copies_in_flight(&self) -> u64 {
        self.tracks.copies
    }

    /// The id of the person that a connection is signed in as.
    pub fn id_of(&self, id: ConnectionId) -> Option<&str> {
        Some(self.people[self.people.person_at(id)?].id())
    }

    /// The devices of the person with this id.
    pub fn devices_of(&self, id: &str) -> &[ConnectionId] {
        self.people.find(id).map_or(&[], |person| self.people[person].devices())
    }

    /// The ids of people with at least one device, in no particular order.
    pub fn online(&self) -> impl ExactSizeIterator<Item = &str> {
        self.people.online()
    }

    /// Invitations that wait for an answer.
    pub fn pending_invitations(&self) -> usize {
        self.invitations.pending
    }

    /// Invitations in memory: pending ones, and answers that wait for their sender.
    pub fn invitations(&self) -> usize {
        self.invitations.all.len()
    }

    /// Pairs of contacts.
    pub fn conversations(&self) -> usize {
        let pairs = self.counters.contacts_made - self.counters.contacts_forgotten;
        usize::try_from(pairs).expect("they are all in memory")
    }

    /// Removes a reference to a person.
    fn release(&mut self, person: PersonKey) {
        self.people[person].social_mut().references -= 1;
        self.tidy(person);
    }

    /// Counts what a person holds toward this address block from now on. The caller must soon give the
    /// person something to hold, or tidy the person.
    fn locate(&mut self, person: PersonKey, from: Block) -> HolderKey {
        let is_away = !self.people[person].is_online();
        let holder = &mut self.people[person].social_mut().holder;
        match *holder {
            Some(holder) => {
                self.shares.locate(holder, from, is_away);
                holder
            }
            None => *holder.insert(self.shares.open(person, from, is_away)),
        }
    }

    /// The holder of a person that has sent a command since it got its social data.
    fn holder(&self, person: PersonKey) -> HolderKey {
        self.people[person].holder().expect("a person who holds something has a holder")
    }

    /// Frees a person's social data if it is empty, and forgets the person if nothing is left.
    fn tidy(&mut self, person: PersonKey) {
        if let Some(holder) = self.people.tidy(person) {
            self.shares.close(holder);
        }
    }
}

/// Debug output shows nothing of what people wrote, or who they are.
impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Realm").field("counters", &self.counters).finish_non_exhaustive()
    }
}

/// Sends an event to all devices of a person.
fn tell(sink: &mut impl Sink, devices: &[ConnectionId], event: Event<'_>) {
    let event = chat::Event::Messenger(event);
    match devices {
        [] => {}
        [only] => sink.send(*only, &event),
        several => sink.fan_out(several, &event),
    }
}

/// Sends an event to all devices of a person except for one.
fn tell_others(
    sink: &mut impl Sink,
    devices: &[ConnectionId],
    but: ConnectionId,
    event: Event<'_>,
) {
    match devices.iter().position(|&one| one == but) {
        Some(place) => {
            tell(sink, &devices[..place], event);
            tell(sink, &devices[place + 1..], event);
        }
        None => tell(sink, devices, event),
    }
}
