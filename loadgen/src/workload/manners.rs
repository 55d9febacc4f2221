//! [`Manners`]: what sessions do beside writing: which invitations they decline, which messages they type
//! visibly, which they read, and on which device. All of it follows from the seed and from the message or
//! invitation.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Devices;
use crate::phone_id::PhoneId;

/// How sessions behave.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Manners {
    /// How many devices each session has.
    pub(crate) devices: u32,
    /// Whether senders are told what becomes of messages, and recipients say that they have read them.
    pub(crate) receipts: bool,
    /// The share of messages that are marked as read.
    pub(crate) read: f64,
    /// The share of messages that are typed visibly.
    pub(crate) typing: f64,
    /// The share of invitations that are declined.
    pub(crate) decline: f64,
    /// How long the server waits before it tells contacts that a session has gone.
    pub(crate) grace: Duration,
}

impl Manners {
    /// The manners of phones in SCA, which knows nothing of this.
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

    /// Whether the recipient sees the sender type this message.
    pub(crate) fn is_typed(&self, message: u64, seed: u64) -> bool {
        hits(self.typing, message, seed ^ 0x7199)
    }

    /// Whether a session declines the invitation of another.
    pub(crate) fn declines(&self, sender: PhoneId, recipient: PhoneId, seed: u64) -> bool {
        let pair = u64::from(sender.0) << 32 | u64::from(recipient.0);
        hits(self.decline, pair, seed ^ 0xdec1)
    }
}

impl Devices {
    /// The place of the device from which a session writes to another. It is always the same one, since
    /// messages from two devices have no order.
    pub(crate) const fn writes(self, sender: PhoneId, recipient: PhoneId) -> u32 {
        sender.0.wrapping_add(recipient.0) % self.each()
    }

    /// The place of the device on which a message or invitation with this number is read or answered.
    pub(crate) const fn handles(self, number: u64) -> u32 {
        (number % self.each() as u64) as u32
    }
}

/// Whether this number belongs to the share.
pub(super) fn hits(share: f64, number: u64, seed: u64) -> bool {
    if share <= 0.0 || share >= 1.0 {
        return share >= 1.0;
    }
    fraction(number, seed) < share
}

/// A random number from 0 to 1, the same one for this number and seed.
pub(super) fn fraction(number: u64, seed: u64) -> f64 {
    let seed = seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    fastrand::Rng::with_seed(seed).f64()
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
