//! [`Zone`]: the local time zone, for protocols that show people the time on the server's clock.
//!
//! It answers one question: what a clock on the wall shows at some time since the Unix epoch. Where the rules
//! of the zone come from is not known here: `net` reads them from the machine once, at the start, and hands
//! them over as a function. So a test can have any zone, and this room needs no crate.

use std::fmt;
use std::sync::Arc;

/// A time zone. A clone shares its rules. The default is UTC.
#[derive(Clone, Default)]
pub struct Zone(Option<Arc<Offset>>);

/// From seconds since the Unix epoch to seconds that local time is ahead of UTC then.
type Offset = dyn Fn(i64) -> i32 + Send + Sync;

impl Zone {
    /// A zone by its offset: how many seconds local time is ahead of UTC, at a time in seconds since the Unix
    /// epoch. With daylight saving time, that depends on the time.
    pub fn new(offset: impl Fn(i64) -> i32 + Send + Sync + 'static) -> Self {
        Zone(Some(Arc::new(offset)))
    }

    /// The hour and the minute that a clock shows at a time, in milliseconds since the Unix epoch.
    pub fn clock(&self, unix_ms: i64) -> (u8, u8) {
        const DAY: i64 = 24 * 60 * 60;
        let seconds = unix_ms.div_euclid(1000);
        let offset = self.0.as_ref().map_or(0, |offset| offset(seconds));
        // Without its whole days, no sum can overflow.
        let of_day = (seconds.rem_euclid(DAY) + i64::from(offset)).rem_euclid(DAY);
        let part = |value: i64| u8::try_from(value).expect("below 60");
        (part(of_day / 3600), part(of_day / 60 % 60))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Zone(local)" } else { "Zone(UTC)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_rules_a_clock_shows_utc() {
        let utc = Zone::default();
        assert_eq!(utc.clock(0), (0, 0));
        assert_eq!(utc.clock(59_999), (0, 0));
        assert_eq!(utc.clock(1_772_323_199_007), (23, 59));
        assert_eq!(utc.clock(-1), (23, 59), "before 1970");
    }

    #[test]
    fn the_offset_is_that_of_then() {
        // An hour ahead, and two hours from some moment on.
        let summer = 1_000_000_000;
        let zone = Zone::new(move |at| if at < summer { 3600 } else { 7200 });
        assert_eq!(zone.clock(summer * 1000 - 1), (2, 46));
        assert_eq!(zone.clock(summer * 1000), (3, 46));
        let behind = Zone::new(|_| -(3 * 3600 + 30 * 60));
        assert_eq!(behind.clock(0), (20, 30));
    }

    #[test]
    fn no_time_makes_it_panic() {
        for offset in [i32::MIN, -1, 0, 1, i32::MAX] {
            let zone = Zone::new(move |_| offset);
            for at in [i64::MIN, -1, 0, 1, i64::MAX] {
                let (hour, minute) = zone.clock(at);
                assert!(hour < 24 && minute < 60, "{offset} {at}");
            }
        }
    }
}
