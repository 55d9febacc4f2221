//! [`Tick`]: a point in time counted in whole slots of the wheel; tick 0 is the start of the clock.
//!
//! A tick is to its slot what a date is to its day of the week, and to its round what it is to the
//! number of the week: 40 bits, of which the upper 28 are the round and the lower 12 the slot.
//!
//! Knows what a slot's width is, and nothing of timers. Called by the wheel only.

use super::occupancy::Occupancy;
use crate::timer::Moment;

/// How many slots there are: the bits of [`Occupancy`].
pub(super) const SLOTS: u32 = Occupancy::SLOTS;
/// A slot's width in nanoseconds, 16.8 ms. A power of two, so that dividing by it is a shift.
pub(super) const SLOT_NANOS: u64 = 1 << 24;

/// A point in time, in slots since the start of the clock.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Tick(u64);

impl Tick {
    /// The last tick that is not after `moment`.
    pub(super) fn at_or_before(moment: Moment) -> Self {
        Tick(moment.as_nanos() / SLOT_NANOS)
    }

    /// The first tick that is not before `moment`. It can be one that no [`Moment`] reaches.
    pub(super) fn at_or_after(moment: Moment) -> Self {
        Tick(moment.as_nanos().div_ceil(SLOT_NANOS))
    }

    /// The tick's own moment; `None` if the clock does not go that far.
    pub(super) fn moment(self) -> Option<Moment> {
        self.0.checked_mul(SLOT_NANOS).map(Moment::from_nanos)
    }

    /// The slot that the tick falls into.
    pub(super) fn slot(self) -> u32 {
        // Less than SLOTS, so nothing is cut off.
        (self.0 % u64::from(SLOTS)) as u32
    }

    /// How many revolutions went before it.
    pub(super) fn round(self) -> u32 {
        // 64 bits of nanoseconds less 24 for the slot's width less 12 for the slots: 28 bits.
        (self.0 / u64::from(SLOTS)) as u32
    }

    /// The tick of a round that falls into `slot`.
    pub(super) fn in_round(round: u32, slot: u32) -> Self {
        Tick(u64::from(round) * u64::from(SLOTS) + u64::from(slot))
    }

    /// The first tick after this one that falls into `slot`: 1 to [`SLOTS`] ticks on.
    pub(super) fn next_with_slot(self, slot: u32) -> Self {
        let ahead = (slot + SLOTS - self.slot() - 1) % SLOTS + 1;
        Tick(self.0 + u64::from(ahead))
    }

    /// The tick one revolution earlier, or the first.
    pub(super) fn one_revolution_before(self) -> Self {
        Tick(self.0.saturating_sub(u64::from(SLOTS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last tick that has a moment.
    const LAST: Tick = Tick(u64::MAX / SLOT_NANOS);

    #[test]
    fn a_moment_lies_between_two_ticks_or_on_one() {
        let seven = Moment::from_nanos(7 * SLOT_NANOS);
        assert_eq!(Tick::at_or_before(seven), Tick(7));
        assert_eq!(Tick::at_or_after(seven), Tick(7));
        let later = Moment::from_nanos(7 * SLOT_NANOS + 1);
        assert_eq!(Tick::at_or_before(later), Tick(7));
        assert_eq!(Tick::at_or_after(later), Tick(8));
        assert_eq!(Tick(7).moment(), Some(seven));
    }

    #[test]
    fn the_end_of_the_clock_lies_before_a_tick_that_never_comes() {
        let end = Moment::from_nanos(u64::MAX);
        assert_eq!(Tick::at_or_before(end), LAST);
        let never = Tick::at_or_after(end);
        assert_eq!(never, Tick(LAST.0 + 1));
        assert_eq!(never.moment(), None);
        assert!(never.round() > LAST.round(), "its round is not cut off");
    }

    #[test]
    fn the_next_tick_with_a_slot_is_one_to_a_revolution_ahead() {
        let tick = Tick(3 * u64::from(SLOTS) + 10);
        assert_eq!(tick.next_with_slot(11), Tick(tick.0 + 1));
        assert_eq!(tick.next_with_slot(9), Tick(tick.0 + u64::from(SLOTS) - 1));
        assert_eq!(tick.next_with_slot(10), Tick(tick.0 + u64::from(SLOTS)));
        assert_eq!(Tick::in_round(tick.round(), tick.slot()), tick);
        assert_eq!(tick.one_revolution_before(), Tick(2 * u64::from(SLOTS) + 10));
        assert_eq!(Tick(10).one_revolution_before(), Tick(0));
    }
}
