//! Waiting for events, and how much a wait can be trusted: [`sleep`], [`lag`] and [`polled`].
//!
//! A wait that a signal cut short, or that ended much later than asked for, says nothing about which
//! clients are silent: the process or the machine was stopped, and sockets may have become readable
//! that the kernel has not reported. The loop calls this once a turn; the turn decides what follows
//! ([`Polled`]).
//!
//! [`retry`] is for all other system calls that a signal may cut short.

use std::io::{self, ErrorKind};
use std::time::Duration;

use mio::{Events, Poll};

use crate::timer::Moment;
use crate::turn::Polled;

/// The most events that one poll returns.
pub(super) const EVENTS: usize = 1024;

/// A wait that took this much longer than asked for counts as a stall.
const STALL: Duration = Duration::from_millis(100);

/// Sleeps until the kernel has events, or for as long as `wait` says. Returns whether a signal cut
/// it short (signal(7): after a stop, epoll_wait(2) fails with EINTR).
pub(super) fn sleep(
    poll: &mut Poll,
    events: &mut Events,
    wait: Option<Duration>,
) -> io::Result<bool> {
    match poll.poll(events, wait) {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == ErrorKind::Interrupted => {
            events.clear();
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

/// Repeats a system call that a signal has interrupted (signal(7)).
pub(super) fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// How late the loop woke up for `deadline`; `None` if events arrived before it.
pub(super) fn lag(deadline: Option<Moment>, now: Moment) -> Option<Duration> {
    deadline.filter(|deadline| now >= *deadline).map(|deadline| now.since(deadline))
}

/// Classifies a poll by the number of events it returned, whether a signal interrupted it, and how
/// late it woke up.
pub(super) fn polled(named: usize, interrupted: bool, lag: Option<Duration>) -> Polled {
    let overslept = lag.is_some_and(|lag| lag > STALL);
    match named {
        _ if interrupted || overslept => Polled::Disturbed,
        EVENTS.. => Polled::Part(named),
        _ => Polled::Everybody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest lag that is no stall, and the shortest one that is.
    const LATE: Option<Duration> = Some(STALL);
    const STALLED: Option<Duration> = Some(STALL.saturating_add(Duration::from_nanos(1)));

    #[test]
    fn a_wait_that_was_cut_short_or_far_too_long_has_not_named_every_ready_socket() {
        for named in [0, 1, EVENTS] {
            assert_eq!(polled(named, true, None), Polled::Disturbed, "a signal alone");
            assert_eq!(polled(named, false, STALLED), Polled::Disturbed, "the time alone");
            assert_eq!(polled(named, true, STALLED), Polled::Disturbed);
        }
    }

    #[test]
    fn a_wait_with_a_full_buffer_has_named_some_ready_sockets_and_any_other_wait_all_of_them() {
        for lag in [None, Some(Duration::ZERO), LATE] {
            assert_eq!(polled(0, false, lag), Polled::Everybody);
            assert_eq!(polled(EVENTS - 1, false, lag), Polled::Everybody);
            assert_eq!(polled(EVENTS, false, lag), Polled::Part(EVENTS));
        }
    }

    #[test]
    fn only_a_loop_that_wakes_up_after_a_deadline_is_late() {
        let at = |millis| Moment::START + Duration::from_millis(millis);
        assert_eq!(lag(None, at(9)), None);
        assert_eq!(lag(Some(at(10)), at(9)), None);
        assert_eq!(lag(Some(at(9)), at(9)), Some(Duration::ZERO));
        assert_eq!(lag(Some(at(2)), at(9)), Some(Duration::from_millis(7)));
    }
}
