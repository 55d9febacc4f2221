//! [`Slot`]: the place of a phone, and [`Task`]: what a phone is to do by itself.

use switchboard::timer::{Moment, Wheel};

use super::line::Line;
use crate::phone_id::PhoneId;
use crate::record::Party;
use crate::workload::Persona;

/// The place of a phone.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) persona: Persona,
    /// Whether the plan wants it to be online.
    pub(super) is_wanted: bool,
    /// Which of its connections this is, or was; 0 if it has had none.
    pub(super) generation: u32,
    /// Whether the session whose first device it is has invited its circle.
    pub(super) has_invited: bool,
    pub(super) line: Option<Box<Line>>,
}

impl Slot {
    pub(super) fn new(persona: Persona) -> Self {
        Slot { persona, is_wanted: false, generation: 0, has_invited: false, line: None }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.is_ready())
    }

    /// A phone on the connection that it has.
    pub(super) fn party(&self, phone: PhoneId) -> Party {
        Party { phone, generation: self.generation }
    }
}

/// What a phone is to do by itself, if it still has the connection for which that was planned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) party: Party,
    pub(super) due: Moment,
    pub(super) deed: Deed,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Deed {
    Ping,
    Refresh,
    /// Drop the connection.
    Vanish,
    /// Come back.
    Return,
    FallSilent,
    /// Read a few bytes.
    Read,
    /// Send one byte.
    Drip,
    SendGarbage,
    Flood,
    /// Of the closed model: the message with this number has not arrived.
    StopWaiting(u64),
}

impl Task {
    /// A task for that moment, or at most 17 ms later: the timer wheel knows no others. That moment is then
    /// the plan, so the wheel's rounding is in nobody's latency.
    pub(super) fn new(party: Party, at: Moment, deed: Deed) -> Self {
        let slot = u64::try_from(Wheel::<Task>::SLOT_WIDTH.as_nanos()).expect("17 ms");
        let due = Moment::from_nanos(at.as_nanos().div_ceil(slot).saturating_mul(slot));
        Task { party, due, deed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
