//! Signals, as something to poll.
//!
//! SIGTERM and SIGINT are blocked and read from a descriptor (signalfd(2)) instead of handled: no
//! handler runs in the middle of anything, and there is no moment at which they have their default
//! action, not even during an exec, which a signal mask survives.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// The signals that end the server.
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
        mask.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals { descriptor: SignalFd::with_flags(&mask, flags)? })
    }

    /// The next signal that has come, by its number.
    pub(super) fn next(&mut self) -> Option<u8> {
        let signal = self.descriptor.read_signal().ok().flatten()?;
        u8::try_from(signal.ssi_signo).ok()
    }
}

impl AsRawFd for Signals {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}
