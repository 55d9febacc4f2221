//! [`Place`]: where a user with an account writes, as the stamp of a text has it.
//!
//! A stamp has room for one number in place of the recipient. The numbers of phones end where those of rooms
//! begin, and the last one with five hexadecimal digits stands for everyone.

use super::{Numbers, Postings};
use crate::phone_id::PhoneId;

/// Where a user writes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Place {
    /// To everyone.
    Everyone,
    /// To the room with this number, from 0.
    Room(u32),
    /// To this phone.
    Phone(PhoneId),
}

const EVERYONE: u32 = 0xf_ffff;
const FIRST_ROOM: u32 = Numbers::MOST + 1;

impl Place {
    #[allow(dead_code, reason = "rooms come with the protocol that makes them")]
    /// The most rooms that have numbers.
    pub(crate) const MOST_ROOMS: u32 = EVERYONE - FIRST_ROOM;

    /// The place in a stamp.
    pub(crate) const fn of(recipient: PhoneId) -> Self {
        match recipient.0 {
            EVERYONE => Place::Everyone,
            room @ FIRST_ROOM.. => Place::Room(room - FIRST_ROOM),
            phone => Place::Phone(PhoneId(phone)),
        }
    }

    /// What stands for it in a stamp.
    pub(crate) const fn recipient(self) -> PhoneId {
        match self {
            Place::Everyone => PhoneId(EVERYONE),
            Place::Room(room) => PhoneId(FIRST_ROOM + room),
            Place::Phone(phone) => phone,
        }
    }
}

impl Postings {
    /// Where the message with this number goes that was meant for this phone.
    pub(crate) fn place(&self, number: u64, to: PhoneId, seed: u64) -> Place {
        match self.is_private(number, seed) {
            true => Place::Phone(to),
            false => Place::Everyone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_leads_back_to_the_place() {
        let places = [
            Place::Everyone,
            Place::Room(0),
            Place::Room(Place::MOST_ROOMS - 1),
            Place::Phone(PhoneId(0)),
            Place::Phone(PhoneId(Numbers::MOST)),
        ];
        for place in places {
            assert_eq!(Place::of(place.recipient()), place);
        }
    }
}
