//! [`Histogram`]: how many durations fell below each of a few fixed bounds.
//!
//! Recording finds one bucket and counts there; that Prometheus wants each bucket to contain the
//! smaller ones is the page's concern. Allocates when made, never again. Knows no clock.

use std::time::Duration;

/// Durations, counted by size.
#[derive(Clone, Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One count for each bound, and one for what is above them all.
    counts: Box<[u64]>,
    sum: Duration,
}

impl Histogram {
    /// An empty histogram. `bounds` are in nanoseconds and ascend; each belongs to the bucket that
    /// it closes.
    pub fn new(bounds: &'static [u64]) -> Self {
        debug_assert!(bounds.is_sorted_by(|a, b| a < b), "bounds ascend");
        let counts = vec![0; bounds.len() + 1].into_boxed_slice();
        Histogram { bounds, counts, sum: Duration::ZERO }
    }

    /// Counts one duration.
    pub fn record(&mut self, duration: Duration) {
        self.record_many(duration, 1);
    }

    /// Counts a duration that occurred `count` times.
    pub fn record_many(&mut self, duration: Duration, count: u32) {
        let below = |bound: &u64| Duration::from_nanos(*bound) < duration;
        self.counts[self.bounds.partition_point(below)] += u64::from(count);
        self.sum = self.sum.saturating_add(duration.saturating_mul(count));
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All recorded durations together.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// Each bound, and how many durations were no longer than it.
    pub(super) fn cumulative(&self) -> impl Iterator<Item = (Duration, u64)> {
        self.bounds.iter().zip(&self.counts).scan(0, |total, (&bound, &count)| {
            *total += count;
            Some((Duration::from_nanos(bound), *total))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_contains_its_bound_and_all_smaller_buckets() {
        let mut histogram = Histogram::new(&[10, 20, 30]);
        for nanos in [0, 10, 11, 20, 31, u64::MAX] {
            histogram.record(Duration::from_nanos(nanos));
        }
        let counts: Vec<u64> = histogram.cumulative().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 4, 4]);
        assert_eq!(histogram.count(), 6);
    }

    #[test]
    fn no_duration_is_too_long_to_be_recorded() {
        let mut histogram = Histogram::new(&[]);
        histogram.record(Duration::MAX);
        histogram.record(Duration::MAX);
        assert_eq!((histogram.count(), histogram.sum()), (2, Duration::MAX));
    }
}
