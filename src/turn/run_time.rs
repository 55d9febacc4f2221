//! [`RunTimeLimits`]: the limits that can change while the server runs, and [`Turn::reload`], which changes them.
//!
//! A limit is here if all code reads it where it applies it. Nobody is ended for a limit that has shrunk: it applies
//! from the next request, message or deadline on. A connection's timer is set already, so a shorter time to be silent
//! may take effect only after the longer one has passed, or with the next frame.

use std::rc::Rc;
use std::time::Duration;

use super::Turn;
use super::limits::Limits;
use super::tables::outbox::Caps;
use crate::limiter::{AddressLimits, Rate};
use crate::{chat, session};

/// The limits that can change. Each is the field of the same name in [`Limits`]. Unlike those, they can go from one
/// thread to another.
#[derive(Clone, Debug)]
pub struct RunTimeLimits {
    max_connections: usize,
    spare_connections: usize,
    addresses: AddressLimits,
    ping_timeout: Duration,
    sweep_interval: Duration,
    handshake_timeout: Duration,
    frame_timeout: Duration,
    write_timeout: Duration,
    close_timeout: Duration,
    drain_timeout: Duration,
    drain_rate: Rate,
    outbox: Caps,
    inbox_bytes: usize,
    presence_bytes_per_second: u64,
    session: session::RunTimeLimits,
    chat: chat::Limits,
}

impl RunTimeLimits {
    /// The limits that can change, of all limits.
    pub fn of(limits: &Limits) -> Self {
        RunTimeLimits {
            max_connections: limits.max_connections,
            spare_connections: limits.spare_connections,
            addresses: limits.addresses,
            ping_timeout: limits.ping_timeout,
            sweep_interval: limits.sweep_interval,
            handshake_timeout: limits.handshake_timeout,
            frame_timeout: limits.frame_timeout,
            write_timeout: limits.write_timeout,
            close_timeout: limits.close_timeout,
            drain_timeout: limits.drain_timeout,
            drain_rate: limits.drain_rate,
            outbox: limits.outbox,
            inbox_bytes: limits.inbox_bytes,
            presence_bytes_per_second: limits.presence.bytes_per_second,
            session: session::RunTimeLimits::of(&limits.session),
            chat: limits.chat,
        }
    }

    /// The time for all connections to close when the server shuts down.
    pub fn drain_timeout(&self) -> Duration {
        self.drain_timeout
    }
}

impl Turn {
    /// Changes the limits. They apply from now on.
    pub fn reload(&mut self, to: RunTimeLimits) {
        self.counters.reloads += 1;
        self.addresses.set_limits(to.addresses);
        self.outboxes.set_caps(to.outbox);
        self.presence.set_bytes_per_second(to.presence_bytes_per_second);
        self.chat.set_limits(to.chat);
        let limits = &mut self.limits;
        limits.max_connections = to.max_connections;
        limits.spare_connections = to.spare_connections;
        limits.ping_timeout = to.ping_timeout;
        limits.sweep_interval = to.sweep_interval;
        limits.handshake_timeout = to.handshake_timeout;
        limits.frame_timeout = to.frame_timeout;
        limits.write_timeout = to.write_timeout;
        limits.close_timeout = to.close_timeout;
        limits.drain_timeout = to.drain_timeout;
        limits.drain_rate = to.drain_rate;
        limits.inbox_bytes = to.inbox_bytes;
        limits.session = to.session.applied_to(&limits.session);
        self.session_limits = Rc::new(limits.session.clone());
        // The next sweep may be further away than two of them are now.
        self.sweep.hurry(self.now.monotonic + self.limits.sweep_interval);
    }

    /// Notes that a reload was refused, and has changed nothing.
    pub fn refuse_reload(&mut self) {
        self.counters.reloads_refused += 1;
    }
}
