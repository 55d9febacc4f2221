//! [`Lately`]: a histogram of the second that is being recorded. Only two of its quantiles are kept, unless the
//! run is a shard: then `merge` needs all of it.

use std::mem;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::times::{read_histogram, write_histogram};

/// Durations since the last row was closed.
#[derive(Clone, Debug)]
pub(crate) struct Lately(Histogram<u64>);

/// The longest duration that is told apart, in nanoseconds: an hour.
const LONGEST: u64 = 3_600 * 1_000_000_000;
/// Significant decimal digits. A second has few samples, and more digits would say nothing.
const DIGITS: u8 = 2;

impl Default for Lately {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST, DIGITS);
        Lately(histogram.expect("the bounds are in order and the digits few"))
    }
}

impl Lately {
    /// Adds this duration `count` times.
    pub(super) fn add_many(&mut self, time: Duration, count: u64) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(LONGEST);
        self.0.saturating_record_n(nanos, count);
    }

    /// What was added since the last call; `None` if nothing was. Starts an empty histogram.
    pub(super) fn take(&mut self) -> Option<Lately> {
        (!self.0.is_empty()).then(|| mem::take(self))
    }

    /// Median and p99 in nanoseconds.
    pub(super) fn quantiles(&self) -> [u64; 2] {
        [0.5, 0.99].map(|share| self.0.value_at_quantile(share))
    }

    /// Adds all durations of another histogram.
    pub(super) fn absorb(&mut self, other: &Lately) {
        // Both have the same bounds: no count is refused.
        let _ = self.0.add(&other.0);
    }
}

impl Serialize for Lately {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&write_histogram(&self.0))
    }
}

impl<'de> Deserialize<'de> for Lately {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = read_histogram(&text, &Lately::default().0);
        read.map(Lately).ok_or_else(|| D::Error::custom("a histogram that is none of loadgen's"))
    }
}
