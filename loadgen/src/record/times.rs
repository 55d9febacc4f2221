//! [`Times`]: a histogram of durations (HdrHistogram): three digits, from 1 ns to an hour.

use std::time::Duration;

use hdrhistogram::Histogram;

/// How long something took, each time that it happened.
#[derive(Debug)]
pub(crate) struct Times(Histogram<u64>);

/// The longest duration that is told apart, in nanoseconds: an hour. Longer ones count as this.
const LONGEST: u64 = 3_600 * 1_000_000_000;

/// Significant decimal digits.
const DIGITS: u8 = 3;

impl Default for Times {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST, DIGITS);
        Times(histogram.expect("the bounds are in order and the digits few"))
    }
}

impl Times {
    /// Adds a duration.
    pub(crate) fn add(&mut self, time: Duration) {
        self.add_many(time, 1);
    }

    /// Adds this duration `count` times.
    pub(crate) fn add_many(&mut self, time: Duration, count: u64) {
        if count == 0 {
            return;
        }
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(LONGEST);
        self.0.saturating_record_n(nanos, count);
    }

    /// How many durations there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The duration that this share of all did not exceed, such as 0.99 for p99. Zero if there are none.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_quantile(share))
    }

    /// How many durations are not below this one, to the precision of the histogram.
    pub(crate) fn not_below(&self, time: Duration) -> u64 {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(LONGEST);
        self.0.count_between(nanos, u64::MAX)
    }

    /// The histogram itself, in nanoseconds.
    pub(crate) fn histogram(&self) -> &Histogram<u64> {
        &self.0
    }

    /// The longest. Zero if there are none.
    pub(crate) fn max(&self) -> Duration {
        Duration::from_nanos(self.0.max())
    }

    /// The shortest. Zero if there are none.
    pub(crate) fn min(&self) -> Duration {
        Duration::from_nanos(if self.0.is_empty() { 0 } else { self.0.min() })
    }

    /// The mean. Zero if there are none.
    pub(crate) fn mean(&self) -> Duration {
        Duration::from_nanos(self.0.mean() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_three_digits_and_nothing_is_too_long() {
        let mut times = Times::default();
        assert_eq!(
            (times.count(), times.quantile(0.5), times.max()),
            (0, Duration::ZERO, Duration::ZERO)
        );
        assert_eq!((times.min(), times.mean()), (Duration::ZERO, Duration::ZERO));
        (1..=1000).for_each(|micros| times.add(Duration::from_micros(micros)));
        let p99 = times.quantile(0.99).as_nanos();
        assert!(p99.abs_diff(990_000) <= 990, "{p99}");
        let slow = times.not_below(Duration::from_micros(901));
        assert_eq!((slow, times.not_below(Duration::from_micros(1002))), (100, 0));
        times.add_many(Duration::MAX, 9);
        assert_eq!(times.not_below(Duration::from_secs(3_600)), 9);
        assert_eq!(times.count(), 1009);
        assert!(times.max() >= Duration::from_secs(3_600));
    }
}
