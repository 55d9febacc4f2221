//! The server's own times in a frame, in ISO 8601: UTC, to the millisecond. All dialects that show times
//! share this file. It knows no clock.

use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use crate::chat::account::UnixMs;

/// Appends a time since the Unix epoch, in UTC, to the millisecond: `2026-02-28T23:59:59.999Z`.
pub(super) fn write(since_epoch: Duration, out: &mut Vec<u8>) {
    let time = UNIX_EPOCH + since_epoch.min(LAST);
    write!(out, "{}", humantime::format_rfc3339_millis(time))
        .expect("a time before the year 10000 has a form, and writing to a Vec cannot fail");
}

/// The text of a time by the wall clock. A time before 1970, which only a wrong clock shows, is that of 1970.
pub(super) fn of_unix_ms(at: UnixMs) -> String {
    let mut out = Vec::new();
    write(Duration::from_millis(at.0.try_into().unwrap_or(0)), &mut out);
    String::from_utf8(out).expect("a time is ASCII")
}

/// The last millisecond of the year 9999, since the Unix epoch.
const LAST: Duration = Duration::from_millis(253_402_300_799_999);

#[cfg(test)]
mod tests {
    use super::*;

    fn written(since_epoch: Duration) -> String {
        let mut out = Vec::new();
        write(since_epoch, &mut out);
        String::from_utf8(out).expect("a time is ASCII")
    }

    #[test]
    fn a_time_of_ours_is_utc_to_the_millisecond() {
        assert_eq!(written(Duration::ZERO), "1970-01-01T00:00:00.000Z");
        let time = Duration::from_micros(1_772_323_199_007_999);
        assert_eq!(written(time), "2026-02-28T23:59:59.007Z");
    }

    #[test]
    fn a_time_by_the_wall_clock_is_written_in_the_same_way() {
        assert_eq!(of_unix_ms(UnixMs(1_772_323_199_007)), "2026-02-28T23:59:59.007Z");
        assert_eq!(of_unix_ms(UnixMs(-1)), "1970-01-01T00:00:00.000Z");
        assert_eq!(of_unix_ms(UnixMs(i64::MAX)), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_time_too_far_away_to_write_is_the_last_that_can_be_written() {
        for time in [LAST, LAST + Duration::from_nanos(1_000_000), Duration::MAX] {
            assert_eq!(written(time), "9999-12-31T23:59:59.999Z");
        }
    }
}
