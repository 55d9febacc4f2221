//! The payload of a close frame (RFC 6455 §5.5.1): nothing, or a code and a reason.
//!
//! The codes themselves are tungstenite's [`CloseCode`]; which of them may travel is decided here.
//! Called by the reader and by the frame writer.

use std::borrow::Cow;

use super::header::MAX_CONTROL_BYTES;
use super::{CloseCode, Violation};

/// The longest reason, in bytes: a control frame's payload without the code.
pub(super) const MAX_REASON_BYTES: usize = MAX_CONTROL_BYTES - 2;

/// Whether a peer may put this code into a close frame (RFC 6455 §7.4).
///
/// tungstenite's own list leaves out 1014, which IANA has registered since ("bad gateway"): the
/// proxies that send it are not to be told that they have broken the protocol. What it refuses,
/// rightly: 0 to 999, 1004, 1005, 1006, 1015, everything else up to 2999, and 5000 and above.
pub(super) fn may_travel(code: CloseCode) -> bool {
    const BAD_GATEWAY: u16 = 1014;
    code.is_allowed() || u16::from(code) == BAD_GATEWAY
}

/// Reads the payload of a close frame.
pub(super) fn parse(
    payload: Cow<'_, [u8]>,
) -> Result<Option<(CloseCode, Cow<'_, str>)>, Violation> {
    let code = match *payload {
        [] => return Ok(None),
        [_] => return Err(Violation::HalfCloseCode),
        [high, low, ..] => CloseCode::from(u16::from_be_bytes([high, low])),
    };
    if !may_travel(code) {
        return Err(Violation::ForbiddenCloseCode);
    }
    let reason = match payload {
        Cow::Borrowed(payload) => str::from_utf8(&payload[2..]).map(Cow::Borrowed),
        Cow::Owned(payload) => str::from_utf8(&payload[2..]).map(|text| Cow::Owned(text.into())),
    };
    Ok(Some((code, reason.map_err(|_| Violation::ReasonNotUtf8)?)))
}

/// As much of `reason` as fits into a close frame, in whole characters.
pub(super) fn cut(reason: &str) -> &str {
    let fits = 0..=MAX_REASON_BYTES.min(reason.len());
    let end = fits.rev().find(|&end| reason.is_char_boundary(end));
    &reason[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_that_may_travel_are_those_of_the_registry() {
        for code in 0..=u16::MAX {
            let expected = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
            assert_eq!(may_travel(code.into()), expected, "{code}");
        }
    }

    #[test]
    fn every_code_survives_its_trip_through_the_enum() {
        for code in 0..=u16::MAX {
            assert_eq!(u16::from(CloseCode::from(code)), code);
        }
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        assert_eq!(cut(""), "");
        assert_eq!(cut(&"a".repeat(123)).len(), 123);
        assert_eq!(cut(&"a".repeat(124)).len(), 123);
        assert_eq!(cut(&"é".repeat(62)).len(), 122);
        assert_eq!(cut(&format!("aaa{}", "🦀".repeat(31))).len(), 123);
        assert_eq!(cut(&"🦀".repeat(31)).len(), 120);
    }
}
