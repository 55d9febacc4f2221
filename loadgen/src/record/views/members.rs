//! [`Members`]: a set of phones, one bit for each. So two sets are compared 64 phones at a time.

use crate::phone_id::PhoneId;

/// A set of phones.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Members(Vec<u64>);

impl Members {
    /// An empty set with room for this many.
    pub(super) fn new(clients: usize) -> Self {
        Members(vec![0; clients.div_ceil(64)])
    }

    pub(super) fn insert(&mut self, phone: PhoneId) {
        self.0[phone.index() / 64] |= 1 << (phone.index() % 64);
    }

    pub(super) fn remove(&mut self, phone: PhoneId) {
        self.0[phone.index() / 64] &= !(1 << (phone.index() % 64));
    }

    pub(super) fn contains(&self, phone: PhoneId) -> bool {
        self.0[phone.index() / 64] >> (phone.index() % 64) & 1 == 1
    }

    /// The phones that are in only one of the two sets, and whether they are in this one.
    pub(super) fn difference<'a>(
        &'a self,
        other: &'a Members,
    ) -> impl Iterator<Item = (PhoneId, bool)> + 'a {
        self.0.iter().zip(&other.0).enumerate().flat_map(|(place, (&ours, &theirs))| {
            let mut rest = ours ^ theirs;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                let index = u32::try_from(place * 64).expect("phones have 32 bits") + bit;
                Some((PhoneId(index), ours >> bit & 1 == 1))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_of_two_sets_says_who_is_where() {
        let (mut ours, mut theirs) = (Members::new(200), Members::new(200));
        [0, 63, 64, 199].into_iter().for_each(|id| ours.insert(PhoneId(id)));
        [63, 64, 128].into_iter().for_each(|id| theirs.insert(PhoneId(id)));
        theirs.remove(PhoneId(64));
        let found: Vec<_> =
            ours.difference(&theirs).map(|(phone, is_in)| (phone.0, is_in)).collect();
        assert_eq!(found, [(0, true), (64, true), (128, false), (199, true)]);
    }
}
