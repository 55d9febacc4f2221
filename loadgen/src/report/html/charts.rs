//! The charts: latency by percentile, and the run over time.

use std::fmt;

use super::super::runs::Run;
use super::super::text::bytes;
use super::chart::{Axis, Chart, Line, Width};
use super::scale::Scale;
use super::{grouped, millis};
use crate::record::{Measure, Second, Times};

use Together::{Longest, Mean};

/// The most points of a line: more could not be seen. One row stands for those that are left out.
const MOST_POINTS: usize = 240;
/// A row shorter than this is too short to say something about a second. The last row may be.
const SHORTEST_ROW: f64 = 0.25;

/// Appends all charts of a run.
pub(super) fn write_charts(run: &Run, out: &mut String) -> fmt::Result {
    let record = &run.outcome.record;
    if record.delivery.count() > 0 {
        by_percentile(&record.delivery).write(out)?;
    }
    let rows: Vec<&Second> =
        run.summary.series.iter().filter(|row| row.length_seconds >= SHORTEST_ROW).collect();
    let Some(last) = rows.last() else { return Ok(()) };
    let commands = run.summary.commands.iter();
    let time = OverTime {
        rows: &rows,
        end: last.at_seconds,
        ramp: run.summary.plan.ramp_seconds,
        marks: commands.filter_map(|one| Some((one.began_seconds?, &*one.command))).collect(),
    };
    for chart in time.charts() {
        chart.write(out)?;
    }
    Ok(())
}

fn by_percentile<'a>(delivery: &Measure) -> Chart<'a> {
    let Measure { corrected, uncorrected } = delivery;
    let curves = [corrected, uncorrected].map(curve);
    let values = || curves.iter().flatten().filter_map(|&(_, value)| value);
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(0.0, f64::max);
    let [corrected_points, points] = curves;
    Chart {
        title: "Delivery by percentile",
        note: "milliseconds; each step to the right leaves out ten times fewer",
        x: Axis { scale: Scale::shares(corrected.count()), label: share },
        y: Axis { scale: Scale::ratios(low, high), label: ms },
        lines: vec![
            Line { name: "corrected", points: corrected_points },
            Line { name: "uncorrected", points },
        ],
        band: None,
        marks: Vec::new(),
        width: Width::Whole,
    }
}

/// Pairs of 1 / (1 - share) and milliseconds. The last pair is the longest value.
fn curve(times: &Times) -> Vec<(f64, Option<f64>)> {
    /// Points for each halving of 1 - share.
    const TICKS: i32 = 8;
    let count = times.count().max(1) as f64;
    let halvings = count.log2().ceil() as i32;
    let steps =
        (0..=halvings * TICKS).map(|at| 2_f64.powf(f64::from(at) / f64::from(TICKS)).min(count));
    let point = |at: f64| {
        let time = if at >= count { times.max() } else { times.quantile(1.0 - 1.0 / at) };
        (at, (times.count() > 0).then_some(time.as_secs_f64() * 1e3))
    };
    steps.map(point).collect()
}

/// What the charts over time have in common.
struct OverTime<'a> {
    rows: &'a [&'a Second],
    end: f64,
    ramp: f64,
    /// When a command began, and which.
    marks: Vec<(f64, &'a str)>,
}

/// How rows that share a point become one value.
#[derive(Clone, Copy, Debug)]
enum Together {
    Mean,
    Longest,
}

impl<'a> OverTime<'a> {
    fn charts(&self) -> Vec<Chart<'_>> {
        let mut charts = Vec::from(self.of_the_chat());
        charts.extend(self.of_the_programs());
        // What could not be measured has no line, and a chart without lines is left out.
        for chart in &mut charts {
            chart.lines.retain(|line| line.points.iter().any(|(_, y)| y.is_some()));
        }
        charts.retain(|chart| !chart.lines.is_empty());
        charts
    }

    fn of_the_chat(&self) -> [Chart<'_>; 5] {
        let delivered = self.line("delivered", Mean, |row| per_second(row, row.delivered));
        let sent = self.line("sent", Mean, |row| per_second(row, row.sent));
        let connected = self.line("connected", Mean, |row| Some(row.connections as f64));
        let p99 = self.line("p99", Longest, |row| row.delivery_p99_ns.map(to_ms));
        let p50 = self.line("p50", Longest, |row| row.delivery_p50_ns.map(to_ms));
        let slowest = self.line("p99", Longest, |row| row.convergence_p99_ns.map(to_ms));
        let usual = self.line("p50", Longest, |row| row.convergence_p50_ns.map(to_ms));
        let known = "milliseconds from a coming or going to a phone that knows";
        let count = |row: &Second| row.presence_lists + row.presence_deltas;
        // Where nobody is told any, there is nothing to draw.
        let are_any = self.rows.iter().any(|row| count(row) > 0);
        let news = |row: &Second| per_second(row, count(row)).filter(|_| are_any);
        let news = self.line("lists", Mean, news);
        let note = "lists and deltas, of all phones together";
        [
            self.even("Messages a second", "", number, vec![delivered, sent]),
            self.even("Connections", "phones that are ready", number, vec![connected]),
            self.ratios("Delivery over time", "milliseconds, corrected", vec![p99, p50]),
            self.even("Presence a second", note, number, vec![news]),
            self.ratios("Presence convergence over time", known, vec![slowest, usual]),
        ]
    }

    fn of_the_programs(&self) -> [Chart<'_>; 4] {
        let cpu = |row: &Second, seconds: f64| 100.0 * seconds / row.length_seconds;
        let server = |row: &Second| Some(cpu(row, row.server_cpu_seconds?));
        let server = self.line("server", Mean, server);
        let own = self.line("loadgen", Mean, |row| Some(cpu(row, row.loadgen_cpu_seconds)));
        let memory = |row: &Second| row.server_rss_bytes.map(|bytes| bytes as f64);
        let memory = self.line("memory", Longest, memory);
        let turn = self.line("server", Longest, |row| row.server_longest_turn_ns.map(to_ms));
        let own_turn = self.line("loadgen", Longest, |row| Some(to_ms(row.loop_lag_ns)));
        let received = self.line("received", Mean, |row| per_second(row, row.bytes_received));
        let sent = self.line("sent", Mean, |row| per_second(row, row.bytes_sent));
        let rounded = "milliseconds; the server's is rounded up";
        [
            self.even("CPU", "per cent of a core", percent, vec![server, own]),
            self.even(
                "Server memory",
                "resident, without the kernel's buffers",
                size,
                vec![memory],
            ),
            self.ratios("Longest turn of the loop", rounded, vec![turn, own_turn]),
            self.even(
                "Traffic",
                "bytes a second, of all phones together",
                size,
                vec![received, sent],
            ),
        ]
    }

    fn line<'n>(
        &self,
        name: &'n str,
        how: Together,
        value: impl Fn(&Second) -> Option<f64>,
    ) -> Line<'n> {
        let size = self.rows.len().div_ceil(MOST_POINTS).max(1);
        let points = self.rows.chunks(size).map(|rows| {
            let values = || rows.iter().filter_map(|row| value(row));
            let count = values().count();
            let together = match how {
                Mean => values().sum::<f64>() / count.max(1) as f64,
                Longest => values().fold(0.0, f64::max),
            };
            (rows[rows.len() - 1].at_seconds, (count > 0).then_some(together))
        });
        Line { name, points: points.collect() }
    }

    fn even<'n>(
        &'n self,
        title: &'n str,
        note: &'n str,
        label: fn(f64) -> String,
        lines: Vec<Line<'n>>,
    ) -> Chart<'n> {
        let (_, high) = extent(&lines);
        self.chart(title, note, Axis { scale: Scale::from_zero(high), label }, lines)
    }

    fn ratios<'n>(&'n self, title: &'n str, note: &'n str, lines: Vec<Line<'n>>) -> Chart<'n> {
        let (low, high) = extent(&lines);
        self.chart(title, note, Axis { scale: Scale::ratios(low, high), label: ms }, lines)
    }

    fn chart<'n>(
        &'n self,
        title: &'n str,
        note: &'n str,
        y: Axis,
        lines: Vec<Line<'n>>,
    ) -> Chart<'n> {
        let x = Axis { scale: Scale::time(self.end), label: seconds };
        let band = (self.ramp > 0.0).then_some((0.0, self.ramp.min(self.end), "ramp"));
        let marks = self.marks.clone();
        Chart { title, note, x, y, lines, band, marks, width: Width::Half }
    }
}

fn per_second(row: &Second, count: u64) -> Option<f64> {
    Some(count as f64 / row.length_seconds)
}

fn to_ms(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

/// The smallest value above zero, and the largest.
pub(super) fn extent(lines: &[Line<'_>]) -> (f64, f64) {
    let values = || lines.iter().flat_map(|line| &line.points).filter_map(|&(_, y)| y);
    let low = values().filter(|&value| value > 0.0).fold(f64::INFINITY, f64::min);
    (low, values().fold(0.0, f64::max))
}

pub(super) fn ms(value: f64) -> String {
    let digits = millis(value);
    if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        digits
    }
}

pub(super) fn number(value: f64) -> String {
    if value < 10.0 && value.fract() > 0.001 {
        format!("{value:.1}")
    } else {
        grouped(value.round() as u64)
    }
}

fn percent(value: f64) -> String {
    if value < 10.0 && value.fract() > 0.001 {
        format!("{value:.1} %")
    } else {
        format!("{value:.0} %")
    }
}

fn size(value: f64) -> String {
    bytes(value as u64).replace(".0 ", " ")
}

fn seconds(value: f64) -> String {
    if value >= 120.0 {
        let seconds = value.round() as u64;
        return format!("{}:{:02}", seconds / 60, seconds % 60);
    }
    format!("{} s", (value * 10.0).round() / 10.0)
}

/// 1 / (1 - share) as a share.
fn share(value: f64) -> String {
    let percent = 100.0 * (1.0 - 1.0 / value.max(1.0));
    let nines = value.max(1.0).log10().floor() as usize;
    format!("{percent:.*} %", nines.saturating_sub(2).max(usize::from(nines >= 3)))
}
