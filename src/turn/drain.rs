//! The drain: how the server shuts down and still delivers what it can.
//!
//! The listeners stay open, so that health checks get the answer "draining" rather than none. WebSockets
//! are closed in slices with a pause between them: otherwise all clients would reconnect to the next
//! server in the same millisecond. The drain is over when the last connection is closed, or at a
//! deadline.

use super::Turn;
use crate::session::End;
use crate::timer::Moment;

/// A drain that is under way.
#[derive(Debug)]
pub(super) struct Drain {
    /// When the drain is over, whatever is left.
    until: Moment,
    /// When the next slice is due; `None` after the last slice.
    next_slice: Option<Moment>,
    /// The slot at which the next slice begins.
    slot: usize,
    /// The first slot whose client still waits to hear what became of its message. The slices come by
    /// again.
    left_behind: Option<usize>,
}

impl Drain {
    /// When the drain next has something to do.
    pub(super) fn deadline(&self) -> Moment {
        self.next_slice.unwrap_or(self.until).min(self.until)
    }
}

impl Turn {
    /// Begins a drain: no new WebSocket is let in, and all open ones are closed, slice by slice.
    pub fn drain(&mut self, now: Moment) {
        if self.drain.is_none() {
            let until = now + self.limits.drain_timeout;
            self.drain = Some(Drain { until, next_slice: Some(now), slot: 0, left_behind: None });
            self.chat.drain();
        }
    }

    /// Whether a drain is under way.
    pub fn is_draining(&self) -> bool {
        self.drain.is_some()
    }

    /// Whether the drain is over, so that the process may end.
    pub fn is_drained(&self) -> bool {
        match &self.drain {
            None => false,
            Some(drain) => {
                let all_gone = self.websockets == 0 && self.ending == 0;
                // The messages that came back from the last connections have to be counted, too.
                let all_told = !self.outboxes.any_returned();
                // A client that waits for a reply still gets it, and what is to be stored is stored.
                let all_done =
                    self.parked.len() == 0 && self.under_way.len() == 0 && self.asked.is_empty();
                all_gone && all_told && all_done || self.now.monotonic >= drain.until
            }
        }
    }

    /// Ends the WebSockets of the next slice, if it is due. Returns their number. Each slice goes on where
    /// the last one stopped: O(slots) over the whole drain, and again for each round in which a client
    /// waited for the store.
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
            let Some(connection) = connection.filter(|c| c.session.is_websocket()) else {
                continue;
            };
            if self.chat.may_go(connection.id) {
                left -= 1;
                self.end(connection.id, End::Draining);
            } else if let Some(drain) = &mut self.drain {
                drain.left_behind.get_or_insert(slot - 1);
            }
        }
        if let Some(drain) = &mut self.drain {
            let pause = self.limits.budgets.drain_pause;
            let is_left = slot < slots;
            let again = if is_left { None } else { drain.left_behind.take() };
            drain.slot = again.unwrap_or(slot);
            drain.next_slice = (is_left || again.is_some()).then_some(now + pause);
        }
        self.limits.budgets.drain - left
    }
}
