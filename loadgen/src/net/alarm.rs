//! [`Alarm`]: wakes the loop at a moment, to the microsecond.
//!
//! mio rounds a timeout up to a whole millisecond. A message that is sent a millisecond late is delivered a
//! millisecond late, and that would be our own fault. A timer descriptor (timerfd_create(2)) has the
//! kernel's full precision, at the cost of one more descriptor to poll.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd, RawFd};
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use switchboard::timer::Moment;

/// An alarm clock. It rings once for each time that it is set.
#[derive(Debug)]
pub(super) struct Alarm {
    descriptor: TimerFd,
    /// The moment that it is set to.
    moment: Option<Moment>,
}

impl Alarm {
    /// An alarm that is not set.
    pub(super) fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let descriptor = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        Ok(Alarm { descriptor, moment: None })
    }

    /// Sets it, unless it is set to that already.
    pub(super) fn set(&mut self, moment: Moment, now: Moment) -> io::Result<()> {
        if self.moment == Some(moment) {
            return Ok(());
        }
        // Zero would mean "never" (timerfd_settime(2)).
        let time = moment.since(now).max(Duration::from_nanos(1));
        let once = Expiration::OneShot(TimeSpec::from_duration(time));
        self.descriptor.set(once, TimerSetTimeFlags::empty())?;
        self.moment = Some(moment);
        Ok(())
    }

    /// It has rung. Nothing is read from the descriptor: readiness is edge-triggered, and setting the alarm
    /// again clears what was unread.
    pub(super) fn has_rung(&mut self) {
        self.moment = None;
    }
}

impl AsRawFd for Alarm {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_fd().as_raw_fd()
    }
}
