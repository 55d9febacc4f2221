//! The page of `loadgen find`: how long deliveries took at each load, and what was found.

use std::fmt::{self, Write as _};

use super::super::found::Found;
use super::chart::{Axis, Chart, Line, Width};
use super::charts::{extent, ms, number};
use super::escape::Escaped;
use super::scale::Scale;
use super::tables::{Row, Table};
use super::{END, time, write_origin, write_start};

/// The whole page.
pub(in super::super) fn page(found: &Found) -> String {
    let mut out = String::new();
    write_page(found, &mut out).expect("a string takes everything");
    out
}

fn write_page(found: &Found, out: &mut String) -> fmt::Result {
    let find = &found.find;
    let load =
        find.best.map_or("nothing".to_owned(), |best| format!("{} {}", number(best), find.unit));
    write_start("the highest load", out)?;
    writeln!(out, "<header><h1>loadgen found {}</h1>", Escaped(&load))?;
    for line in &find.told {
        writeln!(out, "<p>{}</p>", Escaped(line))?;
    }
    writeln!(out, "<p class=\"soft\">What must hold: {}</p>", Escaped(&find.expected.join(", ")))?;
    write_origin(&found.origin, None, out)?;
    out.write_str("</header>\n<div class=\"cards\">\n")?;
    write_chart(found, out)?;
    write_loads(found, out)?;
    out.write_str("</div>\n")?;
    out.write_str(END)
}

fn write_chart(found: &Found, out: &mut String) -> fmt::Result {
    let (find, rows) = (&found.find, &found.find.loads);
    let points = |of: &dyn Fn(&super::super::found::Row) -> Option<u64>| {
        rows.iter().map(|row| (row.load, of(row).map(|nanos| nanos as f64 / 1e6))).collect()
    };
    let lines = vec![
        Line { name: "p99", points: points(&|row| row.p99_ns) },
        Line { name: "p50", points: points(&|row| row.p50_ns) },
    ];
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let (low, high) = extent(&lines);
    let words = find.best.map(|best| format!("the highest load that holds, {}", number(best)));
    Chart {
        title: "Delivery by load",
        note: "milliseconds, corrected; medians of the runs of each load",
        x: Axis { scale: Scale::ratios(first.load, last.load), label: number },
        y: Axis { scale: Scale::ratios(low, high), label: ms },
        lines,
        band: None,
        marks: find.best.zip(words.as_deref()).into_iter().collect(),
        width: Width::Whole,
    }
    .write(out)
}

fn write_loads(found: &Found, out: &mut String) -> fmt::Result {
    let find = &found.find;
    let row = |row: &super::super::found::Row| -> Row {
        let tries = row.held + row.broke;
        let class = if row.word() == "holds" { "" } else { "differs" };
        let why = row.why(&find.trials);
        let held = format!("{} of {tries}", row.held);
        let cells = [
            number(row.load),
            row.word().to_owned(),
            held,
            time(row.p50_ns),
            time(row.p99_ns),
            why,
        ];
        (class, cells.into())
    };
    let rows: Vec<Row> = find.loads.iter().map(row).collect();
    let head = [find.unit, "", "held", "p50", "p99", "why not"];
    Table { title: "All loads", note: "delivery in milliseconds", head: &head, is_wide: true }
        .write(&rows, out)
}
