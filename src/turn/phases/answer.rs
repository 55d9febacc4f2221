//! The phase *answer*: takes the results of jobs, and tells the chat.
//!
//! It stands before *receive*: a result makes room, and what was said first is told first. A result can be
//! a message for everybody, so the phase has a second budget, of copies. While the last send phase had a
//! backlog the budget is small, so that results queue up here and not in the outboxes, and their senders are
//! not read in the end. It is never zero: another realm's flood may keep up a backlog for ever.

use crate::turn::{Jobs, Turn};

impl Turn {
    /// Takes results, up to a budget. Returns their number.
    pub(in crate::turn) fn answer(&mut self, jobs: &mut impl Jobs) -> usize {
        let budgets = &self.limits.budgets;
        let (most, copies) = match self.outboxes.has_backlog() {
            true => (budgets.results_in_backlog, budgets.copies),
            false => (budgets.results, budgets.copies),
        };
        self.copies = 0;
        let mut taken = 0;
        self.results_left = loop {
            if taken == most || self.copies >= copies {
                break true;
            }
            let Some(result) = jobs.next_result() else { break false };
            taken += 1;
            let Some(result) = self.under_way.take(result) else { continue };
            let now = self.now;
            let (chat, mut sink) = self.chat_and_sink();
            chat.done(now, result, &mut sink);
        };
        self.may_hear |= taken > 0;
        self.follow_up();
        taken
    }
}
