//! Contacts: who hears of whom that he is online. Two people become contacts when one accepts the
//! other's invitation, or the first of their messages is delivered; always both ways.
//!
//! A person is *present* while he is online, and for a moment of grace after that, in which his
//! contacts hear nothing of his coming and going. What each of them believes is what `is_present`
//! says: whoever comes is told of those present, and whoever ceases to be a contact seems gone.
//! *Remembered* is who is offline and has contacts. Knows no time but the length of grace.

use super::chain::Links;
use super::event::Event;
use super::person::{Person, PersonKey};
use super::{Due, Realm, tell};
use crate::chat::Sink;
use crate::timer::Now;

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
        one: PersonKey,
        other: PersonKey,
        sink: &mut impl Sink,
    ) -> bool {
        if one == other || self.are_contacts(one, other) {
            return false;
        }
        if !self.make_room_for_pair(one, other, sink) {
            self.counters.contacts_refused += 1;
            return false;
        }
        self.counters.contacts_made += 1;
        self.people[one].social_mut().contacts.push(other);
        self.people[other].social_mut().contacts.push(one);
        self.remember(one);
        self.remember(other);
        true
    }

    /// Tells two people who have just become contacts by an invitation that the other is there, if
    /// he is.
    pub(super) fn introduce(&self, one: PersonKey, other: PersonKey, sink: &mut impl Sink) {
        for (person, contact) in [(one, other), (other, one)] {
            if self.people[contact].is_present() {
                let session = self.people[contact].id();
                tell(sink, self.people[person].devices(), Event::ContactOnline { session });
            }
        }
    }

    /// Forgets contacts until the two can have one more; false if that cannot be.
    fn make_room_for_pair(
        &mut self,
        one: PersonKey,
        other: PersonKey,
        sink: &mut impl Sink,
    ) -> bool {
        let most = self.limits.contacts_per_session;
        for person in [one, other] {
            while self.people[person].contacts().len() >= most {
                let Some(&oldest) = self.people[person].contacts().first() else { return false };
                self.part(person, oldest, sink);
                self.people.tidy(oldest);
            }
        }
        while self.conversations() >= self.limits.contacts_in_all {
            let Some(longest_offline) = self.remembered.first().map(PersonKey) else {
                return false;
            };
            self.forget_contacts_of(longest_offline, sink);
        }
        true
    }

    /// A person's first device has come: he is no longer in the chain of those who are offline, and
    /// his contacts are told, unless they have not heard yet that he was gone.
    pub(super) fn arrive(&mut self, person: PersonKey, sink: &mut impl Sink) {
        let Some(social) = self.people[person].social() else { return };
        let (was_remembered, grace) = (social.is_remembered, social.grace);
        if was_remembered {
            self.unremember(person);
        }
        match grace {
            Some(timer) => {
                self.wheel.cancel(timer);
                self.people[person].social_mut().grace = None;
            }
            None => {
                let session = self.people[person].id();
                self.tell_contacts(person, Event::ContactOnline { session }, sink);
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
        let session = self.people[person].id();
        self.tell_contacts(person, Event::ContactOffline { session }, sink);
    }

    fn tell_contacts(&self, person: PersonKey, event: Event<'_>, sink: &mut impl Sink) {
        for &contact in self.people[person].contacts() {
            tell(sink, self.people[contact].devices(), event);
        }
    }

    /// Forgets sessions that have been offline for longest, if more are remembered than may be.
    pub(super) fn forget_excess_sessions(&mut self, sink: &mut impl Sink) {
        while self.remembered.len() > self.limits.remembered_sessions {
            let Some(longest_offline) = self.remembered.first().map(PersonKey) else { return };
            self.forget_contacts_of(longest_offline, sink);
        }
    }

    fn forget_contacts_of(&mut self, person: PersonKey, sink: &mut impl Sink) {
        while let Some(&contact) = self.people[person].contacts().last() {
            self.part(person, contact, sink);
            self.people.tidy(contact);
        }
        self.people.tidy(person);
    }

    /// Two are contacts no more. To each the other seems gone: he will not hear when he really goes.
    fn part(&mut self, one: PersonKey, other: PersonKey, sink: &mut impl Sink) {
        self.counters.contacts_forgotten += 1;
        for (person, contact) in [(one, other), (other, one)] {
            if self.people[contact].is_present() {
                let session = self.people[contact].id();
                tell(sink, self.people[person].devices(), Event::ContactOffline { session });
            }
        }
        for (person, contact) in [(one, other), (other, one)] {
            let contacts = &mut self.people[person].social_mut().contacts;
            contacts.retain(|&one| one != contact);
            if contacts.is_empty() {
                self.has_no_contacts(person);
            }
        }
    }

    /// Grace and remembrance are for those with contacts.
    fn has_no_contacts(&mut self, person: PersonKey) {
        let social = self.people[person].social_mut();
        let (was_remembered, grace) = (social.is_remembered, social.grace.take());
        if let Some(timer) = grace {
            self.wheel.cancel(timer);
        }
        if was_remembered {
            self.unremember(person);
        }
    }

    /// Puts somebody who is offline and has contacts last in the chain of those.
    fn remember(&mut self, person: PersonKey) {
        let is_online = self.people[person].is_online();
        let social = self.people[person].social_mut();
        if !is_online && !social.is_remembered {
            social.is_remembered = true;
            self.remembered.push(&mut self.people.people, links, person.0);
        }
    }

    fn unremember(&mut self, person: PersonKey) {
        self.people[person].social_mut().is_remembered = false;
        self.remembered.remove(&mut self.people.people, links, person.0);
    }
}

/// A person's neighbours in the chain of those who are remembered.
fn links(person: &mut Person) -> &mut Links {
    &mut person.social_mut().remembered
}
