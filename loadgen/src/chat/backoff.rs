//! [`Backoff`]: how long to wait before the next attempt to connect.
//!
//! "Full jitter": a random time below a bound that doubles with each failure. Thousands of clients that lost the
//! same server come back at thousands of moments. Chance is an argument. The rule and its numbers are those of
//! `src/dialects/CLIENTS.md`.

use std::time::Duration;

/// Counts the failures since the last connection that lasted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

/// The bound of the first wait, twice.
const HALF_SECOND: Duration = Duration::from_millis(500);
/// The largest bound.
const LARGEST: Duration = Duration::from_secs(60);
/// A connection that has lasted for this long was a success.
const SUCCESS: Duration = Duration::from_secs(30);
/// The most that a server may ask for. A longer wait is a mistake of the server, or malice.
const MOST_ASKED: Duration = Duration::from_secs(60 * 60);

impl Backoff {
    /// The time until the next attempt. `asked` is the wait that the server has asked for, and comes on top;
    /// `chance` is at least 0 and less than 1.
    pub(super) fn fail(&mut self, asked: Duration, chance: f64) -> Duration {
        self.failures = (self.failures + 1).min(16);
        let bound = HALF_SECOND.saturating_mul(1 << self.failures).min(LARGEST);
        asked.min(MOST_ASKED) + bound.mul_f64(chance)
    }

    /// A connection has ended that had lasted for this long.
    pub(super) fn lasted(&mut self, time: Duration) {
        if time >= SUCCESS {
            self.failures = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALMOST_ONE: f64 = 1.0 - f64::EPSILON;

    #[test]
    fn the_bound_doubles_up_to_a_minute_and_a_connection_that_lasted_begins_anew() {
        let mut backoff = Backoff::default();
        let mut bound = || backoff.fail(Duration::ZERO, ALMOST_ONE).as_secs_f64().round();
        let bounds: Vec<_> = (0..8).map(|_| bound()).collect();
        assert_eq!(bounds, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
        backoff.lasted(Duration::from_secs(29));
        assert!(backoff.fail(Duration::ZERO, 0.5) > Duration::from_secs(20));
        backoff.lasted(Duration::from_secs(30));
        assert!(backoff.fail(Duration::ZERO, ALMOST_ONE) <= Duration::from_secs(1));
    }

    #[test]
    fn any_time_below_the_bound_may_come() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.fail(Duration::ZERO, 0.0), Duration::ZERO);
        let waits = [0.25, 0.75].map(|chance| Backoff::default().fail(Duration::ZERO, chance));
        assert_eq!(waits, [250, 750].map(Duration::from_millis));
    }

    #[test]
    fn what_the_server_asks_for_comes_on_top_and_is_never_more_than_an_hour() {
        let asked = Duration::from_millis(7300);
        let wait = Backoff::default().fail(asked, 0.5);
        assert_eq!(wait, asked + Duration::from_millis(500));
        assert_eq!(Backoff::default().fail(Duration::MAX, 0.0), MOST_ASKED);
    }
}
