//! [`Books`]: what became of every message of a realm.
//!
//! ```text
//! received = refused + undelivered + delivered + in flight
//! ```
//!
//! This equation holds after every call into the chat, by construction: each method below moves one
//! message from one term to another. Each realm keeps its own books, and counts only its own messages.
//! The turn adds the books up for `/metrics`. It also compares the messages in flight with its outboxes.

use std::iter::Sum;

use super::{Outcome, Reason};

/// How many messages of a realm had which fate, since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Books {
    /// Messages from people who are signed in, the refused ones included.
    pub received: u64,
    /// Messages that reached their recipient: the kernel took the last byte, or the recipient's client
    /// said that it was read.
    pub delivered: u64,
    /// Messages whose fate is not decided yet.
    pub in_flight: u64,
    /// Messages that were refused, in the order of [`Fault::ALL`].
    refused: [u64; Fault::ALL.len()],
    /// Messages that did not reach their recipient, in the order of [`Reason::ALL`].
    undelivered: [u64; Reason::ALL.len()],
}

/// Why a message was refused. Its sender got an error at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// A field is missing, or has a wrong value.
    Malformed,
    /// Its text is over the limit.
    TooLong,
    /// The realm lets people write only to their contacts, and the recipient is not a contact.
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

    /// Counts a message as received and in flight.
    pub(super) fn take(&mut self) {
        self.received += 1;
        self.in_flight += 1;
    }

    /// Counts a message as received and refused.
    pub(super) fn refuse(&mut self, fault: Fault) {
        self.received += 1;
        self.refused[fault as usize] += 1;
    }

    /// Moves a message from those in flight to its fate.
    pub(super) fn settle(&mut self, outcome: Outcome) {
        self.in_flight -= 1;
        match outcome {
            Outcome::Delivered => self.delivered += 1,
            Outcome::Undelivered(reason) => self.undelivered[reason as usize] += 1,
        }
    }
}

/// Adds up the books of several realms, term by term.
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

    /// Makes books with a different number in every term.
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
