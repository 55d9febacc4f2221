//! [`Stored`]: whether the server has kept what it acknowledged. At the end its histories are read, and each is
//! held against the log of its place: every message that was acknowledged is there, once, in the order in which
//! phones have seen it. While the plan is played, users look back: what others had heard by then is in what they are
//! shown.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{Accounts, Lapse, NOWHERE};
use crate::phone_id::PhoneId;
use crate::workload::{Place, Stamp};

/// What the histories at the end came to.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Stored {
    /// Histories that were read.
    pub(crate) histories: u64,
    /// Acknowledged messages that are in them.
    pub(crate) found: u64,
    /// Acknowledged messages that are older than what a history shows.
    pub(crate) out_of_reach: u64,
}

impl Stored {
    /// Adds those of another process.
    pub(super) fn absorb(&mut self, other: &Stored) {
        let Stored { histories, found, out_of_reach } = *other;
        self.histories += histories;
        self.found += found;
        self.out_of_reach += out_of_reach;
    }
}

/// What a history shows of a log.
#[derive(Debug)]
struct Shown {
    /// Messages before this place in the log are older than what is shown.
    begin: usize,
    /// By place in the log, from there on. A history that a user has asked for is a page of a log of perhaps millions.
    here: Vec<Here>,
}

/// What a history shows of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Here {
    Seen,
    Missing,
    /// It is not there, and may be older than what is shown.
    Older,
}

/// A message in a history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// What its text says of itself; `None` if it begins as a text of this run, and is none.
    pub(crate) stamp: Option<Stamp>,
    /// Whether its author and its place are those in the text.
    pub(crate) is_author_right: bool,
    /// Whether it answers the message that it answered when it was sent.
    pub(crate) is_answer_right: bool,
    /// Whether the server's id of it is the one that phones were told.
    pub(crate) is_id_right: bool,
}

impl Accounts {
    /// The places in which something was seen: everyone's, and one for each two phones and each room.
    pub(crate) fn places(&self) -> Vec<(Place, PhoneId)> {
        let pairs = self.logs.pairs.keys().map(|&(one, other)| self.own_reader(one, other));
        let mut pairs: Vec<_> =
            pairs.map(|(reader, other)| (Place::Phone(other), reader)).collect();
        pairs.sort_unstable_by_key(|&(place, phone)| (phone, place.recipient()));
        let rooms = self.logs.rooms.iter().enumerate().filter_map(|(room, log)| {
            let reader = log.members().into_iter().min()?;
            (!self.is_of_another(reader)).then_some((Place::Room(room as u32), reader))
        });
        let everyone = [(Place::Everyone, self.first_phone())];
        everyone.into_iter().chain(rooms).chain(pairs).collect()
    }

    /// Whether all acknowledged messages of a place are among these.
    pub(crate) fn has_all(&self, (place, reader): (Place, PhoneId), kept: &[Kept]) -> bool {
        let numbers: HashSet<u64> =
            kept.iter().filter_map(|kept| kept.stamp.map(|stamp| stamp.number)).collect();
        let log = self.logs.at((place, reader));
        let mut order = log.map_or(&[][..], |log| &log.order[..]).iter();
        order.all(|&number| !self.is_acknowledged(number) || numbers.contains(&u64::from(number)))
    }

    /// Compares a history with its log, the oldest first. `is_whole`: it goes back to the beginning.
    pub(crate) fn compare(&mut self, at: (Place, PhoneId), kept: &[Kept], is_whole: bool) {
        self.stored.histories += 1;
        self.take_order_of(at, kept);
        let (shown, unseen) = self.enter(at, kept, is_whole);
        for number in unseen {
            let is_new = self.kept_unseen.insert(number);
            self.lapses.add_many(Lapse::StoredTwice, u64::from(!is_new));
        }
        let order = self.logs.at(at).map(|log| log.order.clone()).unwrap_or_default();
        for (position, &number) in order.iter().enumerate() {
            if !self.is_acknowledged(number) {
                continue;
            }
            match position.checked_sub(shown.begin).map(|place| shown.here[place]) {
                Some(Here::Seen) => self.stored.found += 1,
                Some(Here::Missing) => self.lapses.add(Lapse::StoredMissing),
                Some(Here::Older) | None => self.stored.out_of_reach += 1,
            }
        }
    }

    /// How many messages phones have heard.
    pub(crate) fn known(&self) -> u32 {
        self.precedence.placed()
    }

    /// Compares a history that a user was shown while others were writing. `known`: how many messages phones had heard
    /// when it was asked for. `is_whole`: it goes back to the beginning.
    pub(crate) fn look_back(
        &mut self,
        at: (Place, PhoneId),
        kept: &[Kept],
        known: u32,
        is_whole: bool,
    ) {
        let (shown, _) = self.enter(at, kept, is_whole);
        let order = self.logs.at(at).map_or(&[][..], |log| &log.order[shown.begin..]);
        let is_missing = |&(&number, &here): &(&u32, &Here)| {
            here == Here::Missing && self.precedence.was_placed(number, known)
        };
        let missing = order.iter().zip(&shown.here).filter(is_missing).count();
        self.lapses.add_many(Lapse::HistoryWrong, missing as u64);
    }

    /// Where the order of two messages is open, a history at the end tells it.
    fn take_order_of(&mut self, at: (Place, PhoneId), kept: &[Kept]) {
        let mut last = None;
        for stamp in kept.iter().filter_map(|kept| kept.stamp).filter(|stamp| is_in(stamp, at)) {
            let Some(number) =
                self.number(&stamp).filter(|&number| self.position(number) != NOWHERE)
            else {
                continue;
            };
            if last.is_none_or(|last| self.put_behind(last, number, &stamp)) {
                last = Some(number);
            }
        }
    }

    /// Enters what is wrong with a history by itself. Returns also the messages that have no place in the log: they are
    /// in doubt, or only phones have heard them that had just come, or are about to be heard. What is wrong with a message
    /// of another shard is for that to count, which compares the same history.
    fn enter(&mut self, at: (Place, PhoneId), kept: &[Kept], is_whole: bool) -> (Shown, Vec<u32>) {
        let (mut placed, mut unseen) = (Vec::new(), Vec::new());
        for one in kept {
            let stamp = one.stamp.filter(|stamp| is_in(stamp, at));
            let Some((number, sender)) = stamp.and_then(|s| Some((self.number(&s)?, s.sender)))
            else {
                self.lapses.add(Lapse::StoredWrong);
                continue;
            };
            let is_ours = !self.is_of_another(sender);
            self.lapses.add_many(Lapse::StoredWrong, u64::from(!one.is_author_right && is_ours));
            self.lapses.add_many(Lapse::StoredReply, u64::from(!one.is_answer_right && is_ours));
            match self.position(number) {
                NOWHERE => unseen.extend(is_ours.then_some(number)),
                position => placed.push((position as usize, is_ours, one.is_id_right)),
            }
        }
        let order = self.logs.at(at).map_or(&[][..], |log| &log.order[..]);
        let begin = match is_whole {
            true => 0,
            false => placed.iter().map(|&(at, ..)| at).min().unwrap_or(order.len()),
        };
        let here = |is_behind| if is_behind { Here::Missing } else { Here::Older };
        let mut here: Vec<Here> = match is_whole {
            true => vec![Here::Missing; order.len()],
            false => self.precedence.behind_first(&order[begin..]).into_iter().map(here).collect(),
        };
        let (mut last, mut wrong) = (None::<usize>, Vec::new());
        for (position, is_ours, is_id_right) in placed {
            let was_seen = std::mem::replace(&mut here[position - begin], Here::Seen) == Here::Seen;
            // What is earlier in the log, and comes later here, may be so if nothing tells their order.
            let overtaken = last.filter(|&last| position < last && !was_seen);
            let is_late =
                overtaken.is_some_and(|last| self.precedence.is_behind(&order[position..=last]));
            last = last.max(Some(position));
            let found = [
                (Lapse::StoredTwice, was_seen),
                // A second one has an id of its own.
                (Lapse::IdWrong, !is_id_right && !was_seen),
                (Lapse::StoredOutOfOrder, is_late),
            ];
            wrong.extend(found.into_iter().filter(|&(_, is_so)| is_so && is_ours));
        }
        wrong.into_iter().for_each(|(lapse, _)| self.lapses.add(lapse));
        (Shown { begin, here }, unseen)
    }

    /// All histories are compared: what was acknowledged and has no place in a log must be in one of them.
    /// `is_whole`: they all go back to the beginning.
    pub(crate) fn compare_the_rest(&mut self, is_whole: bool) {
        for number in 0..u32::try_from(self.next_number()).expect("messages are fewer") {
            if self.position(number) != NOWHERE || !self.is_acknowledged(number) {
                continue;
            }
            match (self.kept_unseen.contains(&number), is_whole) {
                (true, _) => self.stored.found += 1,
                (false, true) => self.lapses.add(Lapse::StoredMissing),
                (false, false) => self.stored.out_of_reach += 1,
            }
        }
    }

    /// A history could not be read.
    pub(crate) fn could_not_read(&mut self) {
        self.lapses.add(Lapse::Unread);
    }
}

/// Whether a message is one of this place.
pub(super) fn is_in(stamp: &Stamp, (place, reader): (Place, PhoneId)) -> bool {
    match (place, Place::of(stamp.recipient)) {
        (Place::Phone(other), Place::Phone(to)) => {
            let ends = (stamp.sender, to);
            ends == (reader, other) || ends == (other, reader)
        }
        (place, said) => place == said,
    }
}
