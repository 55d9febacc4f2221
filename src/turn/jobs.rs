//! [`Jobs`]: work for other threads, as the turn sees it. [`NoJobs`]: a server that has none.
//!
//! A job is work that would block the loop: a file, a database, a slow hash. `net` implements the trait with
//! threads, the simulator with a queue under its own clock. The turn hands over once a turn (the phase *ask*)
//! and takes results once a turn (the phase *answer*), so that a hundred jobs are one wake-up of a thread.

use crate::chat::account::{Job, JobResult};

/// Work for other threads, as the turn sees it.
pub trait Jobs {
    /// Takes the whole batch, in order. Cannot refuse: the turn bounds what is under way.
    fn hand_over(&mut self, batch: &mut Vec<Job>);

    /// The next result, if one has come.
    fn next_result(&mut self) -> Option<JobResult>;
}

/// No other threads: a server without a folder for its data. Its chat asks for no job.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoJobs;

impl Jobs for NoJobs {
    fn hand_over(&mut self, batch: &mut Vec<Job>) {
        debug_assert!(batch.is_empty(), "a chat without a store asks for no job");
        batch.clear();
    }

    fn next_result(&mut self) -> Option<JobResult> {
        None
    }
}

#[cfg(test)]
mod tests;
