//! How phones follow the logs: [`Step`] is what a message is to a phone that hears it, live or in the history that
//! it is shown when it connects. The phone that hears a message first puts it at the end of its log. If what others hear
//! says that something must come after it, that is moved behind it. What cannot be so is out of order: then some phone
//! has heard the two messages the other way round, or knew of one before the other was sent.

use std::time::Duration;

use switchboard::timer::Moment;

use super::log::{Cursor, place_of};
use super::shared::is_before;
use super::stored::is_in;
use super::{Accounts, Lapse, NOWHERE, Owed, Seat};
use crate::phone_id::PhoneId;
use crate::workload::Stamp;

/// For how long a message that no phone has heard may still be on its way. After that it counts as lost here.
const IN_FLIGHT: Duration = Duration::from_secs(1);

/// What a message is to a phone that follows its log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// A later one.
    Next,
    /// One that should have come earlier.
    Late,
    /// One that it has heard before.
    Again,
    /// One of a place where it is not.
    Astray,
}

impl Accounts {
    /// A phone that connects is shown the last messages to everyone: what follows must come after them. `is_whole`:
    /// there are no earlier ones.
    pub(crate) fn see_history(
        &mut self,
        by: PhoneId,
        stamps: impl Iterator<Item = Stamp>,
        is_whole: bool,
        now: Moment,
    ) {
        let numbers: Vec<_> = stamps.map(|stamp| (stamp, self.number(&stamp))).collect();
        let is_placed = |number: u32| self.position(number) != NOWHERE;
        let last = numbers.iter().rposition(|&(_, number)| number.is_some_and(is_placed));
        // What others had when the phone dialled is in the history: nothing is left out at its end, and nothing at
        // its beginning, unless there are too many.
        let known = self.seats.get(by.index()).map_or(0, |seat| seat.known);
        let places = numbers.iter().filter_map(|&(_, number)| {
            number.map(|number| self.position(number)).filter(|&at| at != NOWHERE)
        });
        let (first, newest) =
            places.fold((None, None), |(first, newest): (Option<u32>, Option<u32>), at| {
                (Some(first.map_or(at, |first| first.min(at))), newest.max(Some(at)))
            });
        let is_cut = match (first, newest) {
            (Some(first), Some(newest)) => newest + 1 < known || (is_whole && first > 0),
            (None, _) | (_, None) => is_whole && known > 0,
        };
        self.lapses.add_many(Lapse::HistoryWrong, u64::from(is_cut));
        let mut is_first = true;
        for (index, (stamp, number)) in numbers.into_iter().enumerate() {
            let Some(number) = number else {
                self.lapses.add(Lapse::HistoryWrong);
                continue;
            };
            // What only the store knows has no place in the log: its sender's connection ended, or others will
            // hear of it in a moment. Among it there may be messages of other shards.
            let is_new = self.position(number) == NOWHERE;
            let is_certain = self.shared.is_none()
                && self.owed(stamp.number).is_some_and(|owed| !owed.is_doubted);
            if is_new && (!is_certain || last.is_some_and(|last| index < last)) {
                continue;
            }
            let gaps = self.gaps.count();
            let step = self.follow(by, &stamp, number, now);
            let is_right = step == Step::Next && (is_first || gaps == self.gaps.count());
            self.lapses.add_many(Lapse::HistoryWrong, u64::from(!is_right));
            is_first = false;
        }
    }

    /// The number of a message, if it was sent like this.
    pub(super) fn number(&self, stamp: &Stamp) -> Option<u32> {
        let index = stamp.number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let is_it = match index.map(|at| self.under_way.get(at)) {
            // The entry is dropped already. Only the text itself can tell.
            None => true,
            Some(Some(owed)) => owed.stamp == *stamp,
            Some(None) => self.may_be_early(stamp),
        };
        let is_phone = stamp.sender.index() < self.seats.len();
        u32::try_from(stamp.number).ok().filter(|_| is_it && is_phone)
    }

    /// A phone goes on in the log of a message's place.
    pub(super) fn follow(&mut self, by: PhoneId, stamp: &Stamp, number: u32, now: Moment) -> Step {
        let seat = self.seats.get(by.index()).copied().unwrap_or_default();
        let generation = seat.generation;
        let is_new = self.logs.at_mut(place_of(stamp)).and_then(|log| log.cursor(by).copied());
        let Some(is_new) = is_new.map(|cursor| cursor.generation != generation) else {
            return Step::Astray;
        };
        if self.position(number) == NOWHERE {
            if is_new && self.others_know_better(&seat, stamp, now) {
                return Step::Next;
            }
            self.place(stamp, number);
        }
        let at = self.position(number);
        let Some(log) = self.logs.at_mut(place_of(stamp)) else { return Step::Astray };
        if log.order.get(at as usize) != Some(&number) {
            return Step::Astray;
        }
        let cursor = log.cursor(by).expect("it is a member");
        if is_new {
            let own = cursor.own;
            *cursor = Cursor { generation, start: at, next: at + 1, last: number, own };
            return Step::Next;
        }
        let Cursor { start, next, last, .. } = *cursor;
        if (start..next).contains(&at) && !self.gaps.has(by, number) {
            return Step::Again;
        }
        if !self.put_behind(last, number, stamp) {
            self.gaps.remove(by, number);
            let cursor = self.logs.at_mut(place_of(stamp)).and_then(|log| log.cursor(by));
            cursor.into_iter().for_each(|cursor| cursor.start = cursor.start.min(at));
            return Step::Late;
        }
        self.gaps.remove(by, number);
        let at = self.position(number);
        let Some(log) = self.logs.at_mut(place_of(stamp)) else { return Step::Astray };
        let cursor = log.cursor(by).expect("it is a member");
        cursor.last = number;
        let next = cursor.next;
        cursor.next = next.max(at + 1);
        let skipped = log.order.get(next as usize..at as usize).unwrap_or_default().to_vec();
        skipped.into_iter().for_each(|number| self.skip(by, number));
        Step::Next
    }

    /// A phone that has just come cannot know what was said before. While such messages are on their way to others, the
    /// place of this one is for those to say.
    fn others_know_better(&self, seat: &Seat, stamp: &Stamp, now: Moment) -> bool {
        let is_shard = self.shared.is_some();
        let may_have_missed = |stamp: &Stamp| match is_shard {
            false => stamp.number < u64::from(seat.since),
            true => !seat.is_present || is_before(stamp, seat),
        };
        let is_on_its_way = |owed: &Owed| {
            self.position(owed.stamp.number as u32) == NOWHERE
                && !owed.is_doubted
                && now.since(owed.sent) < IN_FLIGHT
                && is_in(&owed.stamp, place_of(stamp))
        };
        let is_earlier = |owed: &&Owed| may_have_missed(&owed.stamp);
        let knows_less = || self.under_way.iter().take_while(is_earlier).any(is_on_its_way);
        // In a shard, this one may have been sent before the phone came, and others after it.
        (is_shard && may_have_missed(stamp)) || knows_less()
    }

    /// Puts a message at the end of its log.
    pub(super) fn place(&mut self, stamp: &Stamp, number: u32) {
        let is_certain = self.owed(stamp.number).is_some_and(|owed| !owed.is_doubted);
        let Some(log) = self.logs.at_mut(place_of(stamp)) else { return };
        let end = u32::try_from(log.order.len()).expect("messages are fewer");
        log.order.push(number);
        // Its sender has sent them in the order of their numbers, unless over another connection.
        let own = log.cursor(stamp.sender).filter(|_| is_certain);
        let newest = own.map_or(0, |cursor| {
            let newest = cursor.own;
            cursor.own = newest.max(number + 1);
            newest
        });
        self.positions[number as usize] = end;
        self.precedence.place(number);
        if let Some(newest) = newest.checked_sub(1) {
            let (one, other) = (newest.min(number), newest.max(number));
            self.put_behind(one, other, stamp);
        }
    }

    /// Of two messages of the place of `stamp`, one comes after the other. Returns whether that fits all that was
    /// known before: if not, nothing is changed.
    pub(super) fn put_behind(&mut self, one: u32, other: u32, stamp: &Stamp) -> bool {
        let (first, second) = (self.position(one) as usize, self.position(other) as usize);
        let Some(log) = self.logs.at_mut(place_of(stamp)) else { return false };
        if first <= second {
            self.precedence.add(&log.order[first..=second]);
            return true;
        }
        let stretch = &log.order[second..=first];
        let Some(is_behind) = self.precedence.behind_if_last_leads(stretch) else { return false };
        let skipped = log.rearrange(second, &is_behind, &mut self.gaps);
        for (place, &number) in log.order.iter().enumerate().take(first + 1).skip(second) {
            self.positions[number as usize] = place as u32;
        }
        let (first, second) = (self.positions[one as usize], self.positions[other as usize]);
        self.precedence.add(&log.order[first as usize..=second as usize]);
        skipped.into_iter().for_each(|(phone, number)| self.skip(phone, number));
        true
    }

    /// A phone has heard a later message than this one, and not this one.
    fn skip(&mut self, phone: PhoneId, number: u32) {
        // Of a message of its own it may have been told in another way.
        let is_own = self.senders.get(number as usize) == Some(&phone);
        if !is_own || !self.is_acknowledged(number) {
            self.gaps.add(phone, number);
        }
    }
}
