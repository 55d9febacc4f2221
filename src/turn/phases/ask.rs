//! The phase *ask*: hands over the jobs that the chat has asked for in this turn, all at once.
//!
//! It stands after *leave*, the last phase in which clients make the chat act: so a turn is one hand-over,
//! and the other threads work while we publish and send.

use crate::turn::{Jobs, Turn};

impl Turn {
    /// Hands over all jobs. Returns their number. It needs no budget: each job is of a client that was read,
    /// or of a timer, and those have budgets.
    pub(in crate::turn) fn ask(&mut self, jobs: &mut impl Jobs) -> usize {
        let count = self.asked.len();
        if count > 0 {
            self.under_way.hand_over(self.now.monotonic, &self.asked);
            jobs.hand_over(&mut self.asked);
            debug_assert!(self.asked.is_empty(), "a batch is taken whole");
            self.asked.clear();
            self.counters.jobs += count as u64;
        }
        count
    }
}
