//! The protocol's times, in ISO 8601. This file recognises the times that clients write. The server's own
//! are written by `dialects::time`.
//!
//! The server forwards a client's time to another client, whose library has to parse it. A client that
//! can't parse it may lose the whole frame. So this file accepts less than the standard: only what
//! `DateTime.parse` of Dart, `Date` of JavaScript and `datetime.fromisoformat` of Python (3.11) all
//! parse. That is a date, with or without a time of day, and the time of day with or without a zone.
//! This file knows no clock.

/// Whether a text is a time: `2026-02-28` or `2026-02-28T23:59`. The time of day may have seconds, and
/// the seconds a fraction. It may end with `Z` or with an offset such as `+01:00`.
pub(super) fn is_time(text: &str) -> bool {
    let Some((date, rest)) = text.as_bytes().split_first_chunk() else { return false };
    match rest {
        [] => is_date(date),
        [b'T', time @ ..] => is_date(date) && is_time_of_day(time),
        _ => false,
    }
}

/// The most digits of a fraction: nanoseconds.
const MOST_FRACTION_DIGITS: usize = 9;

fn is_date(text: &[u8; 10]) -> bool {
    let [c1, c2, y1, y2, b'-', m1, m2, b'-', d1, d2] = *text else { return false };
    let (Some(century), Some(year)) = (number(c1, c2), number(y1, y2)) else { return false };
    let (Some(month), Some(day)) = (number(m1, m2), number(d1, d2)) else { return false };
    if (century, year) == (0, 0) {
        // Python has no year 0.
        return false;
    }
    // A year that ends a century is a leap year only in every fourth century.
    let is_leap = if year == 0 { century % 4 == 0 } else { year % 4 == 0 };
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

fn is_time_of_day(text: &[u8]) -> bool {
    let Some((start, rest)) = text.split_first_chunk() else { return false };
    is_hour_and_minute(start) && seconds_skipped(rest).is_some_and(is_zone)
}

/// Skips the seconds, if there are any, and returns the rest. `None` if they have a wrong form.
fn seconds_skipped(text: &[u8]) -> Option<&[u8]> {
    let [b':', s1, s2, rest @ ..] = text else { return Some(text) };
    if number(*s1, *s2)? >= 60 {
        return None;
    }
    let [b'.', rest @ ..] = rest else { return Some(rest) };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=MOST_FRACTION_DIGITS).contains(&digits).then(|| &rest[digits..])
}

fn is_zone(text: &[u8]) -> bool {
    match text {
        [] | [b'Z'] => true,
        [b'+' | b'-', offset @ ..] => offset.try_into().is_ok_and(is_hour_and_minute),
        _ => false,
    }
}

fn is_hour_and_minute(text: &[u8; 5]) -> bool {
    let [h1, h2, b':', m1, m2] = *text else { return false };
    number(h1, h2).is_some_and(|hour| hour < 24) && number(m1, m2).is_some_and(|minute| minute < 60)
}

fn number(tens: u8, ones: u8) -> Option<u8> {
    let both = tens.is_ascii_digit() && ones.is_ascii_digit();
    both.then(|| (tens - b'0') * 10 + (ones - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_libraries_of_the_apps_write_is_a_time() {
        let times = [
            "2026-02-28T23:59:59.999",          // Dart, a local time
            "2026-02-28T23:59:59.999999",       // Dart, on a system whose clock counts microseconds
            "2026-02-28T23:59:59.999Z",         // Dart and JavaScript, UTC
            "2026-02-28T23:59:59",              // Python, on a full second
            "2026-02-28T23:59:59.999999+00:00", // Python, UTC
            "2026-02-28T00:00:00.123456789-11:30",
            "2026-02-28T00:00",
            "2026-02-28T00:00Z",
            "2026-02-28",
            "0001-01-01",
            "9999-12-31T23:59:59.9+23:59",
        ];
        for time in times {
            assert!(is_time(time), "{time}");
        }
    }

    #[test]
    fn what_has_another_form_is_no_time() {
        let others = [
            "",
            "now",
            "1772323199",
            "2026-02-28T",
            "2026-02-28Z",
            "2026-02-28 23:59:59",
            "2026-02-28t23:59:59",
            "2026-02-28T23",
            "2026-02-28T24:00:00",
            "2026-02-28T23:60:00",
            "2026-02-28T23:59:60",
            "2026-02-28T23:59:5",
            "2026-02-28T23:59:59.",
            "2026-02-28T23:59:59,9",
            "2026-02-28T23:59:59.1234567890",
            "2026-02-28T23:59.5",
            "2026-02-28T23:59:59z",
            "2026-02-28T23:59:59ZZ",
            "2026-02-28T23:59:59+01",
            "2026-02-28T23:59:59+0100",
            "2026-02-28T23:59:59+24:00",
            "2026-02-28T23:59:59+01:60",
            "2026-02-28T23:59:59 Z",
            " 2026-02-28T23:59:59",
            "20260228T235959",
            "2026-2-28",
            "26-02-28",
            "0000-01-01",
            "+002026-02-28",
            "2026/02/28",
            "２０２６-02-28",
        ];
        for other in others {
            assert!(!is_time(other), "{other}");
        }
    }

    #[test]
    fn a_day_is_one_that_the_month_has() {
        for day in ["2024-02-29", "2000-02-29", "2026-01-31", "2026-04-30", "2026-12-31"] {
            assert!(is_time(day), "{day}");
        }
        let others = ["2026-02-29", "1900-02-29", "2026-04-31", "2026-01-00", "2026-01-32"];
        for day in others.into_iter().chain(["2026-00-01", "2026-13-01"]) {
            assert!(!is_time(day), "{day}");
        }
    }

    #[test]
    fn what_the_server_writes_is_a_time() {
        let mut out = Vec::new();
        crate::dialects::time::write(std::time::Duration::from_millis(7), &mut out);
        assert!(str::from_utf8(&out).is_ok_and(is_time));
    }
}
