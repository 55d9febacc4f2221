//! [`Series`]: the run second by second, as a chart shows it.
//!
//! `net` closes a row about once a second. If it comes late, the row is longer, and says so. A row holds
//! what was new in its time, not sums. Knows no clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard::timer::Moment;

use super::books::Way;
use super::lately::Lately;

/// The rows of a run.
#[derive(Debug)]
pub(crate) struct Series {
    rows: Vec<Second>,
    /// When the last row was closed, and the sums at that moment.
    closed: Moment,
    totals: Totals,
    /// Of the row that is open: deliveries, the longest turn of our own loop, and how late messages were
    /// sent at most.
    delivery: Lately,
    /// Deliveries from other shards.
    across: Lately,
    /// Deliveries by [`Way`], if there are several servers.
    delivery_by_way: [Lately; Way::ALL.len()],
    loop_lag: Duration,
    send_lag: Option<Duration>,
    /// The histograms of each row. Kept only in a shard.
    histograms: Option<Vec<RowHistograms>>,
}

/// What `merge` needs of a row to know its quantiles.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct RowHistograms {
    /// Deliveries within the shard, deliveries from other shards, and convergence; `None` if there were none.
    pub(super) delivery: Option<Lately>,
    pub(super) across: Option<Lately>,
    pub(super) convergence: Option<Lately>,
}

/// One row.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Second {
    /// Its end, in seconds since the start of the run.
    pub(crate) at_seconds: f64,
    /// Its length in seconds.
    pub(crate) length_seconds: f64,
    /// Messages sent, and delivered.
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    /// Phones that were connected at its end.
    pub(crate) connections: u64,
    /// Delivery from the planned moment, of messages that arrived in this row; `None` if none did.
    pub(crate) delivery_p50_ns: Option<u64>,
    pub(crate) delivery_p99_ns: Option<u64>,
    /// The same of messages within one server, and across two; `None` if there is one server only.
    pub(crate) delivery_within_p99_ns: Option<u64>,
    pub(crate) delivery_across_p99_ns: Option<u64>,
    /// From a planned coming or going to the phones whose view became right in this row; `None` if none
    /// did.
    pub(crate) convergence_p50_ns: Option<u64>,
    pub(crate) convergence_p99_ns: Option<u64>,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    /// Presence lists and deltas that arrived.
    pub(crate) presence_lists: u64,
    pub(crate) presence_deltas: u64,
    /// The server's CPU time and memory, where we may look at it.
    pub(crate) server_cpu_seconds: Option<f64>,
    pub(crate) server_rss_bytes: Option<u64>,
    /// The server's longest turn, rounded up to a bound of its histogram.
    pub(crate) server_longest_turn_ns: Option<u64>,
    /// Our own CPU time, the longest turn of our own loop, and how late messages were sent at most: `None` if
    /// none were.
    pub(crate) loadgen_cpu_seconds: f64,
    pub(crate) loop_lag_ns: u64,
    pub(crate) send_lag_ns: Option<u64>,
    /// The commands of `--at` that began in it, without their secrets.
    pub(crate) commands: Option<String>,
}

/// Sums from the start of the run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) lists: u64,
    pub(crate) deltas: u64,
    pub(crate) own_cpu: Duration,
}

/// What was seen at the end of a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Phones that are connected.
    pub(crate) connections: u64,
    /// CPU time that the server has used since the last row.
    pub(crate) server_cpu: Option<Duration>,
    /// The server's memory, in bytes.
    pub(crate) server_rss: Option<u64>,
    /// The server's longest turn since the last row.
    pub(crate) longest_turn: Option<Duration>,
}

impl Default for Series {
    fn default() -> Self {
        Series {
            rows: Vec::new(),
            closed: Moment::START,
            totals: Totals::default(),
            delivery: Lately::default(),
            across: Lately::default(),
            delivery_by_way: Default::default(),
            loop_lag: Duration::ZERO,
            send_lag: None,
            histograms: None,
        }
    }
}

impl Series {
    /// Begins the series. We have used this much CPU time before.
    pub(crate) fn begin(&mut self, own_cpu: Duration) {
        self.totals.own_cpu = own_cpu;
    }

    /// From now on the histograms of rows are kept.
    pub(crate) fn keep_histograms(&mut self) {
        self.histograms = Some(Vec::new());
    }

    /// The histograms of all rows, if they are kept.
    pub(super) fn histograms(&self) -> &[RowHistograms] {
        self.histograms.as_deref().unwrap_or_default()
    }

    /// A run that is over, and that had these rows.
    pub(super) fn of_rows(rows: Vec<Second>) -> Self {
        Series { rows, ..Series::default() }
    }

    /// A message has arrived this long after its planned moment.
    pub(crate) fn delivered(&mut self, after: Duration) {
        self.delivery.add_many(after, 1);
    }

    /// A message of another shard has arrived this long after its planned moment.
    pub(super) fn delivered_across(&mut self, after: Duration) {
        self.across.add_many(after, 1);
    }

    /// A message came on this way.
    pub(super) fn delivered_on(&mut self, way: Way, after: Duration) {
        self.delivery_by_way[way as usize].add_many(after, 1);
    }

    /// A turn of our own loop took this long.
    pub(crate) fn turn(&mut self, time: Duration) {
        self.loop_lag = self.loop_lag.max(time);
    }

    /// A message was sent this much later than planned.
    pub(crate) fn sent(&mut self, lag: Duration) {
        self.send_lag = self.send_lag.max(Some(lag));
    }

    /// Closes a row, and opens the next.
    pub(super) fn close(
        &mut self,
        now: Moment,
        totals: Totals,
        convergence: Option<Lately>,
        seen: &Seen,
    ) {
        let before = std::mem::replace(&mut self.totals, totals);
        let (own, of_others) = (self.delivery.take(), self.across.take());
        let delivery = own.as_ref().map(Lately::quantiles);
        let by_way = self.delivery_by_way.each_mut();
        let [within, across] = by_way.map(|one| one.take().as_ref().map(Lately::quantiles));
        let convergence_quantiles = convergence.as_ref().map(Lately::quantiles);
        if let Some(histograms) = &mut self.histograms {
            histograms.push(RowHistograms { delivery: own, across: of_others, convergence });
        }
        self.rows.push(Second {
            at_seconds: now.since(Moment::START).as_secs_f64(),
            length_seconds: now.since(self.closed).as_secs_f64(),
            sent: totals.sent - before.sent,
            delivered: totals.delivered - before.delivered,
            connections: seen.connections,
            delivery_p50_ns: delivery.map(|[p50, _]| p50),
            delivery_p99_ns: delivery.map(|[_, p99]| p99),
            delivery_within_p99_ns: within.map(|[_, p99]| p99),
            delivery_across_p99_ns: across.map(|[_, p99]| p99),
            convergence_p50_ns: convergence_quantiles.map(|[p50, _]| p50),
            convergence_p99_ns: convergence_quantiles.map(|[_, p99]| p99),
            bytes_sent: totals.bytes_sent - before.bytes_sent,
            bytes_received: totals.bytes_received - before.bytes_received,
            presence_lists: totals.lists - before.lists,
            presence_deltas: totals.deltas - before.deltas,
            server_cpu_seconds: seen.server_cpu.map(|time| time.as_secs_f64()),
            server_rss_bytes: seen.server_rss,
            server_longest_turn_ns: seen.longest_turn.map(nanos),
            loadgen_cpu_seconds: totals.own_cpu.saturating_sub(before.own_cpu).as_secs_f64(),
            loop_lag_ns: nanos(self.loop_lag),
            send_lag_ns: self.send_lag.map(nanos),
            commands: None,
        });
        self.closed = now;
        self.loop_lag = Duration::ZERO;
        self.send_lag = None;
    }

    /// The closed rows.
    pub(crate) fn rows(&self) -> &[Second] {
        &self.rows
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_what_was_new_in_its_time_and_nothing_of_the_one_before() {
        let mut series = Series::default();
        let at = |millis| Moment::START + Duration::from_millis(millis);
        let sums = |sent| Totals { sent, delivered: sent, ..Totals::default() };
        for millis in 1..=100 {
            series.delivered(Duration::from_millis(millis));
        }
        let mut convergence = Lately::default();
        convergence.add_many(Duration::from_nanos(3), 1);
        convergence.add_many(Duration::from_nanos(4), 1);
        series.sent(Duration::ZERO);
        series.turn(Duration::from_millis(7));
        series.turn(Duration::from_millis(2));
        series.close(
            at(1000),
            sums(100),
            Some(convergence),
            &Seen { connections: 5, ..Seen::default() },
        );
        series.close(at(3500), sums(130), None, &Seen::default());

        let [first, second] = series.rows() else { panic!("two rows") };
        assert_eq!((first.sent, first.delivered, first.connections), (100, 100, 5));
        assert_eq!((first.loop_lag_ns, first.send_lag_ns), (7_000_000, Some(0)));
        assert_eq!(second.send_lag_ns, None, "nothing was sent");
        assert_eq!((first.convergence_p50_ns, first.convergence_p99_ns), (Some(3), Some(4)));
        assert_eq!((second.convergence_p50_ns, second.convergence_p99_ns), (None, None));
        let p99 = first.delivery_p99_ns.expect("there were some");
        assert!(p99.abs_diff(99_000_000) < 1_000_000, "{p99}");
        assert_eq!((second.sent, second.loop_lag_ns, second.delivery_p99_ns), (30, 0, None));
        assert_eq!((second.at_seconds, second.length_seconds), (3.5, 2.5));
    }
}
