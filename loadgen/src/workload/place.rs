//! [`Place`]: where a user with an account writes, as the stamp of a text has it.
//!
//! A stamp has room for one number in place of the recipient. The numbers of phones end where those of rooms
//! begin, and the last one with five hexadecimal digits stands for everyone.

use super::Numbers;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Rooms;

    #[test]
    fn a_stamp_leads_back_to_the_place() {
        let places = [
            Place::Everyone,
            Place::Room(0),
            Place::Room(Rooms::MOST - 1),
            Place::Phone(PhoneId(0)),
            Place::Phone(PhoneId(Numbers::MOST)),
        ];
        for place in places {
            assert_eq!(Place::of(place.recipient()), place);
        }
    }
}
