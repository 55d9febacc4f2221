//! [`Crossing`]: the messages between phones of this process and phones of other processes, which play other
//! shards of the same plan.
//!
//! All shards draw the same messages from the same seed. So each shard knows which messages the others should
//! send to its phones, and when: it waits for them, and writes down which did not come. The sender's shard
//! writes down which of its messages it did not send. Both lists are short, unless much goes wrong, and
//! `merge` needs nothing else to tell lost messages from those that were never sent.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use switchboard::timer::Moment;

use super::{Books, Entry, Fault, Party, Receipt, Way};
use crate::phone_id::PhoneId;
use crate::workload::Stamp;

/// What a shard knows of the messages between its phones and those of other shards.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Crossing {
    /// How many messages the whole plan had.
    pub(crate) planned: u64,
    /// Messages sent to phones of other shards.
    pub(crate) sent: u64,
    /// Messages that have arrived from phones of other shards, at all that should get them, counted once each.
    pub(crate) arrived: u64,
    /// The numbers of messages to phones of other shards that were planned and not sent.
    pub(crate) unsent: BTreeSet<u64>,
    /// The numbers of messages that were sent so late that phones of other shards may not have waited for them.
    pub(crate) late: BTreeSet<u64>,
    /// Messages of other shards that were due and have not arrived, by their numbers.
    pub(crate) overdue: BTreeMap<u64, Overdue>,
    /// Phones of this shard with a connection that was not closed in good order.
    pub(crate) broken: BTreeSet<u32>,
    /// Messages that have arrived before they were due here, by their numbers.
    #[serde(skip)]
    early: BTreeMap<u64, Stamp>,
}

/// A message of another shard that has not arrived.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Overdue {
    /// The phone that should have sent it.
    pub(crate) sender: u32,
    /// Whether the recipient's connection was not closed in good order, or came too late.
    pub(crate) in_doubt: bool,
    /// How many phones should have got it, and whether as a notice: only of users with accounts.
    pub(crate) phones: u32,
    pub(crate) is_notice: bool,
}

impl Books {
    /// The books of a shard.
    pub(crate) fn of_a_shard() -> Self {
        Books { crossing: Some(Box::default()), ..Books::default() }
    }

    /// What was between shards, once the run is over; `None` if it is no shard.
    pub(crate) fn crossing(&self) -> Option<Crossing> {
        let mut crossing = (**self.crossing.as_ref()?).clone();
        crossing.planned = self.next_number();
        crossing.broken = self.broken.iter().map(|party| party.phone.0).collect();
        let is_overdue = |entry: &&Entry| entry.is_of_another && !entry.is_done();
        let overdue = self.entries.iter().filter(is_overdue).map(|entry| {
            let sender = entry.stamp.sender.0;
            let in_doubt = self.is_in_doubt(entry) || entry.is_missed;
            (entry.stamp.number, Overdue { sender, in_doubt, phones: 1, is_notice: false })
        });
        crossing.overdue = overdue.collect();
        Some(crossing)
    }

    /// How often this fault was found; at the end, messages that came too early and were never due count as
    /// garbled.
    pub(crate) fn end_crossing(&mut self) {
        let early = self.crossing.as_ref().map_or(0, |crossing| crossing.early.len() as u64);
        self.faults[Fault::Garbled as usize] += early;
    }

    /// Enters a message to a phone of another shard, and returns its stamp. That shard waits for it.
    pub(crate) fn send_across(
        &mut self,
        sender: PhoneId,
        recipient: PhoneId,
        intended: Moment,
    ) -> Stamp {
        let stamp = self.pass(Some((sender, recipient)), intended);
        self.sent += 1;
        if let Some(crossing) = &mut self.crossing {
            crossing.sent += 1;
        }
        stamp
    }

    /// A message of the plan to a phone of another shard is not sent.
    pub(crate) fn leave_out(
        &mut self,
        sender: PhoneId,
        recipient: PhoneId,
        intended: Moment,
    ) -> Stamp {
        let stamp = self.pass(Some((sender, recipient)), intended);
        if let Some(crossing) = &mut self.crossing {
            crossing.unsent.insert(stamp.number);
        }
        stamp
    }

    /// Whether a message of this shard was not sent.
    pub(crate) fn was_left_out(&self, number: u64) -> bool {
        self.crossing.as_ref().is_some_and(|crossing| crossing.unsent.contains(&number))
    }

    /// The last message of the plan was sent so late that phones of other shards may not have waited for it.
    pub(crate) fn note_late(&mut self) {
        let last = self.next_number().saturating_sub(1);
        if let Some(crossing) = &mut self.crossing {
            crossing.late.insert(last);
        }
    }

    /// A message of the plan concerns no phone of this shard, or is not sent by any shard.
    pub(crate) fn pass(&mut self, pair: Option<(PhoneId, PhoneId)>, intended: Moment) -> Stamp {
        const NOBODY: PhoneId = PhoneId(u32::MAX);
        let (sender, recipient) = pair.unwrap_or((NOBODY, NOBODY));
        let stamp = Stamp { number: self.next_number(), sender, recipient, intended };
        self.enter(stamp, 0, (true, false));
        self.tidy();
        stamp
    }

    /// A phone of another shard sends a message to a phone of this one at about this moment. `was_there`: that one came
    /// before.
    pub(crate) fn expect(
        &mut self,
        sender: PhoneId,
        (to, was_there): (Party, bool),
        intended: Moment,
    ) {
        let (number, recipient) = (self.next_number(), to.phone);
        let stamp = Stamp { number, sender, recipient, intended };
        let early = self.crossing.as_mut().and_then(|crossing| crossing.early.remove(&number));
        if let Some(early) = early {
            if early != stamp {
                self.faults[Fault::Garbled as usize] += 1;
            }
            if let Some(pair) = self.pairs.get_mut(&(early.sender, early.recipient)) {
                pair.early -= 1;
                if pair.under_way == 0 && pair.early == 0 {
                    self.pairs.remove(&(early.sender, early.recipient));
                }
            }
        } else {
            self.pairs.entry((sender, recipient)).or_default().under_way += 1;
            self.under_way += 1;
        }
        self.enter(stamp, to.generation, (early.is_some(), !was_there));
        self.tidy();
    }

    /// A message has come before it was due: that is possible if a phone of another shard has sent it, whose
    /// clock is ahead.
    pub(super) fn receive_early(
        &mut self,
        by: PhoneId,
        from: Option<PhoneId>,
        stamp: Stamp,
    ) -> Option<Receipt> {
        let Some(crossing) = &mut self.crossing else { return self.blame(Fault::Garbled) };
        if stamp.recipient != by {
            return self.blame(Fault::Misdelivered);
        }
        if crossing.early.insert(stamp.number, stamp).is_some() {
            return self.blame(Fault::Duplicated);
        }
        crossing.arrived += 1;
        if from != Some(stamp.sender) {
            self.faults[Fault::Misattributed as usize] += 1;
        }
        let pair = self.pairs.entry((stamp.sender, stamp.recipient)).or_default();
        pair.early += 1;
        let is_overtaken = stamp.number < pair.beyond;
        pair.beyond = pair.beyond.max(stamp.number + 1);
        self.faults[Fault::Reordered as usize] += u64::from(is_overtaken);
        self.delivered += 1;
        let Stamp { number, sender, intended, .. } = stamp;
        let (way, sent) = (Way::Within, intended);
        Some(Receipt { number, sender, way, intended, sent, is_of_another: true })
    }

    fn enter(&mut self, stamp: Stamp, generation: u32, (is_done, is_missed): (bool, bool)) {
        self.entries.push_back(Entry {
            stamp,
            // All shards play against one server.
            way: Way::Within,
            generations: (0, generation),
            sent: stamp.intended,
            has_arrived: is_done,
            was_given_back: false,
            is_of_another: true,
            is_missed,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: PhoneId = PhoneId(0);
    const BOB: PhoneId = PhoneId(1);

    /// Ann's shard and Bob's, after Ann has sent Bob three messages. Bob's shard has drawn the first
    /// `drawn` of them.
    fn shards(drawn: usize) -> (Books, Books, Vec<Stamp>) {
        let (mut anns, mut bobs) = (Books::of_a_shard(), Books::of_a_shard());
        let at = |number: u64| Moment::from_nanos(number * 10);
        let stamps: Vec<_> = (0..3).map(|number| anns.send_across(ANN, BOB, at(number))).collect();
        expect(&mut bobs, &stamps[..drawn]);
        (anns, bobs, stamps)
    }

    fn expect(books: &mut Books, stamps: &[Stamp]) {
        let to = Party { phone: BOB, generation: 1 };
        stamps.iter().for_each(|stamp| books.expect(ANN, (to, true), stamp.intended));
    }

    fn faults(books: &Books) -> Vec<(Fault, u64)> {
        let counts = Fault::ALL.map(|fault| (fault, books.count(fault)));
        counts.into_iter().filter(|&(_, count)| count > 0).collect()
    }

    #[test]
    fn the_recipients_shard_waits_for_what_the_senders_shard_has_sent() {
        let (anns, mut bobs, stamps) = shards(3);
        assert_eq!((anns.sent(), anns.under_way()), (3, 0));
        assert_eq!((bobs.sent(), bobs.under_way()), (0, 3));
        for stamp in [stamps[0], stamps[2]] {
            let receipt = bobs.receive(BOB, Some(ANN), Some(stamp)).expect("as it should be");
            assert!(receipt.is_of_another);
        }
        let crossing = bobs.crossing().expect("a shard");
        let overdue = Overdue { sender: 0, in_doubt: false, phones: 1, is_notice: false };
        assert_eq!(crossing.overdue, BTreeMap::from([(1, overdue)]));
        assert_eq!((bobs.missing().lost, bobs.delivered(), faults(&bobs)), (0, 2, vec![]));
        assert_eq!(anns.crossing().expect("a shard").sent, 3);
    }

    #[test]
    fn a_message_may_come_before_its_recipients_shard_has_drawn_it() {
        let (_, mut bobs, stamps) = shards(0);
        for stamp in &stamps {
            assert!(bobs.receive(BOB, Some(ANN), Some(*stamp)).is_some());
        }
        assert!(bobs.receive(BOB, Some(ANN), Some(stamps[1])).is_none());
        expect(&mut bobs, &stamps);
        assert!(bobs.receive(BOB, Some(ANN), Some(stamps[2])).is_none());
        assert_eq!(faults(&bobs), [(Fault::Duplicated, 2)]);
        assert_eq!((bobs.delivered(), bobs.under_way()), (3, 0));
        assert!(bobs.entries.is_empty() && bobs.pairs.is_empty(), "they take no memory");
        bobs.end_crossing();
        assert_eq!(faults(&bobs), [(Fault::Duplicated, 2)]);
    }

    #[test]
    fn the_order_is_seen_on_both_sides_of_the_moment_at_which_a_message_is_due() {
        let (_, mut bobs, stamps) = shards(1);
        bobs.receive(BOB, Some(ANN), Some(stamps[2]));
        bobs.receive(BOB, Some(ANN), Some(stamps[1]));
        bobs.receive(BOB, Some(ANN), Some(stamps[0]));
        assert_eq!(faults(&bobs), [(Fault::Reordered, 2)]);
    }

    #[test]
    fn what_comes_early_and_is_never_due_was_sent_by_nobody() {
        let (_, mut bobs, stamps) = shards(3);
        bobs.receive(BOB, Some(ANN), Some(Stamp { number: 77, ..stamps[0] }));
        bobs.receive(ANN, Some(ANN), Some(Stamp { number: 78, ..stamps[0] }));
        bobs.end_crossing();
        assert_eq!(faults(&bobs), [(Fault::Misdelivered, 1), (Fault::Garbled, 1)]);
    }

    #[test]
    fn a_recipient_whose_connection_broke_leaves_a_doubt() {
        let (_, mut bobs, _) = shards(2);
        bobs.doubt(Party { phone: BOB, generation: 1 });
        let crossing = bobs.crossing().expect("a shard");
        assert!(crossing.overdue.len() == 2 && crossing.overdue.values().all(|one| one.in_doubt));
        assert_eq!(crossing.broken, BTreeSet::from([1]));
    }

    #[test]
    fn a_message_to_a_phone_that_comes_too_late_may_arrive_and_need_not() {
        let (_, mut bobs, stamps) = shards(0);
        let to = Party { phone: BOB, generation: 1 };
        stamps.iter().for_each(|stamp| bobs.expect(ANN, (to, false), stamp.intended));
        assert!(bobs.receive(BOB, Some(ANN), Some(stamps[1])).is_some());
        let overdue = bobs.crossing().expect("a shard").overdue;
        assert!(overdue.len() == 2 && overdue.values().all(|one| one.in_doubt));
    }
}
