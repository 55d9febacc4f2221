//! [`Stop`]: how the server ends after a signal.
//!
//! If the server owns its listener, it drains at once, and tells new clients to come back later. If
//! systemd keeps the listener open, the server accepts no more connections, lets the newest ones finish
//! their request, and only then drains. Later clients wait in the backlog for the next process. A second
//! signal ends the process at once.

use std::process::ExitCode;
use std::time::Duration;

use super::log::{Level, Log};
use super::sockets::MioSockets;
use crate::timer::Moment;
use crate::turn::Turn;

/// How long a request that is on its way may take to arrive. A later one is refused.
const GRACE: Duration = Duration::from_secs(1);

/// Whether the server is to end, and since when.
#[derive(Debug)]
pub(super) struct Stop {
    asked: Option<Moment>,
    /// Whether a signal has asked for it, and not the operator's API alone.
    by_signal: bool,
    listener_outlives_us: bool,
}

impl Stop {
    pub(super) fn new(listener_outlives_us: bool) -> Self {
        Stop { asked: None, by_signal: false, listener_outlives_us }
    }

    /// Notes that a signal has arrived. Returns the exit code, if it is the second one.
    pub(super) fn signal(&mut self, signal: u8, now: Moment, log: &mut Log) -> Option<ExitCode> {
        if self.by_signal {
            log.always(format_args!("signal {signal} again: ends at once"));
            return Some(ExitCode::from(128 + signal));
        }
        log.owed(Level::Info, format_args!("signal {signal}: draining"));
        self.by_signal = true;
        self.asked.get_or_insert(now);
        None
    }

    /// Notes that the operator's API has asked for the end. To ask again changes nothing, and a signal that
    /// follows is the first one: a service manager that stops a draining server does not cut it short.
    pub(super) fn order(&mut self, now: Moment, log: &mut Log) {
        if self.asked.is_none() {
            log.owed(Level::Info, format_args!("the operator's order: draining"));
            self.asked = Some(now);
        }
    }

    pub(super) fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Takes the next step of the end, if a signal has asked for it. The loop calls this before each turn.
    pub(super) fn proceed(&self, now: Moment, turn: &mut Turn, sockets: &mut MioSockets) {
        let Some(asked) = self.asked else { return };
        if self.listener_outlives_us {
            sockets.stop_listening();
        }
        if !self.listener_outlives_us || turn.plain_connections() == 0 || now >= asked + GRACE {
            turn.drain(now);
        }
    }

    /// How long the loop may sleep before it has to call [`proceed`](Self::proceed).
    pub(super) fn wait(&self, now: Moment, turn: &Turn) -> Option<Duration> {
        let asked = self.asked.filter(|_| !turn.is_draining())?;
        Some(if turn.plain_connections() == 0 {
            Duration::ZERO
        } else {
            (asked + GRACE).since(now)
        })
    }
}
