//! [`Trend`]: the reports of a folder, oldest first: how a server has become faster or slower, and whether something
//! else has changed meanwhile.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::shape::Figures;
use super::side::Side;
use super::text::ms;

/// The reports of a folder.
#[derive(Debug)]
pub(crate) struct Trend {
    pub(super) folder: String,
    /// Oldest first.
    pub(super) rows: Vec<Row>,
    /// The files that could not be read, a line each that says why.
    pub(super) unread: Vec<String>,
}

/// A report. Its figures are the medians of its runs.
#[derive(Debug)]
pub(super) struct Row {
    /// The file's name, without its folder.
    pub(super) file: String,
    pub(super) date: String,
    pub(super) verdict: String,
    /// Delivery, corrected, in nanoseconds.
    pub(super) p50: Option<u64>,
    pub(super) p99: Option<u64>,
    /// The server's CPU time a message, in seconds.
    pub(super) cpu: Option<f64>,
    pub(super) delivered_per_second: f64,
    /// What is different from the report before: plan, machine, versions, limits; a line each.
    pub(super) changed: Vec<String>,
}

impl Trend {
    /// Reads the reports of a folder: its files that end in `.json`.
    ///
    /// # Errors
    ///
    /// One sentence, if the folder cannot be read, or has no report.
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let name = folder.display().to_string();
        let wrong = |error: io::Error| format!("cannot read {name}: {error}");
        let entries = fs::read_dir(folder).map_err(wrong)?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let mut files = paths.collect::<io::Result<Vec<PathBuf>>>().map_err(wrong)?;
        files.retain(|file| file.extension().is_some_and(|end| end == "json"));
        files.sort();
        let (mut sides, mut unread) = (Vec::new(), Vec::new());
        for file in &files {
            match Side::read(file) {
                Ok(side) => sides.push(side),
                Err(line) => unread.push(line),
            }
        }
        if sides.is_empty() {
            let first = unread.first().map(|line| format!("; {line}")).unwrap_or_default();
            return Err(format!("{name} has no report (*.json, written by --json){first}"));
        }
        Ok(Trend::of(name, sides, unread))
    }

    /// Of these reports, in the order of their files.
    fn of(folder: String, mut sides: Vec<Side>, unread: Vec<String>) -> Self {
        // The sort is stable: reports of one second are in the order of their names.
        sides.sort_by(|a, b| a.date.cmp(&b.date));
        let before = [None].into_iter().chain(sides.iter().map(Some));
        let rows = sides.iter().zip(before).map(|(side, before)| row(side, before)).collect();
        Trend { folder, rows, unread }
    }

    /// Writes it as text.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let head = ["", "p50 ms", "p99 ms", "CPU µs", "/s", "verdict", "file"];
        let [date, p50, p99, cpu, rate, verdict, file] = head;
        writeln!(out, "{date:<20} {p50:>9} {p99:>9} {cpu:>8} {rate:>9}  {verdict:<15} {file}")?;
        for row in &self.rows {
            for line in &row.changed {
                writeln!(out, "  changed: {line}")?;
            }
            let Row { file, date, verdict, p50, p99, delivered_per_second: rate, .. } = row;
            let (p50, p99, cpu) = (ms(*p50), ms(*p99), micros(row.cpu));
            writeln!(
                out,
                "{date:<20} {p50:>9} {p99:>9} {cpu:>8} {rate:>9.0}  {verdict:<15} {file}"
            )?;
        }
        writeln!(out)?;
        writeln!(
            out,
            "Delivery and the server's CPU time a message: medians of the runs of each report."
        )?;
        if self.has_changes() {
            writeln!(
                out,
                "What has changed beside the server may be the reason for a change of the figures."
            )?;
        }
        for line in &self.unread {
            writeln!(out, "not read: {line}")?;
        }
        Ok(())
    }

    /// Whether something has changed from one report to the next.
    pub(super) fn has_changes(&self) -> bool {
        self.rows.iter().any(|row| !row.changed.is_empty())
    }
}

/// Microseconds, from seconds.
pub(super) fn micros(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{:.1}", seconds * 1e6))
}

fn row(side: &Side, before: Option<&Side>) -> Row {
    let quantile = |of: fn(&super::quantiles::Quantiles) -> Option<u64>| {
        median(side.runs.iter().filter_map(|run| of(run.times.get("delivery")?)).collect())
    };
    let figures =
        |of: fn(&Figures) -> Option<f64>| side.runs.iter().filter_map(of).collect::<Vec<f64>>();
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len().saturating_sub(1) / 2).copied()
    };
    let changed = before.map(|before| {
        let plans = before.differences(side).into_iter();
        let plans = plans.map(|(key, was, is)| format!("the plan's {key}: {was} before, {is} now"));
        let others = before.other_surroundings(side).into_iter();
        plans
            .chain(others.map(|(what, was, is)| format!("{what}: {was} before, {is} now")))
            .collect()
    });
    Row {
        file: side.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        date: side.date.clone(),
        verdict: side.verdict.clone(),
        p50: quantile(|times| times.p50),
        p99: quantile(|times| times.p99),
        cpu: middle(figures(|run| run.server_cpu_seconds_per_message)),
        delivered_per_second: middle(figures(|run| Some(run.delivered_per_second))).unwrap_or(0.0),
        changed: changed.unwrap_or_default(),
    }
}

fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report with this date, whose two runs have these medians in milliseconds.
    fn side(file: &str, date: &str, p50: [u64; 2], rate: u32) -> Side {
        let run = |p50: u64| {
            format!(
                r#"{{"verdict":"good","exit_code":0,"sent":1,"delivered":1,"lost":0,"delivered_per_second":1,
                "times":{{"delivery":{{"count":1,"p50":{}}}}}}}"#,
                p50 * 1_000_000
            )
        };
        let text = format!(
            r#"{{"schema":2,"loadgen":"1","origin":{{"date":"{date}"}},
            "plan":{{"rate":{rate},"stages":[{rate}]}},"runs":[{},{}]}}"#,
            run(p50[0]),
            run(p50[1])
        );
        Side::parse(Path::new(file), &text).expect("a report")
    }

    #[test]
    fn reports_are_in_the_order_of_their_dates_and_a_change_is_said_once() {
        let sides = vec![
            side("a", "2026-11-29T10:00:00Z", [3, 1], 5),
            side("b", "2026-11-28T10:00:00Z", [9, 9], 4),
            side("c", "2026-11-29T10:00:00Z", [2, 2], 5),
        ];
        let trend = Trend::of("here".to_owned(), sides, Vec::new());
        let files: Vec<&str> = trend.rows.iter().map(|row| &*row.file).collect();
        assert_eq!(files, ["b", "a", "c"]);
        assert_eq!(trend.rows[1].changed, ["the plan's rate: 4 before, 5 now"]);
        assert!(trend.rows[0].changed.is_empty() && trend.rows[2].changed.is_empty());
        assert_eq!(trend.rows[1].p50, Some(1_000_000), "the lower one of two");
        assert_eq!((trend.rows[1].p99, trend.rows[1].cpu), (None, None));
    }
}
