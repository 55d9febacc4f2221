//! The machine's time zone, read once at the start: the variable TZ, or else /etc/localtime, with the rules
//! of the time zone database. Some protocols show times on the server's clock; the rooms that do so get a
//! [`Zone`], and know no file. Without rules it is UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::timer::Zone;

/// The machine's time zone, and a warning if it cannot be told.
pub(in crate::net) fn local() -> (Zone, Option<String>) {
    match TimeZone::try_system() {
        Ok(zone) => (of(zone), None),
        Err(error) => {
            let warning = format!("the local time zone is unknown, so it is UTC: {error}");
            (Zone::default(), Some(warning))
        }
    }
}

fn of(zone: TimeZone) -> Zone {
    Zone::new(move |seconds| {
        // A time that the crate does not know is one that only a wrong clock shows.
        let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        zone.to_offset(at).seconds()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-29, 01:00 UTC: clocks in Berlin go from 02:00 to 03:00.
    const SPRING: i64 = 1_774_746_000;

    #[test]
    fn daylight_saving_time_is_that_of_then() {
        let rules = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a rule of POSIX");
        let zone = of(rules);
        assert_eq!(zone.clock(SPRING * 1000 - 1), (1, 59));
        assert_eq!(zone.clock(SPRING * 1000), (3, 0));
        // The time of a message of last winter stays what it was.
        assert_eq!(zone.clock((SPRING - 86_400) * 1000), (2, 0));
    }

    #[test]
    fn a_time_out_of_range_has_some_clock() {
        let zone = of(TimeZone::UTC);
        for at in [i64::MIN, i64::MAX] {
            assert!(zone.clock(at).0 < 24);
        }
    }
}
