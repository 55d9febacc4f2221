//! [`Totals`]: what counters and histograms of the published page show: the sum of all runs of this process.
//!
//! A counter of Prometheus may only grow while a process lives. So the runs that are over are summed, and the present
//! one is added when the page is asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use switchboard::metrics::Histogram;

use crate::record::{Record, Times};

/// The bounds of buckets, in nanoseconds: from 50 µs, about what a message takes on one machine, to 10 s.
const BOUNDS: &[u64] = &[
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Counts and times of several runs.
#[derive(Clone, Debug)]
pub(super) struct Totals {
    /// Messages.
    pub(super) sent: u64,
    pub(super) delivered: u64,
    pub(super) undelivered: u64,
    pub(super) late: u64,
    pub(super) skipped: u64,
    /// Bytes.
    pub(super) bytes_received: u64,
    pub(super) bytes_sent: u64,
    /// By kind: what went wrong.
    pub(super) errors: BTreeMap<&'static str, u64>,
    /// From the planned moments.
    pub(super) delivery: Histogram,
    pub(super) connect: Histogram,
    pub(super) send_lag: Histogram,
}

impl Totals {
    /// Of no run.
    pub(super) fn new() -> Self {
        let none = || Histogram::new(BOUNDS);
        Totals {
            sent: 0,
            delivered: 0,
            undelivered: 0,
            late: 0,
            skipped: 0,
            bytes_received: 0,
            bytes_sent: 0,
            errors: BTreeMap::new(),
            delivery: none(),
            connect: none(),
            send_lag: none(),
        }
    }

    /// Adds a run, as far as it has come.
    pub(super) fn add(&mut self, record: &Record) {
        let (books, heard) = (&record.books, &record.heard);
        for (total, count) in [
            (&mut self.sent, books.sent()),
            (&mut self.delivered, books.delivered()),
            (&mut self.undelivered, record.undelivered()),
            (&mut self.late, record.late_sends),
            (&mut self.skipped, record.skipped_sends),
            (&mut self.bytes_received, heard.bytes),
            (&mut self.bytes_sent, heard.bytes_sent),
        ] {
            *total += count;
        }
        for (kind, count) in record.errors() {
            *self.errors.entry(kind).or_default() += count;
        }
        add(&mut self.delivery, &record.delivery.corrected);
        add(&mut self.connect, &record.connecting.total.corrected);
        add(&mut self.send_lag, &record.send_lag);
    }
}

/// Adds a histogram with three digits to one with few buckets.
fn add(buckets: &mut Histogram, times: &Times) {
    for step in times.histogram().iter_recorded() {
        let time =
            Duration::from_nanos(times.histogram().lowest_equivalent(step.value_iterated_to()));
        let mut left = step.count_since_last_iteration();
        while left > 0 {
            let some = u32::try_from(left).unwrap_or(u32::MAX);
            buckets.record_many(time, some);
            left -= u64::from(some);
        }
    }
}

#[cfg(test)]
mod tests {
    use switchboard::metrics::Exposition;

    use super::*;

    #[test]
    fn each_duration_is_in_its_bucket_and_none_is_left_out() {
        let (mut times, mut buckets) = (Times::default(), Histogram::new(BOUNDS));
        times.add_many(Duration::from_micros(40), 3);
        times.add_many(Duration::from_millis(3), 5);
        times.add(Duration::from_secs(60));
        add(&mut buckets, &times);
        let mut page = Exposition::new();
        page.histogram("a_seconds", "A.", &buckets);
        let page = page.finish();
        for line in [
            "a_seconds_bucket{le=\"0.00005\"} 3\n",
            "a_seconds_bucket{le=\"0.0025\"} 3\n",
            "a_seconds_bucket{le=\"0.005\"} 8\n",
            "a_seconds_bucket{le=\"10\"} 8\n",
            "a_seconds_bucket{le=\"+Inf\"} 9\n",
            "a_seconds_count 9\n",
        ] {
            assert!(page.contains(line), "{line} {page}");
        }
    }

    #[test]
    fn a_run_is_added_to_those_before_it() {
        let mut record = Record::of_numbers(2);
        record.late_sends = 3;
        record.heard.errors = 2;
        record.send_lag.add(Duration::from_millis(1));
        let mut totals = Totals::new();
        totals.add(&record);
        record.late_sends = 4;
        totals.add(&record);
        assert_eq!((totals.late, totals.errors["errors"], totals.errors["garbled"]), (7, 4, 0));
        assert_eq!((totals.send_lag.count(), totals.delivery.count()), (2, 0));
    }
}
