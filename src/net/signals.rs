//! [`Signals`]: signals as something to poll.
//!
//! Signals are blocked and read from a descriptor (signalfd(2)) instead of handled: no handler runs
//! in the middle of anything. By default most signals end a process, and a chat server would lose all
//! its clients. So every signal is blocked, also those that mean nothing here and those that do not
//! exist yet. [`LEFT_ALONE`] names the exceptions, with their reasons. A table in `systemd/README.md`
//! says what each signal does.
//!
//! A blocked signal is delivered to the descriptor even if the parent ignored it (nohup(1), a job in
//! the background), and the mask replaces the one that the parent left. `main` opens this first. What
//! arrives while the start waits for something is read by `start_watch`.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::start_watch;

/// What a signal asks the server to do. A number is the signal's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asked {
    /// End.
    Stop(u8),
    /// Write the flight recorder's trace: SIGUSR1.
    Trace,
    /// Read the settings again: SIGHUP. The kernel also sends it when a terminal is closed.
    Reload(u8),
    /// Nothing: the signal has no meaning here.
    Nothing(u8),
}

/// The signals that drain the server. SIGQUIT is one of them, because its usual core dump would contain
/// what people write. For a core dump there is still SIGABRT.
const STOP: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT];

/// The signals that keep the effect which the kernel or the runtime gives them. (Nobody can block
/// SIGKILL and SIGSTOP.)
const LEFT_ALONE: [Signal; 13] = [
    // A fault in the program, or the watchdog of systemd: the process cannot go on.
    Signal::SIGILL,
    Signal::SIGTRAP,
    Signal::SIGABRT,
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGSEGV,
    Signal::SIGSYS,
    // The runtime ignores it, and a write to a closed pipe returns an error. If it were blocked, it
    // would be queued.
    Signal::SIGPIPE,
    // Ctrl-Z: a person wants the process stopped, and continued later.
    Signal::SIGTSTP,
    Signal::SIGCONT,
    // The kernel ignores these.
    Signal::SIGCHLD,
    Signal::SIGURG,
    Signal::SIGWINCH,
];

/// The signals that are blocked and never read. The system call that causes one fails with an error
/// instead. A line of the log may cause the first. If the server read that signal, it would log another
/// line, which would cause the signal again.
const UNREAD: [Signal; 3] = [
    // A write to a file at its size limit (setrlimit(2)).
    Signal::SIGXFSZ,
    // A background job reads from its terminal, or writes to it. The job would be stopped.
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// All signals that the server reads.
#[derive(Debug)]
pub struct Signals {
    descriptor: Arc<SignalFd>,
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
        let descriptor = Arc::new(SignalFd::with_flags(&read, flags)?);
        start_watch::watch_over(Arc::clone(&descriptor), ends);
        Ok(Signals { descriptor })
    }

    /// Reads the next signal that has arrived, and returns what it asks for.
    pub(super) fn next(&mut self) -> Option<Asked> {
        let number = match start_watch::next_early() {
            Some(number) => number,
            None => self.descriptor.read_signal().ok().flatten()?.ssi_signo,
        };
        let is = |signal: Signal| number == signal as u32;
        // Linux has 64 signals, so the number fits.
        let byte = u8::try_from(number).unwrap_or(u8::MAX);
        Some(match () {
            () if ends(number) => Asked::Stop(byte),
            () if is(Signal::SIGUSR1) => Asked::Trace,
            () if is(Signal::SIGHUP) => Asked::Reload(byte),
            () => Asked::Nothing(byte),
        })
    }
}

/// Whether the signal with this number drains the server.
fn ends(number: u32) -> bool {
    STOP.into_iter().any(|signal| number == signal as u32)
}

impl AsRawFd for Signals {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}
