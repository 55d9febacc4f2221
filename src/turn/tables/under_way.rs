//! [`UnderWay`]: the jobs that the other threads have, and how the store is.
//!
//! The store answers in the order in which it was asked. So the number of its jobs in each hand-over is enough
//! to know how long the oldest waits. Passwords are hashed in another order, and are only counted.

use std::collections::VecDeque;
use std::time::Duration;

use crate::chat::account::{Failure, Job, JobResult, Output, StoreReport, Ticket};
use crate::metrics::Histogram;
use crate::timer::Moment;

/// The store is slow as soon as its oldest job has waited for this long.
const SLOW: Duration = Duration::from_secs(1);

/// The bounds of the histogram of commits, in nanoseconds: 50 µs to 5 s.
const COMMIT_BOUNDS: &[u64] = &[
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    100_000_000,
    1_000_000_000,
    5_000_000_000,
];

/// Why the store may fail, in the order of their discriminants.
const FAILURES: [Failure; 3] = [Failure::Full, Failure::ReadOnly, Failure::Io];

/// How the store is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreState {
    /// It answers and writes.
    Ok,
    /// Its oldest job has waited for a second.
    Slow,
    /// It does not write.
    Failed(Failure),
}

impl StoreState {
    /// All states.
    pub(in crate::turn) const ALL: [StoreState; 5] = [
        StoreState::Ok,
        StoreState::Slow,
        StoreState::Failed(Failure::Full),
        StoreState::Failed(Failure::ReadOnly),
        StoreState::Failed(Failure::Io),
    ];

    /// The word for it on the pages.
    pub(in crate::turn) fn word(self) -> &'static str {
        match self {
            StoreState::Ok => "ok",
            StoreState::Slow => "slow",
            StoreState::Failed(Failure::Full) => "full",
            StoreState::Failed(Failure::ReadOnly) => "read-only",
            StoreState::Failed(Failure::Io) => "failed",
        }
    }
}

/// The jobs that the other threads have.
#[derive(Debug)]
pub(in crate::turn) struct UnderWay {
    /// Jobs of all lanes.
    all: usize,
    /// Those of the store: when they were handed over, and how many at once. Oldest first.
    of_store: VecDeque<(Moment, usize)>,
    /// Jobs that the store has answered.
    pub(in crate::turn) done: u64,
    /// Those of them that it could not do, by [`Failure`] in the order of [`FAILURES`].
    failed: [u64; FAILURES.len()],
    /// The last report.
    pub(in crate::turn) report: StoreReport,
    /// How long transactions that wrote have taken.
    pub(in crate::turn) commits: Histogram,
    /// The jobs of these transactions.
    pub(in crate::turn) committed: u64,
}

impl UnderWay {
    pub(in crate::turn) fn new() -> Self {
        UnderWay {
            all: 0,
            of_store: VecDeque::new(),
            done: 0,
            failed: [0; FAILURES.len()],
            report: StoreReport::default(),
            commits: Histogram::new(COMMIT_BOUNDS),
            committed: 0,
        }
    }

    /// How many jobs of all lanes are under way.
    pub(in crate::turn) fn len(&self) -> usize {
        self.all
    }

    /// How many jobs the store has to do.
    pub(in crate::turn) fn of_store(&self) -> usize {
        self.of_store.iter().map(|(_, jobs)| jobs).sum()
    }

    /// How long the store's oldest job has waited.
    pub(in crate::turn) fn oldest(&self, now: Moment) -> Duration {
        self.of_store.front().map_or(Duration::ZERO, |(since, _)| now.since(*since))
    }

    /// How the store is.
    pub(in crate::turn) fn store_state(&self, now: Moment) -> StoreState {
        match self.report.trouble {
            Some(failure) => StoreState::Failed(failure),
            None if self.oldest(now) >= SLOW => StoreState::Slow,
            None => StoreState::Ok,
        }
    }

    /// When the store will be slow if it answers nothing until then. A turn has to run at that moment, or
    /// nobody is told of it.
    pub(in crate::turn) fn slow_at(&self, now: Moment) -> Option<Moment> {
        let slow_at = self.of_store.front().map(|(since, _)| *since + SLOW);
        slow_at.filter(|slow_at| *slow_at > now)
    }

    /// The jobs that the store could not do, by why.
    pub(in crate::turn) fn failures(&self) -> [(&'static str, u64); FAILURES.len()] {
        FAILURES.map(|why| (StoreState::Failed(why).word(), self.failed[why as usize]))
    }

    /// Notes that jobs are handed over.
    pub(in crate::turn) fn hand_over(&mut self, now: Moment, jobs: &[Job]) {
        self.all += jobs.len();
        let of_store = jobs.iter().filter(|job| !job.work.is_hashing()).count();
        if of_store > 0 {
            self.of_store.push_back((now, of_store));
        }
    }

    /// Notes that a result has come. Returns it, unless it was a report.
    pub(in crate::turn) fn take(&mut self, result: JobResult) -> Option<JobResult> {
        match &result.outcome {
            Ok(Output::Report(report)) => {
                self.report = *report;
                if let Some(commit) = report.commit {
                    self.commits.record(commit.time);
                    self.committed += commit.jobs as u64;
                }
                return None;
            }
            Ok(Output::News(_)) => debug_assert_eq!(result.ticket, Ticket::NEWS),
            Ok(Output::Hashed(_) | Output::Verified { .. }) => self.count_down(false),
            // Hashing does not fail.
            Err(why) => {
                self.failed[*why as usize] += 1;
                self.count_down(true);
            }
            Ok(_) => self.count_down(true),
        }
        Some(result)
    }

    fn count_down(&mut self, is_of_store: bool) {
        debug_assert!(self.all > 0, "a result that no job asked for");
        self.all = self.all.saturating_sub(1);
        if let Some((_, jobs)) = self.of_store.front_mut().filter(|_| is_of_store) {
            self.done += 1;
            *jobs -= 1;
            if *jobs == 0 {
                self.of_store.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::account::{Commit, Secret, TokenDigest, Work};

    fn job(ticket: u32, is_hashing: bool) -> Job {
        let work = match is_hashing {
            true => Work::Hash(Secret::new("secret")),
            false => Work::Login(TokenDigest([0; 32])),
        };
        Job { ticket: Ticket(ticket), work }
    }

    fn result(ticket: u32, output: Output) -> JobResult {
        JobResult { ticket: Ticket(ticket), outcome: Ok(output) }
    }

    #[test]
    fn the_oldest_job_of_the_store_says_whether_it_is_slow_and_hashing_does_not_count() {
        let mut under_way = UnderWay::new();
        let at = |millis| Moment::START + Duration::from_millis(millis);
        under_way.hand_over(at(0), &[job(0, true)]);
        under_way.hand_over(at(100), &[job(1, false), job(2, true), job(3, false)]);
        under_way.hand_over(at(900), &[job(4, false)]);
        assert_eq!((under_way.len(), under_way.of_store()), (5, 3));
        assert_eq!(under_way.store_state(at(1_099)), StoreState::Ok);
        assert_eq!(under_way.slow_at(at(1_099)), Some(at(1_100)));
        assert_eq!(under_way.store_state(at(1_100)), StoreState::Slow);
        assert_eq!(under_way.slow_at(at(1_100)), None, "that moment is over");
        under_way.take(result(1, Output::Login(None)));
        assert_eq!(under_way.store_state(at(1_100)), StoreState::Slow, "its sister still waits");
        under_way.take(result(3, Output::Login(None)));
        assert_eq!(under_way.store_state(at(1_100)), StoreState::Ok);
        assert_eq!(under_way.oldest(at(1_100)), Duration::from_millis(200));
        under_way.take(JobResult { ticket: Ticket(4), outcome: Err(Failure::ReadOnly) });
        assert_eq!((under_way.len(), under_way.of_store(), under_way.done), (2, 0, 3));
        assert_eq!(under_way.failures(), [("full", 0), ("read-only", 1), ("failed", 0)]);
        assert_eq!(under_way.store_state(at(9_000)), StoreState::Ok, "hashing may take its time");
        assert_eq!(under_way.slow_at(at(1_100)), None);
    }

    #[test]
    fn a_report_is_kept_and_no_job_has_come_back() {
        let mut under_way = UnderWay::new();
        under_way.hand_over(Moment::START, &[job(0, false)]);
        let commit = Some(Commit { jobs: 2, time: Duration::from_millis(3) });
        let report = StoreReport { trouble: Some(Failure::Full), commit, ..Default::default() };
        assert!(under_way.take(result(u32::MAX, Output::Report(report))).is_none());
        assert_eq!((under_way.len(), under_way.commits.count(), under_way.committed), (1, 1, 2));
        assert_eq!(under_way.store_state(Moment::START), StoreState::Failed(Failure::Full));
        under_way.take(result(u32::MAX, Output::Report(StoreReport::default())));
        assert_eq!(under_way.store_state(Moment::START), StoreState::Ok, "it has healed");
    }
}
