//! [`Shards`]: a hash table that does not stop the loop when it grows. It is split by hash into 256
//! independent *parts*, each a hash table of its own.
//!
//! A hash table that is full moves into one twice as large, all at once, and hashes every entry
//! again: with a million entries, that is a turn of hundreds of milliseconds. Here each part moves
//! by itself, when it is full. Chance spreads those moments out.
//!
//! It hashes with a secret key (SipHash): an attacker that chooses its number, id or address could
//! otherwise choose a thousand that collide. It knows nothing of its entries: the callers say which
//! key an entry has. The chat and the limiter call it.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;

/// How many parts there are. A power of two, so that a few bits of the hash say which.
const PARTS: usize = 256;
/// The lowest of those bits: bits 32 to 39 of the hash pick the part. The table inside a part uses
/// the low bits and the top seven.
const PART_BITS_FROM: u32 = 32;

/// A hash table in parts, of things that have a key of their own.
pub struct Shards<T> {
    hasher: RandomState,
    parts: Box<[HashTable<T>]>,
    len: usize,
}

impl<T> Default for Shards<T> {
    fn default() -> Self {
        let parts = (0..PARTS).map(|_| HashTable::new()).collect();
        Shards { hasher: RandomState::new(), parts, len: 0 }
    }
}

impl<T> Shards<T> {
    /// Finds the entry with this key. `is_it` compares for equality, since different keys may share a
    /// hash.
    pub fn find(&self, key: impl Hash, is_it: impl FnMut(&T) -> bool) -> Option<&T> {
        let hash = self.hasher.hash_one(key);
        self.parts[part_of(hash)].find(hash, is_it)
    }

    /// The same, to be changed; its key must stay.
    pub fn find_mut(&mut self, key: impl Hash, is_it: impl FnMut(&T) -> bool) -> Option<&mut T> {
        let hash = self.hasher.hash_one(key);
        self.parts[part_of(hash)].find_mut(hash, is_it)
    }

    /// Puts something in that is not in yet. `key_of` is asked for its key, and for those of the
    /// others in its part if that has to grow.
    pub fn insert<K: Hash>(&mut self, value: T, key_of: impl Fn(&T) -> K) {
        let Shards { hasher, parts, len } = self;
        let hash_of = |value: &T| hasher.hash_one(key_of(value));
        let hash = hash_of(&value);
        parts[part_of(hash)].insert_unique(hash, value, hash_of);
        *len += 1;
    }

    /// Takes the one out that has this key.
    pub fn remove(&mut self, key: impl Hash, is_it: impl FnMut(&T) -> bool) -> Option<T> {
        let hash = self.hasher.hash_one(key);
        let entry = self.parts[part_of(hash)].find_entry(hash, is_it).ok()?;
        self.len -= 1;
        Some(entry.remove().0)
    }

    /// How many are in it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All of them, in no order, to be changed; their keys must stay.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.parts.iter_mut().flatten()
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.parts.iter().flatten()
    }
}

/// What is in it may be personal.
impl<T> fmt::Debug for Shards<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shards").field("len", &self.len).finish_non_exhaustive()
    }
}

fn part_of(hash: u64) -> usize {
    (hash >> PART_BITS_FROM) as usize % PARTS
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// A key and a value.
    type Entry = (u8, u32);

    proptest! {
        #[test]
        fn shards_are_a_plain_map(steps in prop::collection::vec(any::<(u8, Option<u32>)>(), 0..500)) {
            let (mut shards, mut model) = (Shards::<Entry>::default(), BTreeMap::new());
            for (key, step) in steps {
                let is_it = |entry: &Entry| entry.0 == key;
                match (step, shards.find_mut(key, is_it)) {
                    (Some(value), Some(entry)) => entry.1 = value,
                    (Some(value), None) => shards.insert((key, value), |entry| entry.0),
                    (None, _) => {
                        let removed = shards.remove(key, is_it).map(|entry| entry.1);
                        prop_assert_eq!(removed, model.get(&key).copied());
                    }
                }
                match step {
                    Some(value) => model.insert(key, value),
                    None => model.remove(&key),
                };
                prop_assert_eq!(shards.find(key, is_it).map(|entry| entry.1), step);
                prop_assert_eq!((shards.len(), shards.is_empty()), (model.len(), model.is_empty()));
            }
            let all: BTreeMap<u8, u32> = shards.iter().copied().collect();
            prop_assert_eq!(all, model);
        }
    }

    #[test]
    fn nothing_that_is_put_in_moves_more_than_a_small_part_of_the_others() {
        const MANY: u32 = 100_000;
        let mut shards = Shards::default();
        let mut most = 0;
        for number in 0..MANY {
            let asked = std::cell::Cell::new(0);
            shards.insert(number, |&number| {
                asked.set(asked.get() + 1);
                number
            });
            most = most.max(asked.get());
        }
        // Some 390 are in each in the end, and a part with 256 places moved when 224 of them were taken.
        assert!(most > 100, "some part has grown");
        assert!(most < MANY / 100, "{most} were hashed anew at once");
    }
}
