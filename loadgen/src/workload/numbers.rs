//! [`Numbers`]: the phones' numbers, and the phone that has a number which the server names.
//!
//! Thirteen digits: a 4, six that come from the seed (so that two load generators with different
//! seeds do not take each other's numbers), and six that count the phones.

use crate::phone_id::PhoneId;

/// The numbers of a run's phones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// The number that would be that of phone 0.
    first: [u8; Numbers::DIGITS],
    clients: u32,
}

impl Numbers {
    /// The most phones that can be told apart.
    pub(crate) const MOST: u32 = 999_999;

    /// Numbers for this many phones, and one more for the probe.
    pub(crate) fn new(clients: u32, seed: u64) -> Self {
        let mut first = [b'0'; Numbers::DIGITS];
        first[0] = b'4';
        write_digits(fastrand::Rng::with_seed(seed).u32(0..1_000_000), &mut first[1..SHARED]);
        Numbers { first, clients }
    }

    /// How many digits a number has.
    pub(crate) const DIGITS: usize = 13;

    /// A phone's number, written into `buffer`.
    pub(crate) fn digits<'b>(
        &self,
        phone: PhoneId,
        buffer: &'b mut [u8; Numbers::DIGITS],
    ) -> &'b str {
        *buffer = self.first;
        write_digits(phone.0, &mut buffer[SHARED..]);
        str::from_utf8(buffer).expect("digits are ASCII")
    }

    /// The phone that tries before all others whether there is a server.
    pub(crate) fn probe(&self) -> PhoneId {
        PhoneId(self.clients)
    }

    /// The phone that has this number; `None` if it is none of ours.
    pub(crate) fn phone(&self, number: &str) -> Option<PhoneId> {
        let own = number.as_bytes().strip_prefix(&self.first[..SHARED])?;
        let digit = |place: u32, &byte: &u8| {
            byte.is_ascii_digit().then(|| place * 10 + u32::from(byte - b'0'))
        };
        let place = own.iter().try_fold(0, digit).filter(|_| number.len() == Numbers::DIGITS)?;
        (place < self.clients).then_some(PhoneId(place))
    }
}

/// How many digits all numbers of a run share.
const SHARED: usize = 7;

/// Fills `digits` with a number in decimal.
fn write_digits(number: u32, digits: &mut [u8]) {
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789"[(rest % 10) as usize];
        rest /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_back_to_its_phone_and_no_other_number_does() {
        let numbers = Numbers::new(1000, 3);
        let number = |numbers: &Numbers, phone| numbers.digits(phone, &mut [0; 13]).to_owned();
        for phone in [0, 1, 999].map(PhoneId) {
            let number = number(&numbers, phone);
            assert!(number.starts_with('4') && number.len() == 13, "{number}");
            assert_eq!(numbers.phone(&number), Some(phone));
        }
        let probe = number(&numbers, numbers.probe());
        let plus = format!("+{}", &number(&numbers, PhoneId(0))[1..]);
        let other = number(&Numbers::new(1000, 4), PhoneId(0));
        for strange in [&probe, &plus, &other, "", "4", "not a number at all"] {
            assert_eq!(numbers.phone(strange), None, "{strange}");
        }
    }
}
