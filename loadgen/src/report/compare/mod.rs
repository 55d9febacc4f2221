//! [`compare`]: two reports, figure by figure, and whether a difference is more than the noise of the runs.
//!
//! The rule is simple. Each side was run several times (`--repeat`). If the ranges of a figure, from its
//! lowest run to its highest, overlap, then the difference is noise. If they do not, it is called a
//! difference. Between equal servers that also happens by chance: with n and m runs, in 2 of (n+m choose n)
//! rows. A single run has no range, and cannot show a difference. If the machine itself has changed in
//! between, no rule helps; the text says how that can be seen.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::Path;

use super::output::to_stdout;
use super::quantiles::Quantiles;
use super::shape::Figures;
use super::side::Side;
use super::verdict::INVALID;

/// Compares two reports, and writes the result as text on stdout. Returns the exit code: that of an invalid
/// run, if there is one, or if the plans differ. Then the comparison says nothing, either.
///
/// # Errors
///
/// One sentence, if a file is no report that can be read, or if stdout cannot be written.
pub(crate) fn compare(before: &Path, after: &Path, style: Style) -> Result<u8, String> {
    let (before, after) = (Side::read(before)?, Side::read(after)?);
    let warnings = warnings(&before, &after);
    to_stdout(None, |mut out| match style {
        Style::Text => write(&before, &after, &warnings, &mut out),
        Style::Markdown => write_markdown(&before, &after, &warnings, &mut out),
    })?;
    Ok(if warnings.is_empty() { 0 } else { INVALID })
}

/// Why the comparison says nothing, a line each.
fn warnings(before: &Side, after: &Side) -> Vec<String> {
    let invalid = [before, after].into_iter().filter(|side| side.invalid_runs() > 0).map(|side| {
        let (file, invalid, all) = (side.file.display(), side.invalid_runs(), side.runs.len());
        format!("INVALID  {file}: {invalid} of {all} runs; what follows says nothing")
    });
    let differences = before.differences(after).into_iter().map(|(key, a, b)| {
        format!("DIFFERS  the plans are not the same: {key} is {a} in a, and {b} in b; what follows says nothing about the server")
    });
    invalid.chain(differences).collect()
}

/// A line for each thing that was wrong on either side, and for each part of the surroundings in which they differ.
fn remarks(before: &Side, after: &Side) -> Vec<String> {
    let sides = [("a", before), ("b", after)].into_iter();
    let wrong = sides.flat_map(|(name, side)| {
        side.wrong.iter().map(move |wrong| format!("{name} {}: {wrong}", side.verdict))
    });
    let others = before.other_surroundings(after).into_iter();
    let others = others.map(|(what, a, b)| format!("another {what}: a is of {a}, b of {b}"));
    wrong.chain(others).collect()
}

/// How a comparison is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Style {
    Text,
    /// A table in Markdown, as pull requests show it.
    Markdown,
}

/// A figure, on both sides.
#[derive(Debug)]
struct Row {
    name: String,
    before: Range,
    after: Range,
    is_more_better: bool,
}

/// The range of a figure in several runs.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    runs: usize,
    low: f64,
    median: f64,
    high: f64,
}

/// What a difference means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Judgement {
    /// The ranges do not overlap.
    Better,
    Worse,
    /// The ranges overlap.
    Noise,
    /// A side has a single run, and no range.
    Unknown,
}

impl Range {
    /// `None` if there is a run without this figure.
    fn of(runs: &[Figures], figure: impl Fn(&Figures) -> Option<f64>) -> Option<Self> {
        let mut values: Vec<f64> = runs.iter().map(figure).collect::<Option<_>>()?;
        values.sort_by(f64::total_cmp);
        let (low, high) = (*values.first()?, *values.last()?);
        let middle = [values[(values.len() - 1) / 2], values[values.len() / 2]];
        let median = f64::midpoint(middle[0], middle[1]);
        Some(Range { runs: values.len(), low, median, high })
    }
}

impl Row {
    fn judge(&self) -> Judgement {
        let (before, after) = (self.before, self.after);
        if before.runs < 2 || after.runs < 2 {
            return Judgement::Unknown;
        }
        if after.low <= before.high && before.low <= after.high {
            return Judgement::Noise;
        }
        match (after.low > before.high) == self.is_more_better {
            true => Judgement::Better,
            false => Judgement::Worse,
        }
    }

    /// The change in per cent; `None` if the figure was zero before.
    fn change(&self) -> Option<f64> {
        let change = 100.0 * (self.after.median - self.before.median) / self.before.median;
        change.is_finite().then_some(change)
    }
}

/// Every figure that both sides have.
fn rows(before: &[Figures], after: &[Figures]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |name: String, is_more_better, figure: &dyn Fn(&Figures) -> Option<f64>| {
        let ranges = Range::of(before, figure).zip(Range::of(after, figure));
        // A histogram of zeros is of something that did not happen.
        let is_something = |(a, b): &(Range, Range)| a.high > 0.0 || b.high > 0.0;
        let ranges = ranges.filter(is_something);
        rows.extend(ranges.map(|(before, after)| Row { name, before, after, is_more_better }));
    };
    let keys = before.first().map(|run| run.times.keys()).into_iter().flatten();
    for key in keys {
        for (what, least, figure) in QUANTILES {
            let name = format!("{key} {what}, ms");
            add(name, false, &|run| {
                let times = run.times.get(key).filter(|times| times.count >= least)?;
                Some(figure(times)? as f64 / 1e6)
            });
        }
    }
    add("delivered, /s".to_owned(), true, &|run| Some(run.delivered_per_second));
    add("lost".to_owned(), false, &|run| Some(run.lost as f64));
    add("stale views".to_owned(), false, &|run| Some(run.stale_views as f64));
    add("silent phones unnoticed".to_owned(), false, &|run| Some(run.unnoticed as f64));
    add("silent phones given up early".to_owned(), false, &|run| Some(run.too_early as f64));
    add("server CPU a message, µs".to_owned(), false, &|run| {
        run.server_cpu_seconds_per_message.map(|seconds| seconds * 1e6)
    });
    add("server memory a connection, kB".to_owned(), false, &|run| {
        run.server_rss_bytes_per_connection.map(|bytes| bytes / 1e3)
    });
    rows
}

type Quantile = (&'static str, u64, fn(&Quantiles) -> Option<u64>);

/// The quantiles that are compared, and how many values a histogram needs so that each is not simply its
/// longest one.
const QUANTILES: [Quantile; 6] = [
    ("p50", 1, |times| times.p50),
    ("p90", 10, |times| times.p90),
    ("p99", 100, |times| times.p99),
    ("p99.9", 1_000, |times| times.p999),
    ("p99.99", 10_000, |times| times.p9999),
    ("max", 1, |times| times.max),
];

/// Whether both sides have several runs.
fn has_ranges(rows: &[Row]) -> bool {
    rows.iter().any(|row| row.judge() != Judgement::Unknown)
}

const NO_RANGES: &str =
    "A single run cannot be told from noise: play each side with --repeat 5, say.";

fn write(before: &Side, after: &Side, warnings: &[String], out: &mut impl Write) -> io::Result<()> {
    for line in warnings {
        writeln!(out, "{line}")?;
    }
    if !warnings.is_empty() {
        writeln!(out)?;
    }
    for (name, side) in [("a", before), ("b", after)] {
        let (file, url) = (side.file.display(), &side.url);
        let (runs, verdict) = (runs(side.runs.len()), &side.verdict);
        writeln!(out, "{name}  {file}: {runs} of {url}, {verdict}; {}", side.made)?;
    }
    for line in remarks(before, after) {
        writeln!(out, "   {line}")?;
    }
    writeln!(out)?;
    let head = ["", "a", "(runs)", "b", "(runs)", "change"];
    let [name, a, a_runs, b, b_runs, change] = head;
    writeln!(out, "{name:<32} {a:>9} {a_runs:>19} {b:>9} {b_runs:>19} {change:>9}")?;
    let rows = rows(&before.runs, &after.runs);
    for row in &rows {
        write_row(row, out)?;
    }
    writeln!(out)?;
    if !has_ranges(&rows) {
        return writeln!(out, "{NO_RANGES}");
    }
    let count = |judgement| rows.iter().filter(|row| row.judge() == judgement).count();
    let (better, worse) = (count(Judgement::Better), count(Judgement::Worse));
    let chance = 100.0 * chance(before.runs.len(), after.runs.len());
    writeln!(
        out,
        "{better} better and {worse} worse by more than the noise of the runs, {} within it.",
        count(Judgement::Noise)
    )?;
    writeln!(
        out,
        "Noise: the ranges of the runs overlap. By chance alone, equal servers differ in {chance:.1} % of rows.\n\
         A machine that has become busier or colder looks like a change: play a again to see whether a differs from a."
    )
}

/// The same as a table in Markdown. Rows that are noise are left out, unless all are: their number is said.
fn write_markdown(
    before: &Side,
    after: &Side,
    warnings: &[String],
    out: &mut impl Write,
) -> io::Result<()> {
    let plain = |text: &str| text.replace('|', "\\|").replace(['<', '`', '\n'], " ");
    for line in warnings.iter().cloned().chain(remarks(before, after)) {
        writeln!(out, "> {}  ", plain(&line))?;
    }
    let rows = rows(&before.runs, &after.runs);
    let is_noise = |row: &&Row| row.judge() == Judgement::Noise;
    let noise = rows.iter().filter(is_noise).count();
    let head = |side: &Side| plain(&format!("{}; {}", side.verdict, side.made));
    writeln!(out, "\n| | a: {} | b: {} | change | |", head(before), head(after))?;
    writeln!(out, "|---|--:|--:|--:|---|")?;
    for row in rows.iter().filter(|row| noise == rows.len() || !is_noise(row)) {
        let change = row.change().map_or("–".to_owned(), |change| format!("{change:+.1} %"));
        let word = match row.judge() {
            Judgement::Better => "better",
            Judgement::Worse => "**worse**",
            Judgement::Noise => "noise",
            Judgement::Unknown => "",
        };
        let (a, b) = (row.before.median, row.after.median);
        writeln!(out, "| {} | {a:.3} | {b:.3} | {change} | {word} |", plain(&row.name))?;
    }
    let (a, b) = (runs(before.runs.len()), runs(after.runs.len()));
    if !has_ranges(&rows) {
        return writeln!(out, "\n{NO_RANGES}");
    }
    writeln!(
        out,
        "\nMedians of {a} and {b}; {noise} figures differ by no more than the noise of the runs."
    )
}

fn write_row(row: &Row, out: &mut impl Write) -> io::Result<()> {
    let range = |range: Range| match range.runs {
        1 => String::new(),
        _ => format!("({:.3}–{:.3})", range.low, range.high),
    };
    let change = row.change().map_or("–".to_owned(), |change| format!("{change:+.1} %"));
    let word = match row.judge() {
        Judgement::Better => "  better",
        Judgement::Worse => "  WORSE",
        Judgement::Noise => "  noise",
        Judgement::Unknown => "",
    };
    let Row { name, before, after, .. } = row;
    writeln!(
        out,
        "{name:<32} {:>9.3} {:>19} {:>9.3} {:>19} {change:>9}{word}",
        before.median,
        range(*before),
        after.median,
        range(*after)
    )
}

fn runs(count: usize) -> String {
    if count == 1 { "1 run".to_owned() } else { format!("{count} runs") }
}

/// The chance that the ranges of n and m equal runs do not overlap: of all orders of the runs, two have all
/// runs of one side before all runs of the other.
fn chance(n: usize, m: usize) -> f64 {
    let orders = (1..=n).map(|at| (m + at) as f64 / at as f64).product::<f64>();
    2.0 / orders
}
