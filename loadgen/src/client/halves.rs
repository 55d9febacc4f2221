//! [`Halves`]: what has come of long texts whose end is still on its way, kept once for all phones.
//!
//! A server tells everyone who is online by the same text, which has 300 kB with 20,000 phones, and when it is busy it
//! sends a piece at a time. Then each phone has received a half, and all halves are the beginning of the same text. So
//! that is kept once, and a phone keeps only how much of it has come: its [`Half`]. Texts that differ are kept as often
//! as they begin in different ways.
//!
//! Called by `frames`, which knows where a text begins and ends.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

/// The beginnings that phones have halves of, the latest first. One that no phone needs any more is freed.
#[derive(Debug, Default)]
pub(crate) struct Halves(VecDeque<Weak<Beginning>>);

/// The beginning of a text. It only grows, as far as it has come to some phone.
type Beginning = RefCell<Vec<u8>>;

/// What has come of a text to one phone: the first bytes of a beginning.
#[derive(Debug, Default)]
pub(super) struct Half {
    beginning: Rc<Beginning>,
    bytes: usize,
}

/// How many beginnings are compared with a new half. A server has few lists under way at the same time: it sends each
/// phone the latest.
const COMPARED: usize = 8;

impl Halves {
    /// The next piece of a text has come.
    pub(super) fn add(&mut self, half: &mut Half, piece: &[u8]) {
        let is_new = half.bytes == 0;
        if is_new || !goes_on(&mut half.beginning.borrow_mut(), half.bytes, piece) {
            let found = self.find(half, piece);
            half.beginning = found.unwrap_or_else(|| self.insert(half, piece));
        }
        half.bytes += piece.len();
    }

    /// Another beginning that has the half in it, and goes on with this piece.
    fn find(&self, half: &Half, piece: &[u8]) -> Option<Rc<Beginning>> {
        let own = half.beginning.borrow();
        let known = self.0.iter().filter_map(Weak::upgrade);
        let mut others = known.filter(|other| !Rc::ptr_eq(other, &half.beginning));
        others.find(|other| {
            let mut other = other.borrow_mut();
            other.get(..half.bytes) == own.get(..half.bytes)
                && goes_on(&mut other, half.bytes, piece)
        })
    }

    /// Keeps a half and its next piece as a beginning of its own.
    fn insert(&mut self, half: &Half, piece: &[u8]) -> Rc<Beginning> {
        let beginning = Rc::new(RefCell::new(half.whole(piece)));
        self.0.retain(|other| other.strong_count() > 0);
        self.0.truncate(COMPARED - 1);
        self.0.push_front(Rc::downgrade(&beginning));
        beginning
    }
}

impl Half {
    /// The half and the piece behind it.
    pub(super) fn whole(&self, piece: &[u8]) -> Vec<u8> {
        let mut whole = Vec::with_capacity(self.bytes + piece.len());
        whole.extend_from_slice(&self.beginning.borrow()[..self.bytes]);
        whole.extend_from_slice(piece);
        whole
    }
}

/// Whether a beginning has this piece at this place. Where the beginning ends, it is made longer.
fn goes_on(beginning: &mut Vec<u8>, at: usize, piece: &[u8]) -> bool {
    let known = &beginning[at..];
    let count = known.len().min(piece.len());
    let is_same = known[..count] == piece[..count];
    if is_same {
        beginning.extend_from_slice(&piece[count..]);
    }
    is_same
}

#[cfg(test)]
impl Halves {
    /// How many beginnings are compared with new halves, and how many bytes these have.
    pub(super) fn kept(&self) -> (usize, usize) {
        let kept = self.0.iter().filter_map(Weak::upgrade);
        kept.fold((0, 0), |(count, bytes), one| (count + 1, bytes + one.borrow().len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds all of a text but its end, in pieces of this length.
    fn half(halves: &mut Halves, text: &str, piece: usize) -> Half {
        let mut half = Half::default();
        text.as_bytes().chunks(piece).for_each(|piece| halves.add(&mut half, piece));
        half
    }

    #[test]
    fn a_thousand_phones_with_half_of_the_same_text_keep_it_once_however_it_is_cut() {
        let (text, mut halves) = ("0123456789".repeat(100), Halves::default());
        let ends = (1..=text.len()).rev().chain(1..=text.len());
        let all: Vec<_> = ends.map(|end| half(&mut halves, &text[..end], 1 + end % 77)).collect();
        assert_eq!(halves.kept(), (1, text.len()));
        for half in &all {
            let rest = &text.as_bytes()[half.bytes..];
            assert_eq!(half.whole(rest), text.as_bytes());
        }
        drop(all);
        assert_eq!(halves.kept(), (0, 0), "nobody needs it any more");
    }

    #[test]
    fn texts_that_part_are_both_kept_and_none_is_mixed_with_the_other() {
        // Also those that had parted before, and are alike again.
        let texts = ["same, one way", "same, another", "Same, one way", "Same, another"];
        let mut halves = Halves::default();
        let all: Vec<_> = (0..60).map(|n| half(&mut halves, texts[n % 4], 1 + n / 4)).collect();
        for (n, half) in all.iter().enumerate() {
            assert_eq!(half.whole(b"."), format!("{}.", texts[n % 4]).as_bytes());
        }
        assert_eq!(halves.kept(), (4, texts.concat().len()));
    }

    #[test]
    fn a_server_that_tells_each_phone_something_else_costs_memory_and_nothing_else() {
        let mut halves = Halves::default();
        let texts: Vec<_> = (0..100).map(|n| format!("{n} is the first of this text")).collect();
        let all: Vec<_> = texts.iter().map(|text| half(&mut halves, text, 3)).collect();
        assert_eq!(halves.kept().0, COMPARED, "not all are compared");
        for (half, text) in all.iter().zip(&texts) {
            assert_eq!(half.whole(b""), text.as_bytes());
        }
    }
}
