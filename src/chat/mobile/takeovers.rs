//! [`Takeovers`]: how often each address block has recently taken a number from another connection.
//!
//! A *claim* is a number and the address block that takes it. Each claim has its own token bucket, so
//! one address can't use up the tokens of another. A stranger that takes a number again and again is
//! refused; the owner's phone, at another address, is not.
//!
//! A full bucket is as good as none, so only buckets that are not full are kept. A claim is kept until
//! its bucket is full (15 s by default), and a person who is only online costs nothing. With n claims a
//! take is O(log n), and a claim costs about 100 bytes. The table is two balanced trees, and not a hash
//! table with a queue. The reason: a full table drops the bucket that is nearest to full, since that one
//! forgets least. It knows no connection. The directory calls it.

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

/// The claims whose buckets are not full.
#[derive(Debug)]
pub(super) struct Takeovers {
    rate: Rate,
    /// The most buckets that are kept.
    most: usize,
    buckets: BTreeMap<Claim, Bucket>,
    /// The same claims, sorted by the moment at which the bucket will be full again.
    by_end: BTreeSet<(Moment, Claim)>,
}

impl Takeovers {
    /// Makes an empty table. Each claim gets a bucket of this `rate`. At most `most` buckets are kept.
    pub(super) fn new(rate: Rate, most: usize) -> Self {
        Takeovers { rate, most, buckets: BTreeMap::new(), by_end: BTreeSet::new() }
    }

    /// Changes the rate. Claims that are kept stay as they are.
    pub(super) fn set_rate(&mut self, rate: Rate) {
        self.rate = rate;
    }

    /// Takes a token, because the address block `from` takes a number that another connection holds.
    ///
    /// # Errors
    ///
    /// The time until it may do so, if it does so too often. A refused attempt costs no token.
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

    /// Panics if the two trees disagree, or hold too many claims.
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
        // However many other claims come, the greedy one is not forgotten.
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
