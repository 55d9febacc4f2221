//! CPU time divided by time and by messages. Divided by nothing it is 0, and never NaN.

use std::time::Duration;

use crate::record::Outcome;

/// A part of a time as a share of it; 0 if the whole is zero.
pub(super) fn share(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() { 0.0 } else { part.as_secs_f64() / whole.as_secs_f64() }
}

/// CPU seconds by messages; 0 if there were no messages.
pub(super) fn per_message(cpu: Duration, outcome: &Outcome) -> f64 {
    match outcome.record.books.sent() {
        0 => 0.0,
        sent => cpu.as_secs_f64() / sent as f64,
    }
}
