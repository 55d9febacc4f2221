//! [`Task`]: what a phone is to do by itself at a certain moment. `tasks` does it.

use switchboard::timer::{Moment, Wheel};

use crate::record::Party;

/// What a phone is to do by itself. It is dropped if the phone no longer has this connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) party: Party,
    pub(super) due: Moment,
    pub(super) deed: Deed,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Deed {
    Ping,
    /// Ask who is online.
    Refresh,
    /// Drop the connection.
    Vanish,
    /// Come back on another server, and leave the old connection half-open.
    Roam,
    /// Come back.
    Return,
    FallSilent,
    /// Read a few bytes.
    Read,
    /// Send one byte.
    Drip,
    SendGarbage,
    Flood,
    /// Invite sociable sessions, as a quota hog.
    Hog,
    /// In the closed model: give up waiting for the message with this number.
    StopWaiting(u64),
}

impl Task {
    /// A task for this moment, or up to 17 ms later: the timer wheel knows no moments in between. The later
    /// moment is the planned one, so the wheel's rounding is part of no latency.
    pub(super) fn new(party: Party, at: Moment, deed: Deed) -> Self {
        let slot = u64::try_from(Wheel::<Task>::SLOT_WIDTH.as_nanos()).expect("17 ms");
        let due = Moment::from_nanos(at.as_nanos().div_ceil(slot).saturating_mul(slot));
        Task { party, due, deed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone_id::PhoneId;

    #[test]
    fn a_task_is_planned_for_a_moment_at_which_the_wheel_turns() {
        let party = Party { phone: PhoneId(1), generation: 1 };
        for nanos in [0, 1, 16_777_216, 16_777_217, 1_000_000_000] {
            let task = Task::new(party, Moment::from_nanos(nanos), Deed::Ping);
            assert!(task.due >= Moment::from_nanos(nanos));
            let mut wheel = Wheel::new(Moment::START);
            wheel.insert(task.due, ());
            assert_eq!(
                wheel.next_deadline(),
                Some(task.due).filter(|_| nanos > 0).or(wheel.next_deadline())
            );
            assert_eq!(wheel.next_due(task.due), Some(()), "{nanos}");
        }
    }
}
