//! CPU time by time, and by messages. Of nothing it is 0, and never NaN.

use std::time::Duration;

use crate::record::Outcome;

/// How much of a time something else took; 0 of no time.
pub(super) fn share(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() { 0.0 } else { part.as_secs_f64() / whole.as_secs_f64() }
}

/// In seconds; 0 without messages.
pub(super) fn per_message(cpu: Duration, outcome: &Outcome) -> f64 {
    match outcome.record.books.sent() {
        0 => 0.0,
        sent => cpu.as_secs_f64() / sent as f64,
    }
}
