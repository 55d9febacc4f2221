//! [`Early`]: what a view says beyond the change up to which it is right.
//!
//! While a server is late, each of thousands of views has thousands of these, so they are kept tightly: four bytes each, in
//! the order of the phones. To find one takes O(log n), to add one O(n), and to copy all is one `memcpy`.

use crate::phone_id::PhoneId;

/// Of some phones, whether a view shows them as online.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Early(Vec<u32>);

impl Early {
    /// What the view says of a phone; `None`: nothing beyond its change.
    pub(super) fn get(&self, phone: PhoneId) -> Option<bool> {
        let entry = self.place(phone).ok().map(|place| entry(self.0[place]))?;
        Some(entry.1)
    }

    /// The view says this of a phone.
    pub(super) fn insert(&mut self, phone: PhoneId, is_online: bool) {
        let packed = phone.0 << 1 | u32::from(is_online);
        match self.place(phone) {
            Ok(place) => self.0[place] = packed,
            Err(place) => self.0.insert(place, packed),
        }
    }

    /// Drops what is not to be kept.
    pub(super) fn retain(&mut self, is_kept: impl Fn(PhoneId, bool) -> bool) {
        self.0.retain(|&packed| {
            let (phone, is_online) = entry(packed);
            is_kept(phone, is_online)
        });
    }

    /// No more is added: takes no more room than it needs.
    pub(super) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    /// All of it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PhoneId, bool)> {
        self.0.iter().map(|&packed| entry(packed))
    }

    fn place(&self, phone: PhoneId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&phone.0, |&packed| packed >> 1)
    }
}

fn entry(packed: u32) -> (PhoneId, bool) {
    (PhoneId(packed >> 1), packed & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_last_of_a_phone_is_found_in_the_order_of_phones() {
        let mut early = Early::default();
        for (phone, is_online) in [(9, true), (2, false), (1 << 30, true), (9, false), (3, true)] {
            early.insert(PhoneId(phone), is_online);
        }
        let all: Vec<_> = early.iter().map(|(phone, is_online)| (phone.0, is_online)).collect();
        assert_eq!(all, [(2, false), (3, true), (9, false), (1 << 30, true)]);
        early.retain(|_, is_online| is_online);
        let found = [2, 3, 9, 1 << 30].map(|phone| early.get(PhoneId(phone)));
        assert_eq!(found, [None, Some(true), None, Some(true)]);
    }
}
