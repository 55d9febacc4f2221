//! [`Number`]: a value on the page, a count or a time in seconds.
//!
//! Prometheus reads floating point, but decimal digits say the same without rounding: 5 ms are
//! `0.005`. Knows no metric.

use std::fmt;
use std::time::Duration;

/// A value on the page. Every count and every [`Duration`] converts into one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Number {
    /// A count, of bytes for example.
    Count(u64),
    /// A time, which the page gives in seconds.
    Seconds(Duration),
}

impl From<u64> for Number {
    fn from(count: u64) -> Self {
        Number::Count(count)
    }
}

impl From<usize> for Number {
    fn from(count: usize) -> Self {
        Number::Count(count as u64)
    }
}

impl From<Duration> for Number {
    fn from(duration: Duration) -> Self {
        Number::Seconds(duration)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Count(count) => count.fmt(f),
            Number::Seconds(duration) => {
                let digits = format!("{}.{:09}", duration.as_secs(), duration.subsec_nanos());
                // The zeros at the end go, and the point with them if nothing is left behind it.
                f.write_str(digits.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_written_as_short_as_they_are_exact() {
        for (nanos, text) in [
            (0, "0"),
            (1, "0.000000001"),
            (100_000, "0.0001"),
            (5_000_000, "0.005"),
            (2_500_000_000, "2.5"),
            (1_000_000_000, "1"),
            (100_000_000_000, "100"),
        ] {
            assert_eq!(Number::from(Duration::from_nanos(nanos)).to_string(), text);
        }
        assert_eq!(Number::from(u64::MAX).to_string(), "18446744073709551615");
    }
}
