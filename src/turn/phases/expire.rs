//! The phase *expire*: handles the connections that have let a [`Deadline`] pass, and the sweep.
//!
//! Each connection has one timer. It fires at the earliest deadline, or before: a heartbeat only stores
//! the time, and the timer, when it fires, may find that the deadline has moved, and is set again. So a
//! heartbeat costs one assignment. (Moving the timer at each heartbeat was rejected: it would touch the
//! wheel for each frame, and nearly all of those moves are overtaken by the next.)

use std::collections::VecDeque;
use std::mem;

use crate::chat::ConnectionId;
use crate::limiter::Limit;
use crate::session::{End, Session};
use crate::timer::{Moment, Wheel};
use crate::turn::Turn;
use crate::turn::adapters::session_host::SessionHost;
use crate::turn::tables::deadlines::Deadline;

/// The removal of silent connections, every `--sweep-interval`. It is done in slices, so that no other
/// connection waits for it; presence publishes after the last slice, so that all of them are one change.
/// 8 bytes for each silent connection.
#[derive(Debug)]
pub(in crate::turn) struct Sweep {
    /// Connections that were marked as silent since the last sweep began.
    marked: Vec<ConnectionId>,
    /// Connections that the present sweep has yet to look at.
    under_way: VecDeque<ConnectionId>,
    /// When the next sweep begins.
    next: Moment,
}

impl Sweep {
    pub(in crate::turn) fn new(first: Moment) -> Self {
        Sweep { marked: Vec::new(), under_way: VecDeque::new(), next: first }
    }

    /// Lets the next sweep begin at this moment, if it would begin later.
    pub(in crate::turn) fn hurry(&mut self, latest: Moment) {
        self.next = self.next.min(latest);
    }

    /// Whether a sweep has begun and has connections left to look at.
    pub(in crate::turn) fn is_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// All connections that this sweep or the next will look at. For the simulator.
    pub(in crate::turn) fn listed(&self) -> impl Iterator<Item = ConnectionId> {
        self.marked.iter().chain(&self.under_way).copied()
    }

    /// When the next sweep begins; `None` if it would find no connection.
    pub(in crate::turn) fn deadline(&self) -> Option<Moment> {
        (!self.marked.is_empty()).then_some(self.next)
    }
}

impl Turn {
    /// Handles the timers that have fired, if this turn knows of all input that has arrived (see
    /// `settle_readiness`). Returns the number of connections that it has looked at.
    pub(in crate::turn) fn expire(&mut self) -> usize {
        let mut judged = 0;
        if self.may_judge {
            for _ in 0..self.limits.budgets.timers {
                let Some(id) = self.wheel.next_due(self.now.monotonic) else { break };
                judged += 1;
                self.judge(id);
            }
            // The same holds for the chat's timers: a person who reconnected in time may be among the
            // connections that are not read yet.
            let (now, budget) = (self.now, self.limits.budgets.timers);
            self.may_hear |= self.chat.next_deadline().is_some_and(|due| due <= now.monotonic);
            let (chat, mut sink) = self.chat_and_sink();
            chat.expire(now, budget, &mut sink);
            self.follow_up();
        }
        self.forget_addresses();
        judged + self.sweep() + self.drain_slice() + self.walk_slice() + self.end_the_banned()
    }

    /// Handles a timer that has fired.
    fn judge(&mut self, id: ConnectionId) {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get(id) else { return };
        // A request that waits for its reply is judged whatever has come behind it: that is not read before
        // the answer.
        let is_parked = connection.session.parked().is_some();
        if connection.readable && !is_parked {
            // Input has arrived that is not read yet. It may be what the deadline is for.
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
            Deadline::Job => {
                let Some(wanted) = self.parked.give_up(id) else { return };
                let give_up = |session: &mut Session, host: &mut SessionHost<'_>| {
                    session.give_up_waiting(wanted, host)
                };
                if let Some(end) = self.with_session(id, give_up) {
                    self.end(id, end);
                }
            }
            Deadline::Alive => {
                self.tell_alive(id);
                if let Some(connection) = self.connections.get_mut(id) {
                    connection.waiting_since = Some(now);
                }
                self.rearm(id);
            }
            Deadline::Ping => {
                self.with_session(id, |session, host| session.ping(host));
                self.counters.pings += 1;
                if let Some(connection) = self.connections.get_mut(id) {
                    connection.pinged = true;
                    // The client has the second half of the time also if the ping is late: while the
                    // process was stopped nobody asked.
                    connection.heard = connection.heard + now.since(deadline);
                }
                self.rearm(id);
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

    /// Ends the connections that were marked and have still sent nothing. Returns the number of
    /// connections that it has looked at.
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
                // Input has arrived that is not read yet. The next sweep looks at it again.
                Some(connection) if connection.readable => self.sweep.marked.push(id),
                Some(connection) if connection.marked => self.end(id, End::Silent),
                Some(_) | None => {}
            }
        }
        self.limits.budgets.sweep
    }
}
