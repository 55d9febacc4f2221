//! [`Moment`] and [`Now`]: points in time, as values.
//!
//! A moment counts nanoseconds from an arbitrary start, eight bytes wide so that a connection can
//! afford several, and good for 584 years. Called by everybody; knows no clock.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::Add;
use std::time::Duration;

/// A point on the monotonic clock, in nanoseconds since an arbitrary start.
///
/// Arithmetic saturates: a deadline too far away to represent is "never", not a panic.
///
/// One is added to what is kept, so that zero is left over to be the `None` of an `Option<Moment>`,
/// which then takes no more than its moment. Every connection has two.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Moment(NonZeroU64);

impl Moment {
    /// The start of the clock.
    pub const START: Moment = Moment(NonZeroU64::MIN);

    /// The moment `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Moment(NonZeroU64::MIN.saturating_add(nanos))
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0.get() - 1
    }

    /// The time that has passed since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Moment").field(&self.as_nanos()).finish()
    }
}

impl Default for Moment {
    fn default() -> Self {
        Moment::START
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, duration: Duration) -> Moment {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Moment(self.0.saturating_add(nanos))
    }
}

/// The two clocks, read together once a turn and passed to all code that needs the time.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Now {
    /// For deadlines and durations: never goes back.
    pub monotonic: Moment,
    /// For people: time since the Unix epoch, UTC. May jump when an administrator sets the clock.
    pub unix: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_beyond_the_clock_is_its_last_moment() {
        let last = Moment::from_nanos(u64::MAX);
        assert_eq!(last + Duration::from_nanos(1), last);
        // More nanoseconds than 64 bits hold.
        assert_eq!(Moment::START + Duration::MAX, last);
    }

    #[test]
    fn no_moment_takes_no_more_than_a_moment() {
        assert_eq!(size_of::<Option<Moment>>(), 8);
        assert_eq!((Moment::START.as_nanos(), Moment::from_nanos(7).as_nanos()), (0, 7));
    }

    #[test]
    fn a_moment_shows_the_nanoseconds_since_the_start() {
        assert_eq!(format!("{:?}", Moment::from_nanos(7)), "Moment(7)");
    }

    #[test]
    fn no_time_has_passed_since_a_later_moment() {
        let (early, late) = (Moment::from_nanos(7), Moment::from_nanos(1_000_000_007));
        assert_eq!(late.since(early), Duration::from_secs(1));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
