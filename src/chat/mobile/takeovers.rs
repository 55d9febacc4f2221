//! [`Takeovers`]: how often each address has taken each number away from another connection of late.
//!
//! A *claim* is a number and the address block that takes it. Each claim has a token bucket of its
//! own, so that nobody uses up what another address may do: a stranger who takes a number again and
//! again is refused, and its owner's phone, at another address, is not.
//!
//! Only buckets that are not full are kept: a full one is as good as none. So a claim is here for as
//! long as its bucket takes to fill (15 s by default), and a person online costs nothing. A take is
//! O(log n) of the claims in the table, and each takes about 100 bytes there. Two balanced trees,
//! rather than a hash table with a queue: when the table is full, the bucket that is nearest to full
//! goes, since it forgets least. Knows no connection. The directory asks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::chat::Mobile;
use crate::limiter::{Block, Bucket, Rate};
use crate::timer::Moment;

/// A number, and the address block that takes it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Claim {
    mobile: Mobile,
    from: Block,
}

/// The buckets that are not full.
#[derive(Debug)]
pub(super) struct Takeovers {
    rate: Rate,
    /// The most buckets that are kept.
    most: usize,
    buckets: BTreeMap<Claim, Bucket>,
    /// The same claims, each behind the moment at which its bucket will be full again.
    by_end: BTreeSet<(Moment, Claim)>,
}

impl Takeovers {
    /// Nobody has taken anything. Each claim has a bucket of this `rate`; `most` of them are kept.
    pub(super) fn new(rate: Rate, most: usize) -> Self {
        Takeovers { rate, most, buckets: BTreeMap::new(), by_end: BTreeSet::new() }
    }

    /// Notes that `from` takes a number that another connection holds.
    ///
    /// # Errors
    ///
    /// The time until it may, if it does so too often. Asking in vain costs nothing.
    pub(super) fn take(
        &mut self,
        now: Moment,
        mobile: Mobile,
        from: Block,
    ) -> Result<(), Duration> {
        let claim = Claim { mobile, from };
        let kept = self.buckets.get(&claim).copied();
        let mut bucket = kept.unwrap_or_default();
        bucket.take(&self.rate, now)?;
        if let Some(before) = kept {
            self.by_end.remove(&(before.full_again(), claim));
        }
        self.buckets.insert(claim, bucket);
        self.by_end.insert((bucket.full_again(), claim));
        if self.buckets.len() > self.most {
            self.forget_first();
        }
        Ok(())
    }

    /// Forgets the buckets that are full by now: at most `budget` of them.
    pub(super) fn forget(&mut self, now: Moment, budget: usize) {
        for _ in 0..budget {
            match self.by_end.first() {
                Some((full_again, _)) if *full_again <= now => self.forget_first(),
                Some(_) | None => return,
            }
        }
    }

    /// How many buckets are kept.
    pub(super) fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Panics if the two trees disagree, or hold more than they may.
    pub(super) fn check_invariants(&self) {
        assert!(self.len() <= self.most, "more claims are kept than may be");
        assert_eq!(self.by_end.len(), self.len(), "a claim is in both trees or in neither");
        for (end, claim) in &self.by_end {
            let bucket = self.buckets.get(claim).map(Bucket::full_again);
            assert_eq!(bucket, Some(*end), "a claim stands where its bucket will be full");
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, claim)) = self.by_end.pop_first() {
            self.buckets.remove(&claim);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate::new(1, Duration::from_secs(5), 3);

    fn mobile(number: u64) -> Mobile {
        Mobile::parse(format!("{number:010}").as_bytes()).expect("ten digits")
    }

    fn block(last: u8) -> Block {
        Block::of([192, 0, 2, last].into())
    }

    fn at(seconds: u64) -> Moment {
        Moment::START + Duration::from_secs(seconds)
    }

    fn takeovers(most: usize) -> Takeovers {
        Takeovers::new(RATE, most)
    }

    #[test]
    fn nobody_uses_up_what_another_address_may_do() {
        let mut takeovers = takeovers(100);
        let (stranger, owner, bob) = (block(1), block(2), mobile(7));
        for second in 0..100 {
            let _ = takeovers.take(at(second), bob, stranger);
            takeovers.check_invariants();
        }
        let refused =
            takeovers.take(at(100), bob, stranger).and(takeovers.take(at(100), bob, stranger));
        assert!(refused.is_err(), "the stranger has used up its own");
        for _ in 0..3 {
            assert_eq!(takeovers.take(at(100), bob, owner), Ok(()));
        }
        assert_eq!(takeovers.take(at(100), bob, owner), Err(Duration::from_secs(5)));
        assert_eq!(takeovers.take(at(100), mobile(8), owner), Ok(()), "each number has its own");
        assert_eq!(takeovers.take(at(105), bob, owner), Ok(()));
    }

    #[test]
    fn a_bucket_is_kept_until_it_is_full_and_no_longer() {
        let mut takeovers = takeovers(100);
        for number in 0..10 {
            assert_eq!(takeovers.take(at(10), mobile(number), block(1)), Ok(()));
        }
        assert_eq!(takeovers.take(at(10), mobile(3), block(1)), Ok(()));
        takeovers.forget(at(14), 100);
        assert_eq!(takeovers.len(), 10);
        takeovers.forget(at(15), 4);
        assert_eq!(takeovers.len(), 6, "no more at a time than the budget");
        takeovers.forget(at(15), 100);
        assert_eq!(takeovers.len(), 1, "two tokens take ten seconds");
        takeovers.forget(at(20), 100);
        assert_eq!(takeovers.len(), 0);
        takeovers.check_invariants();
    }

    #[test]
    fn a_full_table_forgets_those_who_have_taken_least_and_not_those_who_have_taken_most() {
        let mut takeovers = takeovers(8);
        let greedy = (mobile(0), block(1));
        while takeovers.take(at(0), greedy.0, greedy.1).is_ok() {}
        // As many others as it likes: it is not forgotten for that.
        for number in 1..1_000 {
            let from = block((number % 250) as u8);
            assert_eq!(takeovers.take(at(0), mobile(number), from), Ok(()));
            takeovers.check_invariants();
        }
        assert_eq!(takeovers.len(), 8);
        assert!(takeovers.take(at(1), greedy.0, greedy.1).is_err());
    }

    #[test]
    fn without_a_limit_nothing_is_refused() {
        let mut takeovers = Takeovers::new(Rate::UNLIMITED, 4);
        for second in 0..100 {
            assert_eq!(takeovers.take(at(second), mobile(second), block(1)), Ok(()));
        }
        takeovers.check_invariants();
    }
}
