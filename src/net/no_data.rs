//! What stands in for the folder with data in a build without the feature `accounts`: nothing.
//!
//! The types have no values, so the code that would use them is never reached, and the compiler knows it.

use std::sync::Arc;

use mio::Waker;

use super::clock::Clock;
use crate::chat::account::{Job, JobResult, Snapshot};
use crate::timer::Zone;
use crate::turn::{Jobs, NoJobs};

/// Nobody can ask for a folder with data.
#[derive(Clone, Debug)]
pub enum Settings {}

/// There are no tools for it.
#[derive(Clone, Debug)]
pub enum Tool {}

/// Runs no tool.
///
/// # Errors
///
/// None.
pub(super) fn run_tool(tool: &Tool) -> Result<String, String> {
    match *tool {}
}

/// No protocol shows a time in the local time zone.
pub(super) fn local_zone() -> (Zone, Option<String>) {
    (Zone::default(), None)
}

/// No threads.
#[derive(Debug)]
pub(super) struct Lanes(NoJobs);

impl Lanes {
    pub(super) fn start(
        _: Option<&Settings>,
        _: Clock,
        _: &Arc<Waker>,
    ) -> Result<(Lanes, Option<Snapshot>), String> {
        Ok((Lanes(NoJobs), None))
    }

    pub(super) fn close(self, _: Clock) -> bool {
        true
    }
}

impl Jobs for Lanes {
    fn hand_over(&mut self, batch: &mut Vec<Job>) {
        self.0.hand_over(batch);
    }

    fn next_result(&mut self) -> Option<JobResult> {
        self.0.next_result()
    }
}
