//! [`Postings`]: what users with accounts write: which messages go to one user, to a room or to everyone, and which
//! are replies, are typed visibly and are marked as read. It follows from the seed and the number of the message.

use serde::{Deserialize, Serialize};

use super::manners::{fraction, hits};
use super::{Place, Rooms};
use crate::phone_id::PhoneId;

/// What users with accounts write.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Postings {
    /// The share of messages that go to one user, and not to everyone.
    pub(crate) private: f64,
    /// How many rooms there are, and the share of messages that go to one of them.
    pub(crate) rooms: u32,
    pub(crate) room_share: f64,
    /// The share of conversations one side of which is on the app's start page, and hears of messages by notices.
    pub(crate) notices: f64,
    /// The share of pairs of users without a room who have only the list of who is online open.
    pub(crate) status: f64,
    /// The share of messages that answer another one of the same place.
    pub(crate) replies: f64,
    /// The share of messages that one of their readers marks as read.
    pub(crate) marks: f64,
    /// The share of messages that are typed visibly.
    pub(crate) typing: f64,
    /// How many histories users ask for each second, while the plan is played.
    pub(crate) histories: f64,
}

impl Postings {
    /// Nothing: phones of the other realms have no accounts.
    pub(crate) const NONE: Postings = Postings {
        private: 0.0,
        rooms: 0,
        room_share: 0.0,
        notices: 0.0,
        status: 0.0,
        replies: 0.0,
        marks: 0.0,
        typing: 0.0,
        histories: 0.0,
    };

    /// Where the message with this number goes, which `from` writes, and which was meant for `to`.
    pub(crate) fn place(
        &self,
        number: u64,
        (from, to): (PhoneId, PhoneId),
        rooms: &Rooms,
        seed: u64,
    ) -> Place {
        let at = fraction(number, seed ^ 0x9417);
        if at < self.private {
            return Place::Phone(to);
        }
        let is_for_a_room = at < self.private + self.room_share;
        let room = if is_for_a_room { rooms.draw(from, number, seed) } else { None };
        room.map_or(Place::Everyone, Place::Room)
    }

    /// Whether it answers another message.
    pub(crate) fn is_reply(&self, message: u64, seed: u64) -> bool {
        hits(self.replies, message, seed ^ 0x4e91)
    }

    /// The phone that marks this message of a place as read. At most one does: what is said to
    /// everyone would else be followed by as many marks as there are phones.
    pub(crate) fn reader(
        &self,
        message: u64,
        place: Place,
        (rooms, phones): (&Rooms, u32),
        seed: u64,
    ) -> Option<PhoneId> {
        if !hits(self.marks, message, seed ^ 0x4ead) {
            return None;
        }
        let part = fraction(message, seed ^ 0x4eae);
        match place {
            Place::Phone(to) => Some(to),
            Place::Everyone => Some(PhoneId((part * f64::from(phones)) as u32)),
            Place::Room(room) => rooms.member_at(room, part),
        }
    }

    /// Whether its sender is seen typing it.
    pub(crate) fn is_typed(&self, message: u64, seed: u64) -> bool {
        hits(self.typing, message, seed ^ 0x7199)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_the_places_are_kept_and_who_is_in_no_room_writes_to_everyone() {
        let postings = Postings { private: 0.5, rooms: 4, room_share: 0.3, ..Postings::NONE };
        let rooms = Rooms::new(4, 8, None, 1);
        let (from, to) = (PhoneId(3), PhoneId(5));
        let count = |rooms: &Rooms, is_it: fn(Place) -> bool| {
            let places = (0..10_000).map(|number| postings.place(number, (from, to), rooms, 9));
            places.filter(|&place| is_it(place)).count()
        };
        let is_private = |place| place == Place::Phone(PhoneId(5));
        assert!((4800..5200).contains(&count(&rooms, is_private)));
        let in_rooms = count(&rooms, |place| matches!(place, Place::Room(_)));
        assert!((2800..3200).contains(&in_rooms), "{in_rooms}");
        let none = Rooms::new(0, 8, None, 1);
        assert_eq!(count(&none, |place| matches!(place, Place::Room(_))), 0);
        assert!((4800..5200).contains(&count(&none, |place| place == Place::Everyone)));
    }

    #[test]
    fn a_message_is_marked_as_read_by_one_who_can_read_it_or_by_nobody() {
        let postings = Postings { marks: 0.5, ..Postings::NONE };
        let rooms = Rooms::new(3, 10, None, 1);
        let readers = |place| -> Vec<_> {
            (0..1000).filter_map(|n| postings.reader(n, place, (&rooms, 10), 1)).collect()
        };
        let private = readers(Place::Phone(PhoneId(7)));
        assert!((400..600).contains(&private.len()));
        assert!(private.iter().all(|&reader| reader == PhoneId(7)));
        for room in 0..3 {
            assert!(readers(Place::Room(room)).iter().all(|&reader| rooms.has(room, reader)));
        }
        let mut all = readers(Place::Everyone);
        all.sort();
        all.dedup();
        assert_eq!(all, (0..10).map(PhoneId).collect::<Vec<_>>());
    }
}
