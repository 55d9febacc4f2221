//! [`Budget`]: the bytes that publishing presence may cost, in one token bucket for all audiences.
//!
//! The bucket is refilled at a fixed rate, and saves up little. A list is charged by its length.
//! What must wait for the budget waits while the bucket is empty, and then pays in full, however
//! deep that makes the debt. A first list does not wait; so that a rush of newcomers cannot stop
//! the lists of everybody else for long, first lists make a limited debt only. The budget knows no
//! receivers and no audiences.

use std::time::Duration;

use crate::timer::Moment;

/// A list is charged at least this many bytes: a short one still costs a system call.
pub(super) const LEAST_CHARGE: i64 = 10 * 1024;
/// The bucket holds what the rate yields in this time. It is spent at once on the first change.
const SAVED: Duration = Duration::from_millis(100);
/// First lists take the bucket no deeper into debt than what the rate yields in this time.
const DEBT: Duration = Duration::from_millis(50);

/// How a list is paid for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Charge {
    /// It was published without regard to the budget: the debt that it makes is limited.
    First,
    /// It waited for the budget, and pays in full. With a limit, a list that is longer than the
    /// limit could be had for the limit, again and again.
    InFull,
}

/// One token bucket.
#[derive(Debug)]
pub(super) struct Budget {
    bytes_per_second: u64,
    /// Bytes that may be published now. Negative: debt.
    tokens: i64,
    /// The time up to which the bucket has been filled.
    refilled: Moment,
}

impl Budget {
    /// A full bucket.
    pub(super) fn new(bytes_per_second: u64) -> Self {
        let tokens = bytes_in(bytes_per_second, SAVED);
        Budget { bytes_per_second, tokens, refilled: Moment::START }
    }

    /// Adds what the rate has yielded since the last time.
    pub(super) fn refill(&mut self, now: Moment) {
        let gained = bytes_in(self.bytes_per_second, now.since(self.refilled));
        if gained > 0 {
            let cap = bytes_in(self.bytes_per_second, SAVED);
            // A budget too small to save up anything still earns its one byte.
            self.tokens = self.tokens.saturating_add(gained).min(cap.max(1));
            self.refilled = now;
        }
    }

    /// Whether a list that waits for the budget may be published now.
    pub(super) fn is_solvent(&self) -> bool {
        self.tokens > 0
    }

    /// Pays for a list of this many bytes.
    pub(super) fn charge(&mut self, bytes: usize, how: Charge) {
        let charge = i64::try_from(bytes).unwrap_or(i64::MAX).max(LEAST_CHARGE);
        let floor = match how {
            Charge::First => -bytes_in(self.bytes_per_second, DEBT),
            Charge::InFull => i64::MIN,
        };
        self.tokens = self.tokens.saturating_sub(charge).max(floor.min(self.tokens));
    }

    /// How long until the budget is out of debt.
    pub(super) fn until_solvent(&self) -> Duration {
        let missing = u128::try_from(1 - self.tokens).unwrap_or(0);
        let rate = u128::from(self.bytes_per_second.max(1));
        let nanos = (missing * 1_000_000_000).div_ceil(rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// How many bytes `rate` yields in `time`, capped far above any use.
fn bytes_in(rate: u64, time: Duration) -> i64 {
    let bytes = u128::from(rate) * time.as_nanos() / 1_000_000_000;
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
