//! [`Directory`]: all users, as the store has them, and the sockets of each.
//!
//! It is a complete replica of the store's users, so a name is looked up without waiting for the disk. Only
//! results of jobs change it. The store also knows which names look alike; the directory compares names
//! exactly.
//!
//! Users stand in the order of their keys, which is the order of registration: a new user goes to the end,
//! and a key is found in O(log n). (A hash table by key was rejected: the page of all users wants this
//! order, and 15 steps find one among 20,000.) A user costs 72 bytes here, 5 in each of the tables of names
//! and of ids, about 100 in the order of the names, and the text of the name; with one socket 8 bytes more.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::{User, UserId, UserKey, UserName};
use crate::chat::ConnectionId;
use crate::shards::Shards;

/// All users.
#[derive(Default)]
pub(super) struct Directory {
    /// In the order of their keys.
    people: Vec<Person>,
    by_name: Shards<UserKey>,
    by_id: Shards<UserKey>,
    /// In the order of their names without case, then of their names.
    sorted: BTreeMap<(Box<str>, UserName), UserKey>,
}

/// A user, and the sockets of this user.
pub(super) struct Person {
    /// What the store has.
    pub(super) user: User,
    /// The sockets, in the order in which they came.
    seats: Vec<ConnectionId>,
}

impl Directory {
    /// Makes a directory of these users.
    pub(super) fn restore(users: Vec<User>) -> Self {
        let mut directory = Directory::default();
        directory.replace(users);
        directory
    }

    /// How many users there are.
    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    /// All users, in the order of registration.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Person> {
        self.people.iter()
    }

    /// The user with a key.
    pub(super) fn get(&self, key: UserKey) -> Option<&Person> {
        Some(&self.people[self.place(key).ok()?])
    }

    /// The user of a name.
    pub(super) fn find(&self, name: &str) -> Option<&Person> {
        let is_it =
            |key: &UserKey| self.get(*key).is_some_and(|one| one.user.name.as_str() == name);
        self.get(*self.by_name.find(name, is_it)?)
    }

    /// The users whose names begin with `prefix`, in any case, behind the name `after`: in the order of their
    /// names without case. O(log n) for the first.
    pub(super) fn named(&self, prefix: &str, after: Option<&str>) -> impl Iterator<Item = &Person> {
        let prefix = prefix.to_lowercase();
        let nobody = UserName::registered("");
        let first = (Box::from(prefix.as_str()), nobody);
        let from = match after.map(|name| place_of(&UserName::registered(name))) {
            Some(after) if after >= first => Bound::Excluded(after),
            Some(_) | None => Bound::Included(first),
        };
        let behind = self.sorted.range((from, Bound::Unbounded));
        behind
            .take_while(move |((folded, _), _)| folded.starts_with(&prefix))
            .filter_map(|(_, key)| self.get(*key))
    }

    /// The user with an id.
    pub(super) fn find_id(&self, id: UserId) -> Option<&Person> {
        let is_it = |key: &UserKey| self.get(*key).is_some_and(|one| one.user.id == id);
        self.get(*self.by_id.find(id, is_it)?)
    }

    /// Adds a user that the store has just registered.
    pub(super) fn add(&mut self, user: User) {
        let key = user.key;
        let Err(place) = self.place(key) else { return };
        self.people.insert(place, Person { user, seats: Vec::new() });
        self.index(key);
    }

    /// Removes a user, who must have no socket.
    pub(super) fn remove(&mut self, key: UserKey) {
        let Ok(place) = self.place(key) else { return };
        let Directory { people, by_name, by_id, sorted } = self;
        debug_assert!(people[place].seats.is_empty(), "a socket has a user");
        sorted.remove(&place_of(&people[place].user.name));
        by_name.remove(people[place].user.name.as_str(), |one| *one == key);
        by_id.remove(people[place].user.id, |one| *one == key);
        people.remove(place);
    }

    /// The users that are not among these.
    pub(super) fn missing_in(&self, users: &[User]) -> Vec<UserKey> {
        let mut keys: Vec<UserKey> = users.iter().map(|user| user.key).collect();
        keys.sort_unstable();
        let all = self.people.iter().map(|one| one.user.key);
        all.filter(|key| keys.binary_search(key).is_err()).collect()
    }

    /// Makes these all the users there are. Those that stay keep their sockets; those that go must have
    /// none. O(n).
    pub(super) fn replace(&mut self, users: Vec<User>) {
        let mut old = std::mem::take(self);
        self.people = users
            .into_iter()
            .map(|user| {
                let place = old.place(user.key).ok();
                let seats = place.map(|place| std::mem::take(&mut old.people[place].seats));
                Person { user, seats: seats.unwrap_or_default() }
            })
            .collect();
        self.people.sort_unstable_by_key(|one| one.user.key);
        debug_assert!(old.people.iter().all(|one| one.seats.is_empty()), "a socket has a user");
        for place in 0..self.people.len() {
            self.index(self.people[place].user.key);
        }
    }

    /// Enters a user in the tables of names and ids.
    fn index(&mut self, key: UserKey) {
        let Directory { people, by_name, by_id, sorted } = self;
        sorted.insert(place_of(&user_of(people, key).name), key);
        by_name.insert(key, |key| user_of(people, *key).name.as_str());
        by_id.insert(key, |key| user_of(people, *key).id);
    }

    /// Gives a user a socket. Returns whether it is the user's first.
    pub(super) fn seat(&mut self, key: UserKey, id: ConnectionId) -> bool {
        let Some(seats) = self.seats_of(key) else { return false };
        // Most users have one socket, and a list grows by four.
        seats.reserve_exact(1);
        seats.push(id);
        seats.len() == 1
    }

    /// Takes a socket from a user. Returns whether it was the user's last.
    pub(super) fn unseat(&mut self, key: UserKey, id: ConnectionId) -> bool {
        let Some(seats) = self.seats_of(key) else { return false };
        seats.retain(|&seat| seat != id);
        if seats.is_empty() {
            *seats = Vec::new();
        }
        seats.is_empty()
    }

    fn seats_of(&mut self, key: UserKey) -> Option<&mut Vec<ConnectionId>> {
        let place = self.place(key).ok()?;
        Some(&mut self.people[place].seats)
    }

    /// The place of a key, or the place where it belongs.
    fn place(&self, key: UserKey) -> Result<usize, usize> {
        self.people.binary_search_by_key(&key, |one| one.user.key)
    }

    /// Panics if the two tables disagree. It looks at every user.
    pub(super) fn check_invariants(&self) {
        assert!(self.people.is_sorted_by_key(|one| one.user.key), "users stand by their keys");
        assert_eq!(self.by_name.len(), self.people.len(), "as many names as users");
        assert_eq!(self.by_id.len(), self.people.len(), "as many ids as users");
        assert_eq!(self.named("", None).count(), self.people.len(), "all have a place by name");
        for one in &self.people {
            let found = self.find(one.user.name.as_str()).map(|one| one.user.key);
            assert_eq!(found, Some(one.user.key), "every user is found by name");
            let found = self.find_id(one.user.id).map(|one| one.user.key);
            assert_eq!(found, Some(one.user.key), "every user is found by id");
        }
    }
}

impl Person {
    /// The sockets of the user.
    pub(super) fn seats(&self) -> &[ConnectionId] {
        &self.seats
    }

    /// Whether the user has a socket.
    pub(super) fn is_online(&self) -> bool {
        !self.seats.is_empty()
    }
}

/// Where a name stands among all.
fn place_of(name: &UserName) -> (Box<str>, UserName) {
    (name.as_str().to_lowercase().into(), name.clone())
}

fn user_of(people: &[Person], key: UserKey) -> &User {
    let place = people.binary_search_by_key(&key, |one| one.user.key);
    &people[place.expect("a key in a table is a user's")].user
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::account::{UnixMs, UserId, UserName};

    fn user(key: u32, name: &str) -> User {
        let id = UserId([u8::try_from(key).expect("small"); 16]);
        User { key: UserKey(key), id, name: UserName::registered(name), created: UnixMs(0) }
    }

    #[test]
    fn names_are_compared_exactly() {
        let directory = Directory::restore(vec![user(2, "Ann"), user(1, "ann")]);
        let key = |name: &str| directory.find(name).map(|one| one.user.key.0);
        assert_eq!((key("ann"), key("Ann"), key("ANN")), (Some(1), Some(2), None));
        directory.check_invariants();
    }

    #[test]
    fn users_stand_by_their_names_without_case_and_a_prefix_finds_its_own() {
        let names = ["bob", "Adam", "ada", "Ada", "éa", "ADB", "b"];
        let users = (1..).zip(names).map(|(key, name)| user(key, name)).collect();
        let mut directory = Directory::restore(users);
        directory.remove(UserKey(7));
        directory.check_invariants();
        let named = |prefix: &str, after: Option<&str>| -> Vec<&str> {
            directory.named(prefix, after).map(|one| one.user.name.as_str()).collect()
        };
        assert_eq!(named("", None), ["Ada", "ada", "Adam", "ADB", "bob", "éa"]);
        assert_eq!(named("aDa", None), ["Ada", "ada", "Adam"]);
        assert_eq!(named("aDa", Some("ada")), ["Adam"]);
        assert_eq!(named("ad", Some("aa")), ["Ada", "ada", "Adam", "ADB"]);
        assert_eq!(named("", Some("adb")), ["bob", "éa"], "behind a name that nobody has");
        assert_eq!(named("É", None), ["éa"]);
        assert!(named("ad", Some("b")).is_empty() && named("x", None).is_empty());
    }

    #[test]
    fn a_user_that_stays_keeps_the_sockets_when_the_others_are_replaced() {
        let mut directory = Directory::restore(vec![user(1, "ada"), user(2, "bob")]);
        let socket = ConnectionId::new(7, 0);
        assert!(directory.seat(UserKey(2), socket));
        let now = vec![user(2, "bob"), user(5, "eve")];
        assert_eq!(directory.missing_in(&now), [UserKey(1)]);
        directory.replace(now);
        directory.check_invariants();
        assert!(directory.find("ada").is_none());
        assert_eq!(directory.find("bob").map(Person::seats), Some(&[socket][..]));
        assert!(directory.unseat(UserKey(2), socket));
    }

    #[test]
    fn twenty_thousand_users_take_less_than_6_mb() {
        // The text of a name of 32 bytes, with two counters before it, in an allocator's steps of 16.
        let name = (16 + 32 + 8usize).next_multiple_of(16);
        // A hash table is between 7/16 and 7/8 full.
        let table = (size_of::<UserKey>() + 1) * 16 / 7;
        // A tree of two texts and a key is about two thirds full. The name is shared, and the other is a copy.
        let sorted = size_of::<((Box<str>, UserName), UserKey)>() * 3 / 2 + 32 + 16;
        assert!((size_of::<Person>() + name + sorted + 2 * table) * 20_000 < 6_000_000);
        assert_eq!(size_of::<Person>(), 72);
    }
}
