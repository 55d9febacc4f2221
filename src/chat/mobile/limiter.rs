//! [`Bucket`]: how often something may happen to somebody, in eight bytes. [`Rate`]: how often that is.
//!
//! A token bucket need not count tokens. It is enough to remember the moment at which it will be
//! full again: what is missing until then is what has been taken (the generic cell rate algorithm
//! of ITU-T I.371, read backwards). Taking a token moves that moment one interval further away,
//! and an empty bucket is one that needs its whole size times the interval to fill.
//!
//! Knows neither a clock nor what it limits. The directory keeps one for every number online.

use std::time::Duration;

use crate::timer::Moment;

/// So many at once, then one in each interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// How many tokens a full bucket holds.
    pub(super) burst: u32,
    /// How long one token takes to come back.
    pub(super) interval: Duration,
}

/// A token bucket. A new one is full.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    full_again: Moment,
}

impl Bucket {
    /// Takes a token, or says how long it is until there is one. Asking in vain costs nothing.
    pub(super) fn take(&mut self, rate: Rate, now: Moment) -> Result<(), Duration> {
        let full_again = self.full_again.max(now) + rate.interval;
        let missing = full_again.since(now);
        let capacity = rate.interval.saturating_mul(rate.burst);
        if missing > capacity {
            return Err(missing - capacity);
        }
        self.full_again = full_again;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, interval: Duration::from_secs(5) };

    fn at(seconds: u64) -> Moment {
        Moment::START + Duration::from_secs(seconds)
    }

    #[test]
    fn a_full_bucket_gives_its_burst_then_one_each_interval() {
        let mut bucket = Bucket::default();
        for _ in 0..3 {
            assert_eq!(bucket.take(RATE, at(100)), Ok(()));
        }
        assert_eq!(bucket.take(RATE, at(100)), Err(Duration::from_secs(5)));
        assert_eq!(bucket.take(RATE, at(103)), Err(Duration::from_secs(2)));
        assert_eq!(bucket.take(RATE, at(105)), Ok(()));
        assert_eq!(bucket.take(RATE, at(105)), Err(Duration::from_secs(5)));
    }

    #[test]
    fn asking_in_vain_does_not_delay_the_next_token() {
        let mut bucket = Bucket::default();
        while bucket.take(RATE, at(0)).is_ok() {}
        for second in 0..5 {
            assert!(bucket.take(RATE, at(second)).is_err());
        }
        assert_eq!(bucket.take(RATE, at(5)), Ok(()));
    }

    #[test]
    fn a_rest_fills_the_bucket_and_no_further() {
        let mut bucket = Bucket::default();
        while bucket.take(RATE, at(0)).is_ok() {}
        let given = (0..10).filter(|_| bucket.take(RATE, at(1_000)).is_ok()).count();
        assert_eq!(given, 3);
    }

    #[test]
    fn a_bucket_of_no_size_never_gives() {
        let none = Rate { burst: 0, ..RATE };
        assert_eq!(Bucket::default().take(none, at(0)), Err(RATE.interval));
    }

    #[test]
    fn an_absurd_rate_does_not_overflow() {
        let rare = Rate { burst: u32::MAX, interval: Duration::MAX };
        assert_eq!(Bucket::default().take(rare, at(1)), Ok(()));
    }
}
