//! [`Directory`]: all people that the realm knows, and their connections. A *seat* is the entry of a
//! connection's slot, with its tenant's person.
//!
//!   by_id     id → person            to find the recipient of everything that is sent
//!   people    person → its data      includes the id, so that the id is stored once
//!   seats     slot → person          to find the sender of everything that arrives
//!
//! A person who is online and idle costs 48 bytes in `people`, 5 in `by_id`, 8 in `seats` (without the
//! spare capacity of these tables), and the text of the id and the name. Each lookup is O(1). The
//! directory knows no messages and no sink. The realm calls it.

use std::ops::{Index, IndexMut};

use slab::Slab;

use super::person::Person;
use super::person_key::PersonKey;
use super::shares::HolderKey;
use crate::chat::ConnectionId;
use crate::chat::seats::Seats;
use crate::shards::Shards;

/// All people that the realm knows: online, offline, or never seen.
#[derive(Default)]
pub(super) struct Directory {
    by_id: Shards<u32>,
    /// It is visible to the room, because a [`Chain`](crate::chat::chain::Chain) follows links through this slab.
    pub(super) people: Slab<Person>,
    seats: Seats,
    online: usize,
}

impl Directory {
    /// Finds the person with an id.
    pub(super) fn find(&self, id: &str) -> Option<PersonKey> {
        let is_it = |&key: &u32| self.people[key as usize].id() == id;
        self.by_id.find(id, is_it).map(|&key| PersonKey(key))
    }

    /// Finds the person with an id, or makes one.
    pub(super) fn find_or_add(&mut self, id: &str) -> PersonKey {
        if let Some(person) = self.find(id) {
            return person;
        }
        let key = self.people.insert(Person::new(id));
        let key = u32::try_from(key).expect("memory ends before four billion people");
        let people = &self.people;
        self.by_id.insert(key, |&key| people[key as usize].id());
        PersonKey(key)
    }

    /// Forgets a person who is offline and has no [`Social`](super::person::Social) data. Returns the
    /// person's holder, which the caller has to close.
    #[must_use]
    pub(super) fn tidy(&mut self, person: PersonKey) -> Option<HolderKey> {
        let holder = self[person].shed();
        if self[person].is_nobody() {
            let id = self.people[person.0 as usize].id();
            self.by_id.remove(id, |&key| key == person.0);
            self.people.remove(person.0 as usize);
        }
        holder
    }

    /// Signs a connection in. Its slot's seat must be free. Returns whether it is the person's first device.
    pub(super) fn seat(&mut self, person: PersonKey, id: ConnectionId, receipts: bool) -> bool {
        self.seats.take(id, person.0);
        let is_first = !self[person].is_online();
        self.online += usize::from(is_first);
        self[person].add(id, receipts);
        is_first
    }

    /// Removes a connection, and returns its person.
    pub(super) fn vacate(&mut self, id: ConnectionId) -> Option<PersonKey> {
        let person = PersonKey(self.seats.vacate(id)?);
        self[person].remove(id);
        self.online -= usize::from(!self[person].is_online());
        Some(person)
    }

    /// The person that a connection is signed in as.
    pub(super) fn person_at(&self, id: ConnectionId) -> Option<PersonKey> {
        self.seats.number(id).map(PersonKey)
    }

    /// The connection that is signed in from the slot of `id`: `id` itself, or another tenant.
    pub(super) fn tenant_of_slot(&self, id: ConnectionId) -> Option<ConnectionId> {
        self.seats.tenant_of_slot(id)
    }

    /// The ids of people with at least one device.
    pub(super) fn online(&self) -> Online<'_> {
        Online { people: self.people.iter(), left: self.online }
    }

    /// Panics if the tables disagree, and says which. It looks at every person, so only tests and the
    /// simulator call it.
    pub(super) fn check_invariants(&self) {
        assert_eq!(self.by_id.len(), self.people.len(), "as many ids as people");
        let mut devices = 0;
        for (key, person) in &self.people {
            let found = self.find(person.id()).map(|person| person.0 as usize);
            assert_eq!(found, Some(key), "every person is found by id");
            for &device in person.devices() {
                let seat = self.person_at(device).map(|person| person.0 as usize);
                assert_eq!(seat, Some(key), "a device's seat knows whose it is");
                devices += 1;
            }
        }
        assert_eq!(self.seats.taken(), devices, "as many seats taken as devices");
        let online = self.people.iter().filter(|(_, person)| person.is_online()).count();
        assert_eq!(self.online, online, "as many online as have a device");
    }
}

impl Index<PersonKey> for Directory {
    type Output = Person;

    fn index(&self, person: PersonKey) -> &Person {
        self.people.get(person.0 as usize).expect("a key is kept only while its person is held")
    }
}

impl IndexMut<PersonKey> for Directory {
    fn index_mut(&mut self, person: PersonKey) -> &mut Person {
        self.people.get_mut(person.0 as usize).expect("a key is kept only while its person is held")
    }
}

/// Iterates over the ids of people with at least one device.
pub(super) struct Online<'a> {
    people: slab::Iter<'a, Person>,
    left: usize,
}

impl<'a> Iterator for Online<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (_, person) = self.people.find(|(_, person)| person.is_online())?;
        self.left -= 1;
        Some(person.id())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Online<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_person_costs_at_most_150_bytes() {
        let mut directory = Directory::default();
        let person = directory.find_or_add(&"i".repeat(36));
        directory[person].rename(&"n".repeat(10));
        directory.seat(person, ConnectionId::new(0, 0), true);

        let tables = size_of::<Person>() + size_of::<u32>() + 1 + Seats::BYTES_EACH;
        // An allocator adds 8 bytes and rounds up to 16.
        let text = (36 + 10 + 8usize).next_multiple_of(16);
        assert!(directory[person].social().is_none(), "nothing else is allocated");
        assert_eq!(tables + text, 61 + 64);
    }

    #[test]
    fn a_late_word_of_a_former_tenant_finds_nobody() {
        let mut directory = Directory::default();
        let person = directory.find_or_add("one");
        let (old, new) = (ConnectionId::new(3, 0), ConnectionId::new(3, 1));
        directory.seat(person, old, true);
        assert_eq!(directory.vacate(old), Some(person));
        directory.seat(person, new, true);
        assert_eq!(directory.person_at(old), None);
        assert_eq!(directory.vacate(old), None);
        assert_eq!(directory.tenant_of_slot(old), Some(new));
        directory.check_invariants();
    }

    #[test]
    fn a_person_held_by_nothing_is_forgotten() {
        let mut directory = Directory::default();
        let person = directory.find_or_add("one");
        let other = directory.find_or_add("two");
        directory[other].social_mut().references = 1;
        assert_eq!((directory.tidy(person), directory.tidy(other)), (None, None));
        assert_eq!((directory.find("one"), directory.find("two")), (None, Some(other)));
        directory.check_invariants();
    }
}
