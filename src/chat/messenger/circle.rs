//! [`Circle`]: the contacts of one person. The person *chose* a contact by an invitation, sent or
//! accepted, or by a message. Those come first. The person has *found* a contact that wrote first, and
//! that the person has not answered. A found contact never displaces a chosen one.
//!
//! It is one dense list of keys, because each message searches it: 4 bytes for a contact, and 8 for the
//! address of a found one. To find, choose or remove a contact is O(n), with n at most
//! [`Limits::contacts_per_person`](super::Limits). Rejected: a hash set, which takes four times the
//! memory and keeps no order. It knows no people, only their keys. `contacts.rs` calls it.

use super::person_key::PersonKey;
use super::shares::heaviest;
use crate::limiter::Block;

/// The contacts of one person.
#[derive(Default)]
pub(super) struct Circle {
    /// First the chosen contacts, in the order in which they were chosen; then the found ones, likewise.
    people: Vec<PersonKey>,
    /// For each found contact, the address that it wrote from.
    found_at: Vec<Block>,
}

/// How well a person knows a contact.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Bond {
    /// The person chose the contact.
    Chosen,
    /// The contact chose the person, who has not answered.
    Found,
}

impl Circle {
    /// All contacts, the chosen ones first.
    pub(super) fn people(&self) -> &[PersonKey] {
        &self.people
    }

    /// Adds a contact that the person has chosen.
    pub(super) fn add_chosen(&mut self, contact: PersonKey) {
        self.people.insert(self.chosen(), contact);
    }

    /// Adds a contact that wrote to the person from an address.
    pub(super) fn add_found(&mut self, contact: PersonKey, block: Block) {
        self.people.push(contact);
        self.found_at.push(block);
    }

    /// The person chooses a contact. Returns the bond before, if there was one.
    pub(super) fn choose(&mut self, contact: PersonKey) -> Option<Bond> {
        let place = self.people.iter().position(|&one| one == contact)?;
        let chosen = self.chosen();
        let Some(found) = place.checked_sub(chosen) else { return Some(Bond::Chosen) };
        self.found_at.remove(found);
        self.people[chosen..=place].rotate_right(1);
        Some(Bond::Found)
    }

    /// Removes a contact, and returns its bond, if it was one.
    pub(super) fn remove(&mut self, contact: PersonKey) -> Option<Bond> {
        let place = self.people.iter().position(|&one| one == contact)?;
        let chosen = self.chosen();
        self.people.remove(place);
        Some(match place.checked_sub(chosen) {
            None => Bond::Chosen,
            Some(place) => {
                self.found_at.remove(place);
                Bond::Found
            }
        })
    }

    /// Whether the person has chosen all contacts.
    pub(super) fn is_all_chosen(&self) -> bool {
        self.found_at.is_empty()
    }

    /// The contact that was chosen before all others.
    pub(super) fn oldest_chosen(&self) -> Option<PersonKey> {
        self.people[..self.chosen()].first().copied()
    }

    /// The found contact that gives way to another one: the oldest of the address from which most found
    /// contacts wrote. O(n log n): it sorts the found ones.
    pub(super) fn found_too_many(&self) -> Option<PersonKey> {
        let (block, _) = heaviest(self.found_at.iter().map(|&block| (block, 1)))?;
        let found = self.found_at.iter().position(|&one| one == block)?;
        Some(self.people[self.chosen() + found])
    }

    /// The bond of a contact. Only tests and the simulator call it.
    pub(super) fn bond(&self, contact: PersonKey) -> Option<Bond> {
        let place = self.people.iter().position(|&one| one == contact)?;
        Some(if place < self.chosen() { Bond::Chosen } else { Bond::Found })
    }

    fn chosen(&self) -> usize {
        self.people.len() - self.found_at.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u8) -> Block {
        Block::of([192, 0, 2, number].into())
    }

    fn people(numbers: &[u32]) -> Vec<PersonKey> {
        numbers.iter().copied().map(PersonKey).collect()
    }

    #[test]
    fn chosen_contacts_come_first_each_kind_in_the_order_of_its_coming() {
        let mut circle = Circle::default();
        circle.add_found(PersonKey(1), block(1));
        circle.add_chosen(PersonKey(2));
        circle.add_found(PersonKey(3), block(1));
        circle.add_chosen(PersonKey(4));
        circle.add_found(PersonKey(5), block(2));
        assert_eq!(circle.people(), people(&[2, 4, 1, 3, 5]));
        assert_eq!(circle.choose(PersonKey(3)), Some(Bond::Found));
        assert_eq!(circle.choose(PersonKey(3)), Some(Bond::Chosen));
        assert_eq!(circle.choose(PersonKey(9)), None);
        assert_eq!(circle.people(), people(&[2, 4, 3, 1, 5]));
        assert_eq!(circle.oldest_chosen(), Some(PersonKey(2)));
        assert_eq!(circle.remove(PersonKey(2)), Some(Bond::Chosen));
        assert_eq!(circle.remove(PersonKey(1)), Some(Bond::Found));
        assert_eq!(circle.remove(PersonKey(1)), None);
        assert_eq!(circle.people(), people(&[4, 3, 5]));
        assert_eq!(circle.bond(PersonKey(5)), Some(Bond::Found));
        assert_eq!(circle.found_at, [block(2)]);
    }

    #[test]
    fn of_the_found_the_oldest_of_the_address_with_the_most_gives_way() {
        let mut circle = Circle::default();
        assert_eq!(circle.found_too_many(), None);
        circle.add_chosen(PersonKey(1));
        assert_eq!(circle.found_too_many(), None, "none of the chosen does");
        for (person, address) in [(2, 7), (3, 8), (4, 9), (5, 8), (6, 9)] {
            circle.add_found(PersonKey(person), block(address));
        }
        for expected in [3, 4, 2, 5, 6] {
            assert_eq!(circle.found_too_many(), Some(PersonKey(expected)));
            circle.remove(PersonKey(expected));
        }
        assert!(circle.is_all_chosen());
    }
}
