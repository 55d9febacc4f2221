//! [`Ledger`]: what became of every message of the realm.
//!
//! ```text
//! received = refused + failed + in store + stored
//! ```
//!
//! holds after every call, by construction: each method moves one message from one term to another. A
//! message is *in store* while the store has it in hand. Its copies to the recipients are not booked: once
//! a message is stored, nobody can lose it.

use super::Failure;
use crate::chat::Fault;

/// How many messages had which fate, since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ledger {
    /// Messages from users, the refused ones included.
    pub received: u64,
    /// Messages that the store has in hand.
    pub in_store: u64,
    /// Messages that are committed.
    pub stored: u64,
    refused: [u64; Refused::ALL.len()],
    failed: [u64; FAILURES.len()],
}

/// Why a message was not stored, though the store works.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    /// A field is missing or has a wrong value, or the text is empty.
    Malformed,
    /// The text is over the limit.
    TooLong,
    /// There is no user of the recipient's name, no such room, or no such message to reply to.
    Unknown,
    /// The sender is no member of the room. The store says so, which has the last word.
    NotAMember,
    /// The sender's client has sent it again: it was stored before, and is acknowledged once more.
    Repeated,
    /// The sender's client gave it the id of another message.
    IdReused,
}

/// Why the store failed, in the order of the metrics.
pub(super) const FAILURES: [Failure; 3] = [Failure::Full, Failure::ReadOnly, Failure::Io];

impl Refused {
    /// Every one of them, in the order of the metrics.
    pub const ALL: [Refused; 6] = [
        Refused::Malformed,
        Refused::TooLong,
        Refused::Unknown,
        Refused::NotAMember,
        Refused::Repeated,
        Refused::IdReused,
    ];

    /// The label in the metrics.
    pub fn word(self) -> &'static str {
        match self {
            Refused::Malformed => "malformed",
            Refused::TooLong => "too_long",
            Refused::Unknown => "unknown",
            Refused::NotAMember => "not_a_member",
            Refused::Repeated => "repeated",
            Refused::IdReused => "id_reused",
        }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed => Refused::Malformed,
            Fault::TooLong => Refused::TooLong,
            Fault::NotInvited => Refused::Unknown,
        }
    }
}

/// The label of a failure in the metrics.
pub(super) fn word_of(failure: Failure) -> &'static str {
    match failure {
        Failure::Full => "full",
        Failure::ReadOnly => "read_only",
        Failure::Io => "io",
    }
}

impl Ledger {
    /// Messages that were refused for this reason.
    pub fn refused(&self, why: Refused) -> u64 {
        self.refused[why as usize]
    }

    /// Messages that could not be stored for this reason.
    pub fn failed(&self, why: Failure) -> u64 {
        self.failed[why as usize]
    }

    /// The messages that were not refused.
    pub fn taken(&self) -> u64 {
        self.received - self.refused.iter().sum::<u64>()
    }

    /// Whether every message is accounted for.
    pub fn balances(&self) -> bool {
        let Ledger { received, in_store, stored, refused, failed } = self;
        let gone = refused.iter().sum::<u64>() + failed.iter().sum::<u64>();
        *received == gone + in_store + stored
    }

    /// Counts a message as received and refused.
    pub(super) fn refuse(&mut self, why: Refused) {
        self.received += 1;
        self.refused[why as usize] += 1;
    }

    /// Counts a message as received and in the store's hand.
    pub(super) fn take(&mut self) {
        self.received += 1;
        self.in_store += 1;
    }

    /// Moves a message that the store has refused out of its hand.
    pub(super) fn give_back(&mut self, why: Refused) {
        self.in_store -= 1;
        self.refused[why as usize] += 1;
    }

    /// Moves a message out of the store's hand.
    pub(super) fn settle(&mut self, outcome: Result<(), Failure>) {
        self.in_store -= 1;
        match outcome {
            Ok(()) => self.stored += 1,
            Err(why) => self.failed[why as usize] += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_stands_in_one_term_whatever_becomes_of_it() {
        let mut ledger = Ledger::default();
        for (count, why) in (1..).zip(Refused::ALL) {
            (0..count).for_each(|_| ledger.refuse(why));
        }
        (0..23).for_each(|_| ledger.take());
        (0..3).for_each(|_| ledger.give_back(Refused::Unknown));
        for (count, why) in (1..).zip(FAILURES) {
            (0..count).for_each(|_| ledger.settle(Err(why)));
        }
        (0..9).for_each(|_| ledger.settle(Ok(())));
        assert!(ledger.balances());
        assert_eq!((ledger.received, ledger.in_store, ledger.stored), (44, 5, 9));
        assert_eq!(Refused::ALL.map(|why| ledger.refused(why)), [1, 2, 3 + 3, 4, 5, 6]);
        assert_eq!(FAILURES.map(|why| ledger.failed(why)), [1, 2, 3]);
        assert!(!Ledger { stored: 8, ..ledger }.balances(), "one is in no term");
    }

    #[test]
    fn words_stand_at_their_place() {
        assert!(Refused::ALL.iter().enumerate().all(|(place, &why)| why as usize == place));
        assert!(FAILURES.iter().enumerate().all(|(place, &why)| why as usize == place));
    }
}
