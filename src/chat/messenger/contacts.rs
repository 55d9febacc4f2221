//! Contacts: who hears of whom that they are online. Two people become contacts when one accepts the
//! other's invitation, or the first of their messages is delivered; always both ways.
//!
//! A person is *present* while online, and for a moment of grace after that, in which the contacts hear
//! nothing of the coming and going. What each of them believes is what `is_present` says: whoever comes
//! is told of those present, and whoever ceases to be a contact seems gone. *Remembered* is who is
//! offline and has contacts.
//!
//! The one who *made* a pair wrote the message, or sent the invitation. The pair weighs on that person's
//! share until the other has chosen it too: a stranger cannot make anybody heavy. See [`Stock`].

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
    /// One wrote to the other, who may want to have nothing to do with it.
    Message,
    /// One invited the other, who has accepted.
    Invitation,
}

/// What a pair weighs in [`Stock::Contacts`].
const PAIR: u64 = 2;

impl Realm {
    /// Whether one may write to somebody, if he exists. Only the sender's own contacts are looked
    /// at, so that the answer tells nothing about anybody else.
    pub(super) fn may_write(&self, sender: PersonKey, recipient: Option<PersonKey>) -> bool {
        let is_known = |to| to == sender || self.are_contacts(sender, to);
        !self.limits.require_invitation || recipient.is_some_and(is_known)
    }

    /// Whether the two hear of each other.
    pub(super) fn are_contacts(&self, one: PersonKey, other: PersonKey) -> bool {
        // Who has fewer is searched: a busy person's thousand are looked at by nobody else.
        let (one_has, other_has) = (self.people[one].contacts(), self.people[other].contacts());
        if one_has.len() <= other_has.len() {
            one_has.contains(&other)
        } else {
            other_has.contains(&one)
        }
    }

    /// Makes two people contacts; false if they are already, or there is no room. The caller holds
    /// both: neither is forgotten in here.
    ///
    /// Neither is told that the other is there: whoever has just exchanged a message knows.
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

    /// Somebody has shown that they want to be in contact with somebody. Says whether the two are; if
    /// they are, they share from now on what the pair weighs.
    fn choose(&mut self, person: PersonKey, contact: PersonKey) -> bool {
        // Most people have chosen all of their contacts. Then the shorter list is enough to search.
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

    /// Tells two people who have just become contacts by an invitation that the other is there, if
    /// he is.
    pub(super) fn introduce(&self, one: PersonKey, other: PersonKey, sink: &mut impl Sink) {
        for (person, contact) in [(one, other), (other, one)] {
            if self.people[contact].is_present() {
                let who = self.people[contact].id();
                tell(sink, self.people[person].devices(), Event::ContactOnline { who });
            }
        }
    }

    /// Forgets contacts until the two can have one more; false if that cannot be, and nothing is
    /// forgotten then.
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
            // What others have made of a person gives way before what the person chose, and what the
            // person chose only to what the person chooses.
            let Some(social) = self.people[person].social() else { return false };
            let chosen = social.contacts.oldest_chosen().filter(|_| is_choice);
            let Some(contact) = social.contacts.found_too_many().or(chosen) else { return false };
            parting.push((person, contact));
        }
        if parting.is_empty() && self.conversations() >= self.limits.contacts_in_all {
            let Some(heaviest) = self.gives_way_to_pair_of(maker) else { return false };
            let social = self.people[heaviest].social();
            let oldest = social.and_then(|social| social.contacts.oldest_chosen());
            parting.push((heaviest, oldest.expect("who weighs something has chosen somebody")));
        }
        for (person, contact) in parting {
            self.part(person, contact, sink);
            self.tidy(contact);
            self.tidy(person);
        }
        true
    }

    /// Who parts with a contact so that somebody can have one more in the house, if anybody does.
    fn gives_way_to_pair_of(&self, maker: PersonKey) -> Option<PersonKey> {
        let holder = self.holder(maker);
        let who = self.shares.may_take(holder, Stock::Contacts, PAIR)?;
        self.shares.next(holder, Stock::Contacts, who)
    }

    /// A person's first device has come: he is no longer in the chain of those who are offline, and
    /// his contacts are told, unless they have not heard yet that he was gone.
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

    /// A person's last device has gone: his contacts are told, after a moment of grace.
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

    /// A person has not come back in time.
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

    /// Forgets people who are offline, if more are remembered than may be: of the address that most
    /// of them are from, the one that has been offline for longest.
    pub(super) fn forget_excess_people(&mut self, sink: &mut impl Sink) {
        while self.remembered() > self.limits.remembered_people {
            let Some(longest_offline) = self.shares.heaviest(Stock::Remembered) else { return };
            self.forget_contacts_of(longest_offline, sink);
        }
    }

    /// People who are offline and have contacts.
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

    /// Two are contacts no more. To each the other seems gone: he will not hear when he really goes.
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

    /// Grace and remembrance are for those with contacts.
    fn has_no_contacts(&mut self, person: PersonKey) {
        if let Some(timer) = self.people[person].social_mut().grace.take() {
            self.wheel.cancel(timer);
        }
        self.unremember(person);
    }

    /// Remembers somebody who is offline and has contacts.
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

    /// Whether somebody is offline and has contacts.
    pub(super) fn is_remembered(&self, person: PersonKey) -> bool {
        let holder = self.people[person].holder();
        holder.is_some_and(|holder| self.shares.weight(holder, Stock::Remembered) > 0)
    }
}
