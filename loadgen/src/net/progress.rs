//! [`Progress`]: shows how far a run is: on a terminal as one screen that changes, elsewhere as a line each
//! second, or not at all.
//!
//! It is told a [`Status`] and only draws it. Everything goes to stderr: stdout is for the report.

use std::cell::Cell;
use std::cmp::Reverse;
use std::io::{self, IsTerminal as _, Write as _};
use std::slice;
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use switchboard::timer::Moment;

use crate::record::{Record, Second, Times};

/// The time between two lines, and between two changes of the screen.
const PAUSE: Duration = Duration::from_secs(1);
const FRAME: Duration = Duration::from_millis(500);
/// How many seconds the rows of little bars show.
const LOOK_BACK: usize = 60;
/// The columns of a title, with the blank behind it.
const TITLE: usize = 11;

/// Shows how far a run is.
#[derive(Debug)]
pub(super) struct Progress {
    style: Style,
    next: Moment,
}

#[derive(Debug)]
enum Style {
    Quiet,
    Lines,
    Live(Screen),
}

/// How far a run is.
#[derive(Debug)]
pub(super) struct Status<'a> {
    pub(super) stage: &'static str,
    /// The time since the start, and the time that the plan takes.
    pub(super) elapsed: Duration,
    pub(super) planned: Duration,
    /// Phones that are ready, and all phones.
    pub(super) ready: u64,
    pub(super) phones: usize,
    pub(super) record: &'a Record,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        let style = match (quiet, io::stderr().is_terminal()) {
            (true, _) => Style::Quiet,
            (false, true) => Style::Live(Screen::new()),
            (false, false) => Style::Lines,
        };
        let mut progress = Progress { style, next: Moment::START };
        progress.wait(Moment::START);
        progress
    }

    /// When the progress is to be shown next.
    pub(super) fn next_deadline(&self) -> Option<Moment> {
        match self.style {
            Style::Quiet => None,
            Style::Lines | Style::Live(_) => Some(self.next),
        }
    }

    /// Whether it is to be shown now. If so, the next time is set.
    pub(super) fn is_due(&mut self, now: Moment) -> bool {
        let is_due = self.next_deadline().is_some_and(|next| next <= now);
        if is_due {
            self.wait(now);
        }
        is_due
    }

    /// Shows it.
    pub(super) fn tell(&self, status: &Status<'_>) {
        match &self.style {
            Style::Quiet => {}
            // If stderr is closed, there is no other place to say so.
            Style::Lines => drop(writeln!(io::stderr(), "{}", line(status))),
            Style::Live(screen) => screen.show(status),
        }
    }

    /// Clears the screen for the report.
    pub(super) fn finish(&self) {
        if let Style::Live(screen) = &self.style {
            screen.bar.finish_and_clear();
        }
    }

    fn wait(&mut self, now: Moment) {
        self.next = now + if matches!(self.style, Style::Live(_)) { FRAME } else { PAUSE };
    }
}

fn line(status: &Status<'_>) -> String {
    let Status { stage, elapsed, ready, phones, record, .. } = status;
    format!(
        "{:4} s  {stage:<10}  {ready} of {phones} phones  {} sent  {} delivered  p99 {} ms  {} lists",
        elapsed.as_secs(),
        record.books.sent(),
        record.books.delivered(),
        quantile(&record.delivery.corrected, 0.99, 3),
        record.heard.lists,
    )
}

/// The screen: one progress bar, whose message has several lines. The loop that plays the phones draws it,
/// so it is drawn as a whole, and not often.
#[derive(Debug)]
struct Screen {
    bar: ProgressBar,
    /// The rows and columns of the terminal when it was drawn last.
    size: Cell<(u16, u16)>,
}

impl Screen {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{prefix:10.bold} {bar:16.cyan/dim} {msg}");
        bar.set_style(style.expect("the template is well-formed").progress_chars("━━─"));
        Screen { bar, size: Cell::new(Term::stderr().size()) }
    }

    fn show(&self, status: &Status<'_>) {
        let Status { stage, elapsed, planned, .. } = *status;
        let bar = &self.bar;
        let size = Term::stderr().size();
        if self.size.replace(size) != size {
            // The terminal may have broken the old lines in other places, and how many rows they take is not
            // known. So the screen begins anew, at its top. If that fails, some old lines stay.
            let _ = Term::stderr().clear_screen();
        }
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        // Setting the message draws it at once, and the rest with it.
        bar.update(|state| {
            state.set_len(millis(planned).max(1));
            state.set_pos(millis(elapsed.min(planned)));
        });
        if bar.prefix() != stage {
            bar.set_prefix(stage);
        }
        let titles = [
            "phones", "messages", "delivery", "  rate", "  p99", "errors", "traffic", "server",
            "loadgen",
        ];
        let mut message = format!("{} of {} s", elapsed.as_secs(), planned.as_secs_f64());
        for (title, text) in titles.into_iter().zip(texts(status, width().saturating_sub(TITLE))) {
            // Cut off, since a line that wraps would make the screen jump.
            let line: String = format!("{title:<10} {text}").chars().take(width()).collect();
            message.push('\n');
            message.push_str(&line);
        }
        bar.set_message(message);
    }
}

/// The columns of the terminal, without the last.
fn width() -> usize {
    usize::from(Term::stderr().size().1).saturating_sub(1)
}

/// The lines of the screen, without their titles. The newest `room` seconds have a bar, up to a minute. What comes
/// first in a line matters most: what has no room is left out, whole.
fn texts(status: &Status<'_>, room: usize) -> [String; 9] {
    let (record, rows) = (status.record, status.record.series.rows());
    let (books, last) = (&record.books, rows.last());
    let rows = &rows[rows.len().saturating_sub(room.min(LOOK_BACK))..];
    let delivery = &record.delivery.corrected;
    let nanos = |time: Option<u64>| time.map_or(0.0, |nanos| nanos as f64 / 1e6);
    let share = |row: &Second, seconds: f64| 100.0 * seconds / row.length_seconds.max(0.001);

    let messages = [
        format!("{:.0} delivered a second", per_second(last, |row| row.delivered)),
        format!("{} sent", books.sent()),
        format!("{} under way", books.under_way()),
    ];
    let times = [("p50", 0.5), ("p99", 0.99), ("max", 1.0)]
        .map(|(name, share)| format!("{name} {} ms", quantile(delivery, share, 3)));
    let server = last.map_or_else(Vec::new, |row| {
        let cpu = row.server_cpu_seconds.map(|cpu| format!("{:.0} % of a core", share(row, cpu)));
        let memory = row.server_rss_bytes.map(|rss| format!("{:.1} MB", rss as f64 / 1e6));
        let turn = row.server_longest_turn_ns;
        let turn = turn.map(|turn| format!("longest turn under {} ms", turn as f64 / 1e6));
        [cpu, memory, turn].into_iter().flatten().collect()
    });
    let unseen = vec!["not to be seen from here".to_owned()];
    let late = format!("{} sent late", record.late_sends);
    let loadgen = last.map_or_else(Vec::new, |row| {
        let cpu = format!("{:.0} % of a core", share(row, row.loadgen_cpu_seconds));
        vec![cpu, late.clone(), format!("longest turn {:.3} ms", nanos(Some(row.loop_lag_ns)))]
    });
    [
        format!("{} of {}", status.ready, status.phones),
        fitting(&messages, room),
        fitting(&times, room),
        little_bars(rows.iter().map(|row| row.delivered as f64)),
        little_bars(rows.iter().map(|row| nanos(row.delivery_p99_ns))),
        fitting(&errors(record), room),
        fitting(&traffic(record), room),
        fitting(if server.is_empty() { &unseen } else { &server }, room),
        fitting(if loadgen.is_empty() { slice::from_ref(&late) } else { &loadgen }, room),
    ]
}

/// As many parts as have room, and the first in any case.
fn fitting(parts: &[String], room: usize) -> String {
    let mut line = String::new();
    for part in parts {
        let separator = if line.is_empty() { "" } else { ", " };
        let wide = line.chars().count() + separator.len() + part.chars().count();
        if wide > room && !line.is_empty() {
            break;
        }
        line.push_str(separator);
        line.push_str(part);
    }
    line
}

/// Bytes, and what is told of who is online, if anything is.
fn traffic(record: &Record) -> Vec<String> {
    let (heard, convergence) = (&record.heard, &record.convergence().corrected);
    let bytes = per_second(record.series.rows().last(), |row| row.bytes_received);
    let mut parts = vec![format!("{:.1} MB a second read", bytes / 1e6)];
    if heard.lists + heard.deltas > 0 {
        parts.extend([format!("{} lists", heard.lists), format!("{} deltas", heard.deltas)]);
    }
    if convergence.count() > 0 {
        parts.push(format!("all know after p99 {} ms", quantile(convergence, 0.99, 1)));
    }
    parts
}

/// A count of the last second, for a second.
fn per_second(last: Option<&Second>, count: fn(&Second) -> u64) -> f64 {
    last.map_or(0.0, |row| count(row) as f64 / row.length_seconds.max(0.001))
}

/// What has gone wrong, the kinds that there are.
fn errors(record: &Record) -> Vec<String> {
    let mut all: Vec<_> = record.errors().into_iter().filter(|(_, count)| *count > 0).collect();
    all.sort_by_key(|&(_, count)| Reverse(count));
    let all: Vec<String> = all.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    if all.is_empty() { vec!["none".to_owned()] } else { all }
}

/// A row of bars. The highest one is full.
fn little_bars(values: impl Iterator<Item = f64> + Clone) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values.clone().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    values.map(|value| BARS[((value / most * 7.0).round() as usize).min(7)]).collect()
}

/// Milliseconds with this many decimals; a dash before anything was measured.
fn quantile(times: &Times, share: f64, decimals: usize) -> String {
    match times.count() {
        0 => "-".to_owned(),
        _ => format!("{:.decimals$}", times.quantile(share).as_secs_f64() * 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_bars_is_as_high_as_its_highest_and_needs_none() {
        assert_eq!(little_bars([0.0, 7.0, 3.5, 14.0].into_iter()), "▁▅▃█");
        assert_eq!(little_bars([0.0, 0.0].into_iter()), "▁▁");
        assert_eq!(little_bars(std::iter::empty()), "");
    }

    #[test]
    fn a_narrow_line_loses_whole_parts_and_the_last_ones_first() {
        let parts = ["p50 0.3 ms", "p99 12.1 ms", "max 9 ms"].map(str::to_owned);
        assert_eq!(fitting(&parts, 80), "p50 0.3 ms, p99 12.1 ms, max 9 ms");
        assert_eq!(fitting(&parts, 28), "p50 0.3 ms, p99 12.1 ms");
        assert_eq!(fitting(&parts, 22), "p50 0.3 ms");
        assert_eq!((fitting(&parts, 3), fitting(&[], 9)), ("p50 0.3 ms".into(), String::new()));
    }

    #[test]
    fn before_anything_has_happened_there_is_something_to_show() {
        let record = Record::of_numbers(10);
        let status = Status {
            stage: "connecting",
            elapsed: Duration::ZERO,
            planned: Duration::ZERO,
            ready: 0,
            phones: 10,
            record: &record,
        };
        assert_eq!(texts(&status, 60)[0], "0 of 10");
        assert!(
            texts(&status, 60).iter().all(|text| !text.contains("NaN") && !text.contains('\n'))
        );
        assert!(
            texts(&status, 60)[2].starts_with("p50 - ms, p99 - ms, max - ms"),
            "{:?}",
            texts(&status, 60)
        );
        assert!(line(&status).contains("p99 - ms"), "{}", line(&status));
        assert_eq!(texts(&status, 60)[5], "none");
        Screen::new().show(&status);
    }
}
