//! [`Ranks`]: the entries of a slab in the order of their weight. A [`Rank`] is a class of weights. Below
//! 16 each weight has its own class; above, a class is an eighth of a power of two wide. So the heaviest
//! entry is exact for small weights, and within an eighth for large ones. Within a class, the entry that
//! has been in it for longest comes first.
//!
//! A class is a [`Chain`]. The classes that are not empty are in a sorted list: at most 496, of 16 bytes
//! each. Most changes of a weight stay in their class, and cost nothing here. A change of class costs two
//! binary searches and a move in the list, independent of the number of entries. Rejected: a heap or a
//! B-tree by exact weights, which costs a search at every message. It knows no people. `shares.rs` calls it.

use slab::Slab;

use crate::chat::chain::{Chain, Links};

/// A class of weights, and whether its entries give way first, because their holders are away.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Rank(u16);

/// The bit for holders that are away. It is above all classes of weights: the highest class is 495.
const AWAY: u16 = 1 << 9;

impl Rank {
    /// The class of a weight.
    pub(super) fn of(weight: u64) -> Self {
        let power = weight.checked_ilog2().unwrap_or(0);
        let class = match power {
            0..3 => weight,
            // The three bits after the highest one.
            _ => u64::from(power - 2) * 8 + ((weight >> (power - 3)) & 7),
        };
        Rank(u16::try_from(class).expect("64 powers of 8 classes"))
    }

    /// The same class, for entries that give way first.
    pub(super) fn away(self) -> Self {
        Rank(self.0 | AWAY)
    }

    fn class(self) -> Self {
        Rank(self.0 & !AWAY)
    }
}

/// The entries of a slab, in the order of their ranks.
#[derive(Default)]
pub(super) struct Ranks {
    /// The lowest rank first. No chain is empty.
    chains: Vec<(Rank, Chain)>,
}

impl Ranks {
    /// Adds an entry that is not in yet.
    pub(super) fn insert<T>(
        &mut self,
        all: &mut Slab<T>,
        links: impl Fn(&mut T) -> &mut Links,
        key: u32,
        rank: Rank,
    ) {
        let place = match self.chains.binary_search_by_key(&rank, |&(rank, _)| rank) {
            Ok(place) => place,
            Err(place) => {
                self.chains.insert(place, (rank, Chain::default()));
                place
            }
        };
        self.chains[place].1.push(all, links, key);
    }

    /// Removes an entry that has this rank.
    pub(super) fn remove<T>(
        &mut self,
        all: &mut Slab<T>,
        links: impl Fn(&mut T) -> &mut Links,
        key: u32,
        rank: Rank,
    ) {
        let place = self.chains.binary_search_by_key(&rank, |&(rank, _)| rank);
        let place = place.expect("what is in has its rank");
        self.chains[place].1.remove(all, links, key);
        if self.chains[place].1.len() == 0 {
            self.chains.remove(place);
        }
    }

    /// The entry that gives way first.
    pub(super) fn first(&self) -> Option<u32> {
        self.chains.last().and_then(|(_, chain)| chain.first())
    }

    /// The keys of all entries, in the order in which they give way.
    pub(super) fn keys<'a, T>(
        &self,
        all: &'a Slab<T>,
        links: impl Fn(&'a T) -> &'a Links + Copy,
    ) -> impl Iterator<Item = u32> {
        self.chains.iter().rev().flat_map(move |(_, chain)| chain.keys(all, links))
    }

    /// The class of the heaviest entry, away or not.
    pub(super) fn heaviest(&self) -> Option<Rank> {
        self.chains.iter().map(|(rank, _)| rank.class()).max()
    }

    /// Panics unless every entry has its rank. Returns how many entries there are. Only tests and the
    /// simulator call it.
    pub(super) fn check_invariants<'a, T>(
        &self,
        all: &'a Slab<T>,
        links: impl Fn(&'a T) -> &'a Links + Copy,
        rank_of: impl Fn(&T) -> Option<Rank>,
    ) -> usize {
        assert!(self.chains.is_sorted_by(|one, other| one.0 < other.0), "the lowest rank is first");
        let mut members = 0;
        for (rank, chain) in &self.chains {
            let keys: Vec<u32> = chain.keys(all, links).collect();
            assert!(!keys.is_empty() && keys.len() == chain.len(), "a chain is whole");
            let is_right = |&key: &u32| rank_of(&all[key as usize]) == Some(*rank);
            assert!(keys.iter().all(is_right), "everything has its rank");
            members += keys.len();
        }
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_exact_for_small_weights_and_an_eighth_wide_for_large_ones() {
        let mut last = Rank::of(0);
        for weight in 1..100_000 {
            let rank = Rank::of(weight);
            assert!(rank >= last, "{weight} ranks below {}", weight - 1);
            assert!(rank.0 <= last.0 + 1, "a class is left out before {weight}");
            assert!(rank > last || weight > 16, "{weight} is no class of its own");
            if weight >= 8 {
                assert!(
                    Rank::of(weight + weight / 8 + 1) > rank,
                    "the class of {weight} is too wide"
                );
            }
            last = rank;
        }
        assert_eq!(Rank::of(u64::MAX).0, 495);
        assert!(Rank::of(1).away() > Rank::of(u64::MAX));
    }
}
