//! Contacts: people who hear when the other one is online. Two people become contacts when one accepts
//! the other's invitation, or when the first of their messages is delivered. It is always mutual.
//!
//! A person is *present* while online, and for a grace period after that. During the grace the contacts
//! are not told that the person left. Each contact believes what `is_present` says: a person who signs in
//! is told which contacts are present, and a person who is no contact any more seems offline. A person who
//! is offline and has contacts is *remembered*.
//!
//! The *maker* of a pair wrote the message, or sent the invitation. The pair counts toward the maker's
//! share until the other one has chosen it too. So strangers cannot increase a person's share: see [`Stock`].

use super::circle::Bond;
use super::event::Event;
use super::person_key::PersonKey;
use super::shares::Stock;
use super::{Due, Realm, tell};
use crate::chat::Sink;
use crate::timer::Now;

/// How two people become contacts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meeting {
    /// One wrote to the other. The other one may not want the contact.
    Message,
    /// One invited the other, and the other one accepted.
    Invitation,
}

/// The weight of a pair in [`Stock::Contacts`].
const PAIR: u64 = 2;

impl Realm {
    /// Whether the sender may write to this recipient, who need not exist. Only the sender's own contacts
    /// matter, so the answer reveals nothing about other people.
    pub(super) fn may_write(&self, sender: PersonKey, recipient: Option<PersonKey>) -> bool {
        let is_known = |to| to == sender || self.are_contacts(sender, to);
        !self.limits.require_invitation || recipient.is_some_and(is_known)
    }

    /// Whether the two hear of each other.
    pub(super) fn are_contacts(&self, one: PersonKey, other: PersonKey) -> bool {
        // The shorter list is searched, so that a message to a person with a thousand contacts is cheap.
        let (one_has, other_has) = (self.people[one].contacts(), self.people[other].contacts());
        if one_has.len() <= other_has.len() {
            one_has.contains(&other)
        } else {
            other_has.contains(&one)
        }
    }

    /// Makes two people contacts. Returns false if they are contacts already, or there is no room. The
    /// caller holds both people, so neither is forgotten in here.
    ///
    /// Neither is told that the other one is present: after a message both know it.
    pub(super) fn befriend(
        &mut self,
        maker: PersonKey,
        other: PersonKey,
        how: Meeting,
        sink: &mut impl Sink,
    ) -> bool {
        if maker == other {
            return false;
        }
        if self.choose(maker, other) {
            if how == Meeting::Invitation {
                self.choose(other, maker);
            }
            return false;
        }
        if !self.make_room_for_pair(maker, other, how, sink) {
            self.counters.contacts_refused += 1;
            return false;
        }
        self.counters.contacts_made += 1;
        let holder = self.holder(maker);
        let from = self.shares.block(holder);
        self.people[maker].social_mut().contacts.add_chosen(other);
        self.people[other].social_mut().contacts.add_found(maker, from);
        self.shares.add(holder, Stock::Contacts, PAIR);
        if how == Meeting::Invitation {
            self.choose(other, maker);
        }
        self.remember(maker);
        self.remember(other);
        true
    }

    /// A person has shown that they want a contact. Returns whether the two are contacts. If they are,
    /// they share the weight of the pair from now on.
    fn choose(&mut self, person: PersonKey, contact: PersonKey) -> bool {
        // Most people have chosen all of their contacts. Then it is enough to search the shorter list.
        if self.people[person].social().is_none_or(|social| social.contacts.is_all_chosen()) {
            return self.are_contacts(person, contact);
        }
        let bond = self.people[person].social_mut().contacts.choose(contact);
        if bond == Some(Bond::Found) {
            self.shares.add(self.holder(person), Stock::Contacts, PAIR / 2);
            self.shares.take(self.holder(contact), Stock::Contacts, PAIR / 2);
        }
        bond.is_some()
    }

    /// Tells two people who have just become contacts by an invitation whether the other one is present.
    pub(super) fn introduce(&self, one: PersonKey, other: PersonKey, sink: &mut impl Sink) {
        for (person, contact) in [(one, other), (other, one)] {
            if self.people[contact].is_present() {
                let who = self.people[contact].id();
                tell(sink, self.people[person].devices(), Event::ContactOnline { who });
            }
        }
    }

    /// Forgets contacts until each of the two can have one more. Returns false if that is impossible, and
    /// then forgets nothing.
    fn make_room_for_pair(
        &mut self,
        maker: PersonKey,
        other: PersonKey,
        how: Meeting,
        sink: &mut impl Sink,
    ) -> bool {
        let most = self.limits.contacts_per_person;
        let mut parting = Vec::new();
        for (person, is_choice) in [(maker, true), (other, how == Meeting::Invitation)] {
            if self.people[person].contacts().len() < most {
                continue;
            }
            // A found contact gives way first. A chosen contact gives way only to one that the person
            // chooses now.
            let Some(social) = self.people[person].social() else { return false };
            let chosen = social.contacts.oldest_chosen().filter(|_| is_choice);
            let Some(contact) = social.contacts.found_too_many().or(chosen) else { return false };
            parting.push((person, contact));
        }
        if parting.is_empty() && self.conversations() >= self.limits.contacts_in_all {
            let Some(heaviest) = self.gives_way_to_pair_of(maker) else { return false };
            let social = self.people[heaviest].social();
            let oldest = social.and_then(|social| social.contacts.oldest_chosen());
            parting.push((heaviest, oldest.expect("a person with a weight has chosen somebody")));
        }
        for (person, contact) in parting {
            self.part(person, contact, sink);
            self.tidy(contact);
            self.tidy(person);
        }
        true
    }

    /// The person who loses a contact, so that the maker can have one more within the limit of the whole
    /// realm. `None` if nobody has to give way.
    fn gives_way_to_pair_of(&self, maker: PersonKey) -> Option<PersonKey> {
        let holder = self.holder(maker);
        let who = self.shares.may_take(holder, Stock::Contacts, PAIR)?;
        self.shares.next(holder, Stock::Contacts, who)
    }

    /// A person's first device has signed in: the person is no longer remembered as offline, and the
    /// contacts are told, unless the grace hid the absence from them.
    pub(super) fn arrive(&mut self, person: PersonKey, sink: &mut impl Sink) {
        let Some(social) = self.people[person].social() else { return };
        let grace = social.grace;
        self.unremember(person);
        match grace {
            Some(timer) => {
                self.wheel.cancel(timer);
                self.people[person].social_mut().grace = None;
            }
            None => {
                let who = self.people[person].id();
                self.tell_contacts(person, Event::ContactOnline { who }, sink);
            }
        }
    }

    /// A person's last device has left: the contacts are told after the grace.
    pub(super) fn depart(&mut self, now: Now, person: PersonKey, sink: &mut impl Sink) {
        if self.people[person].contacts().is_empty() {
            return;
        }
        self.remember(person);
        if self.limits.contact_grace.is_zero() {
            return self.seem_gone(person, sink);
        }
        let deadline = now.monotonic + self.limits.contact_grace;
        let timer = self.wheel.insert(deadline, Due::Grace(person));
        self.people[person].social_mut().grace = Some(timer);
    }

    /// A person has not come back within the grace.
    pub(super) fn end_grace(&mut self, person: PersonKey, sink: &mut impl Sink) {
        self.people[person].social_mut().grace = None;
        self.seem_gone(person, sink);
    }

    fn seem_gone(&self, person: PersonKey, sink: &mut impl Sink) {
        let who = self.people[person].id();
        self.tell_contacts(person, Event::ContactOffline { who }, sink);
    }

    fn tell_contacts(&self, person: PersonKey, event: Event<'_>, sink: &mut impl Sink) {
        for &contact in self.people[person].contacts() {
            tell(sink, self.people[contact].devices(), event);
        }
    }

    /// Forgets people who are offline, if more are remembered than the limit allows. The one that goes is
    /// from the address with the most remembered people, and has been offline for longest there.
    pub(super) fn forget_excess_people(&mut self, sink: &mut impl Sink) {
        while self.remembered() > self.limits.remembered_people {
            let Some(longest_offline) = self.shares.heaviest(Stock::Remembered) else { return };
            self.forget_contacts_of(longest_offline, sink);
        }
    }

    /// How many people are offline and have contacts.
    pub(super) fn remembered(&self) -> usize {
        usize::try_from(self.shares.total(Stock::Remembered)).expect("they are all in memory")
    }

    fn forget_contacts_of(&mut self, person: PersonKey, sink: &mut impl Sink) {
        while let Some(&contact) = self.people[person].contacts().last() {
            self.part(person, contact, sink);
            self.tidy(contact);
        }
        self.tidy(person);
    }

    /// Ends a contact. Each of the two is told that the other went offline, since neither will hear of it
    /// later.
    fn part(&mut self, one: PersonKey, other: PersonKey, sink: &mut impl Sink) {
        self.counters.contacts_forgotten += 1;
        for (person, contact) in [(one, other), (other, one)] {
            if self.people[contact].is_present() {
                let who = self.people[contact].id();
                tell(sink, self.people[person].devices(), Event::ContactOffline { who });
            }
        }
        let bonds = [(one, other), (other, one)].map(|(person, contact)| {
            let contacts = &mut self.people[person].social_mut().contacts;
            contacts.remove(contact).expect("contacts are so both ways")
        });
        match bonds {
            [Bond::Chosen, Bond::Chosen] => {
                self.shares.take(self.holder(one), Stock::Contacts, PAIR / 2);
                self.shares.take(self.holder(other), Stock::Contacts, PAIR / 2);
            }
            [Bond::Chosen, Bond::Found] => {
                self.shares.take(self.holder(one), Stock::Contacts, PAIR)
            }
            [Bond::Found, _] => self.shares.take(self.holder(other), Stock::Contacts, PAIR),
        }
        for person in [one, other] {
            if self.people[person].contacts().is_empty() {
                self.has_no_contacts(person);
            }
        }
    }

    /// A person has no contacts any more. So the person's grace ends, and the person is not remembered.
    fn has_no_contacts(&mut self, person: PersonKey) {
        if let Some(timer) = self.people[person].social_mut().grace.take() {
            self.wheel.cancel(timer);
        }
        self.unremember(person);
    }

    /// Remembers a person who is offline and has contacts.
    fn remember(&mut self, person: PersonKey) {
        if !self.people[person].is_online() && !self.is_remembered(person) {
            self.shares.add(self.holder(person), Stock::Remembered, 1);
        }
    }

    fn unremember(&mut self, person: PersonKey) {
        if self.is_remembered(person) {
            self.shares.take(self.holder(person), Stock::Remembered, 1);
        }
    }

    /// Whether a person is offline and has contacts.
    pub(super) fn is_remembered(&self, person: PersonKey) -> bool {
        let holder = self.people[person].holder();
        holder.is_some_and(|holder| self.shares.weight(holder, Stock::Remembered) > 0)
    }
}
