//! CPU time divided by time and by messages. Divided by nothing it is `None`, and never 0 or NaN.

use std::time::Duration;

use crate::record::Outcome;

/// A part of a time as a share of it; `None` if the whole is zero.
pub(super) fn share(part: Duration, whole: Duration) -> Option<f64> {
    (!whole.is_zero()).then(|| part.as_secs_f64() / whole.as_secs_f64())
}

/// CPU seconds by messages; `None` if there were no messages.
pub(super) fn per_message(cpu: Duration, outcome: &Outcome) -> Option<f64> {
    let sent = outcome.record.books.sent();
    (sent > 0).then(|| cpu.as_secs_f64() / sent as f64)
}
