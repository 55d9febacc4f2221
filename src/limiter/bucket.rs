//! [`Rate`]: how often something may happen. [`Bucket`]: a token bucket in eight bytes. It holds one
//! client to a rate.
//!
//! A token bucket gets a token in each interval, until it holds its burst. It need not count tokens: it
//! stores the moment at which it will be full again. The time until then, divided by the interval, is
//! the number of tokens that are missing. To take a token moves that moment one interval later. If the
//! moment is more than burst × interval away, the bucket is in debt. (This is the generic cell rate
//! algorithm of ITU-T I.371, where the moment is called the theoretical arrival time.)
//!
//! A bucket knows no clock, and not what it limits. Takeovers, connections, messages and bytes each have
//! buckets.

use std::fmt;
use std::time::Duration;

use crate::timer::Moment;

/// A burst at once, and then an amount in each period. Or no limit at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    amount: u64,
    period: Duration,
    burst: u64,
    /// The time in which an empty bucket becomes full, in nanoseconds. It follows from the other fields.
    capacity_nanos: u64,
}

impl Rate {
    /// The largest amount, and the largest burst.
    pub const MOST: u64 = 1 << 30;

    /// The longest period.
    pub const LONGEST: Duration = Duration::from_secs(3600);

    /// No limit: taking a token costs no time.
    pub const UNLIMITED: Rate =
        Rate { amount: 1, period: Duration::ZERO, burst: 0, capacity_nanos: 0 };

    /// Makes a rate of `burst` at once, then `amount` in each `period`.
    ///
    /// # Panics
    ///
    /// If one of them is zero or over its limit. `config` has checked them.
    pub const fn new(amount: u64, period: Duration, burst: u64) -> Self {
        assert!(amount >= 1 && amount <= Self::MOST, "an amount from 1 to Rate::MOST");
        assert!(burst >= 1 && burst <= Self::MOST, "a burst from 1 to Rate::MOST");
        let period_nanos = period.as_nanos();
        assert!(period_nanos >= 1 && period_nanos <= Self::LONGEST.as_nanos(), "up to an hour");
        let capacity = period_nanos * burst as u128 / amount as u128;
        let capacity_nanos = if capacity > u64::MAX as u128 { u64::MAX } else { capacity as u64 };
        Rate { amount, period, burst, capacity_nanos }
    }

    /// Makes a rate of `burst` at once, then `amount` in each second.
    pub const fn per_second(amount: u64, burst: u64) -> Self {
        Rate::new(amount, Duration::from_secs(1), burst)
    }

    /// Whether this is no limit.
    pub const fn is_unlimited(&self) -> bool {
        self.period.is_zero()
    }

    /// How many tokens a full bucket holds; `None` if there is no limit.
    pub const fn burst(&self) -> Option<u64> {
        if self.is_unlimited() { None } else { Some(self.burst) }
    }

    /// The time in which one token comes back; zero if there is no limit.
    pub fn interval(&self) -> Duration {
        Duration::from_nanos(self.time_for(1))
    }

    /// The time in which an empty bucket becomes full; `None` if there is no limit. Together with the burst it tells
    /// the rate.
    pub const fn refill(&self) -> Option<Duration> {
        if self.is_unlimited() { None } else { Some(Duration::from_nanos(self.capacity_nanos)) }
    }

    /// The time in which `amount` tokens come back, in nanoseconds.
    fn time_for(&self, amount: u64) -> u64 {
        let period_nanos = u64::try_from(self.period.as_nanos()).unwrap_or(u64::MAX);
        period_nanos.saturating_mul(amount) / self.amount
    }

    /// The largest debt of a bucket that is still within its grace: a quarter of the burst, in
    /// nanoseconds.
    const fn grace_nanos(&self) -> u64 {
        self.capacity_nanos / 4
    }
}

/// Writes a rate as on the command line: `200/1s:400`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_unlimited() {
            true => f.write_str("off"),
            false => write!(f, "{}/{:?}:{}", self.amount, self.period, self.burst),
        }
    }
}

/// A token bucket. A new one is full.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    full_again: Moment,
}

/// The result of [`Bucket::draw`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drawn {
    /// There were enough tokens.
    Within,
    /// There were not. The bucket is in debt, by at most a quarter of its burst.
    Excess,
    /// The debt is larger than that.
    Beyond,
}

impl Bucket {
    /// Takes a token, if there is one. A refused attempt costs no token.
    ///
    /// # Errors
    ///
    /// The time until there is a token.
    pub fn take(&mut self, rate: &Rate, now: Moment) -> Result<(), Duration> {
        let full_again = self.after(rate, 1, now);
        let missing = full_again.as_nanos().saturating_sub(now.as_nanos());
        if missing > rate.capacity_nanos {
            return Err(Duration::from_nanos(missing - rate.capacity_nanos));
        }
        self.full_again = full_again;
        Ok(())
    }

    /// Gives back a token that [`take`](Self::take) has taken.
    pub fn give_back(&mut self, rate: &Rate) {
        let before = self.full_again.as_nanos().saturating_sub(rate.time_for(1));
        self.full_again = Moment::from_nanos(before);
    }

    /// Takes `amount` tokens, even if there are not enough. Use this for what has already happened.
    /// A client that keeps exceeding the rate, however slightly, sinks deeper into debt until it is
    /// [`Drawn::Beyond`].
    pub fn draw(&mut self, rate: &Rate, amount: u64, now: Moment) -> Drawn {
        self.full_again = self.after(rate, amount, now);
        let missing = self.full_again.as_nanos().saturating_sub(now.as_nanos());
        if missing <= rate.capacity_nanos {
            Drawn::Within
        } else if missing - rate.capacity_nanos <= rate.grace_nanos() {
            Drawn::Excess
        } else {
            Drawn::Beyond
        }
    }

    /// Whether the bucket is at least half full.
    pub fn is_half_full(&self, rate: &Rate, now: Moment) -> bool {
        let missing = self.full_again.as_nanos().saturating_sub(now.as_nanos());
        missing <= rate.capacity_nanos / 2
    }

    /// The moment from which the bucket is full again. It may have passed.
    pub fn full_again(&self) -> Moment {
        self.full_again
    }

    /// Whether the bucket is full, and so like a new one.
    pub fn is_full(&self, now: Moment) -> bool {
        self.full_again <= now
    }

    /// The moment at which the bucket will be full again, once `amount` tokens have been taken.
    fn after(&self, rate: &Rate, amount: u64, now: Moment) -> Moment {
        let from = self.full_again.max(now).as_nanos();
        Moment::from_nanos(from.saturating_add(rate.time_for(amount)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate::new(1, Duration::from_secs(5), 3);

    fn at(seconds: u64) -> Moment {
        Moment::START + Duration::from_secs(seconds)
    }

    #[test]
    fn a_full_bucket_gives_its_burst_then_one_each_interval() {
        let mut bucket = Bucket::default();
        for _ in 0..3 {
            assert_eq!(bucket.take(&RATE, at(100)), Ok(()));
        }
        assert_eq!(bucket.take(&RATE, at(100)), Err(Duration::from_secs(5)));
        assert_eq!(bucket.take(&RATE, at(103)), Err(Duration::from_secs(2)));
        assert_eq!(bucket.take(&RATE, at(105)), Ok(()));
        assert_eq!(bucket.take(&RATE, at(105)), Err(Duration::from_secs(5)));
    }

    #[test]
    fn asking_in_vain_does_not_delay_the_next_token() {
        let mut bucket = Bucket::default();
        while bucket.take(&RATE, at(0)).is_ok() {}
        for second in 0..5 {
            assert!(bucket.take(&RATE, at(second)).is_err());
        }
        assert_eq!(bucket.take(&RATE, at(5)), Ok(()));
    }

    #[test]
    fn a_token_that_is_given_back_can_be_taken_again_and_no_second_one() {
        let mut bucket = Bucket::default();
        while bucket.take(&RATE, at(100)).is_ok() {}
        bucket.give_back(&RATE);
        assert_eq!(bucket.take(&RATE, at(100)), Ok(()));
        assert_eq!(bucket.take(&RATE, at(100)), Err(Duration::from_secs(5)));
    }

    #[test]
    fn a_rest_fills_the_bucket_and_no_further() {
        let mut bucket = Bucket::default();
        while bucket.take(&RATE, at(0)).is_ok() {}
        assert!(!bucket.is_full(at(14)) && bucket.is_full(at(15)));
        let given = (0..10).filter(|_| bucket.take(&RATE, at(1_000)).is_ok()).count();
        assert_eq!(given, 3);
    }

    #[test]
    fn what_has_happened_is_owed_up_to_a_quarter_of_the_burst_and_never_beyond() {
        let rate = Rate::per_second(200, 400);
        let mut bucket = Bucket::default();
        let drawn: Vec<Drawn> = (0..501).map(|_| bucket.draw(&rate, 1, at(7))).collect();
        assert!(drawn[..400].iter().all(|drawn| *drawn == Drawn::Within));
        assert!(drawn[400..500].iter().all(|drawn| *drawn == Drawn::Excess));
        assert_eq!(drawn[500], Drawn::Beyond);
        assert!(!bucket.is_half_full(&rate, at(8)) && bucket.is_half_full(&rate, at(9)));
    }

    #[test]
    fn a_client_that_keeps_to_the_rate_may_do_so_for_ever_and_one_that_does_not_comes_to_an_end() {
        let rate = Rate::per_second(200, 400);
        let nanos = |count: u64, per_second: u64| count * 1_000_000_000 / per_second;
        let mut honest = Bucket::default();
        for count in 0..100_000 {
            let drawn = honest.draw(&rate, 1, Moment::from_nanos(nanos(count, 200)));
            assert_eq!(drawn, Drawn::Within);
        }
        // 1 percent over the rate: 500 tokens, burst and grace together, are used up after 50,000.
        let mut greedy = Bucket::default();
        let end = (0..100_000).find(|&count| {
            greedy.draw(&rate, 1, Moment::from_nanos(nanos(count, 202))) == Drawn::Beyond
        });
        assert!(end.is_some_and(|end| (49_000..52_000).contains(&end)), "{end:?}");
    }

    #[test]
    fn bytes_are_counted_exactly_though_one_alone_takes_no_whole_nanosecond() {
        let rate = Rate::per_second(1 << 30, 1 << 20);
        let mut bucket = Bucket::default();
        assert_eq!(bucket.draw(&rate, 1 << 20, at(1)), Drawn::Within);
        assert_eq!(bucket.draw(&rate, 1 << 17, at(1)), Drawn::Excess);
        assert_eq!(bucket.draw(&rate, 1 << 18, at(1)), Drawn::Beyond);
        assert!(bucket.is_full(at(2)));
    }

    #[test]
    fn without_a_limit_nothing_is_ever_too_much() {
        let mut bucket = Bucket::default();
        for _ in 0..1_000 {
            assert_eq!(bucket.draw(&Rate::UNLIMITED, u64::MAX, at(1)), Drawn::Within);
            assert_eq!(bucket.take(&Rate::UNLIMITED, at(1)), Ok(()));
        }
        assert_eq!(Rate::UNLIMITED.burst(), None);
    }

    #[test]
    fn an_absurd_rate_does_not_overflow() {
        let rare = Rate::new(1, Rate::LONGEST, Rate::MOST);
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(&rare, at(1)), Ok(()));
        // More tokens than a `u64` has nanoseconds: the bucket stays in debt for ever.
        bucket.draw(&rare, u64::MAX, at(1));
        assert!(!bucket.is_full(at(1_000_000)));
    }
}
