//! [`Occupancy`]: which slots of the wheel have something in them, one bit for each.
//!
//! "Which is the next occupied slot?" is asked in every turn of the loop, and most slots are empty.
//! So the bits are in two levels, as in a book with a table of contents: 64 words of 64 bits, and
//! a summary with one bit for each word. A processor finds the lowest set bit of a word in a single
//! instruction, and two such steps answer for all 4096 slots.
//!
//! Knows nothing of timers or time. Called by the wheel only.

/// A set of slots.
pub(super) struct Occupancy {
    words: [u64; u64::BITS as usize],
    /// Bit n is set exactly when word n is not zero.
    summary: u64,
}

impl Occupancy {
    /// How many slots there are: what two levels of 64 bits can tell apart.
    pub(super) const SLOTS: u32 = u64::BITS * u64::BITS;

    /// No slot is occupied.
    pub(super) fn new() -> Self {
        Occupancy { words: [0; u64::BITS as usize], summary: 0 }
    }

    /// The slot has something in it now.
    pub(super) fn set(&mut self, slot: u32) {
        let (word, bit) = split(slot);
        self.words[word as usize] |= 1 << bit;
        self.summary |= 1 << word;
    }

    /// The slot is empty now.
    pub(super) fn clear(&mut self, slot: u32) {
        let (word, bit) = split(slot);
        self.words[word as usize] &= !(1 << bit);
        if self.words[word as usize] == 0 {
            self.summary &= !(1 << word);
        }
    }

    /// The first occupied slot after `slot`, going round: slot 0 follows the last one, and `slot`
    /// itself comes at the very end.
    pub(super) fn next_after(&self, slot: u32) -> Option<u32> {
        let (word, bit) = split(slot);
        // The neighbours first: the bits of the same word that are higher than ours.
        if let Some(bit) = lowest(self.words[word as usize] & higher_than(bit)) {
            return Some(join(word, bit));
        }
        // Then the words after ours; if they are all zero, the first that is not. That may be our
        // own again, and as none of its higher bits is set, its lowest is the right one.
        let word = lowest(self.summary & higher_than(word)).or_else(|| lowest(self.summary))?;
        lowest(self.words[word as usize]).map(|bit| join(word, bit))
    }
}

/// A slot's word, and its bit in there.
fn split(slot: u32) -> (u32, u32) {
    (slot / u64::BITS, slot % u64::BITS)
}

/// The slot of a word and a bit.
fn join(word: u32, bit: u32) -> u32 {
    word * u64::BITS + bit
}

/// A mask of all bits above `bit`. Shifting `!0` by `bit + 1` would overflow for the last bit.
fn higher_than(bit: u32) -> u64 {
    !1 << bit
}

/// The position of the lowest set bit.
fn lowest(bits: u64) -> Option<u32> {
    (bits != 0).then(|| bits.trailing_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const LAST: u32 = Occupancy::SLOTS - 1;

    fn occupied(slots: &[u32]) -> Occupancy {
        let mut occupancy = Occupancy::new();
        slots.iter().for_each(|&slot| occupancy.set(slot));
        occupancy
    }

    #[test]
    fn where_no_slot_is_occupied_none_is_next() {
        assert_eq!(occupied(&[]).next_after(0), None);
        let mut cleared = occupied(&[0, 63, 64, LAST]);
        [0, 63, 64, LAST].iter().for_each(|&slot| cleared.clear(slot));
        assert_eq!(cleared.next_after(63), None);
    }

    #[test]
    fn slot_0_follows_the_last_one() {
        assert_eq!(occupied(&[0]).next_after(LAST), Some(0));
        assert_eq!(occupied(&[0, 5, LAST]).next_after(5), Some(LAST));
    }

    #[test]
    fn a_slot_comes_after_all_others_when_its_own_successor_is_sought() {
        for slot in [0, 1, 63, 64, 4000, LAST] {
            assert_eq!(occupied(&[slot]).next_after(slot), Some(slot));
        }
        // Both in one word: the way from the higher to the lower is all the way round.
        assert_eq!(occupied(&[3, 9]).next_after(9), Some(3));
    }

    proptest! {
        #[test]
        fn the_next_slot_is_the_one_a_walk_would_find(
            slots in vec(0..=LAST, 0..12),
            cleared in vec(any::<prop::sample::Index>(), 0..4),
            from in 0..=LAST,
        ) {
            let mut occupancy = occupied(&slots);
            let mut left = slots.clone();
            for index in cleared.iter().filter(|_| !slots.is_empty()) {
                let slot = *index.get(&slots);
                occupancy.clear(slot);
                left.retain(|&other| other != slot);
            }
            let mut walk = (1..=Occupancy::SLOTS).map(|step| (from + step) % Occupancy::SLOTS);
            prop_assert_eq!(occupancy.next_after(from), walk.find(|slot| left.contains(slot)));
        }
    }
}
