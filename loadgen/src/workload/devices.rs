//! [`Devices`]: which phones are devices of one session.
//!
//! A session has the id of its first device. With one device each, as always in SCA, a phone is a session,
//! and nothing here makes a difference.

use crate::phone_id::PhoneId;

/// Which phones are devices of one session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Devices {
    sessions: u32,
    each: u32,
}

impl Devices {
    /// The most devices that one session has: what our server allows by default. A set of them has 16 bits.
    pub(crate) const MOST: u32 = 16;

    /// This many sessions, with `each` devices.
    pub(crate) fn new(sessions: u32, each: u32) -> Self {
        Devices { sessions, each: each.clamp(1, Self::MOST) }
    }

    /// How many phones that would be.
    pub(crate) fn phones_of(sessions: u32, each: u32) -> u64 {
        u64::from(sessions) * u64::from(each)
    }

    /// How many devices a session has.
    pub(crate) const fn each(self) -> u32 {
        self.each
    }

    /// How many sessions there are.
    pub(crate) const fn sessions(self) -> u32 {
        self.sessions
    }

    /// How many phones there are.
    pub(crate) const fn phones(self) -> u32 {
        self.sessions * self.each
    }

    /// The session that a phone is a device of.
    pub(crate) const fn session(self, phone: PhoneId) -> PhoneId {
        PhoneId(phone.0 % self.sessions)
    }

    /// The place of a device among those of its session, from 0.
    pub(crate) const fn place(self, phone: PhoneId) -> u32 {
        phone.0 / self.sessions
    }

    /// The device at this place.
    pub(crate) const fn device(self, session: PhoneId, place: u32) -> PhoneId {
        PhoneId(session.0 + place * self.sessions)
    }

    /// All devices of a session.
    pub(crate) fn of(self, session: PhoneId) -> impl Iterator<Item = PhoneId> {
        (0..self.each).map(move |place| self.device(session, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_leads_back_to_its_session_and_its_place() {
        let devices = Devices::new(7, 3);
        let mut phones: Vec<_> =
            (0..7).flat_map(|session| devices.of(PhoneId(session))).map(|phone| phone.0).collect();
        phones.sort_unstable();
        assert_eq!(phones, (0..devices.phones()).collect::<Vec<_>>());
        for place in 0..3 {
            let phone = devices.device(PhoneId(5), place);
            assert_eq!((devices.session(phone), devices.place(phone)), (PhoneId(5), place));
        }
        assert_eq!(Devices::new(9, 1).session(PhoneId(8)), PhoneId(8));
    }
}
