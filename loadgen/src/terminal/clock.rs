//! The clock of the terminal client: the only place of it that reads the time.

#![expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is handed")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use switchboard::timer::{Moment, Now, Zone};

/// Both clocks, and the local time zone.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    start: Instant,
    zone: Zone,
}

impl Clock {
    /// A clock that starts now, a second after [`Moment::START`]. Without rules for the local time zone it shows
    /// UTC.
    pub(super) fn start() -> Self {
        let zone = TimeZone::try_system().map_or_else(
            |_| Zone::default(),
            |zone| {
                Zone::new(move |seconds| {
                    let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
                    zone.to_offset(at).seconds()
                })
            },
        );
        Clock { start: Instant::now(), zone }
    }

    /// The time on both clocks.
    pub(super) fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Now { monotonic: Moment::START + Duration::from_secs(1) + self.start.elapsed(), unix }
    }

    /// What a clock on the wall shows at a time in milliseconds since the Unix epoch.
    pub(super) fn wall(&self, unix_ms: i64) -> String {
        let (hour, minute) = self.zone.clock(unix_ms);
        format!("{hour:02}:{minute:02}")
    }
}
