//! [`Times`]: a histogram of durations (HdrHistogram): three digits, from 1 ns to an hour.

use std::time::Duration;

use data_encoding::BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

/// How long something took, each time that it happened.
#[derive(Clone, Debug)]
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

    /// Adds all durations of another histogram.
    pub(crate) fn absorb(&mut self, other: &Times) {
        // Both have the same bounds: no count is refused.
        let _ = self.0.add(&other.0);
    }

    /// The histogram in the form that is published ([`write_histogram`]).
    pub(crate) fn encoded(&self) -> String {
        write_histogram(&self.0)
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

/// A histogram as HdrHistogram's libraries exchange it: their V2 format, compressed with zlib, in Base64.
pub(super) fn write_histogram(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    let written = V2DeflateSerializer::new().serialize(histogram, &mut bytes);
    written.expect("memory takes it, and all counts fit");
    BASE64.encode(&bytes)
}

/// Reads what [`write_histogram`] has written; `None` if it is something else, or has other bounds or digits
/// than `like`.
pub(super) fn read_histogram(text: &str, like: &Histogram<u64>) -> Option<Histogram<u64>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    let read: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).ok()?;
    let shape = |one: &Histogram<u64>| (one.low(), one.high(), one.sigfig());
    (shape(&read) == shape(like)).then_some(read)
}

impl Serialize for Times {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encoded())
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = read_histogram(&text, &Times::default().0);
        read.map(Times).ok_or_else(|| D::Error::custom("a histogram that is none of loadgen's"))
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

    #[test]
    fn a_histogram_survives_writing_and_adds_up_to_the_same_as_one() {
        let (mut one, mut two, mut both) = (Times::default(), Times::default(), Times::default());
        for micros in 1..=5000u64 {
            let time = Duration::from_nanos(micros * micros * 1_001);
            if micros % 3 == 0 {
                one.add(time)
            } else {
                two.add(time)
            }
            both.add(time);
        }
        let json = serde_json::to_string(&two).expect("a text");
        let read: Times = serde_json::from_str(&json).expect("the same histogram");
        one.absorb(&read);
        assert_eq!(one.histogram(), both.histogram());
        assert_eq!((one.min(), one.max(), one.mean()), (both.min(), both.max(), both.mean()));
        assert_eq!(one.encoded(), both.encoded());
        assert!(both.encoded().starts_with("HISTFAAA"), "the mark of V2, compressed");
    }

    #[test]
    fn what_is_no_histogram_of_ours_is_refused() {
        let other = Histogram::<u64>::new_with_bounds(1, 1_000, 2).expect("in order");
        let mut cut = Times::default().encoded();
        cut.truncate(cut.len() / 8 * 4);
        for text in ["", "HISTFAAA", "!", &write_histogram(&other), &cut] {
            let json = serde_json::to_string(text).expect("a text");
            assert!(serde_json::from_str::<Times>(&json).is_err(), "{text}");
        }
    }
}
