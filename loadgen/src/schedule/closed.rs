//! [`Turns`]: the closed model. A phone writes, waits until its message has arrived, thinks, and writes
//! again.
//!
//! A server that stalls is spared the messages of that time: a phone that waits does not write. People
//! behave like that, and therefore the latencies of this model flatter a server. Knows no sockets and no
//! clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use switchboard::timer::Moment;

use crate::phone_id::PhoneId;

/// Which phone writes next, and when.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// The earliest turn first.
    next: BinaryHeap<Reverse<(Moment, PhoneId)>>,
    /// By phone: the number of the message that it waits for, if it waits.
    waits_for: Vec<Option<u64>>,
}

impl Turns {
    /// Gives a phone its turn at this moment.
    pub(crate) fn add(&mut self, phone: PhoneId, at: Moment) {
        if self.waits_for.len() <= phone.index() {
            self.waits_for.resize(phone.index() + 1, None);
        }
        self.waits_for[phone.index()] = None;
        self.next.push(Reverse((at, phone)));
    }

    /// The next phone whose turn has come.
    pub(crate) fn next(&mut self, now: Moment) -> Option<PhoneId> {
        let &Reverse((at, phone)) = self.next.peek()?;
        if at > now {
            return None;
        }
        self.next.pop();
        Some(phone)
    }

    /// The moment of the next turn.
    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        self.next.peek().map(|&Reverse((at, _))| at)
    }

    /// A phone has written this message, and now waits for its arrival.
    pub(crate) fn wait(&mut self, phone: PhoneId, number: u64) {
        if let Some(waits_for) = self.waits_for.get_mut(phone.index()) {
            *waits_for = Some(number);
        }
    }

    /// Whether a phone waits for that message; if so, it waits no longer.
    pub(crate) fn stop_waiting(&mut self, phone: PhoneId, number: u64) -> bool {
        let waits_for = self.waits_for.get_mut(phone.index());
        waits_for.is_some_and(|waits_for| waits_for.take_if(|one| *one == number).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_that_waits_has_no_turn_until_its_message_has_arrived() {
        let (ann, bob) = (PhoneId(0), PhoneId(1));
        let at = Moment::from_nanos;
        let mut turns = Turns::default();
        turns.add(bob, at(20));
        turns.add(ann, at(10));
        assert_eq!((turns.next(at(9)), turns.next_deadline()), (None, Some(at(10))));
        assert_eq!((turns.next(at(20)), turns.next(at(20))), (Some(ann), Some(bob)));
        turns.wait(ann, 7);
        assert_eq!(turns.next_deadline(), None);
        assert!(!turns.stop_waiting(ann, 6) && !turns.stop_waiting(bob, 7));
        assert!(turns.stop_waiting(ann, 7) && !turns.stop_waiting(ann, 7));
    }
}
