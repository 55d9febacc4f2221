//! [`Runs`]: one run, or several of the same plan.
//!
//! Several runs are not merged: each keeps its figures, so that the spread can be seen. One run is shown in
//! full. It is the first that went wrong, if any did, and otherwise the typical one: the one with the
//! median of the delivery p99.

use crate::origin::Origin;
use crate::record::Outcome;

use super::heading::VERSION;
use super::named::{named_histograms, named_times};
use super::quantiles::Quantiles;
use super::shape::{Figures, Page, SCHEMA, Summary};

/// What came of one or several runs.
#[derive(Debug)]
pub(crate) struct Runs {
    origin: Origin,
    runs: Vec<Run>,
    figures: Vec<Figures>,
    broken_off: Option<BrokenOff>,
}

/// Why there are fewer runs than were planned.
#[derive(Debug)]
pub(super) struct BrokenOff {
    pub(super) verdict: &'static str,
    exit_code: u8,
    pub(super) why: String,
}

/// A run, with its summary.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) summary: Summary,
    pub(super) outcome: Outcome,
}

impl Runs {
    /// No run yet, of a command on this machine.
    pub(crate) fn new(origin: Origin) -> Self {
        Runs { origin, runs: Vec::new(), figures: Vec::new(), broken_off: None }
    }

    /// Where the report comes from.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Adds a run.
    pub(crate) fn add(&mut self, summary: Summary, outcome: Outcome) {
        self.figures.push(figures(&summary, &outcome));
        self.runs.push(Run { summary, outcome });
    }

    /// Whether there is no run yet.
    pub(crate) fn are_none(&self) -> bool {
        self.runs.is_empty()
    }

    /// The next run could not be played: this is its verdict and exit code, and the reason.
    pub(crate) fn break_off(&mut self, (verdict, exit_code): (&'static str, u8), why: String) {
        self.broken_off = Some(BrokenOff { verdict, exit_code, why });
    }

    /// Why there are fewer runs than were planned, if so.
    pub(super) fn broken_off(&self) -> Option<&BrokenOff> {
        self.broken_off.as_ref()
    }

    /// The program's exit code: the worst of all runs.
    pub(crate) fn exit_code(&self) -> u8 {
        self.outcome().1
    }

    /// The verdict and the exit code: the worst of all runs, and of the one that could not be played.
    fn outcome(&self) -> (&'static str, u8) {
        let shown = self.shown().map(|(_, run)| (run.summary.verdict, run.summary.exit_code));
        let cut = self.broken_off.as_ref().map(|cut| (cut.verdict, cut.exit_code));
        let all = [shown, cut].into_iter().flatten();
        all.max_by_key(|&(_, code)| badness(code)).unwrap_or(("none", 0))
    }

    /// The expectations that were not met, a line for each.
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

    /// All runs, in their order.
    pub(super) fn all(&self) -> &[Run] {
        &self.runs
    }

    /// The figures of each run.
    pub(super) fn figures(&self) -> &[Figures] {
        &self.figures
    }

    /// The run that is shown in full, and its place, counted from 0. `None` if there is no run.
    pub(super) fn shown(&self) -> Option<(usize, &Run)> {
        let told = self
            .runs
            .iter()
            .map(|Run { summary, .. }| (summary.exit_code, summary.delivery.corrected_ns.p99));
        let at = representative(&told.collect::<Vec<_>>())?;
        Some((at, &self.runs[at]))
    }

    /// The content of the JSON file.
    pub(super) fn page(&self) -> Page<'_> {
        let (shown, (verdict, exit_code)) = (self.shown(), self.outcome());
        let error = self.broken_off.as_ref().map(|cut| &*cut.why);
        Page {
            shown_run: shown.map(|(at, _)| at + 1),
            shown: shown.map(|(_, run)| &run.summary),
            runs: &self.figures,
            ..Page::of_no_run(verdict, exit_code, error, &self.origin)
        }
    }
}

impl<'a> Page<'a> {
    /// The content of the JSON file if there was no run.
    pub(super) fn of_no_run(
        verdict: &'static str,
        exit_code: u8,
        error: Option<&'a str>,
        origin: &'a Origin,
    ) -> Self {
        Page {
            schema: SCHEMA,
            loadgen: VERSION,
            origin,
            verdict,
            exit_code,
            error,
            shown_run: None,
            shown: None,
            runs: &[],
        }
    }
}

/// Chooses the run to show, given the exit code and the p99 of each: the first of the worst, or, if all are
/// good, the one in the middle.
fn representative(runs: &[(u8, Option<u64>)]) -> Option<usize> {
    let worst = runs.iter().map(|&(code, _)| badness(code)).max()?;
    if worst > 0 {
        return runs.iter().position(|&(code, _)| badness(code) == worst);
    }
    let mut by_p99: Vec<usize> = (0..runs.len()).collect();
    by_p99.sort_by_key(|&at| runs[at].1);
    by_p99.get((by_p99.len() - 1) / 2).copied()
}

/// How bad an exit code is. The order is the same as within one run: a server that failed is worst, then a
/// run that says nothing, then an expectation that was not met.
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
    let times = named_times(&outcome.record);
    Figures {
        verdict: summary.verdict.to_owned(),
        exit_code: summary.exit_code,
        sent: messages.sent,
        delivered: messages.delivered,
        lost: messages.lost,
        stale_views: summary.convergence.stale_views,
        unnoticed: summary.notice.unnoticed,
        too_early: summary.notice.too_early,
        unmet: summary.unmet.clone(),
        delivered_per_second: messages.delivered_per_second,
        server_cpu_seconds_per_message: server.and_then(|server| server.cpu_seconds_per_message),
        server_rss_bytes_per_connection: server
            .and_then(|server| server.rss_bytes_per_connection)
            .map(|bytes| bytes as f64),
        times: times.iter().map(|one| (one.key.to_owned(), Quantiles::of(one.times))).collect(),
        histograms: named_histograms(&outcome.record),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_runs_a_failure_goes_before_an_invalid_one_and_that_before_one_not_as_expected() {
        let code = |codes: &[u8]| {
            let runs: Vec<_> = codes.iter().map(|&code| (code, None)).collect();
            representative(&runs).map(|at| (codes[at], at))
        };
        assert_eq!(code(&[]), None);
        assert_eq!(code(&[0, 3, 0]), Some((3, 1)));
        assert_eq!(code(&[3, 0, 4, 3, 4]), Some((4, 2)));
        assert_eq!(code(&[4, 3, 0, 1, 4, 1]), Some((1, 3)), "the first of the worst");
    }

    #[test]
    fn a_run_that_could_not_be_played_counts_as_one_of_them() {
        let mut runs = Runs::new(Origin::default());
        assert!(runs.are_none() && runs.exit_code() == 0);
        runs.break_off(("invalid", 4), "interrupted".to_owned());
        let page = runs.page();
        assert_eq!((page.verdict, page.exit_code, page.error), ("invalid", 4, Some("interrupted")));
    }

    #[test]
    fn of_good_runs_the_one_in_the_middle_is_shown() {
        assert_eq!(representative(&[(0, Some(30)), (0, Some(10)), (0, Some(20))]), Some(2));
        assert_eq!(representative(&[(0, Some(5))]), Some(0));
    }
}
