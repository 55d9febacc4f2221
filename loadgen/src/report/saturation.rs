//! [`saturated_seconds`]: the seconds in which loadgen itself was overloaded.
//!
//! A run that is fine on the whole may have had ten bad seconds, and what it measured in those is not the
//! server's. The seconds are judged by the rows of the series alone, so that a test can make rows up.

use std::time::Duration;

use switchboard::timer::Moment;

use crate::record::Second;

/// A second is lost if a message in it was sent this much too late, or a turn of the loop took this long: a
/// quarter of a second. A shared machine takes the core away for ten milliseconds now and then, on a bad
/// day for a hundred. If that counted, no run of an hour would be valid. In a short run where it does
/// matter, the run's p99 shows it.
pub(super) const MOST_LAG_IN_A_SECOND: Duration = Duration::from_millis(250);
/// A second is also lost if loadgen used more of its core than this.
pub(super) const MOST_CPU: f64 = 0.95;
/// A row shorter than this is too short to tell how busy loadgen was.
pub(super) const SHORTEST: Duration = Duration::from_millis(250);

/// The lost seconds between two moments: where they end, in whole seconds since the start of the run.
pub(super) fn saturated_seconds(rows: &[Second], begin: Moment, end: Moment) -> Vec<u64> {
    let seconds = |moment: Moment| moment.since(Moment::START).as_secs_f64();
    let (begin, end) = (seconds(begin), seconds(end));
    let is_measured =
        |row: &&Second| row.at_seconds > begin && row.at_seconds - row.length_seconds < end;
    let lost = rows.iter().filter(is_measured).filter(|row| is_saturated(row));
    let mut lost: Vec<u64> = lost.map(|row| row.at_seconds.ceil() as u64).collect();
    // A row that ends early, at the end of the plan's part, is in the same second as its neighbour.
    lost.dedup();
    lost
}

fn is_saturated(row: &Second) -> bool {
    let lag = Duration::from_nanos(row.loop_lag_ns.max(row.send_lag_ns.unwrap_or(0)));
    let is_long_enough = row.length_seconds >= SHORTEST.as_secs_f64();
    let is_busy = row.loadgen_cpu_seconds > MOST_CPU * row.length_seconds;
    lag > MOST_LAG_IN_A_SECOND || (is_long_enough && is_busy)
}

/// The first few seconds, as a sentence names them.
pub(super) fn named(seconds: &[u64]) -> String {
    const FEW: usize = 10;
    let names: Vec<_> = seconds.iter().take(FEW).map(u64::to_string).collect();
    let rest = if seconds.len() > FEW { ", ..." } else { "" };
    format!("{}{rest}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: u64 = 1_000_000;

    fn second(seconds: u64) -> Moment {
        Moment::START + Duration::from_secs(seconds)
    }

    /// Ten quiet seconds.
    fn quiet() -> Vec<Second> {
        let row = |at: u32| Second {
            at_seconds: f64::from(at),
            length_seconds: 1.0,
            loadgen_cpu_seconds: 0.3,
            ..Second::default()
        };
        (1..=10).map(row).collect()
    }

    #[test]
    fn a_stray_hiccup_of_the_machine_loses_no_second_and_a_stall_does() {
        let mut rows = quiet();
        rows[4].loop_lag_ns = 10 * MILLISECOND;
        rows[5].send_lag_ns = Some(100 * MILLISECOND);
        assert!(saturated_seconds(&rows, second(2), second(10)).is_empty());
        rows[4].loop_lag_ns = 251 * MILLISECOND;
        rows[5].send_lag_ns = Some(251 * MILLISECOND);
        assert_eq!(saturated_seconds(&rows, second(2), second(10)), [5, 6]);
    }

    #[test]
    fn a_full_core_loses_the_second_and_the_rest_of_the_run_does_not_make_up_for_it() {
        let mut rows = quiet();
        rows[7].loadgen_cpu_seconds = 0.96;
        assert_eq!(saturated_seconds(&rows, second(2), second(10)), [8]);
        // A short row at the end is a single turn, and does not count.
        rows[7].length_seconds = 0.1;
        assert!(saturated_seconds(&rows, second(2), second(10)).is_empty());
    }

    #[test]
    fn only_the_measured_part_counts() {
        let mut rows = quiet();
        for at in [1, 9] {
            rows[at].send_lag_ns = Some(300 * MILLISECOND);
        }
        assert!(saturated_seconds(&rows, second(2), second(9)).is_empty());
        let half = second(1) + Duration::from_millis(500);
        assert_eq!(saturated_seconds(&rows, half, second(10)), [2, 10]);
    }

    #[test]
    fn many_seconds_are_named_by_the_first_few() {
        assert_eq!(named(&[7, 9]), "7, 9");
        assert_eq!(named(&(1..=11).collect::<Vec<_>>()), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...");
    }
}
