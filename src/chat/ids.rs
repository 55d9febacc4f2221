//! [`ConnectionId`], one connection and never its successor in the same slot; and [`Mobile`], a phone
//! number, which names a person in the `mobile` realm.
//!
//! Both are valid by construction: nothing inside checks them again. A client chooses its number, which
//! is personal: it does not show itself in debug output.

use std::fmt;

/// One connection: a slot of the slab, and which of the slot's successive tenants is meant.
///
/// The generation makes the id of a closed connection harmless: the next tenant of the slot has another
/// generation, so the old id finds nobody.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnectionId {
    index: u32,
    generation: u32,
}

impl ConnectionId {
    /// The tenant number `generation` of slot `index`.
    pub const fn new(index: u32, generation: u32) -> Self {
        ConnectionId { index, generation }
    }

    /// The slot.
    pub const fn index(self) -> usize {
        self.index as usize
    }

    /// Which tenant of the slot.
    pub const fn generation(self) -> u32 {
        self.generation
    }
}

/// A phone number: 10 to 32 ASCII digits.
///
/// Kept as the telephone network does, two digits a byte (semi-octets, GSM 03.40 §9.1.2.3), filled
/// up with 0xF: 16 bytes whatever the length, equal exactly when the digits are, leading zeros included.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Mobile([u8; 16]);

/// The text was not 10 to 32 ASCII digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotAMobile;

impl fmt::Display for NotAMobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a mobile number has {} to {} digits and nothing else",
            Mobile::MIN_DIGITS,
            Mobile::MAX_DIGITS
        )
    }
}

impl std::error::Error for NotAMobile {}

impl Mobile {
    /// The fewest digits a number has.
    pub const MIN_DIGITS: usize = 10;
    /// The most digits a number has.
    pub const MAX_DIGITS: usize = 32;
    /// What stands where there is no digit.
    const FILLER: u8 = 0xF;

    /// Takes ASCII digits and nothing else.
    pub fn parse(text: &[u8]) -> Result<Self, NotAMobile> {
        if !(Self::MIN_DIGITS..=Self::MAX_DIGITS).contains(&text.len()) {
            return Err(NotAMobile);
        }
        let mut packed = [Self::FILLER << 4 | Self::FILLER; 16];
        for (pair, byte) in text.chunks(2).zip(&mut packed) {
            let high = digit(pair[0])?;
            let low = pair.get(1).map_or(Ok(Self::FILLER), |&d| digit(d))?;
            *byte = high << 4 | low;
        }
        Ok(Mobile(packed))
    }

    /// Writes the digits into `buffer` and returns them as text.
    pub fn digits<'b>(&self, buffer: &'b mut [u8; Self::MAX_DIGITS]) -> &'b str {
        for (pair, byte) in buffer.chunks_exact_mut(2).zip(self.0) {
            pair[0] = b'0' + (byte >> 4);
            pair[1] = b'0' + (byte & 0xF);
        }
        // A filler became b'0' + 15, which is no digit: the number ends at the first.
        let end = buffer.iter().position(|b| !b.is_ascii_digit());
        let digits = &buffer[..end.unwrap_or(Self::MAX_DIGITS)];
        std::str::from_utf8(digits).expect("ASCII digits are UTF-8")
    }
}

fn digit(byte: u8) -> Result<u8, NotAMobile> {
    if byte.is_ascii_digit() { Ok(byte - b'0') } else { Err(NotAMobile) }
}

impl fmt::Display for Mobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.digits(&mut [0; Self::MAX_DIGITS]))
    }
}

/// A number is personal: debug output shows only its last two digits.
impl fmt::Debug for Mobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; Self::MAX_DIGITS];
        let digits = self.digits(&mut buffer);
        write!(f, "Mobile(…{})", &digits[digits.len() - 2..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mobile_keeps_its_digits_leading_zeros_included() {
        for text in ["0012345678", "12345678901", "00000000000000000000000000000000"] {
            let mobile = Mobile::parse(text.as_bytes()).expect("valid");
            assert_eq!(mobile.to_string(), text);
        }
        let short = Mobile::parse(b"0123456789").expect("valid");
        let long = Mobile::parse(b"00123456789").expect("valid");
        assert_ne!(short, long);
    }

    #[test]
    fn anything_but_10_to_32_ascii_digits_is_no_mobile() {
        let too_long = [b'1'; 33];
        let refused: [&[u8]; 6] =
            [b"", b"123456789", &too_long, b"+1234567890", b"12345 67890", "١٢٣٤٥٦٧٨٩٠".as_bytes()];
        for text in refused {
            assert_eq!(Mobile::parse(text), Err(NotAMobile));
        }
    }

    #[test]
    fn debug_output_does_not_give_a_number_away() {
        let mobile = Mobile::parse(b"4915112345678").expect("valid");
        assert_eq!(format!("{mobile:?}"), "Mobile(…78)");
    }
}
