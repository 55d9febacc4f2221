//! [`Manners`]: what sessions do beside writing: who is invited and says no, who types first, what is
//! read, and on which device. All of it follows from the seed and from what it is about.

use std::time::Duration;

use super::Devices;
use crate::phone_id::PhoneId;

/// How sessions behave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Manners {
    /// Devices of each session.
    pub(crate) devices: u32,
    /// Whether anybody wants to hear what becomes of messages, and says that he has read them.
    pub(crate) receipts: bool,
    /// The share of messages that are marked as read.
    pub(crate) read: f64,
    /// The share of messages that are typed visibly.
    pub(crate) typing: f64,
    /// The share of invitations that are declined.
    pub(crate) decline: f64,
    /// How long the server waits before it tells contacts that somebody is gone.
    pub(crate) grace: Duration,
}

impl Manners {
    /// Those of phones that speak SCA: they have none of all this.
    pub(crate) const NONE: Manners = Manners {
        devices: 1,
        receipts: false,
        read: 0.0,
        typing: 0.0,
        decline: 0.0,
        grace: Duration::ZERO,
    };

    /// Whether a message is marked as read.
    pub(crate) fn is_read(&self, message: u64, seed: u64) -> bool {
        self.receipts && hits(self.read, message, seed ^ 0x4ead)
    }

    /// Whether its sender is seen typing it.
    pub(crate) fn is_typed(&self, message: u64, seed: u64) -> bool {
        hits(self.typing, message, seed ^ 0x7199)
    }

    /// Whether somebody declines another's invitation.
    pub(crate) fn declines(&self, sender: PhoneId, recipient: PhoneId, seed: u64) -> bool {
        let pair = u64::from(sender.0) << 32 | u64::from(recipient.0);
        hits(self.decline, pair, seed ^ 0xdec1)
    }
}

impl Devices {
    /// From which of his devices somebody writes to another: always the same one, since between two
    /// there is no order.
    pub(crate) const fn writes(self, sender: PhoneId, recipient: PhoneId) -> u32 {
        sender.0.wrapping_add(recipient.0) % self.each()
    }

    /// On which device something with this number is read, or answered.
    pub(crate) const fn handles(self, number: u64) -> u32 {
        (number % self.each() as u64) as u32
    }
}

/// Whether this one is in the share.
fn hits(share: f64, number: u64, seed: u64) -> bool {
    if share <= 0.0 || share >= 1.0 {
        return share >= 1.0;
    }
    let seed = seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    fastrand::Rng::with_seed(seed).f64() < share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_kept_and_are_the_same_every_time() {
        let manners = Manners { receipts: true, read: 0.25, typing: 1.0, ..Manners::NONE };
        let read = |seed| (0..10_000).filter(|&n| manners.is_read(n, seed)).collect::<Vec<_>>();
        assert!((2300..2700).contains(&read(1).len()), "{}", read(1).len());
        assert_eq!(read(1), read(1));
        assert_ne!(read(1), read(2));
        assert!((0..100).all(|n| manners.is_typed(n, 1)), "all");
        assert!((0..100).all(|n| !manners.declines(PhoneId(n), PhoneId(1), 1)), "none");
        let silent = Manners { receipts: false, ..manners };
        assert!((0..100).all(|n| !silent.is_read(n, 1)), "without receipts nothing is");
    }
}
