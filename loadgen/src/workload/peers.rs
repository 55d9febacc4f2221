//! [`Peers`]: which phone writes to which.

use std::rc::Rc;

use super::Shard;
use super::homes::Homes;
use crate::phone_id::PhoneId;

/// Chooses sender and recipient: among all phones, or each chatter among a fixed circle of its own.
#[derive(Debug)]
pub(crate) struct Peers {
    random: fastrand::Rng,
    senders: Vec<PhoneId>,
    recipients: Vec<PhoneId>,
    /// How many phones a circle has.
    circle: Option<u32>,
    seed: u64,
    /// Where phones are, if each writes only to those on its own server.
    homes: Option<Rc<Homes>>,
    /// Which process plays which phone, if each phone writes only to those of its own.
    shard: Option<Shard>,
}

impl Peers {
    /// Chatters write to recipients.
    pub(crate) fn new(
        senders: Vec<PhoneId>,
        recipients: Vec<PhoneId>,
        circle: Option<u32>,
        seed: u64,
    ) -> Self {
        // The schedule has a generator of its own: the two must not draw from one sequence.
        let random = fastrand::Rng::with_seed(!seed);
        Peers { random, senders, recipients, circle, seed, homes: None, shard: None }
    }

    /// Each phone writes only to those on its own server.
    pub(crate) fn within(self, homes: &Rc<Homes>) -> Self {
        Peers { homes: homes.are_several().then(|| Rc::clone(homes)), ..self }
    }

    /// Each phone writes only to those of its own process, if there are several.
    pub(crate) fn within_shard(self, shard: Option<Shard>) -> Self {
        Peers { shard, ..self }
    }

    /// Whether a phone may write to another.
    fn are_near(&self, phone: PhoneId, peer: PhoneId) -> bool {
        let are_together =
            self.shard.is_none_or(|shard| shard.of_phone(phone) == shard.of_phone(peer));
        are_together && self.homes.as_ref().is_none_or(|homes| homes.of(phone) == homes.of(peer))
    }

    /// A sender and a recipient: two different phones that are ready.
    ///
    /// `None`: there are no two. While all phones are ready, the choice depends on nothing but the seed.
    pub(crate) fn next(
        &mut self,
        is_ready: impl Fn(PhoneId) -> bool,
    ) -> Option<(PhoneId, PhoneId)> {
        /// Senders that are tried before a message is left out: of a small circle, nobody may be there yet.
        const SENDERS: u32 = 16;
        let senders = if self.circle.is_some() { SENDERS } else { 1 };
        for _ in 0..senders {
            let sender = choose(&mut self.random, &self.senders, &is_ready)?;
            if let Some(recipient) = self.recipient(sender, &is_ready) {
                return Some((sender, recipient));
            }
        }
        None
    }

    /// A recipient for this sender.
    pub(crate) fn recipient(
        &mut self,
        sender: PhoneId,
        is_ready: impl Fn(PhoneId) -> bool,
    ) -> Option<PhoneId> {
        let fits = |phone| phone != sender && is_ready(phone);
        match self.circle {
            None => choose(&mut self.random, &self.recipients, fits),
            Some(size) => {
                let first = self.random.u32(0..size);
                (first..size)
                    .chain(0..first)
                    .map(|place| self.peer(sender, place))
                    .find(|&p| fits(p))
            }
        }
    }

    /// The phones in a phone's circle, each once.
    pub(crate) fn circle(&self, phone: PhoneId) -> Vec<PhoneId> {
        let mut circle: Vec<_> =
            (0..self.circle.unwrap_or(0)).map(|place| self.peer(phone, place)).collect();
        circle.sort_unstable();
        circle.dedup();
        // If there is no other phone, `peer` gives the phone itself.
        circle.retain(|&peer| peer != phone);
        circle
    }

    /// The phone at this place of a phone's circle. It is always the same one, so circles take no memory.
    fn peer(&self, phone: PhoneId, place: u32) -> PhoneId {
        let seed = self.seed ^ (u64::from(phone.0) << 32 | u64::from(place));
        let mut random = fastrand::Rng::with_seed(seed);
        let at = random.usize(0..self.recipients.len());
        // No phone is in its own circle.
        let fits = |peer: &&PhoneId| **peer != phone && self.are_near(phone, **peer);
        let found = self.recipients[at..].iter().chain(&self.recipients[..at]).find(fits);
        found.copied().unwrap_or(phone)
    }
}

fn choose(
    random: &mut fastrand::Rng,
    phones: &[PhoneId],
    fits: impl Fn(PhoneId) -> bool,
) -> Option<PhoneId> {
    /// Draws without success before the phones are looked at one by one.
    const DRAWS: u32 = 32;
    if phones.is_empty() {
        return None;
    }
    let mut at = 0;
    for _ in 0..DRAWS {
        at = random.usize(0..phones.len());
        if fits(phones[at]) {
            return Some(phones[at]);
        }
    }
    phones[at..].iter().chain(&phones[..at]).copied().find(|&phone| fits(phone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(clients: u32, circle: Option<u32>, seed: u64) -> Peers {
        let phones: Vec<_> = (0..clients).map(PhoneId).collect();
        Peers::new(phones.clone(), phones, circle, seed)
    }

    fn pairs(seed: u64, count: usize) -> Vec<Option<(PhoneId, PhoneId)>> {
        let mut peers = peers(10, None, seed);
        (0..count).map(|_| peers.next(|_| true)).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_pairs_and_another_one_others() {
        assert_eq!(pairs(1, 100), pairs(1, 100));
        assert_ne!(pairs(1, 100), pairs(2, 100));
    }

    #[test]
    fn no_phone_writes_to_itself_and_everybody_gets_a_turn() {
        let pairs: Vec<_> = pairs(1, 1000).into_iter().flatten().collect();
        assert_eq!(pairs.len(), 1000);
        assert!(pairs.iter().all(|(sender, recipient)| sender != recipient));
        for phone in (0..10).map(PhoneId) {
            assert!(pairs.iter().any(|&(sender, _)| sender == phone));
            assert!(pairs.iter().any(|&(_, recipient)| recipient == phone));
        }
    }

    #[test]
    fn a_sender_whose_circle_is_not_there_yet_leaves_its_turn_to_another() {
        let mut peers = peers(12, Some(2), 5);
        let is_there = |phone: PhoneId| phone.0 < 6;
        for _ in 0..200 {
            let (sender, recipient) = peers.next(is_there).expect("some can write");
            assert!(is_there(sender) && is_there(recipient));
        }
        assert_eq!(peers.next(|phone| phone.0 == 3), None, "it would write to itself");
    }

    #[test]
    fn all_processes_draw_the_same_pairs_and_none_is_of_two_of_them() {
        let drawn = |number| {
            let shard = Shard { number, of: 3 };
            let mut peers = peers(100, Some(10), 1).within_shard(Some(shard));
            (0..500).map(|_| peers.next(|_| true).expect("all are ready")).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(3));
        assert!(drawn(2).iter().all(|(from, to)| from.0 % 3 == to.0 % 3 && from != to));
    }

    #[test]
    fn only_phones_that_are_ready_are_chosen_even_if_they_are_few() {
        let mut peers = peers(10_000, None, 1);
        let few = [PhoneId(3), PhoneId(9_999)];
        let (sender, recipient) = peers.next(|phone| few.contains(&phone)).expect("two are ready");
        assert!(few.contains(&sender) && few.contains(&recipient) && sender != recipient);
        assert_eq!(peers.next(|phone| phone == few[0]), None);
        assert_eq!(peers.next(|_| false), None);
    }

    #[test]
    fn only_chatters_write_and_only_the_sociable_are_written_to() {
        let mut peers = Peers::new(vec![PhoneId(1)], vec![PhoneId(1), PhoneId(5)], None, 1);
        assert!((0..50).all(|_| peers.next(|_| true) == Some((PhoneId(1), PhoneId(5)))));
        let mut nobody = Peers::new(vec![], vec![PhoneId(1)], None, 1);
        assert_eq!(nobody.next(|_| true), None);
    }

    #[test]
    fn a_circle_has_few_members_and_keeps_them() {
        let mut peers = peers(1000, Some(5), 1);
        let mut written: Vec<_> =
            (0..200).filter_map(|_| peers.recipient(PhoneId(7), |_| true)).collect();
        assert_eq!(written.len(), 200);
        written.sort();
        written.dedup();
        assert!((2..=5).contains(&written.len()) && !written.contains(&PhoneId(7)));
        let left = written[0];
        assert_eq!(peers.recipient(PhoneId(7), |phone| phone == left), Some(left));
    }
}
