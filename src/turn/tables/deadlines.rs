//! [`Deadline`]: everything that a connection can be late with, by name, and when each is due.
//!
//! Which deadlines run follows from the stage of the connection's life. Each is a moment that the
//! connection remembers, plus a time in the [`Limits`](crate::turn::Limits). They are computed when they
//! are asked for, not stored: so a heartbeat costs one assignment, and an idle connection has one
//! timer, set to the earliest. Called by the phase *expire*, which judges who is late.

use std::time::Duration;

use super::connections::{Connection, Life};
use crate::timer::Moment;
use crate::turn::Turn;

/// What a connection can be late with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::turn) enum Deadline {
    /// The rest of an HTTP request.
    Request,
    /// Our own answer to a request that waits for its reply.
    Job,
    /// The sign-in, where the dialect asks for it in the first frame.
    SignIn,
    /// The rest of a message that has begun to arrive.
    Frame,
    /// Our own sign of life to a reader of events.
    Alive,
    /// Any bytes at all, before the server asks for a sign of life. Only if the client wants to be asked.
    Ping,
    /// Any bytes at all.
    Silence,
    /// Reading: the socket is full, and the kernel takes no bytes.
    Write,
    /// The peer's close, after we have ended the connection.
    Close,
}

impl Turn {
    /// The earliest of the connection's deadlines, and when it is due. At most three are compared.
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
            // It is not read either, so only the reply can be late.
            Life::Open if session.parked().is_some() => &[Deadline::Job],
            // While an HTTP client does not take our answers, it is not read. So it cannot be late with a
            // request.
            Life::Open if !session.is_websocket() && connection.blocked_since.is_some() => {
                &[Deadline::Write]
            }
            Life::Open if session.is_stream() => &[Deadline::Alive],
            Life::Open if !session.is_websocket() => &[Deadline::Request],
            Life::Open if session.awaits_sign_in() => &[Deadline::SignIn],
            // Nobody is late with an answer before the question.
            Life::Open if session.is_pinged() && !connection.pinged => {
                &[Deadline::Frame, Deadline::Write, Deadline::Ping]
            }
            Life::Open => &[Deadline::Frame, Deadline::Write, Deadline::Silence],
        }
    }

    /// When this deadline started for the connection; `None` if it is not running.
    fn began(&self, deadline: Deadline, connection: &Connection) -> Option<Moment> {
        match deadline {
            Deadline::Request
            | Deadline::Job
            | Deadline::Alive
            | Deadline::SignIn
            | Deadline::Frame
            | Deadline::Close => connection.waiting_since,
            Deadline::Ping => Some(connection.heard),
            // A marked connection has let this deadline pass already. The sweep does the rest.
            Deadline::Silence => (!connection.marked).then_some(connection.heard),
            Deadline::Write if self.outboxes.is_blocked(connection.id) => connection.blocked_since,
            // The socket became writable, and we have not written yet. It may take bytes, so the time
            // counts from now.
            Deadline::Write => connection.blocked_since.map(|_| self.now.monotonic),
        }
    }

    /// The time from a deadline's start until it is due.
    fn time_for(&self, deadline: Deadline) -> Duration {
        match deadline {
            Deadline::Request | Deadline::SignIn => self.limits.handshake_timeout,
            Deadline::Job => self.limits.job_timeout,
            Deadline::Alive => self.limits.events_alive,
            Deadline::Frame => self.limits.frame_timeout,
            // The second half of the time is for the answer.
            Deadline::Ping => self.limits.ping_timeout / 2,
            Deadline::Silence => self.limits.ping_timeout,
            Deadline::Write => self.limits.write_timeout,
            Deadline::Close => self.limits.close_timeout,
        }
    }
}
