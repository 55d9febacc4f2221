//! [`Books`]: what became of every message. A message is entered when it is sent and ticked off when it
//! arrives. So the books show which messages are lost, duplicated, misdelivered, out of order or altered.
//!
//! Only messages under way take memory: entries are dropped from the front as they are ticked off. The
//! books know neither frames nor sockets: `net` tells them what a text said of itself, and which phone got
//! it.
//!
//! In a shard the books have an entry for every message of the plan, so that numbers are the same in all
//! shards. `crossing` has what becomes of messages whose sender or recipient belongs to another shard.

mod crossing;
mod sums;

use std::collections::hash_map::{self, HashMap, OccupiedEntry};
use std::collections::{HashSet, VecDeque};

use switchboard::timer::Moment;

use crate::phone_id::PhoneId;
use crate::workload::Stamp;

pub(crate) use crossing::{Crossing, Overdue};
pub(crate) use sums::Sums;

/// The books of one run.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// Messages, from number `first` on.
    entries: VecDeque<Entry>,
    /// The number of the first entry. All messages before it have arrived.
    first: u64,
    /// Messages that phones of this process have sent.
    sent: u64,
    /// Messages that have not arrived yet, and should.
    under_way: u64,
    /// By sender and recipient: how many messages are under way.
    pairs: HashMap<(PhoneId, PhoneId), Pair>,
    /// Messages that have arrived at the right phone, counted once each.
    delivered: u64,
    /// Messages that will not arrive, as the server has said.
    given_back: u64,
    /// The same by [`Way`].
    tallies: [WayTally; Way::ALL.len()],
    /// Connections that were not closed in good order.
    broken: HashSet<Party>,
    /// By [`Fault`]: how often it was found.
    faults: [u64; Fault::ALL.len()],
    /// Only in a shard: the messages from and to phones of other shards.
    crossing: Option<Box<Crossing>>,
}

/// A phone, on one of its connections.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Party {
    /// Which phone.
    pub(crate) phone: PhoneId,
    /// Which of its connections, counted from 1.
    pub(crate) generation: u32,
}

/// Whether the sender and the recipient are on the same server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// On the same one; also if there is one only.
    Within,
    /// On two. Whether the servers pass on messages to each other is not known.
    Across,
}

impl Way {
    /// Both ways.
    pub(crate) const ALL: [Way; 2] = [Way::Within, Way::Across];
}

/// What became of the messages on one way.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct WayTally {
    pub(crate) sent: u64,
    /// Messages that have arrived at the right phone, counted once each.
    pub(crate) delivered: u64,
    /// Messages that will not arrive, as the server has said.
    pub(crate) given_back: u64,
}

#[derive(Debug)]
struct Entry {
    stamp: Stamp,
    way: Way,
    /// The connections that the sender and the recipient had.
    generations: (u32, u32),
    sent: Moment,
    has_arrived: bool,
    /// Whether the server has said that the message will not arrive.
    was_given_back: bool,
    /// Whether a phone of another shard sends it; and then, whether the recipient came only afterwards.
    is_of_another: bool,
    is_missed: bool,
}

impl Entry {
    /// Whether nothing more is waited for.
    fn is_done(&self) -> bool {
        self.has_arrived || self.was_given_back
    }
}

/// Messages between one sender and one recipient.
#[derive(Debug, Default)]
struct Pair {
    under_way: u32,
    /// Messages of another shard that have arrived before they were due here.
    early: u32,
    /// No message before this number can be given back.
    oldest: u64,
    /// One more than the highest number that has arrived while other messages were under way.
    beyond: u64,
}

/// A message that arrived as it should.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Receipt {
    /// The number of the message, its sender, and its way.
    pub(crate) number: u64,
    pub(crate) sender: PhoneId,
    pub(crate) way: Way,
    /// The planned moment.
    pub(crate) intended: Moment,
    /// The moment at which it was really sent; if a phone of another shard has sent it, the planned one.
    pub(crate) sent: Moment,
    /// Whether a phone of another shard has sent it: then the planned moment is by the clock of that process.
    pub(crate) is_of_another: bool,
}

/// Messages that have not arrived.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Missing {
    /// Between two connections that were closed in good order.
    pub(crate) lost: u64,
    /// Where at least one of the two was not.
    pub(crate) in_doubt: u64,
}

/// What can be wrong with a message that arrives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// It has arrived before.
    Duplicated,
    /// It was for another phone.
    Misdelivered,
    /// A message that the same sender sent later to the same recipient has arrived before it.
    Reordered,
    /// The server names the wrong sender.
    Misattributed,
    /// Its text is not one that was sent.
    Garbled,
}

impl Fault {
    /// All faults.
    pub(crate) const ALL: [Fault; 5] = [
        Fault::Duplicated,
        Fault::Misdelivered,
        Fault::Reordered,
        Fault::Misattributed,
        Fault::Garbled,
    ];
}

impl Books {
    /// Enters a message, and returns its stamp with the number filled in.
    pub(crate) fn send(
        &mut self,
        from: Party,
        to: Party,
        way: Way,
        intended: Moment,
        now: Moment,
    ) -> Stamp {
        let (sender, recipient) = (from.phone, to.phone);
        let stamp = Stamp { number: self.next_number(), sender, recipient, intended };
        let generations = (from.generation, to.generation);
        self.entries.push_back(Entry {
            stamp,
            way,
            generations,
            sent: now,
            has_arrived: false,
            was_given_back: false,
            is_of_another: false,
            is_missed: false,
        });
        let new = Pair { oldest: stamp.number, ..Pair::default() };
        self.pairs.entry((sender, recipient)).or_insert(new).under_way += 1;
        self.sent += 1;
        self.under_way += 1;
        self.tallies[way as usize].sent += 1;
        stamp
    }

    /// Whether a message with this number was sent between these two phones.
    pub(crate) fn knows(&self, stamp: &Stamp) -> bool {
        let place = stamp.number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        // The entry may be dropped already. Then only the text itself can tell whose message it was.
        place.is_none_or(|at| self.entries.get(at).is_some_and(|entry| entry.stamp == *stamp))
    }

    /// The server says that a message will not arrive.
    pub(crate) fn give_back(&mut self, number: u64) {
        let place = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let Some(entry) = place.and_then(|at| self.entries.get_mut(at)) else { return };
        if !entry.has_arrived && !entry.was_given_back {
            entry.was_given_back = true;
            let key = (entry.stamp.sender, entry.stamp.recipient);
            self.tallies[entry.way as usize].given_back += 1;
            self.given_back += 1;
            self.under_way -= 1;
            self.count_down(key);
            self.tidy();
        }
    }

    /// A message has arrived everywhere, as another part of the record has seen.
    pub(crate) fn complete(&mut self, number: u64) {
        let place = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let Some(entry) = place.and_then(|at| self.entries.get_mut(at)) else { return };
        if !std::mem::replace(&mut entry.has_arrived, true) {
            let key = (entry.stamp.sender, entry.stamp.recipient);
            self.tallies[entry.way as usize].delivered += 1;
            self.delivered += 1;
            self.under_way -= 1;
            self.count_down(key);
            self.tidy();
        }
    }

    /// The server says that a message from one phone to another will not arrive, and not which. Servers answer in the
    /// order of the messages: so it is the oldest that is under way between them on two servers. One that is in doubt
    /// comes last: it may have gone to a half-open connection, and then nobody says so. Returns its number.
    /// `None`: there is none, and the server has no reason to say so.
    pub(crate) fn give_back_oldest(&mut self, from: PhoneId, to: PhoneId) -> Option<u64> {
        let pair = self.pairs.get_mut(&(from, to))?;
        // Looking begins at the pair's oldest message: with many messages in doubt, the whole list is long.
        let oldest = pair.oldest.max(self.first);
        let place = usize::try_from(oldest - self.first).ok()?;
        let is_it = |entry: &Entry| {
            let ends = (entry.stamp.sender, entry.stamp.recipient);
            let is_under_way = !entry.has_arrived && !entry.was_given_back;
            ends == (from, to) && entry.way == Way::Across && is_under_way
        };
        let is_doubted = |entry: &Entry| {
            self.broken.contains(&Party { phone: to, generation: entry.generations.1 })
        };
        let mut candidates = self.entries.range(place..).filter(|entry| is_it(entry));
        let oldest = candidates.next()?;
        let rest = candidates.find(|entry| !is_doubted(entry)).filter(|_| is_doubted(oldest));
        let number = rest.map_or(oldest.stamp.number, |entry| entry.stamp.number);
        pair.oldest = oldest.stamp.number + u64::from(rest.is_none());
        self.give_back(number);
        Some(number)
    }

    /// How many messages will not arrive, as the server has said.
    pub(crate) fn given_back(&self) -> u64 {
        self.given_back
    }

    /// What became of the messages on this way.
    pub(crate) fn tally(&self, way: Way) -> WayTally {
        self.tallies[way as usize]
    }

    /// Something was wrong with a message that another part of the record has looked at.
    pub(crate) fn note(&mut self, fault: Fault) {
        self.faults[fault as usize] += 1;
    }

    /// Whether a connection was not closed in good order.
    pub(crate) fn is_doubted(&self, party: Party) -> bool {
        self.broken.contains(&party)
    }

    /// A message has come to `by`. The server says that it is from `from`, and its text says `stamp`.
    ///
    /// Returns a receipt if it is the right message at the right phone for the first time.
    pub(crate) fn receive(
        &mut self,
        by: PhoneId,
        from: Option<PhoneId>,
        stamp: Option<Stamp>,
    ) -> Option<Receipt> {
        let Some(stamp) = stamp else { return self.blame(Fault::Garbled) };
        if stamp.number >= self.next_number() {
            return self.receive_early(by, from, stamp);
        }
        // The entry may be dropped already. Then only the text itself can tell whose message it was.
        let place = stamp.number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if place.is_some_and(|at| self.entries[at].stamp != stamp) {
            return self.blame(Fault::Garbled);
        }
        if stamp.recipient != by {
            return self.blame(Fault::Misdelivered);
        }
        if from != Some(stamp.sender) {
            self.faults[Fault::Misattributed as usize] += 1;
        }
        let entry = place.map(|at| &mut self.entries[at]).filter(|entry| !entry.is_done());
        let Some(entry) = entry else {
            return self.blame(Fault::Duplicated);
        };
        entry.has_arrived = true;
        let Stamp { number, sender, intended, .. } = stamp;
        let (sent, is_of_another, way) = (entry.sent, entry.is_of_another, entry.way);
        let receipt = Receipt { number, sender, way, intended, sent, is_of_another };
        self.tallies[way as usize].delivered += 1;
        self.delivered += 1;
        self.under_way -= 1;
        if let Some(crossing) = self.crossing.as_mut().filter(|_| is_of_another) {
            crossing.arrived += 1;
        }
        self.tick_off_pair(&stamp);
        self.tidy();
        Some(receipt)
    }

    /// Messages sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// The number of the next message of the plan.
    pub(crate) fn next_number(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Messages that have arrived at the right phone, counted once each.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Messages that have not arrived yet.
    pub(crate) fn under_way(&self) -> u64 {
        self.under_way
    }

    /// A connection was not closed in good order: messages under way from it or to it are in doubt.
    pub(crate) fn doubt(&mut self, party: Party) {
        self.broken.insert(party);
    }

    /// Counts the messages that have not arrived: those that are lost, and those that are in doubt.
    pub(crate) fn missing(&self) -> Missing {
        let mut missing = Missing { lost: 0, in_doubt: 0 };
        let is_missing = |entry: &&Entry| !entry.is_done() && !entry.is_of_another;
        for entry in self.entries.iter().filter(is_missing) {
            match self.is_in_doubt(entry) {
                true => missing.in_doubt += 1,
                false => missing.lost += 1,
            }
        }
        missing
    }

    /// Whether the sender's connection or the recipient's was not closed in good order.
    fn is_in_doubt(&self, entry: &Entry) -> bool {
        let Stamp { sender, recipient, .. } = entry.stamp;
        let (from, to) = entry.generations;
        let is_broken = |phone, generation| self.broken.contains(&Party { phone, generation });
        is_broken(sender, from) || is_broken(recipient, to)
    }

    /// How often this fault was found.
    pub(crate) fn count(&self, fault: Fault) -> u64 {
        self.faults[fault as usize]
    }

    fn tick_off_pair(&mut self, stamp: &Stamp) {
        let key = (stamp.sender, stamp.recipient);
        let hash_map::Entry::Occupied(mut pair) = self.pairs.entry(key) else { return };
        if stamp.number < pair.get().beyond {
            self.faults[Fault::Reordered as usize] += 1;
        }
        let beyond = &mut pair.get_mut().beyond;
        *beyond = (*beyond).max(stamp.number + 1);
        count_down(pair);
    }

    /// One message less is under way between two phones, and it has not arrived.
    fn count_down(&mut self, key: (PhoneId, PhoneId)) {
        if let hash_map::Entry::Occupied(pair) = self.pairs.entry(key) {
            count_down(pair);
        }
    }

    /// Drops finished entries at the front.
    fn tidy(&mut self) {
        while self.entries.front().is_some_and(Entry::is_done) {
            self.entries.pop_front();
            self.first += 1;
        }
    }

    fn blame(&mut self, fault: Fault) -> Option<Receipt> {
        self.faults[fault as usize] += 1;
        None
    }
}

/// One message less is under way between two phones.
fn count_down(mut pair: OccupiedEntry<'_, (PhoneId, PhoneId), Pair>) {
    pair.get_mut().under_way -= 1;
    // With nothing under way, the next message is younger than all that have arrived.
    if pair.get().under_way == 0 && pair.get().early == 0 {
        pair.remove();
    }
}

#[cfg(test)]
mod tests;
