//! The page of `loadgen trend`: delivery and the server's CPU time a message from report to report.

use std::fmt::{self, Write as _};

use super::super::trend::{Row as Report, Trend, micros};
use super::chart::{Axis, Chart, Line, Width};
use super::charts::{extent, ms, number};
use super::escape::Escaped;
use super::scale::Scale;
use super::tables::{Row, Table};
use super::{END, grouped, time, write_start};

/// The whole page.
pub(in super::super) fn page(trend: &Trend) -> String {
    let mut out = String::new();
    write_page(trend, &mut out).expect("a string takes everything");
    out
}

fn write_page(trend: &Trend, out: &mut String) -> fmt::Result {
    write_start("trend", out)?;
    let (count, folder) = (grouped(trend.rows.len() as u64), Escaped(&trend.folder));
    writeln!(out, "<header><h1>Trend of {count} reports</h1>\n<p><code>{folder}</code></p>")?;
    if trend.has_changes() {
        out.write_str(
            "<p>An upright line is a change beside the server: it may be the reason for a change of the figures. \
             The table says what it is.</p>\n",
        )?;
    }
    if !trend.unread.is_empty() {
        out.write_str("<ul class=\"why invalid\">")?;
        for line in &trend.unread {
            write!(out, "<li>not read: {}</li>", Escaped(line))?;
        }
        out.write_str("</ul>\n")?;
    }
    out.write_str("</header>\n<div class=\"cards\">\n")?;
    write_charts(trend, out)?;
    write_reports(&trend.rows, out)?;
    out.write_str("</div>\n")?;
    out.write_str(END)
}

fn write_charts(trend: &Trend, out: &mut String) -> fmt::Result {
    let points = |of: &dyn Fn(&Report) -> Option<f64>| {
        (1_u32..).zip(&trend.rows).map(|(at, row)| (f64::from(at), of(row))).collect()
    };
    let millis = |nanos: Option<u64>| nanos.map(|nanos| nanos as f64 / 1e6);
    let changes: Vec<(f64, String)> = (1_u32..)
        .zip(&trend.rows)
        .filter(|(_, row)| !row.changed.is_empty())
        .map(|(at, row)| (f64::from(at), row.changed.join("; ")))
        .collect();
    let marks = || changes.iter().map(|(at, what)| (*at, &**what)).collect();
    let delivery = vec![
        Line { name: "p99", points: points(&|row| millis(row.p99)) },
        Line { name: "p50", points: points(&|row| millis(row.p50)) },
    ];
    let cpu = vec![Line { name: "CPU", points: points(&|row| row.cpu.map(|it| it * 1e6)) }];
    let ((low, high), (_, most)) = (extent(&delivery), extent(&cpu));
    let reports = || Axis { scale: Scale::numbers(trend.rows.len()), label: number };
    let charts = [
        (
            "Delivery",
            "milliseconds, corrected, by the number of the report",
            delivery,
            Scale::ratios(low, high),
        ),
        (
            "Server CPU a message",
            "microseconds, by the number of the report",
            cpu,
            Scale::from_zero(most),
        ),
    ];
    for (title, note, lines, scale) in charts {
        let y = Axis { scale, label: ms };
        Chart {
            title,
            note,
            x: reports(),
            y,
            lines,
            band: None,
            marks: marks(),
            width: Width::Whole,
        }
        .write(out)?;
    }
    Ok(())
}

fn write_reports(reports: &[Report], out: &mut String) -> fmt::Result {
    let rows: Vec<Row> = (1_u64..)
        .zip(reports)
        .map(|(at, report)| {
            let class = if report.verdict == "good" { "" } else { "differs" };
            let cells = [
                grouped(at),
                report.date.clone(),
                time(report.p50),
                time(report.p99),
                micros(report.cpu),
                number(report.delivered_per_second),
                report.verdict.clone(),
                report.file.clone(),
                report.changed.join("; "),
            ];
            (class, cells.into())
        })
        .collect();
    let head = ["", "made", "p50", "p99", "CPU", "/s", "verdict", "file", "changed"];
    let note = "delivery in milliseconds, CPU a message in microseconds; medians of the runs";
    Table { title: "All reports", note, head: &head, is_wide: true }.write(&rows, out)
}
