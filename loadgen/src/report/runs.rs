//! [`Runs`]: one run, or several of the same plan, and what they come to.
//!
//! Several runs are not thrown together: each keeps its figures, so that their spread can be seen. One of
//! them is shown in full. It is the first that went wrong, if any did, and otherwise the typical
//! one: the one whose delivery p99 is the median.

use crate::net::Outcome;

use super::named::named_times;
use super::quantiles;
use super::shape::{Figures, Page, SCHEMA, Summary};

/// What came of one or several runs.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    runs: Vec<Run>,
    figures: Vec<Figures>,
}

/// A run, told and measured.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) summary: Summary,
    pub(super) outcome: Outcome,
}

impl Runs {
    /// One more.
    pub(crate) fn add(&mut self, summary: Summary, outcome: Outcome) {
        self.figures.push(figures(&summary, &outcome));
        self.runs.push(Run { summary, outcome });
    }

    /// What the program ends with: the worst of them all.
    pub(crate) fn exit_code(&self) -> u8 {
        self.shown().map_or(0, |(_, run)| run.summary.exit_code)
    }

    /// What was expected, and did not hold, of each run a line or none.
    pub(crate) fn unmet(&self) -> impl Iterator<Item = String> {
        let is_one_of_several = self.figures.len() > 1;
        self.figures.iter().enumerate().flat_map(move |(at, run)| {
            let run_number = at + 1;
            run.unmet.iter().map(move |line| match is_one_of_several {
                true => format!("run {run_number}: {line}"),
                false => line.clone(),
            })
        })
    }

    /// The figures of each.
    pub(super) fn figures(&self) -> &[Figures] {
        &self.figures
    }

    /// The run that stands for all, and its place, counted from 0. `None` if there is none.
    pub(super) fn shown(&self) -> Option<(usize, &Run)> {
        let runs = || self.runs.iter().enumerate();
        let worst = runs().map(|(_, run)| badness(run.summary.exit_code)).max()?;
        if worst > 0 {
            return runs().find(|(_, run)| badness(run.summary.exit_code) == worst);
        }
        let mut by_p99: Vec<_> = runs().collect();
        by_p99.sort_by_key(|(_, run)| run.summary.delivery.corrected_ns.p99);
        by_p99.get((by_p99.len() - 1) / 2).copied()
    }

    /// What goes into the JSON file.
    pub(super) fn page(&self) -> Page<'_> {
        let shown = self.shown();
        Page {
            verdict: shown.map_or("none", |(_, run)| run.summary.verdict),
            exit_code: self.exit_code(),
            shown_run: shown.map(|(at, _)| at + 1),
            shown: shown.map(|(_, run)| &run.summary),
            runs: &self.figures,
            ..Page::of_no_run("none", 0, None)
        }
    }
}

impl<'a> Page<'a> {
    /// What goes there if there was none.
    pub(super) fn of_no_run(verdict: &'static str, exit_code: u8, error: Option<&'a str>) -> Self {
        Page {
            schema: SCHEMA,
            loadgen: env!("CARGO_PKG_VERSION"),
            verdict,
            exit_code,
            error,
            shown_run: None,
            shown: None,
            runs: &[],
        }
    }
}

/// How bad an exit code is, as for the sentences within one run: that the server failed is worse than that
/// nobody knows, and both are worse than that an expectation was not met.
fn badness(exit_code: u8) -> u8 {
    match exit_code {
        0 => 0,
        1 => 3,
        4 => 2,
        _ => 1,
    }
}

fn figures(summary: &Summary, outcome: &Outcome) -> Figures {
    let (messages, server) = (&summary.messages, summary.server.as_ref());
    let times = named_times(&outcome.record).into_iter();
    Figures {
        verdict: summary.verdict.to_owned(),
        exit_code: summary.exit_code,
        sent: messages.sent,
        delivered: messages.delivered,
        lost: messages.lost,
        unmet: summary.unmet.clone(),
        delivered_per_second: messages.delivered_per_second,
        server_cpu_seconds_per_message: server.and_then(|server| server.cpu_seconds_per_message),
        server_rss_bytes_per_connection: server
            .and_then(|server| server.rss_bytes_per_connection)
            .map(|bytes| bytes as f64),
        times: times.map(|named| (named.key.to_owned(), quantiles(named.times))).collect(),
    }
}
