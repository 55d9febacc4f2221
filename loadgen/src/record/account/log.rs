//! [`Log`]: the messages of one place in the order in which phones have seen them, and how far each phone has
//! followed.
//!
//! All phones of a place must see the same messages in the same order. So what a phone has seen is not a set,
//! but a stretch of the log: two numbers, however many messages there are. The phone that hears a message first
//! appends it. Where that turns out to be too late, what must come after it is moved behind it. A map of what each
//! phone has heard was the alternative: 8 bytes or more a delivery, and 19,000 deliveries a message.

use std::collections::{HashMap, HashSet};

use crate::phone_id::PhoneId;
use crate::workload::{Place, Stamp};

/// The most messages that are kept as skipped. A server that loses more is found out by the first.
const MOST_GAPS: usize = 100_000;

/// The logs of all places.
#[derive(Debug)]
pub(super) struct Logs {
    pub(super) everyone: Log,
    /// By phone, the lower number first: the conversations of two.
    pub(super) pairs: HashMap<(PhoneId, PhoneId), Log>,
    /// By number.
    pub(super) rooms: Vec<Log>,
}

impl Logs {
    /// There are this many phones.
    pub(super) fn new(phones: usize) -> Self {
        Logs { everyone: Log::of_all(phones), pairs: HashMap::new(), rooms: Vec::new() }
    }

    /// The log of a place, as this phone names it.
    pub(super) fn at(&self, (place, phone): (Place, PhoneId)) -> Option<&Log> {
        match place {
            Place::Everyone => Some(&self.everyone),
            Place::Room(room) => self.rooms.get(room as usize),
            Place::Phone(other) => self.pairs.get(&(phone.min(other), phone.max(other))),
        }
    }

    /// The same, to be changed. That of two phones is made if there is none.
    pub(super) fn at_mut(&mut self, (place, phone): (Place, PhoneId)) -> Option<&mut Log> {
        match place {
            Place::Everyone => Some(&mut self.everyone),
            Place::Room(room) => self.rooms.get_mut(room as usize),
            Place::Phone(other) => {
                let (one, other) = (phone.min(other), phone.max(other));
                Some(self.pairs.entry((one, other)).or_insert_with(|| Log::of_two(one, other)))
            }
        }
    }
}

/// The place of a message, as its sender names it.
pub(super) fn place_of(stamp: &Stamp) -> (Place, PhoneId) {
    (Place::of(stamp.recipient), stamp.sender)
}

/// The messages of one place.
#[derive(Debug)]
pub(super) struct Log {
    /// Their numbers.
    pub(super) order: Vec<u32>,
    members: Members,
}

/// Who follows a log.
#[derive(Debug)]
enum Members {
    /// Everyone: by phone.
    All(Vec<Cursor>),
    Few(HashMap<PhoneId, Cursor>),
    Two([(PhoneId, Cursor); 2]),
}

/// How far a phone has followed a log, on one of its connections: it has heard what is from `start` on, and
/// before `next`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    /// The connection, counted from 1. 0: none.
    pub(super) generation: u32,
    pub(super) start: u32,
    pub(super) next: u32,
    /// The last message that it has heard, not counting those that it should have heard earlier.
    pub(super) last: u32,
    /// One more than the highest number of a message that the phone itself has written here, and that was
    /// seen.
    pub(super) own: u32,
}

/// Messages that phones have skipped. Only a faulty server leaves entries here; there may be some for a moment where
/// messages cross.
#[derive(Debug, Default)]
pub(super) struct Gaps(HashSet<(PhoneId, u32)>);

impl Gaps {
    /// A phone has skipped a message.
    pub(super) fn add(&mut self, phone: PhoneId, number: u32) {
        if self.0.len() < MOST_GAPS {
            self.0.insert((phone, number));
        }
    }

    /// A phone has the message. Returns whether it had skipped that.
    pub(super) fn remove(&mut self, phone: PhoneId, number: u32) -> bool {
        self.0.remove(&(phone, number))
    }

    pub(super) fn has(&self, phone: PhoneId, number: u32) -> bool {
        self.0.contains(&(phone, number))
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

impl Log {
    /// The log of everyone.
    pub(super) fn of_all(phones: usize) -> Self {
        Log { order: Vec::new(), members: Members::All(vec![Cursor::default(); phones]) }
    }

    /// The log of two phones.
    pub(super) fn of_two(one: PhoneId, other: PhoneId) -> Self {
        let members = [one, other].map(|phone| (phone, Cursor::default()));
        Log { order: Vec::new(), members: Members::Two(members) }
    }

    /// The log of a room.
    pub(super) fn of_few(phones: impl Iterator<Item = PhoneId>) -> Self {
        let members = phones.map(|phone| (phone, Cursor::default())).collect();
        Log { order: Vec::new(), members: Members::Few(members) }
    }

    /// How far a phone has followed; `None`: it is no member.
    pub(super) fn cursor(&mut self, phone: PhoneId) -> Option<&mut Cursor> {
        match &mut self.members {
            Members::All(cursors) => cursors.get_mut(phone.index()),
            Members::Few(cursors) => cursors.get_mut(&phone),
            Members::Two(cursors) => {
                cursors.iter_mut().find(|(member, _)| *member == phone).map(|(_, cursor)| cursor)
            }
        }
    }

    /// The same, to be looked at.
    pub(super) fn at(&self, phone: PhoneId) -> Option<&Cursor> {
        match &self.members {
            Members::All(cursors) => cursors.get(phone.index()),
            Members::Few(cursors) => cursors.get(&phone),
            Members::Two(cursors) => {
                cursors.iter().find(|(member, _)| *member == phone).map(|(_, cursor)| cursor)
            }
        }
    }

    /// Moves the messages of a stretch that must come after its first one behind all others of it. `gaps`: what phones
    /// have skipped of the stretch as it was; that is taken out. Returns what they have skipped of it as it is now. This
    /// costs a look at each member; where no messages cross it is not needed.
    pub(super) fn rearrange(
        &mut self,
        at: usize,
        is_behind: &[bool],
        gaps: &mut Gaps,
    ) -> Vec<(PhoneId, u32)> {
        let old = self.order[at..at + is_behind.len()].to_vec();
        let of = |behind: bool| {
            let all = old.iter().zip(is_behind).filter(move |&(_, &is_behind)| is_behind == behind);
            all.map(|(&number, _)| number)
        };
        let new: Vec<u32> = of(false).chain(of(true)).collect();
        self.order[at..at + new.len()].copy_from_slice(&new);
        let (begin, end) = (at as u32, (at + new.len()) as u32);
        let mut skipped = Vec::new();
        let mut refit = |phone: PhoneId, cursor: &mut Cursor| {
            let Cursor { start, next, .. } = *cursor;
            let is_at_an_end = (begin < start && start < end) || (begin < next && next < end);
            if !is_at_an_end {
                return;
            }
            let stretch = start.max(begin)..next.min(end);
            let in_stretch = stretch.map(|place| old[(place - begin) as usize]);
            let heard: Vec<u32> =
                in_stretch.filter(|&number| !gaps.remove(phone, number)).collect();
            let mut places = (begin..).zip(&new).filter(|(_, number)| heard.contains(number));
            let first = places.next().map_or(begin, |(place, _)| place);
            let last = places.last().map_or(first, |(place, _)| place);
            cursor.start = if begin < start { first } else { start };
            cursor.next = if next < end { last + 1 } else { next };
            for place in cursor.start.max(begin)..cursor.next.min(end) {
                let number = new[(place - begin) as usize];
                if !heard.contains(&number) {
                    skipped.push((phone, number));
                }
            }
        };
        match &mut self.members {
            Members::All(cursors) => {
                (0..).map(PhoneId).zip(cursors).for_each(|(phone, cursor)| refit(phone, cursor));
            }
            Members::Few(cursors) => {
                cursors.iter_mut().for_each(|(&phone, cursor)| refit(phone, cursor));
            }
            Members::Two(cursors) => {
                cursors.iter_mut().for_each(|(phone, cursor)| refit(*phone, cursor));
            }
        }
        skipped
    }

    /// The members, if they are not everyone.
    pub(super) fn members(&self) -> Vec<PhoneId> {
        match &self.members {
            Members::All(_) => Vec::new(),
            Members::Few(cursors) => cursors.keys().copied().collect(),
            Members::Two(cursors) => cursors.iter().map(|(member, _)| *member).collect(),
        }
    }
}
