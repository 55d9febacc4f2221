//! [`Quantiles`]: a histogram in a few numbers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::Times;

/// In nanoseconds. If nothing was measured, `count` is 0 and all else `None`: a zero would look like a very
/// good server.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(super) struct Quantiles {
    pub(super) count: u64,
    pub(super) min: Option<u64>,
    pub(super) mean: Option<u64>,
    pub(super) p50: Option<u64>,
    pub(super) p75: Option<u64>,
    pub(super) p90: Option<u64>,
    pub(super) p95: Option<u64>,
    pub(super) p99: Option<u64>,
    pub(super) p999: Option<u64>,
    pub(super) p9999: Option<u64>,
    pub(super) max: Option<u64>,
}

impl Quantiles {
    /// The quantiles of a histogram.
    pub(super) fn of(times: &Times) -> Self {
        let nanos = |time: Duration| {
            (times.count() > 0).then(|| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_nothing_there_is_a_count_and_no_time() {
        let mut times = Times::default();
        let empty = serde_json::to_value(Quantiles::of(&times)).expect("it is JSON");
        let empty = empty.as_object().expect("an object");
        assert_eq!(empty["count"], 0);
        assert!(empty.iter().all(|(name, value)| name == "count" || value.is_null()), "{empty:?}");
        times.add(Duration::from_nanos(7));
        let one = Quantiles::of(&times);
        assert_eq!((one.count, one.min, one.p9999, one.max), (1, Some(7), Some(7), Some(7)));
    }
}
