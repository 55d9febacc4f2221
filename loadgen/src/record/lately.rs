//! [`Lately`]: a histogram of the second that is being recorded. Only two of its quantiles are kept.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Durations since the last row was closed.
#[derive(Debug)]
pub(super) struct Lately(Histogram<u64>);

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

    /// Median and p99 in nanoseconds, or `None` if there were no samples. Starts an empty histogram.
    pub(super) fn take(&mut self) -> Option<[u64; 2]> {
        if self.0.is_empty() {
            return None;
        }
        let quantiles = [0.5, 0.99].map(|share| self.0.value_at_quantile(share));
        self.0.reset();
        Some(quantiles)
    }
}
