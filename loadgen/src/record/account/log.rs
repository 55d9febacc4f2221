//! [`Log`]: the messages of one place in the order in which phones have seen them, and how far each phone has
//! followed.
//!
//! All phones of a place must see the same messages in the same order. So what a phone has seen is not a set,
//! but a stretch of the log: two numbers, however many messages there are. The phone that hears a message first
//! appends it. A map of what each phone has heard was the alternative: 8 bytes or more a delivery, and 19,000
//! deliveries a message.

use std::collections::HashMap;

use crate::phone_id::PhoneId;

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
    #[allow(dead_code, reason = "rooms come with the protocol that makes them")]
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
    /// One more than the highest number of a message that the phone itself has written here, and that was
    /// seen.
    pub(super) own: u32,
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

    #[allow(dead_code, reason = "rooms come with the protocol that makes them")]
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

    /// Puts a message before those from this place on. Returns the phones that have heard one of those, and one
    /// before them. At the end, which is nearly always, there are none; elsewhere it costs a look at each member.
    pub(super) fn insert(&mut self, at: u32, number: u32) -> Vec<PhoneId> {
        self.order.insert(at as usize, number);
        let mut passed = Vec::new();
        if at as usize + 1 == self.order.len() {
            return passed;
        }
        let mut pass = |phone: PhoneId, cursor: &mut Cursor| {
            if cursor.start < at && cursor.next > at {
                passed.push(phone);
            }
            cursor.start += u32::from(cursor.start >= at);
            cursor.next += u32::from(cursor.next > at);
        };
        match &mut self.members {
            Members::All(cursors) => {
                (0..).map(PhoneId).zip(cursors).for_each(|(phone, cursor)| pass(phone, cursor));
            }
            Members::Few(cursors) => {
                cursors.iter_mut().for_each(|(&phone, cursor)| pass(phone, cursor));
            }
            Members::Two(cursors) => {
                cursors.iter_mut().for_each(|(phone, cursor)| pass(*phone, cursor));
            }
        }
        passed
    }

    /// Whether a phone is a member.
    pub(super) fn has(&self, phone: PhoneId) -> bool {
        self.at(phone).is_some()
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
