//! [`Throttle`]: how often each client may try something.
//!
//! Each key has a token bucket. A key is the hash of an address, or of a name and an address, with a secret
//! of this process: 8 bytes whatever it stands for. Two keys that are equal by chance share a bucket, once
//! in 2^64 pairs. A full bucket is as good as none, and is forgotten; beyond a limit the oldest is. An entry
//! costs 24 bytes and its place in a hash table. The table knows no address and no name.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use crate::limiter::{Bucket, Rate};
use crate::shards::Shards;
use crate::timer::Moment;

/// The buckets of all that have tried lately.
pub(super) struct Throttle {
    rate: Rate,
    /// The most buckets.
    most: usize,
    secret: RandomState,
    table: Shards<Attempts>,
    /// The keys of all buckets, the oldest first.
    by_age: VecDeque<u64>,
}

struct Attempts {
    key: u64,
    bucket: Bucket,
}

impl Throttle {
    /// Makes an empty table. Each key gets a bucket of this rate.
    pub(super) fn new(rate: Rate, most: usize) -> Self {
        Throttle {
            rate,
            most,
            secret: RandomState::new(),
            table: Shards::default(),
            by_age: VecDeque::new(),
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    ///
    /// The time until there is one.
    pub(super) fn take(&mut self, by: impl Hash, now: Moment) -> Result<(), Duration> {
        let key = self.secret.hash_one(by);
        if let Some(attempts) = self.table.find_mut(key, |one| one.key == key) {
            return attempts.bucket.take(&self.rate, now);
        }
        let mut bucket = Bucket::default();
        bucket.take(&self.rate, now)?;
        self.table.insert(Attempts { key, bucket }, |one| one.key);
        self.by_age.push_back(key);
        if self.by_age.len() > self.most {
            self.forget_oldest();
        }
        Ok(())
    }

    /// Gives a token back: the attempt was a success.
    pub(super) fn give_back(&mut self, by: impl Hash) {
        let key = self.secret.hash_one(by);
        if let Some(attempts) = self.table.find_mut(key, |one| one.key == key) {
            attempts.bucket.give_back(&self.rate);
        }
    }

    /// Forgets the oldest buckets that are full, at most `budget` of them.
    pub(super) fn forget(&mut self, now: Moment, budget: usize) {
        for _ in 0..budget {
            let Some(&key) = self.by_age.front() else { return };
            let is_full = |one: &Attempts| one.key == key && one.bucket.is_full(now);
            if self.table.find(key, is_full).is_none() {
                return;
            }
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(key) = self.by_age.pop_front() {
            self.table.remove(key, |one| one.key == key);
        }
    }

    /// Panics if there are too many buckets, or one that is never forgotten.
    pub(super) fn check_invariants(&self) {
        assert!(self.by_age.len() <= self.most, "more attempts are remembered than may be");
        assert_eq!(self.by_age.len(), self.table.len(), "each bucket has an age");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate::new(1, Duration::from_secs(10), 2);

    fn at(seconds: u64) -> Moment {
        Moment::START + Duration::from_secs(seconds)
    }

    #[test]
    fn each_key_has_its_burst_and_a_success_costs_nothing() {
        let mut throttle = Throttle::new(RATE, 100);
        for _ in 0..50 {
            assert_eq!(throttle.take("ada", at(0)), Ok(()));
            throttle.give_back("ada");
        }
        assert_eq!([throttle.take("ada", at(0)), throttle.take("ada", at(0))], [Ok(()), Ok(())]);
        assert_eq!(throttle.take("ada", at(0)), Err(Duration::from_secs(10)));
        assert_eq!(throttle.take("bob", at(0)), Ok(()));
    }

    #[test]
    fn what_is_full_is_forgotten_and_the_oldest_beyond_the_limit() {
        let mut throttle = Throttle::new(RATE, 2);
        for (second, key) in ["ada", "bob", "eve"].into_iter().enumerate() {
            assert_eq!(throttle.take(key, at(second as u64)), Ok(()));
            throttle.check_invariants();
        }
        assert_eq!(throttle.table.len(), 2, "ada is forgotten");
        throttle.forget(at(11), 10);
        assert_eq!(throttle.table.len(), 1, "bob's bucket is full, eve's is not");
        throttle.check_invariants();
    }
}
