//! [`Deadline`]: everything a connection may be late for, by name, and when each is due.
//!
//! Which deadlines run follows from the stage of the connection's life. Each is a moment that the
//! connection remembers, plus a time in the [`Limits`](crate::turn::Limits). They are computed when they
//! are asked for, not stored: so a heartbeat costs one assignment, and an idle connection has one
//! timer, set to the earliest. Called by the phase *expire*, which judges who is late.

use std::time::Duration;

use super::connections::{Connection, Life};
use crate::timer::Moment;
use crate::turn::Turn;

/// What a connection may be late for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::turn) enum Deadline {
    /// Sending a whole HTTP request.
    Request,
    /// Signing in by its first frame, where its dialect asks for that.
    SignIn,
    /// Sending the rest of a message that it has begun.
    Frame,
    /// Giving any sign of life.
    Silence,
    /// Taking what it is sent: its socket is full.
    Write,
    /// Closing its side, after we have ended the connection.
    Close,
}

impl Turn {
    /// The earliest deadline that runs for the connection, and what it is for.
    pub(in crate::turn) fn next_deadline(
        &self,
        connection: &Connection,
    ) -> Option<(Moment, Deadline)> {
        let due = |&deadline: &Deadline| {
            Some((self.began(deadline, connection)? + self.time_for(deadline), deadline))
        };
        self.running(connection).iter().filter_map(due).min_by_key(|(moment, _)| *moment)
    }

    /// The deadlines that can run at this stage of the connection's life.
    fn running(&self, connection: &Connection) -> &'static [Deadline] {
        let session = &connection.session;
        match connection.life {
            Life::Dead { .. } => &[],
            Life::Finishing | Life::Lingering { .. } => &[Deadline::Close],
            // While a client does not take our answers, we do not read it: it cannot be late with a
            // request.
            Life::Open if !session.is_websocket() && connection.blocked_since.is_some() => {
                &[Deadline::Write]
            }
            Life::Open if !session.is_websocket() => &[Deadline::Request],
            Life::Open if session.awaits_sign_in() => &[Deadline::SignIn],
            Life::Open => &[Deadline::Frame, Deadline::Write, Deadline::Silence],
        }
    }

    /// Since when the connection has kept us waiting for this; none if it does not.
    fn began(&self, deadline: Deadline, connection: &Connection) -> Option<Moment> {
        match deadline {
            Deadline::Request | Deadline::SignIn | Deadline::Frame | Deadline::Close => {
                connection.waiting_since
            }
            // The silence of a marked connection has been noticed: the sweep sees to the rest.
            Deadline::Silence => (!connection.marked).then_some(connection.heard),
            Deadline::Write if self.outboxes.is_blocked(connection.id) => connection.blocked_since,
            // The socket has just become writable, and we have not written yet: it may take more.
            Deadline::Write => connection.blocked_since.map(|_| self.now.monotonic),
        }
    }

    fn time_for(&self, deadline: Deadline) -> Duration {
        match deadline {
            Deadline::Request | Deadline::SignIn => self.limits.handshake_timeout,
            Deadline::Frame => self.limits.frame_timeout,
            Deadline::Silence => self.limits.ping_timeout,
            Deadline::Write => self.limits.write_timeout,
            Deadline::Close => self.limits.close_timeout,
        }
    }
}
