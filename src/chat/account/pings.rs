//! [`Pings`]: when each notices socket is to be sent its next sign of life.
//!
//! Pages listen for it and answer it: a page that hears nothing for too long opens a new socket. Only these
//! sockets have an entry here: 32 bytes, and a timer each.

use std::time::Duration;

use crate::chat::ConnectionId;
use crate::shards::Shards;
use crate::timer::{Moment, TimerId, Wheel};

/// The sockets that are sent pings.
pub(super) struct Pings {
    interval: Duration,
    wheel: Wheel<ConnectionId>,
    timers: Shards<(ConnectionId, TimerId)>,
}

impl Pings {
    /// Makes an empty table.
    pub(super) fn new(interval: Duration, now: Moment) -> Self {
        Pings { interval, wheel: Wheel::new(now), timers: Shards::default() }
    }

    /// How many sockets there are, and timers.
    pub(super) fn len(&self) -> usize {
        self.wheel.len()
    }

    /// Adds a socket. Its first ping is due after one interval.
    pub(super) fn add(&mut self, id: ConnectionId, now: Moment) {
        let timer = self.wheel.insert(now + self.interval, id);
        self.timers.insert((id, timer), |(id, _)| *id);
    }

    /// Removes a socket.
    pub(super) fn remove(&mut self, id: ConnectionId) {
        if let Some((_, timer)) = self.timers.remove(id, |(one, _)| *one == id) {
            self.wheel.cancel(timer);
        }
    }

    /// A socket whose ping is due. The next one is due after another interval.
    pub(super) fn next_due(&mut self, now: Moment) -> Option<ConnectionId> {
        let id = self.wheel.next_due(now)?;
        self.timers.remove(id, |(one, _)| *one == id);
        self.add(id, now);
        Some(id)
    }

    /// When a ping is due next.
    pub(super) fn next_deadline(&self) -> Option<Moment> {
        self.wheel.next_deadline()
    }

    /// Panics unless each timer is that of a socket for which `is_there` holds.
    pub(super) fn check_invariants(&self, is_there: impl Fn(ConnectionId) -> bool) {
        assert_eq!(self.timers.len(), self.wheel.len(), "each socket has one timer");
        assert!(self.timers.iter().all(|(id, _)| is_there(*id)), "only notices sockets are pinged");
    }
}
