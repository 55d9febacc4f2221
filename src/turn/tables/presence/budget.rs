//! [`Budget`]: the bytes that publishing presence may cost, in one token bucket for all audiences.
//!
//! The bucket is refilled at a fixed rate, and saves up little. A list is charged by its length. Most
//! lists wait while the bucket is empty, and are then charged in full, however deep the debt becomes. A
//! first list does not wait. Its debt is limited, so that many newcomers cannot stop all other lists for
//! long. The budget knows no receivers and no audiences.

use std::time::Duration;

use crate::timer::Moment;

/// A list is charged at least this many bytes: a short list still costs a system call.
pub(super) const LEAST_CHARGE: i64 = 10 * 1024;
/// The bucket holds the bytes that the rate yields in this time. The first change after a quiet time
/// spends them at once.
const SAVED: Duration = Duration::from_millis(100);
/// First lists make a debt of at most the bytes that the rate yields in this time.
const DEBT: Duration = Duration::from_millis(50);

/// How a list is paid for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Charge {
    /// A first list: it did not wait for the budget, and the debt that it makes is limited.
    First,
    /// Any other list: it waited for the budget, and is charged in full. If this debt were limited, lists
    /// longer than the limit would cost no more than the limit, again and again.
    InFull,
}

/// A token bucket. A token is a byte.
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

    /// Changes the rate. Tokens and debt stay; what was saved up beyond the new rate is lost at the next refill.
    pub(super) fn set_rate(&mut self, bytes_per_second: u64) {
        self.bytes_per_second = bytes_per_second;
    }

    /// Adds the tokens that the rate has yielded since the last call.
    pub(super) fn refill(&mut self, now: Moment) {
        let gained = bytes_in(self.bytes_per_second, now.since(self.refilled));
        if gained > 0 {
            let cap = bytes_in(self.bytes_per_second, SAVED);
            // The bucket holds at least one token, or a very small budget would never publish.
            self.tokens = self.tokens.saturating_add(gained).min(cap.max(1));
            self.refilled = now;
        }
    }

    /// Whether a list that waits for the budget may be published now.
    pub(super) fn is_solvent(&self) -> bool {
        self.tokens > 0
    }

    /// Charges a list of this many bytes.
    pub(super) fn charge(&mut self, bytes: usize, how: Charge) {
        let charge = i64::try_from(bytes).unwrap_or(i64::MAX).max(LEAST_CHARGE);
        let floor = match how {
            Charge::First => -bytes_in(self.bytes_per_second, DEBT),
            Charge::InFull => i64::MIN,
        };
        self.tokens = self.tokens.saturating_sub(charge).max(floor.min(self.tokens));
    }

    /// The time until the bucket has a token again.
    pub(super) fn until_solvent(&self) -> Duration {
        let missing = u128::try_from(1 - self.tokens).unwrap_or(0);
        let rate = u128::from(self.bytes_per_second.max(1));
        let nanos = (missing * 1_000_000_000).div_ceil(rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// The number of bytes that `rate` yields in `time`, saturating.
fn bytes_in(rate: u64, time: Duration) -> i64 {
    let bytes = u128::from(rate) * time.as_nanos() / 1_000_000_000;
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
