//! Signals, as something to poll.
//!
//! SIGTERM, SIGINT and SIGUSR1 are blocked and read from a descriptor (signalfd(2)) instead of handled: no
//! handler runs in the middle of anything, and there is no moment at which they have their default
//! action, not even during an exec, which a signal mask survives.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asked {
    /// To end: SIGTERM or SIGINT, by its number.
    Stop(u8),
    /// To write the flight recorder's trace: SIGUSR1.
    Trace,
}

/// The signals that the server listens to.
#[derive(Debug)]
pub(super) struct Signals {
    descriptor: SignalFd,
}

impl Signals {
    /// Blocks the signals and opens the descriptor that they are read from.
    pub(super) fn open() -> io::Result<Self> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGTERM);
        mask.add(Signal::SIGINT);
        mask.add(Signal::SIGUSR1);
        let mut blocked = mask;
        // A file at its size limit (setrlimit(2)) is an error to be reported, not the end of us.
        blocked.add(Signal::SIGXFSZ);
        blocked.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals { descriptor: SignalFd::with_flags(&mask, flags)? })
    }

    /// What the next signal that has come asks for.
    pub(super) fn next(&mut self) -> Option<Asked> {
        let signal = u8::try_from(self.descriptor.read_signal().ok().flatten()?.ssi_signo).ok()?;
        let is_trace = i32::from(signal) == Signal::SIGUSR1 as i32;
        Some(if is_trace { Asked::Trace } else { Asked::Stop(signal) })
    }
}

impl AsRawFd for Signals {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}
