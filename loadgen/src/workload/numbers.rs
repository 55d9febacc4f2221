//! [`Numbers`]: the phones' numbers, and the phone that has a number which the server names.
//!
//! Thirteen digits: a 4, six that come from the seed (so that two load generators with different
//! seeds do not take each other's numbers), and six that count the phones.

use crate::phone_id::PhoneId;

/// The numbers of a run's phones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// Seven digits, and six zeros.
    base: u64,
    clients: u32,
}

impl Numbers {
    /// The most phones that can be told apart.
    pub(crate) const MOST: u32 = 999_999;

    /// Numbers for this many phones, and one more for the probe.
    pub(crate) fn new(clients: u32, seed: u64) -> Self {
        let six_digits = fastrand::Rng::with_seed(seed).u64(0..1_000_000);
        Numbers { base: (4_000_000 + six_digits) * 1_000_000, clients }
    }

    /// How many digits a number has.
    pub(crate) const DIGITS: usize = 13;

    /// A phone's number, written into `buffer`.
    pub(crate) fn digits<'b>(
        &self,
        phone: PhoneId,
        buffer: &'b mut [u8; Numbers::DIGITS],
    ) -> &'b str {
        let mut rest = self.base + u64::from(phone.0);
        for digit in buffer.iter_mut().rev() {
            *digit = b"0123456789"[(rest % 10) as usize];
            rest /= 10;
        }
        str::from_utf8(buffer).expect("digits are ASCII")
    }

    /// The phone that tries before all others whether there is a server.
    pub(crate) fn probe(&self) -> PhoneId {
        PhoneId(self.clients)
    }

    /// The phone that has this number; `None` if it is none of ours.
    pub(crate) fn phone(&self, number: &str) -> Option<PhoneId> {
        // `parse` would take a plus sign as well. A number is thirteen digits, of which the first is a 4.
        let is_plain = number.len() == Self::DIGITS && number.starts_with('4');
        let place = number.parse::<u64>().ok().filter(|_| is_plain)?.checked_sub(self.base)?;
        u32::try_from(place).ok().filter(|&place| place < self.clients).map(PhoneId)
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
