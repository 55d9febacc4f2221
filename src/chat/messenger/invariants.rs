//! Checks everything that must hold in the realm between two calls: each table against the others, and
//! the ledgers. It looks at every person, so only tests and the simulator call it.

use std::collections::HashMap;

use super::circle::Bond;
use super::event::Answer;
use super::person::Person;
use super::person_key::PersonKey;
use super::shares::Stock;
use super::{Counters, Realm};

impl Realm {
    /// Checks everything that must hold between two calls. It panics with a clear sentence if something
    /// does not.
    ///
    /// # Panics
    ///
    /// If there is a bug in this room.
    pub fn check_invariants(&self) {
        self.people.check_invariants();
        self.tracks.check_invariants();
        self.invitations.check_invariants();
        self.check_shares();
        self.check_ledgers();
        self.check_limits();
        self.check_holds();
        for (key, person) in &self.people.people {
            let key = PersonKey(u32::try_from(key).expect("keys were u32 before"));
            self.check_contacts(key, person);
            self.check_piles(key, person);
        }
    }

    fn check_ledgers(&self) {
        let c: &Counters = &self.counters;
        assert!(self.books.balances(), "the ledger of messages balances: {:?}", self.books);
        assert_eq!(self.books.in_flight, self.tracks.in_flight(), "messages in flight are counted");
        assert!(c.messages_read <= self.books.delivered, "what is read was delivered");
        assert_eq!(
            c.invitations_sent,
            c.invitations_accepted
                + c.invitations_declined
                + c.invitations_expired
                + c.invitations_displaced
                + self.pending_invitations() as u64,
            "the ledger of invitations balances"
        );
        assert_eq!(
            c.joins - c.leaves,
            self.online().len() as u64,
            "a person who has come and not gone is online"
        );
        let devices: usize =
            self.people.people.iter().map(|(_, person)| person.devices().len()).sum();
        assert_eq!(c.devices_joined - c.devices_left, devices as u64, "devices are counted");
    }

    fn check_limits(&self) {
        let limits = &self.limits;
        assert!(self.tracks.len() <= limits.tracked_messages, "messages tracked in all");
        assert!(self.remembered() <= limits.remembered_people, "people remembered");
        assert!(self.conversations() <= limits.contacts_in_all, "contacts in all");
        let in_all = limits.invitations_in_all;
        assert!(self.invitations() <= in_all.number, "invitations in all");
        assert!(self.invitations.bytes <= in_all.bytes, "bytes of invitations in all");
        for (_, person) in &self.people.people {
            assert!(person.devices().len() <= limits.devices_per_person, "devices of a person");
            let Some(social) = person.social() else { continue };
            let contacts = social.contacts.people().len();
            assert!(contacts <= limits.contacts_per_person, "contacts of a person");
            assert!(social.tracked.len() <= limits.tracked_per_person, "messages of a sender");
            assert!(social.typing.len() <= limits.typing_at_once, "typing at once");
            assert!(social.sent.keys.len() <= limits.invitations_sent.number, "invitations sent");
            assert!(social.sent.bytes <= limits.invitations_sent.bytes, "bytes sent");
            let received = limits.invitations_received;
            assert!(social.received.keys.len() <= received.number, "invitations received");
            assert!(social.received.bytes <= received.bytes, "bytes received");
        }
    }

    /// Checks that every person whose key is kept somewhere is held, and that no other person stays.
    fn check_holds(&self) {
        let mut references: HashMap<PersonKey, u32> = HashMap::new();
        let mut tracked: HashMap<PersonKey, usize> = HashMap::new();
        let mut timers = 0;
        for (_, track) in &self.tracks.all {
            *references.entry(track.from).or_default() += 1;
            *references.entry(track.to).or_default() += 1;
            *tracked.entry(track.from).or_default() += usize::from(track.is_readable);
        }
        for (_, stored) in &self.invitations.all {
            *references.entry(stored.to).or_default() += 1;
            timers += 1;
        }
        for (_, person) in &self.people.people {
            let Some(social) = person.social() else { continue };
            assert!(person.is_online() || social.typing.is_empty(), "only people online type");
            for typing in &social.typing {
                *references.entry(typing.to).or_default() += 1;
                timers += 1;
            }
            timers += usize::from(social.grace.is_some());
        }
        assert_eq!(self.wheel.len(), timers, "each timer has somebody who knows it");
        for (key, person) in &self.people.people {
            let key = PersonKey(u32::try_from(key).expect("keys were u32 before"));
            let social = person.social();
            let counted = social.map_or(0, |social| social.references);
            assert_eq!(
                counted,
                references.get(&key).copied().unwrap_or(0),
                "references are counted"
            );
            let counted = social.map_or(0, |social| social.tracked.len());
            assert_eq!(counted, tracked.get(&key).copied().unwrap_or(0), "a sender's are counted");
            let is_held = person.is_online()
                || counted > 0
                || references.contains_key(&key)
                || !person.contacts().is_empty()
                || !person.sent().is_empty();
            assert!(is_held, "a person who is offline is kept for a reason");
        }
    }

    /// Checks the shares: what all people hold together is what there is.
    fn check_shares(&self) {
        self.shares.check_invariants();
        let mut holders = 0;
        for (key, person) in &self.people.people {
            let key = PersonKey(u32::try_from(key).expect("keys were u32 before"));
            let Some(holder) = person.holder() else {
                let idle = person
                    .social()
                    .is_none_or(|social| social.tracked.len() == 0 && social.sent.keys.is_empty());
                assert!(idle, "a person who holds something is a holder");
                continue;
            };
            holders += 1;
            assert_eq!(self.shares.person(holder), key, "a holder is one person");
            let bond = |one: PersonKey, other| {
                self.people[one].social().and_then(|social| social.contacts.bond(other))
            };
            let pair = |&contact: &PersonKey| match (bond(key, contact), bond(contact, key)) {
                (Some(Bond::Chosen), Some(Bond::Chosen)) => 1,
                (Some(Bond::Chosen), _) => 2,
                (_, other) => {
                    assert_eq!(other, Some(Bond::Chosen), "one of the two has chosen");
                    0
                }
            };
            let quota = self.limits.invitations_in_all;
            let bytes = |&key: &u32| quota.weight(self.invitations.all[key as usize].bytes);
            let tracked = person.social().map_or(0, |social| social.tracked.len());
            let is_away = !person.is_online() && !person.contacts().is_empty();
            for (stock, weight) in [
                (Stock::Invitations, person.sent().iter().map(bytes).sum()),
                (Stock::ReadMarks, tracked as u64),
                (Stock::Contacts, person.contacts().iter().map(pair).sum()),
                (Stock::Remembered, is_away.into()),
            ] {
                assert_eq!(self.shares.weight(holder, stock), weight, "{stock:?} are counted");
            }
            assert_eq!(
                self.shares.is_away(holder),
                !person.is_online(),
                "a holder knows who is away"
            );
        }
        assert_eq!(self.shares.holders(), holders, "each holder is somebody's");
        let pairs = 2 * self.conversations() as u64;
        assert_eq!(self.shares.total(Stock::Contacts), pairs, "each pair weighs on somebody");
    }

    fn check_contacts(&self, key: PersonKey, person: &Person) {
        for (place, &contact) in person.contacts().iter().enumerate() {
            assert_ne!(contact, key, "no person is their own contact");
            assert!(self.people[contact].contacts().contains(&key), "contacts are so both ways");
            assert!(!person.contacts()[..place].contains(&contact), "a contact is one once");
        }
        let Some(social) = person.social() else { return };
        let is_away = !person.is_online() && !person.contacts().is_empty();
        assert_eq!(
            self.is_remembered(key),
            is_away,
            "a person who is offline and has contacts is remembered"
        );
        assert!(is_away || social.grace.is_none(), "grace is for people offline with contacts");
    }

    fn check_piles(&self, key: PersonKey, person: &Person) {
        let Some(social) = person.social() else { return };
        let stored = |key: &u32| &self.invitations.all[*key as usize];
        let received = || social.received.keys.iter().map(stored);
        let sent = || social.sent.keys.iter().map(stored);
        assert!(received().all(|one| one.to == key), "a received invitation is for the person");
        assert!(received().all(|one| one.answer == Answer::Pending), "and waits for an answer");
        assert!(sent().all(|one| one.from == key), "a sent invitation is from the person");
        let waits = sent().any(|one| one.answer != Answer::Pending);
        assert!(!waits || !person.is_online(), "no answer waits for a person online");
        assert_eq!(received().map(|one| one.bytes).sum::<usize>(), social.received.bytes);
        assert_eq!(sent().map(|one| one.bytes).sum::<usize>(), social.sent.bytes);
        let all = || self.invitations.all.iter().map(|(_, one)| one);
        let mine = all().filter(|one| one.from == key).count();
        assert_eq!(mine, social.sent.keys.len(), "a sender holds all that it sent");
        let to_answer = all().filter(|one| one.to == key && one.answer == Answer::Pending).count();
        assert_eq!(to_answer, social.received.keys.len(), "a recipient holds all that it got");
    }
}
