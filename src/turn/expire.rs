//! The phase *expire*: who has let a deadline pass.
//!
//! Every connection has one timer, and several things it may be late for. The timer fires at the
//! earliest of them, or before: a heartbeat only stamps a time, and the timer finds out when it
//! fires that it has to go on. So a sign of life costs one assignment.

use std::collections::VecDeque;
use std::mem;

use super::Turn;
use super::connections::{Connection, Life};
use crate::chat::ConnectionId;
use crate::limiter::Limit;
use crate::session::End;
use crate::timer::{Moment, Wheel};

/// What a connection may be late for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Deadline {
    /// A whole HTTP request, who he is, or the rest of a message.
    Arrival,
    /// Any sign of life.
    Silence,
    /// Taking in what it is sent.
    Reading,
    /// Closing its side.
    Closing,
}

/// The removal of silent connections: every so often, all at once as far as presence is concerned,
/// but in slices, so that nobody else waits for it.
#[derive(Debug)]
pub(super) struct Sweep {
    /// Marked as silent since the last sweep.
    marked: Vec<ConnectionId>,
    /// Still to be looked at by the sweep that is under way.
    under_way: VecDeque<ConnectionId>,
    next: Moment,
}

impl Sweep {
    pub(super) fn new(first: Moment) -> Self {
        Sweep { marked: Vec::new(), under_way: VecDeque::new(), next: first }
    }

    /// Whether a sweep has begun and not ended.
    pub(super) fn is_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Everyone that this sweep or the next is to look at. For the simulator.
    pub(super) fn listed(&self) -> impl Iterator<Item = ConnectionId> {
        self.marked.iter().chain(&self.under_way).copied()
    }

    /// When the next one has something to do.
    pub(super) fn deadline(&self) -> Option<Moment> {
        (!self.marked.is_empty()).then_some(self.next)
    }
}

impl Turn {
    /// Judges whoever is late, if this turn knows enough to be just. Returns how many it has looked
    /// at.
    pub(super) fn expire(&mut self) -> usize {
        let mut judged = 0;
        if self.may_judge {
            for _ in 0..self.limits.budgets.timers {
                let Some(id) = self.wheel.next_due(self.now.monotonic) else { break };
                judged += 1;
                self.judge(id);
            }
            // Who has come back in time may still wait to be heard: so not before.
            let (now, budget) = (self.now, self.limits.budgets.timers);
            let (chat, mut desk) = self.chat_and_desk();
            chat.expire(now, budget, &mut desk);
        }
        self.forget_addresses();
        judged + self.sweep() + self.drain_slice()
    }

    /// A connection's timer has fired.
    fn judge(&mut self, id: ConnectionId) {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get(id) else { return };
        if connection.readable {
            // It has said something that we have not read yet. It may be just what we wait for.
            return self.rearm_at(id, now + Wheel::<ConnectionId>::SLOT_WIDTH);
        }
        let Some((deadline, what)) = self.next_deadline(connection) else { return };
        if deadline > now {
            return self.rearm_at(id, deadline);
        }
        match what {
            Deadline::Arrival => {
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
            Deadline::Reading => {
                self.counters.limits_hit.count(Limit::WriteTimeout);
                self.end(id, End::Slow);
            }
            Deadline::Closing => self.abandon(id),
        }
    }

    /// Sets the timer to the earliest of the connection's deadlines.
    pub(super) fn rearm(&mut self, id: ConnectionId) {
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

    /// What the connection has to do next, and until when.
    pub(super) fn next_deadline(&self, connection: &Connection) -> Option<(Moment, Deadline)> {
        let limits = &self.limits;
        let waits = |time| connection.waiting_since.map(|since| since + time);
        // If the kernel has just asked for more, nobody knows yet whether it will take anything.
        let is_blocked = self.outboxes.is_blocked(connection.id);
        let now = self.now.monotonic;
        let blocked = connection.blocked_since.map(|since| if is_blocked { since } else { now });
        let reading = blocked.map(|since| (since + limits.write_timeout, Deadline::Reading));
        match connection.life {
            Life::Dead { .. } => None,
            Life::Finishing | Life::Lingering { .. } => {
                waits(limits.close_timeout).map(|at| (at, Deadline::Closing))
            }
            // Whoever does not take our answers is not listened to: he cannot be late with a request.
            Life::Open if !connection.session.is_websocket() => {
                reading.or(waits(limits.handshake_timeout).map(|at| (at, Deadline::Arrival)))
            }
            Life::Open if connection.session.awaits_sign_in() => {
                waits(limits.handshake_timeout).map(|at| (at, Deadline::Arrival))
            }
            Life::Open => [
                waits(limits.frame_timeout).map(|at| (at, Deadline::Arrival)),
                reading,
                (!connection.marked)
                    .then_some((connection.heard + limits.ping_timeout, Deadline::Silence)),
            ]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at),
        }
    }

    /// Removes those who were marked and have still not been heard of. Returns how many it has
    /// looked at.
    fn sweep(&mut self) -> usize {
        let now = self.now.monotonic;
        if now >= self.sweep.next && !self.sweep.is_under_way() {
            self.sweep.under_way = mem::take(&mut self.sweep.marked).into();
            // Sweeps keep their beat; one that comes so late that it has lost it begins a new one.
            let on_beat = self.sweep.next + self.limits.sweep_interval;
            let anew = now + self.limits.sweep_interval;
            self.sweep.next = if on_beat > now { on_beat } else { anew };
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
