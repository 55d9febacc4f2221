//! The phase *expire*: what happens to a connection that has let a [`Deadline`] pass, and the sweep.
//!
//! Every connection has one timer. It fires at the earliest deadline, or before: a heartbeat only
//! stamps a time, and when the timer fires it may find that the deadline has moved on, and is set
//! anew. So a sign of life costs one assignment.

use std::collections::VecDeque;
use std::mem;

use crate::chat::ConnectionId;
use crate::limiter::Limit;
use crate::session::End;
use crate::timer::{Moment, Wheel};
use crate::turn::Turn;
use crate::turn::tables::deadlines::Deadline;

/// The removal of silent connections, every `--sweep-interval`. Presence sees one removal of all of
/// them; the work is done in slices, so that no other connection waits for it.
#[derive(Debug)]
pub(in crate::turn) struct Sweep {
    /// Marked as silent since the last sweep.
    marked: Vec<ConnectionId>,
    /// Still to be looked at by the sweep that is under way.
    under_way: VecDeque<ConnectionId>,
    next: Moment,
}

impl Sweep {
    pub(in crate::turn) fn new(first: Moment) -> Self {
        Sweep { marked: Vec::new(), under_way: VecDeque::new(), next: first }
    }

    /// Whether a sweep has begun and not ended.
    pub(in crate::turn) fn is_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// All that this sweep or the next will look at. For the simulator.
    pub(in crate::turn) fn listed(&self) -> impl Iterator<Item = ConnectionId> {
        self.marked.iter().chain(&self.under_way).copied()
    }

    /// When the next one has something to do.
    pub(in crate::turn) fn deadline(&self) -> Option<Moment> {
        (!self.marked.is_empty()).then_some(self.next)
    }
}

impl Turn {
    /// Judges the connections whose timers have fired, if this turn has seen all readiness. Returns
    /// how many connections it has looked at.
    pub(in crate::turn) fn expire(&mut self) -> usize {
        let mut judged = 0;
        if self.may_judge {
            for _ in 0..self.limits.budgets.timers {
                let Some(id) = self.wheel.next_due(self.now.monotonic) else { break };
                judged += 1;
                self.judge(id);
            }
            // A person who came back in time may still be unread: so not before all is read.
            let (now, budget) = (self.now, self.limits.budgets.timers);
            let (chat, mut sink) = self.chat_and_sink();
            chat.expire(now, budget, &mut sink);
        }
        self.forget_addresses();
        judged + self.sweep() + self.drain_slice()
    }

    /// A connection's timer has fired.
    fn judge(&mut self, id: ConnectionId) {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get(id) else { return };
        if connection.readable {
            // It has sent something that we have not read yet. It may be what we wait for.
            return self.rearm_at(id, now + Wheel::<ConnectionId>::SLOT_WIDTH);
        }
        let Some((deadline, what)) = self.next_deadline(connection) else { return };
        if deadline > now {
            return self.rearm_at(id, deadline);
        }
        match what {
            Deadline::Request | Deadline::SignIn | Deadline::Frame => {
                if let Some(end) = self.with_session(id, |session, host| session.time_out(host)) {
                    self.end(id, end);
                }
            }
            Deadline::Silence => {
                if let Some(connection) = self.connections.get_mut(id) {
                    connection.marked = true;
                    self.sweep.marked.push(id);
                }
                self.rearm(id);
            }
            Deadline::Write => {
                self.counters.limits_hit.count(Limit::WriteTimeout);
                self.end(id, End::Slow);
            }
            Deadline::Close => self.abandon(id),
        }
    }

    /// Sets the timer to the earliest of the connection's deadlines.
    pub(in crate::turn) fn rearm(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        if let Some((deadline, _)) = self.next_deadline(connection) {
            self.rearm_at(id, deadline);
        }
    }

    fn rearm_at(&mut self, id: ConnectionId, deadline: Moment) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if !self.wheel.rearm(connection.timer, deadline) {
            connection.timer = self.wheel.insert(deadline, id);
        }
    }

    /// Removes the connections that were marked and have still sent nothing. Returns how many it has
    /// looked at.
    fn sweep(&mut self) -> usize {
        let now = self.now.monotonic;
        if now >= self.sweep.next && !self.sweep.is_under_way() {
            self.sweep.under_way = mem::take(&mut self.sweep.marked).into();
            // Sweeps run on a fixed grid; after a long stall the grid restarts from now.
            let on_grid = self.sweep.next + self.limits.sweep_interval;
            let anew = now + self.limits.sweep_interval;
            self.sweep.next = if on_grid > now { on_grid } else { anew };
        }
        if !self.may_judge {
            return 0;
        }
        for swept in 0..self.limits.budgets.sweep {
            let Some(id) = self.sweep.under_way.pop_front() else { return swept };
            match self.connections.get(id) {
                // It has just said something that we have yet to read. The next sweep will see.
                Some(connection) if connection.readable => self.sweep.marked.push(id),
                Some(connection) if connection.marked => self.end(id, End::Silent),
                Some(_) | None => {}
            }
        }
        self.limits.budgets.sweep
    }
}
