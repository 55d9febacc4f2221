//! [`Quantiles`]: a histogram in a few numbers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::Times;

/// In nanoseconds. All are zero if `count` is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(super) struct Quantiles {
    pub(super) count: u64,
    pub(super) min: u64,
    pub(super) mean: u64,
    pub(super) p50: u64,
    pub(super) p75: u64,
    pub(super) p90: u64,
    pub(super) p95: u64,
    pub(super) p99: u64,
    pub(super) p999: u64,
    pub(super) p9999: u64,
    pub(super) max: u64,
}

impl Quantiles {
    /// The quantiles of a histogram.
    pub(super) fn of(times: &Times) -> Self {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Quantiles {
            count: times.count(),
            min: nanos(times.min()),
            mean: nanos(times.mean()),
            p50: nanos(times.quantile(0.5)),
            p75: nanos(times.quantile(0.75)),
            p90: nanos(times.quantile(0.9)),
            p95: nanos(times.quantile(0.95)),
            p99: nanos(times.quantile(0.99)),
            p999: nanos(times.quantile(0.999)),
            p9999: nanos(times.quantile(0.9999)),
            max: nanos(times.max()),
        }
    }
}
