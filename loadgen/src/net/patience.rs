//! [`Patience`]: how long one exchange with a server may take as a whole, and the signals that end it.
//! [`Refusal`]: why it came to nothing.

use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::poll::PollFlags;
use switchboard::timer::Moment;

use super::clock::Clock;
use crate::signals::{Signals, Wait, wait};

/// Why there is no answer.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// A signal has come.
    Interrupted,
    /// What the server does not do, in a sentence.
    Server(String),
    /// What is wrong with a file of the caller, in a sentence. The server was not asked.
    File(String),
}

impl From<String> for Refusal {
    fn from(sentence: String) -> Self {
        Refusal::Server(sentence)
    }
}

/// How long an exchange may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience<'a> {
    clock: Clock,
    whole: Duration,
    signals: Option<&'a Signals>,
}

impl<'a> Patience<'a> {
    /// This much time from now on.
    pub(super) fn new(whole: Duration, signals: Option<&'a Signals>) -> Self {
        Patience { clock: Clock::start(), whole, signals }
    }

    /// What is left of the time.
    pub(super) fn left(&self) -> Duration {
        self.whole.saturating_sub(self.clock.now().since(Moment::START))
    }

    /// Waits until one of the descriptors is ready, for at most `step`, and no longer than the exchange may
    /// take.
    pub(super) fn wait(
        &self,
        descriptors: &[BorrowedFd<'_>],
        flags: PollFlags,
        step: Duration,
    ) -> io::Result<Wait> {
        wait(descriptors, flags, Some(step.min(self.left())), self.signals)
    }

    /// The same for one descriptor.
    ///
    /// # Errors
    ///
    /// `TimedOut` if the time is over, and `Interrupted` if a signal has come.
    pub(super) fn wait_for(
        &self,
        descriptor: BorrowedFd<'_>,
        flags: PollFlags,
        step: Duration,
    ) -> io::Result<()> {
        // What is always ready must not keep the exchange going for ever.
        if self.left().is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        match self.wait(&[descriptor], flags, step)? {
            Wait::Ready(_) => Ok(()),
            Wait::Late => Err(ErrorKind::TimedOut.into()),
            Wait::Signal => Err(ErrorKind::Interrupted.into()),
        }
    }
}
