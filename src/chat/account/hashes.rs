//! [`Hashes`]: how many passwords wait to be hashed, and from which addresses.
//!
//! A hash takes 15 ms of a processor, so the queue is short, and one address gets few places. A *regular*
//! is an address from which a login has succeeded lately. Half of the places are for regulars alone: a
//! crowd of strangers that guess passwords cannot keep everybody else out. Regulars are kept in memory only,
//! 24 bytes each and a place in a hash table, and the one that came last the longest time ago is forgotten
//! first. The table knows no password.

use std::collections::VecDeque;

use super::Limits;
use crate::limiter::Block;
use crate::shards::Shards;
use crate::timer::Moment;

/// The places of the queue, and the regulars.
#[derive(Default)]
pub(super) struct Hashes {
    /// The addresses of those that wait. They are few, so they need no hash table.
    waiting: Vec<Block>,
    /// Each regular, and when a login from it last succeeded.
    regulars: Shards<(Block, Moment)>,
    /// The same, the one that is forgotten first in front. A regular that has come again since stands there
    /// with its former moment.
    by_age: VecDeque<(Block, Moment)>,
}

impl Hashes {
    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether there is a place for one more from this address.
    pub(super) fn has_room(&self, limits: &Limits, from: Block, now: Moment) -> bool {
        if from.is_loopback() {
            return self.waiting.len() < limits.hashes_waiting;
        }
        let places = match self.is_regular(limits, from, now) {
            true => limits.hashes_waiting,
            false => limits.hashes_waiting / 2,
        };
        let own = self.waiting.iter().filter(|one| **one == from).count();
        self.waiting.len() < places && own < limits.hashes_per_address
    }

    /// Takes a place.
    pub(super) fn enter(&mut self, from: Block) {
        self.waiting.push(from);
    }

    /// Frees a place.
    pub(super) fn leave(&mut self, from: Block) {
        if let Some(place) = self.waiting.iter().position(|one| *one == from) {
            self.waiting.swap_remove(place);
        }
    }

    /// Notes that a login from this address has succeeded.
    pub(super) fn succeeded(&mut self, limits: &Limits, from: Block, now: Moment) {
        match self.regulars.find_mut(from, |one| one.0 == from) {
            Some(regular) => regular.1 = now,
            None => {
                self.regulars.insert((from, now), |one| one.0);
                self.by_age.push_back((from, now));
            }
        }
        while self.regulars.len() > limits.regulars {
            self.forget_or_requeue_first();
        }
    }

    /// Forgets those that are regulars no more. It looks at `budget` of them at most.
    pub(super) fn forget(&mut self, limits: &Limits, now: Moment, budget: usize) {
        for _ in 0..budget {
            match self.by_age.front() {
                Some((_, last)) if now.since(*last) > limits.regular_for => {
                    self.forget_or_requeue_first();
                }
                Some(_) | None => return,
            }
        }
    }

    fn is_regular(&self, limits: &Limits, from: Block, now: Moment) -> bool {
        let regular = self.regulars.find(from, |one| one.0 == from);
        regular.is_some_and(|(_, last)| now.since(*last) <= limits.regular_for)
    }

    /// Forgets the first regular, unless a login from it has succeeded since: then it goes to the end.
    fn forget_or_requeue_first(&mut self) {
        let Some((from, noted)) = self.by_age.pop_front() else { return };
        match self.regulars.find(from, |one| one.0 == from) {
            Some(&(_, last)) if last > noted => self.by_age.push_back((from, last)),
            Some(_) => _ = self.regulars.remove(from, |one| one.0 == from),
            None => {}
        }
    }

    /// Panics if there are too many.
    pub(super) fn check_invariants(&self, limits: &Limits) {
        assert!(self.waiting.len() <= limits.hashes_waiting, "more wait than may");
        assert!(self.regulars.len() <= limits.regulars, "more are remembered than may be");
        assert_eq!(self.by_age.len(), self.regulars.len(), "each regular has an age");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn block(last: u8) -> Block {
        Block::of([192, 0, 2, last].into())
    }

    #[test]
    fn half_of_the_places_are_for_addresses_that_have_logged_in_before() {
        let limits = Limits { hashes_waiting: 4, ..Limits::default() };
        let (start, mut hashes) = (Moment::START, Hashes::default());
        hashes.succeeded(&limits, block(9), start);
        for last in 1..=2 {
            assert!(hashes.has_room(&limits, block(last), start));
            hashes.enter(block(last));
        }
        assert!(!hashes.has_room(&limits, block(3), start), "half is taken");
        assert!(hashes.has_room(&limits, block(9), start));
        let later = start + limits.regular_for + Duration::from_secs(1);
        assert!(!hashes.has_room(&limits, block(9), later), "it was too long ago");
        hashes.forget(&limits, later, 10);
        assert!(hashes.regulars.is_empty());
        hashes.leave(block(1));
        assert!(hashes.has_room(&limits, block(3), start));
        hashes.check_invariants(&limits);
    }

    #[test]
    fn one_address_has_few_places_and_the_own_machine_all() {
        let limits = Limits { hashes_waiting: 8, hashes_per_address: 2, ..Limits::default() };
        let mut hashes = Hashes::default();
        (0..2).for_each(|_| hashes.enter(block(1)));
        assert!(!hashes.has_room(&limits, block(1), Moment::START));
        let own = Block::of([127, 0, 0, 1].into());
        (0..6).for_each(|_| hashes.enter(own));
        assert!(!hashes.has_room(&limits, own, Moment::START), "all places are taken");
        hashes.leave(own);
        assert!(hashes.has_room(&limits, own, Moment::START));
    }

    #[test]
    fn the_regular_that_came_last_the_longest_time_ago_is_forgotten_first() {
        let limits = Limits { regulars: 2, ..Limits::default() };
        let at = |seconds| Moment::START + Duration::from_secs(seconds);
        let mut hashes = Hashes::default();
        for (second, last) in [(1, 1), (2, 2), (3, 1), (4, 3)] {
            hashes.succeeded(&limits, block(last), at(second));
            hashes.check_invariants(&limits);
        }
        let kept = [1, 2, 3].map(|last| hashes.is_regular(&limits, block(last), at(5)));
        assert_eq!(kept, [true, false, true]);
    }
}
