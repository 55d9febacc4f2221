//! [`Books`]: where every message of a realm went.
//!
//! ```text
//! received = refused + undelivered + delivered + in flight
//! ```
//!
//! holds after every call into the chat, and does so by construction: each method below moves one message
//! from one term to another. Each realm keeps books of its own and counts nothing but its own messages.
//! The turn adds them up for `/metrics`, and compares what is in flight with what is in its outboxes.

use std::iter::Sum;

use super::{Outcome, Reason};

/// The fate of every message of a realm, in messages since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Books {
    /// Messages from people who are signed in, the refused ones included.
    pub received: u64,
    /// Messages that reached their recipient: the kernel took the last byte, or the recipient's client
    /// said that it was read.
    pub delivered: u64,
    /// Messages whose fate is not decided yet.
    pub in_flight: u64,
    /// In the order of [`Fault::ALL`].
    refused: [u64; Fault::ALL.len()],
    /// In the order of [`Reason::ALL`].
    undelivered: [u64; Reason::ALL.len()],
}

/// Why a message was refused: its sender was told so at once, with an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// A field is missing, or is not what it should be.
    Malformed,
    /// Its text is over the limit.
    TooLong,
    /// The realm lets its people write to their contacts only, and the recipient is none.
    NotInvited,
}

impl Fault {
    /// Every one of them, in the order of the metrics.
    pub const ALL: [Fault; 3] = [Fault::Malformed, Fault::TooLong, Fault::NotInvited];

    /// The label in the metrics.
    pub fn word(self) -> &'static str {
        match self {
            Fault::Malformed => "malformed",
            Fault::TooLong => "too_long",
            Fault::NotInvited => "not_invited",
        }
    }
}

impl Reason {
    /// Every one of them, in the order of the metrics.
    pub const ALL: [Reason; 2] = [Reason::Offline, Reason::Slow];

    /// The label in the metrics.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Offline => "offline",
            Reason::Slow => "slow",
        }
    }
}

impl Books {
    /// Messages that were refused for this fault.
    pub fn refused(&self, fault: Fault) -> u64 {
        self.refused[fault as usize]
    }

    /// Messages that did not reach their recipient for this reason.
    pub fn undelivered(&self, reason: Reason) -> u64 {
        self.undelivered[reason as usize]
    }

    /// Whether every message is accounted for.
    pub fn balances(&self) -> bool {
        let Books { received, delivered, in_flight, refused, undelivered } = self;
        let gone = refused.iter().sum::<u64>() + undelivered.iter().sum::<u64>();
        *received == gone + delivered + in_flight
    }

    /// A message is received and goes to its recipient, or comes back at once.
    pub(super) fn take(&mut self) {
        self.received += 1;
        self.in_flight += 1;
    }

    /// A message is received and goes nowhere.
    pub(super) fn refuse(&mut self, fault: Fault) {
        self.received += 1;
        self.refused[fault as usize] += 1;
    }

    /// The fate of a message that was taken is decided.
    pub(super) fn settle(&mut self, outcome: Outcome) {
        self.in_flight -= 1;
        match outcome {
            Outcome::Delivered => self.delivered += 1,
            Outcome::Undelivered(reason) => self.undelivered[reason as usize] += 1,
        }
    }
}

/// The books of several realms are added up term by term.
impl<'b> Sum<&'b Books> for Books {
    fn sum<I: Iterator<Item = &'b Books>>(all: I) -> Self {
        let mut sum = Books::default();
        for books in all {
            let Books { received, delivered, in_flight, refused, undelivered } = books;
            sum.received += received;
            sum.delivered += delivered;
            sum.in_flight += in_flight;
            for fault in Fault::ALL {
                sum.refused[fault as usize] += refused[fault as usize];
            }
            for reason in Reason::ALL {
                sum.undelivered[reason as usize] += undelivered[reason as usize];
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Books with a different number in every term.
    fn some() -> Books {
        let mut books = Books::default();
        let fates = [
            Outcome::Delivered,
            Outcome::Undelivered(Reason::Offline),
            Outcome::Undelivered(Reason::Slow),
        ];
        for (count, fate) in (1..).zip(fates) {
            (0..count).for_each(|_| books.take());
            (0..count).for_each(|_| books.settle(fate));
        }
        for (count, fault) in (4..).zip(Fault::ALL) {
            (0..count).for_each(|_| books.refuse(fault));
        }
        (0..7).for_each(|_| books.take());
        books
    }

    #[test]
    fn every_message_stands_in_one_term_whatever_becomes_of_it() {
        let books = some();
        assert!(books.balances());
        assert_eq!((books.received, books.delivered, books.in_flight), (28, 1, 7));
        assert_eq!(Reason::ALL.map(|reason| books.undelivered(reason)), [2, 3]);
        assert_eq!(Fault::ALL.map(|fault| books.refused(fault)), [4, 5, 6]);
        assert!(!Books { received: 27, ..books }.balances(), "one is in no book");
    }

    #[test]
    fn the_sum_of_books_has_every_term_of_each() {
        let sum: Books = [some(), some(), some()].iter().sum();
        assert!(sum.balances());
        assert_eq!((sum.received, sum.delivered, sum.in_flight), (84, 3, 21));
        assert_eq!(Reason::ALL.map(|reason| sum.undelivered(reason)), [6, 9]);
        assert_eq!(Fault::ALL.map(|fault| sum.refused(fault)), [12, 15, 18]);
    }

    #[test]
    fn words_stand_at_their_place() {
        assert!(Fault::ALL.iter().enumerate().all(|(place, &fault)| fault as usize == place));
        assert!(Reason::ALL.iter().enumerate().all(|(place, &reason)| reason as usize == place));
    }
}
