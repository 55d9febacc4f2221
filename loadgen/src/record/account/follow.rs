//! How phones follow the logs: [`Step`] is what a message is to a phone that hears it, live or in the history that
//! it is shown when it connects. The phone that hears a message first gives it its place.

use std::collections::HashSet;
use std::time::Duration;

use switchboard::timer::Moment;

use super::shared::is_before;
use super::{Accounts, Lapse, Log, NOWHERE, Owed};
use crate::phone_id::PhoneId;
use crate::workload::{Place, Stamp};

/// For how long a message that no phone has heard may still be on its way. After that it counts as lost here.
const IN_FLIGHT: Duration = Duration::from_secs(1);
/// The most entries in `gaps`. A server that loses more is found out by the first.
const MOST_GAPS: usize = 100_000;

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
            let gaps = self.gaps.len();
            let step = self.follow(by, &stamp, number, now);
            let is_right = step == Step::Next && (is_first || gaps == self.gaps.len());
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
        let is_certain = self.owed(stamp.number).is_some_and(|owed| !owed.is_doubted);
        let is_shard = self.shared.is_some();
        let may_have_missed = |stamp: &Stamp| match is_shard {
            false => stamp.number < u64::from(seat.since),
            true => !seat.is_present || is_before(stamp, &seat),
        };
        let Accounts { positions, everyone, pairs, rooms, gaps, under_way, .. } = self;
        let log = match Place::of(stamp.recipient) {
            Place::Everyone => everyone,
            Place::Room(room) => match rooms.get_mut(room as usize) {
                Some(log) => log,
                None => return Step::Astray,
            },
            Place::Phone(to) => {
                let (one, other) = (stamp.sender.min(to), stamp.sender.max(to));
                pairs.entry((one, other)).or_insert_with(|| Log::of_two(one, other))
            }
        };
        if !log.has(by) {
            return Step::Astray;
        }
        let mut step = Step::Next;
        if positions[number as usize] == NOWHERE {
            // A phone that has just come cannot know what was said before. While such messages are on their way
            // to others, the place of this one is for those to say.
            let is_new = log.cursor(by).is_some_and(|cursor| cursor.generation != generation);
            let is_on_its_way = |owed: &Owed| {
                positions[owed.stamp.number as usize] == NOWHERE
                    && !owed.is_doubted
                    && now.since(owed.sent) < IN_FLIGHT
                    && is_together(&owed.stamp, stamp)
            };
            let is_earlier = |owed: &&Owed| may_have_missed(&owed.stamp);
            let knows_less = || under_way.iter().take_while(is_earlier).any(is_on_its_way);
            // In a shard, this one may have been sent before the phone came, and others after it.
            if is_new && ((is_shard && may_have_missed(stamp)) || knows_less()) {
                return Step::Next;
            }
            let next = log.cursor(by).filter(|_| !is_new).map(|cursor| cursor.next);
            let is_last = put(number, next, log, positions, gaps);
            // Its sender has sent them in the order of their numbers, unless over another connection.
            if let Some(own) = log.cursor(stamp.sender).filter(|_| is_certain && is_last) {
                if number < own.own {
                    step = Step::Late;
                }
                own.own = own.own.max(number + 1);
            }
        }
        let position = positions[number as usize];
        if log.order.get(position as usize) != Some(&number) {
            return Step::Astray;
        }
        let cursor = log.cursor(by).expect("it is a member");
        if cursor.generation != generation {
            (cursor.generation, cursor.start, cursor.next) = (generation, position, position + 1);
            return step;
        }
        let next = cursor.next;
        if position >= next {
            cursor.next = position + 1;
            let skipped = &log.order[next as usize..position as usize];
            let room = MOST_GAPS - gaps.len().min(MOST_GAPS);
            gaps.extend(skipped.iter().take(room).map(|&number| (by, number)));
            return step;
        }
        if position < cursor.start {
            cursor.start = position;
            return Step::Late;
        }
        if gaps.remove(&(by, number)) { Step::Late } else { Step::Again }
    }
}

/// Gives a message its place in a log. `next`: how far the phone has heard that hears it, unless that phone is new.
/// Returns whether it is the last one.
fn put(
    number: u32,
    next: Option<u32>,
    log: &mut Log,
    positions: &mut [u32],
    gaps: &mut HashSet<(PhoneId, u32)>,
) -> bool {
    let end = u32::try_from(log.order.len()).expect("messages are fewer");
    // Either this phone has missed what others have heard meanwhile, or those have missed this message. What was sent
    // first tells which.
    let next = next.unwrap_or(end);
    let missed = log.order[next as usize..].iter().take_while(|&&other| other < number);
    let at = next + u32::try_from(missed.count()).expect("messages are fewer");
    let room = MOST_GAPS - gaps.len().min(MOST_GAPS);
    gaps.extend(log.insert(at, number).into_iter().take(room).map(|phone| (phone, number)));
    for (at, &number) in (at..).zip(&log.order[at as usize..]) {
        positions[number as usize] = at;
    }
    at == end
}

/// Whether two messages are in the same place.
fn is_together(one: &Stamp, other: &Stamp) -> bool {
    match (Place::of(one.recipient), Place::of(other.recipient)) {
        (Place::Phone(to), Place::Phone(other_to)) => {
            let ends = (one.sender, to);
            ends == (other.sender, other_to) || ends == (other_to, other.sender)
        }
        (one, other) => one == other,
    }
}
