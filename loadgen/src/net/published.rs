//! [`page`]: a run that is being played, as Prometheus metrics.
//!
//! Names and units follow Prometheus' rules. Counters and histograms are of all runs of the process ([`Totals`]), so
//! they never go back; gauges are of the present run. What is lost is known only when a run is over. The page is made
//! when it is asked for, so a run that nobody asks about pays nothing. With `find`, the planned rate and clients are
//! the load that is tried.
//!
//! [`Totals`]: super::totals::Totals

use std::time::Duration;

use switchboard::metrics::{Exposition, Number};
use switchboard::timer::Moment;

use super::publisher::Publisher;
use super::run::Run;
use super::totals::Totals;
use super::usage::{own_cpu, own_memory};
use crate::record::{Record, Second};

/// What a run may come to, in the words of the report.
const VERDICTS: [&str; 4] = ["good", "failed", "not as expected", "invalid"];

/// The page.
pub(super) fn page(run: &Run<'_>, publisher: &Publisher) -> String {
    let (record, timing) = (&run.desk.record, &run.plan.timing);
    let now = run.now();
    let mut totals = publisher.totals.clone();
    totals.add(record);
    let mut page = Exposition::new();
    let version = env!("CARGO_PKG_VERSION");
    page.gauge_by("loadgen_build_info", "The version of loadgen.", "version", [(version, 1_u64)]);
    let over = |verdict| publisher.verdicts.get(verdict).copied().unwrap_or(0);
    let verdicts = VERDICTS.map(|verdict| (verdict, over(verdict)));
    let stage = run.cursor.word(now);
    page.counter_by("loadgen_runs_total", "Runs that are over.", "verdict", verdicts)
        .gauge_by("loadgen_stage_info", "What the run is doing.", "stage", [(stage, 1_u64)])
        .gauge("loadgen_elapsed_seconds", "Time since the start of the run.", elapsed(run))
        .gauge("loadgen_planned_seconds", "Time that the plan takes.", planned(run))
        .gauge(
            "loadgen_planned_clients",
            "Phones that this process plays.",
            u64::from(run.plan.own_phones()),
        )
        .gauge(
            "loadgen_planned_messages_per_second",
            "Messages a second at the highest, of all phones of the plan, to a whole number.",
            timing.rate.round() as u64,
        )
        .gauge(
            "loadgen_planned_messages",
            "Messages of the plan in the open model.",
            timing.messages().ceil() as u64,
        )
        .gauge(
            "loadgen_clients_connected",
            "Phones that are connected and have their first frame.",
            run.lines.ready,
        );
    write_messages(record, &totals, publisher.lost, &mut page);
    write_lately(record, &mut page);
    page.counter_by("loadgen_errors_total", "What went wrong, by kind.", "kind", totals.errors)
        .histogram(
            "loadgen_delivery_seconds",
            "From the planned moment of a message to its arrival.",
            &totals.delivery,
        )
        .histogram(
            "loadgen_connect_seconds",
            "From the planned moment of a connection to its first frame.",
            &totals.connect,
        )
        .histogram(
            "loadgen_send_lag_seconds",
            "How much later than planned loadgen has sent messages.",
            &totals.send_lag,
        )
        .counter("process_cpu_seconds_total", "CPU time of loadgen.", own_cpu())
        .gauge("process_resident_memory_bytes", "Memory of loadgen.", own_memory());
    page.finish()
}

fn elapsed(run: &Run<'_>) -> Duration {
    run.now().since(Moment::START)
}

fn planned(run: &Run<'_>) -> Duration {
    run.plan.timing.messages_end().since(Moment::START)
}

fn write_messages(record: &Record, totals: &Totals, lost: u64, page: &mut Exposition) {
    page.counter("loadgen_messages_sent_total", "Messages sent.", totals.sent)
        .counter(
            "loadgen_messages_delivered_total",
            "Messages that arrived as they should.",
            totals.delivered,
        )
        .counter(
            "loadgen_messages_undelivered_total",
            "Messages that the server gave back.",
            totals.undelivered,
        )
        .counter(
            "loadgen_messages_lost_total",
            "Messages lost in runs that are over; one of the present run is under way until its end.",
            lost,
        )
        .counter(
            "loadgen_messages_late_total",
            "Messages sent over 1 ms later than planned.",
            totals.late,
        )
        .counter(
            "loadgen_messages_skipped_total",
            "Messages not sent: no two phones were there.",
            totals.skipped,
        )
        .gauge(
            "loadgen_messages_under_way",
            "Messages sent that have not arrived.",
            record.books.under_way(),
        )
        .counter(
            "loadgen_received_bytes_total",
            "Bytes read from the sockets of phones.",
            totals.bytes_received,
        )
        .counter(
            "loadgen_sent_bytes_total",
            "Bytes written to the sockets of phones.",
            totals.bytes_sent,
        );
}

/// What the last whole second was like.
fn write_lately(record: &Record, page: &mut Exposition) {
    let last = record.series.rows().last();
    let rate = |count: fn(&Second) -> u64| {
        let rate = last.map(|row| count(row) as f64 / row.length_seconds.max(0.001));
        rate.unwrap_or(0.0).round() as u64
    };
    let nanos = last.map_or(0, |row| row.loop_lag_ns);
    page.gauge(
        "loadgen_messages_sent_per_second",
        "Messages sent in the last second.",
        rate(|row| row.sent),
    )
    .gauge(
        "loadgen_messages_delivered_per_second",
        "Messages that arrived in the last second.",
        rate(|row| row.delivered),
    )
    .gauge(
        "loadgen_longest_turn_seconds",
        "The longest turn of loadgen's own loop in the last second.",
        Number::Seconds(Duration::from_nanos(nanos)),
    );
}
