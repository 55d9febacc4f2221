//! Draining: how the server goes down without losing anything it could still deliver.
//!
//! The listener stays open, so that health checks hear "draining" rather than nothing. WebSockets are
//! sent home in slices with a pause between them, so that they do not all come back to the next
//! server in the same millisecond. It is over when the last has gone, or at a deadline.

use super::Turn;
use crate::session::End;
use crate::timer::Moment;

/// A drain that is under way.
#[derive(Debug)]
pub(super) struct Drain {
    /// When patience ends.
    until: Moment,
    /// When the next slice is due; none once everybody has been told.
    next_slice: Option<Moment>,
    /// The slot at which it begins.
    slot: usize,
}

impl Drain {
    /// When there is something to do.
    pub(super) fn deadline(&self) -> Moment {
        self.next_slice.unwrap_or(self.until).min(self.until)
    }
}

impl Turn {
    /// Begins to shut down. Nobody new is let in; everybody is asked to leave.
    pub fn drain(&mut self, now: Moment) {
        if self.drain.is_none() {
            let until = now + self.limits.drain_timeout;
            self.drain = Some(Drain { until, next_slice: Some(now), slot: 0 });
        }
    }

    /// Whether a drain is under way.
    pub fn is_draining(&self) -> bool {
        self.drain.is_some()
    }

    /// Whether a drain is over: the process may end.
    pub fn is_drained(&self) -> bool {
        match &self.drain {
            None => false,
            Some(drain) => {
                let all_gone = self.websockets == 0 && self.ending == 0;
                // What came back from the last of them belongs into the books, too.
                let all_told = !self.outboxes.any_returned();
                all_gone && all_told || self.now.monotonic >= drain.until
            }
        }
    }

    /// Sends the next slice home. Returns how many that were.
    pub(super) fn drain_slice(&mut self) -> usize {
        let now = self.now.monotonic;
        let Some(drain) = &mut self.drain else { return 0 };
        if drain.next_slice.is_none_or(|next| now < next) {
            return 0;
        }
        let mut left = self.limits.budgets.drain;
        let slots = self.connections.slots();
        let mut slot = drain.slot;
        while slot < slots && left > 0 {
            let connection = self.connections.in_slot(slot);
            slot += 1;
            if let Some(connection) = connection.filter(|c| c.session.is_websocket()) {
                left -= 1;
                self.end(connection.id, End::Draining);
            }
        }
        if let Some(drain) = &mut self.drain {
            drain.slot = slot;
            let pause = self.limits.budgets.drain_pause;
            drain.next_slice = (slot < slots).then_some(now + pause);
        }
        self.limits.budgets.drain - left
    }
}
