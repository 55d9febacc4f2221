//! Signals that end a run early, as something to poll: SIGTERM, Ctrl-C and Ctrl-\ of a terminal, and
//! its closing. The report comes all the same. Every other signal does to loadgen what it does to any
//! program; a server of its own then ends with it.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

const END: [Signal; 4] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP];

/// The signals that end a run.
#[derive(Debug)]
pub(crate) struct Signals {
    descriptor: SignalFd,
}

impl Signals {
    /// Blocks the signals and opens the descriptor that they are read from.
    pub(crate) fn open() -> io::Result<Self> {
        let mut mask = SigSet::empty();
        END.into_iter().for_each(|signal| mask.add(signal));
        mask.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals { descriptor: SignalFd::with_flags(&mask, flags)? })
    }

    /// Whether another signal has come.
    pub(super) fn next(&mut self) -> bool {
        matches!(self.descriptor.read_signal(), Ok(Some(_)))
    }
}

impl AsRawFd for Signals {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}
