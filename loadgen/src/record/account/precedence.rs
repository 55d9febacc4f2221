//! [`Precedence`]: which messages of a place must come before which others, as far as what was heard tells.
//!
//! Three things tell it. A phone has heard one message after the other. A sender has written one after the other, on one
//! connection. And a message that was heard anywhere before another one was sent was stored before it. The acknowledgement
//! tells nothing more: it says that a message is stored, and not where. So the order of two messages whose senders wrote
//! at the same time is open until somebody who has written neither hears both, or a history shows them.
//!
//! It costs twelve bytes a message, and some 16 for each pair beyond one a message. A counter of all that each phone has
//! heard (a vector clock) was the alternative: four bytes for each phone, in each message.

use std::collections::{BTreeSet, HashSet};

use super::NOWHERE;

/// Two messages that are no further apart in their log are looked at for whether their order is known already.
const NEAR: usize = 16;

/// What is known of the order of messages.
#[derive(Debug, Default)]
pub(super) struct Precedence {
    /// How many messages have a place in a log.
    placed: u32,
    /// By message: how many had one when it was sent; 0 if another process has sent it.
    sent: Vec<u32>,
    /// By message: how many had one when it got its own, or [`NOWHERE`].
    heard: Vec<u32>,
    /// By message: one that comes after it, or [`NOWHERE`].
    next: Vec<u32>,
    /// Further pairs of messages, the earlier one first.
    more: BTreeSet<(u32, u32)>,
}

impl Precedence {
    /// There are at least this many messages.
    pub(super) fn grow(&mut self, messages: usize) {
        let messages = messages.max(self.sent.len());
        self.sent.resize(messages, 0);
        self.heard.resize(messages, NOWHERE);
        self.next.resize(messages, NOWHERE);
    }

    /// This process sends a message.
    pub(super) fn send(&mut self, number: u32) {
        self.sent[number as usize] = self.placed;
    }

    /// A message gets a place in a log: somebody has heard it, or its sender is told that it is stored.
    pub(super) fn place(&mut self, number: u32) {
        self.heard[number as usize] = self.placed;
        self.placed += 1;
    }

    /// How many messages have a place in a log.
    pub(super) fn placed(&self) -> u32 {
        self.placed
    }

    /// Whether a message had its place when this many messages had one.
    pub(super) fn was_placed(&self, number: u32, placed: u32) -> bool {
        self.heard[number as usize] < placed
    }

    /// The first of these messages comes before the last one. They are a stretch of a log, in its order.
    pub(super) fn add(&mut self, stretch: &[u32]) {
        let [one, .., other] = *stretch else { return };
        match self.next[one as usize] {
            NOWHERE => self.next[one as usize] = other,
            next if next == other => {}
            _ if stretch.len() <= NEAR && self.is_behind(stretch) => {}
            _ => drop(self.more.insert((one, other))),
        }
    }

    /// Whether the last message of a stretch of a log must come after its first one.
    pub(super) fn is_behind(&self, stretch: &[u32]) -> bool {
        stretch.len() > 1 && self.behind_if_last_leads(stretch).is_none()
    }

    /// If the last message of a stretch of a log may come before its first one: which of them must come after that, or
    /// are it. Of two that are far apart, one was nearly always heard before the other was sent: then nothing between them
    /// is looked at.
    pub(super) fn behind_if_last_leads(&self, stretch: &[u32]) -> Option<Vec<bool>> {
        let (&one, &other) = (stretch.first()?, stretch.last()?);
        let is_known = self.was_placed(one, self.sent[other as usize]);
        let behind = (!is_known).then(|| self.behind_first(stretch))?;
        (!behind.ends_with(&[true])).then_some(behind)
    }

    /// Which messages of a stretch of a log must come after its first one, or are that.
    pub(super) fn behind_first(&self, stretch: &[u32]) -> Vec<bool> {
        let mut behind = HashSet::new();
        behind.extend(stretch.first());
        // All that was sent after one of them was heard is behind it.
        let mut first_heard = NOWHERE;
        let mut is_behind = Vec::with_capacity(stretch.len());
        for &number in stretch {
            let is_it = first_heard < self.sent[number as usize] || behind.contains(&number);
            if is_it {
                first_heard = first_heard.min(self.heard[number as usize]);
                behind.insert(self.next[number as usize]);
                let more = self.more.range((number, 0)..=(number, NOWHERE));
                behind.extend(more.map(|&(_, other)| other));
            }
            is_behind.push(is_it);
        }
        is_behind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six messages, sent when none had a place.
    fn six() -> Precedence {
        let mut precedence = Precedence::default();
        precedence.grow(6);
        precedence
    }

    #[test]
    fn what_follows_from_two_pairs_is_known_and_nothing_else() {
        let mut precedence = six();
        precedence.add(&[0, 2]);
        precedence.add(&[0, 1]);
        precedence.add(&[2, 5]);
        precedence.add(&[3, 4]);
        let behind = precedence.behind_first(&[0, 1, 2, 3, 4, 5]);
        assert_eq!(behind, [true, true, true, false, false, true]);
        assert_eq!(precedence.behind_first(&[1, 2, 5]), [true, false, false]);
        assert_eq!(precedence.behind_first(&[]), [false; 0]);
    }

    #[test]
    fn what_is_sent_after_a_message_was_heard_comes_after_it_and_after_all_before_that() {
        let mut precedence = six();
        precedence.add(&[1, 0]);
        precedence.send(2);
        precedence.place(0);
        precedence.send(3);
        precedence.place(3);
        let behind = precedence.behind_first(&[1, 0, 2, 3]);
        assert_eq!(behind, [true, true, false, true], "2 was on its way before");
        assert!(precedence.was_placed(0, 1) && !precedence.was_placed(3, 1));
        assert!(!precedence.was_placed(2, precedence.placed()), "nobody has heard it");
        // Messages between them are not needed to know it.
        assert!(precedence.is_behind(&[0, 3]) && !precedence.is_behind(&[0, 2]));
        assert!(!precedence.is_behind(&[0]) && !precedence.is_behind(&[]));
    }

    #[test]
    fn a_pair_that_follows_from_others_takes_no_memory() {
        let mut precedence = six();
        precedence.add(&[0, 1]);
        precedence.add(&[1, 2]);
        precedence.add(&[0, 1, 2]);
        precedence.add(&[0, 1]);
        assert!(precedence.more.is_empty());
        precedence.add(&[0, 1, 3]);
        assert_eq!(precedence.more.len(), 1);
    }
}
