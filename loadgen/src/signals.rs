//! [`Signals`]: the signals that end a run early (SIGTERM, Ctrl-C and Ctrl-\ of a terminal, and its closing),
//! as something to poll; and [`wait`], which waits for descriptors until a signal comes.
//!
//! While a plan is played, the first signal ends sending, and the second ends everything. Everywhere else the
//! first one ends everything: no wait goes on after it. Every other signal does to loadgen what it does to
//! any program, and a server of its own then ends with it. Used by all that waits.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

const END: [Signal; 4] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP];

/// The signals that end a run.
#[derive(Debug)]
pub(crate) struct Signals {
    descriptor: SignalFd,
    is_hurried: bool,
}

/// What a wait came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wait {
    /// The descriptor at this place is ready, or has failed.
    Ready(usize),
    /// The time is over.
    Late,
    /// A signal has come, or had come before.
    Signal,
}

impl Signals {
    /// Blocks the signals and opens the descriptor that they are read from.
    pub(crate) fn open() -> io::Result<Self> {
        Signals::open_with(&[])
    }

    /// The same, together with these other signals.
    pub(crate) fn open_with(others: &[Signal]) -> io::Result<Self> {
        let mut mask = SigSet::empty();
        END.iter().chain(others).for_each(|&signal| mask.add(signal));
        mask.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals { descriptor: SignalFd::with_flags(&mask, flags)?, is_hurried: false })
    }

    /// Whether another signal has come. It is then taken: it ends no wait.
    pub(crate) fn next(&mut self) -> bool {
        self.take().is_some()
    }

    /// The next signal that has come. It is then taken.
    pub(crate) fn take(&mut self) -> Option<Signal> {
        let info = self.descriptor.read_signal().ok()??;
        i32::try_from(info.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok())
    }

    /// From now on nothing is waited for, as if a signal had come.
    pub(crate) fn hurry(&mut self) {
        self.is_hurried = true;
    }

    /// Whether nothing is to be waited for: a signal has come that was not taken.
    pub(crate) fn is_hurried(&self) -> bool {
        self.pause(Duration::ZERO)
    }

    /// Sleeps, until a signal comes. Returns whether one has come.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        matches!(wait(&[], PollFlags::empty(), Some(time), Some(self)), Ok(Wait::Signal))
    }
}

impl AsRawFd for Signals {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}

/// Waits until one of the descriptors is ready, for at most this time, or until a signal comes. A ready
/// descriptor goes before a signal: what needs no waiting can always be done.
///
/// # Errors
///
/// The kernel's, if it cannot wait for these.
pub(crate) fn wait(
    descriptors: &[BorrowedFd<'_>],
    flags: PollFlags,
    time: Option<Duration>,
    signals: Option<&Signals>,
) -> io::Result<Wait> {
    let is_hurried = signals.is_some_and(|signals| signals.is_hurried);
    let time = if is_hurried { Some(Duration::ZERO) } else { time };
    // Rounded up: otherwise a caller with a fraction of a millisecond left would spin.
    let timeout = time.map_or(PollTimeout::NONE, |time| {
        let millis = time.as_micros().div_ceil(1000);
        PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
    });
    let mut polled: Vec<PollFd<'_>> =
        descriptors.iter().map(|&descriptor| PollFd::new(descriptor, flags)).collect();
    polled.extend(signals.map(|own| PollFd::new(own.descriptor.as_fd(), PollFlags::POLLIN)));
    loop {
        match poll(&mut polled, timeout) {
            Ok(_) => break,
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let is_ready = |one: &PollFd<'_>| one.revents().is_none_or(|events| !events.is_empty());
    Ok(match polled.iter().position(is_ready) {
        Some(at) if at < descriptors.len() => Wait::Ready(at),
        Some(_) => Wait::Signal,
        None if is_hurried => Wait::Signal,
        None => Wait::Late,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_hurried_wait_takes_what_is_ready_and_waits_for_nothing() {
        let (reader, mut writer) = io::pipe().expect("the kernel has one");
        let mut signals = Signals::open().expect("the kernel has them");
        let look = |signals: &Signals, time| {
            wait(&[reader.as_fd()], PollFlags::POLLIN, time, Some(signals)).expect("it can wait")
        };
        assert_eq!(look(&signals, Some(Duration::from_millis(1))), Wait::Late);
        signals.hurry();
        assert_eq!(look(&signals, None), Wait::Signal, "without end otherwise");
        writer.write_all(b"a").expect("a pipe takes it");
        assert_eq!(look(&signals, None), Wait::Ready(0));
    }
}
