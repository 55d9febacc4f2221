//! [`Signals`]: signals as something to poll.
//!
//! Signals are blocked and read from a descriptor (signalfd(2)) instead of handled: no handler runs
//! in the middle of anything. Most signals end a process that says nothing about them, and a chat
//! server loses everybody with it. So every signal is blocked, also those that mean nothing here and
//! those that do not exist yet, except for the ones that [`LEFT_ALONE`] names with a reason. The table
//! of the operator's documentation says what each does.
//!
//! A blocked signal is delivered to the descriptor even if the parent ignored it (nohup(1), a job in
//! the background), and the mask replaces the one that the parent left. `main` opens this first.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asked {
    /// To end, by the signal's number.
    Stop(u8),
    /// To write the flight recorder's trace: SIGUSR1.
    Trace,
    /// To read the settings again: SIGHUP. The kernel also sends it when a terminal is closed.
    Reload(u8),
    /// Nothing that this server knows, by the signal's number.
    Nothing(u8),
}

/// The signals that end the server in good order. SIGQUIT is one of them, because a core dump would
/// have what people write in it: SIGABRT is there for whoever wants one all the same.
const STOP: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT];

/// The signals that keep the effect which the kernel or the runtime gives them. (The kernel lets
/// nobody block SIGKILL and SIGSTOP.)
const LEFT_ALONE: [Signal; 13] = [
    // A fault in the program, or the watchdog of systemd: the process cannot go on.
    Signal::SIGILL,
    Signal::SIGTRAP,
    Signal::SIGABRT,
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGSEGV,
    Signal::SIGSYS,
    // The runtime ignores it, and a write to a closed pipe is an error. Blocked, it would be queued.
    Signal::SIGPIPE,
    // Ctrl-Z: a person wants the process stopped, and continued later.
    Signal::SIGTSTP,
    Signal::SIGCONT,
    // The kernel ignores these.
    Signal::SIGCHLD,
    Signal::SIGURG,
    Signal::SIGWINCH,
];

/// The signals that are blocked and never read. What causes them fails with an error instead, and
/// that is all. The log may cause the first: reading it would be another line, which would cause it
/// again.
const UNREAD: [Signal; 3] = [
    // A file at its size limit (setrlimit(2)).
    Signal::SIGXFSZ,
    // A job in the background that reads from its terminal, or writes to it: it would be stopped.
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// All signals that the server listens to.
#[derive(Debug)]
pub struct Signals {
    descriptor: SignalFd,
}

impl Signals {
    /// Blocks the signals and opens the descriptor that they are read from. Threads that are started
    /// before this do not block them: `main` begins with it.
    ///
    /// # Errors
    ///
    /// Those of signalfd(2).
    pub fn open() -> io::Result<Self> {
        let mut blocked = SigSet::all();
        LEFT_ALONE.into_iter().for_each(|signal| blocked.remove(signal));
        let mut read = blocked;
        UNREAD.into_iter().for_each(|signal| read.remove(signal));
        blocked.thread_set_mask()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals { descriptor: SignalFd::with_flags(&read, flags)? })
    }

    /// What the next signal that has come asks for.
    pub(super) fn next(&mut self) -> Option<Asked> {
        let number = self.descriptor.read_signal().ok().flatten()?.ssi_signo;
        let is = |signal: Signal| number == signal as u32;
        // There are 64 signals.
        let byte = u8::try_from(number).unwrap_or(u8::MAX);
        Some(match () {
            () if STOP.into_iter().any(is) => Asked::Stop(byte),
            () if is(Signal::SIGUSR1) => Asked::Trace,
            () if is(Signal::SIGHUP) => Asked::Reload(byte),
            () => Asked::Nothing(byte),
        })
    }
}

impl AsRawFd for Signals {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}
