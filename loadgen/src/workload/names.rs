//! [`Names`]: the ids of sessions, messages and invitations, in the shape that the apps give their ids: a
//! UUID (RFC 9562).
//!
//! ```text
//! 5f3a09c2-0000-4000-9000-00000000012c
//! └ run              │    └ the number of the session, message or invitation, in hexadecimal
//!                    └ 8, 9, a: which of the three; b: a visit of a quota hog
//! ```
//!
//! The invitations of a quota hog are called `hog-`, and then its phone, its connection and a number.

use std::ops::Range;

use crate::phone_id::PhoneId;

/// The names of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// The beginning of all ids of this run, which is another one in each run.
    run: [u8; 8],
    sessions: u32,
}

/// An id, in ASCII.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Name([u8; LENGTH]);

const LENGTH: usize = 36;
const MIDDLE: &[u8; 11] = b"-0000-4000-";
const KIND: usize = 19;
const NUMBER: Range<usize> = 24..LENGTH;

const SESSION: u8 = b'8';
const MESSAGE: u8 = b'9';
const INVITATION: u8 = b'a';
const HOG: u8 = b'b';

/// How the ids of a quota hog's invitations begin.
const HOGS: &str = "hog-";

impl Names {
    /// Ids for this many sessions, and one more for the probe.
    pub(crate) fn new(sessions: u32, seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed ^ 0x7a3e).u32(..);
        let mut run = [0; 8];
        write_hex(u64::from(random), &mut run);
        Names { run, sessions }
    }

    /// A session's id.
    pub(crate) fn session(&self, session: PhoneId) -> Name {
        self.name(SESSION, u64::from(session.0))
    }

    /// A message's id.
    pub(crate) fn message(&self, number: u64) -> Name {
        self.name(MESSAGE, number)
    }

    /// An invitation's id.
    pub(crate) fn invitation(&self, number: u64) -> Name {
        self.name(INVITATION, number)
    }

    /// The session's id of a quota hog on this connection. It is another one for each connection, and leads
    /// back to no session of ours.
    pub(crate) fn hog(&self, phone: PhoneId, generation: u32) -> Name {
        self.name(HOG, u64::from(phone.0) << 24 | u64::from(generation & 0xff_ffff))
    }

    /// The id of an invitation that a quota hog sends on this connection.
    pub(crate) fn hogs_invitation(phone: PhoneId, generation: u32, number: u32) -> String {
        format!("{HOGS}{}-{generation}-{number}", phone.0)
    }

    /// Whether it is the id of a quota hog's invitation.
    pub(crate) fn is_hogs_invitation(id: &str) -> bool {
        id.starts_with(HOGS)
    }

    /// The session that has this id; `None` if it is none of ours.
    pub(crate) fn read_session(&self, name: &str) -> Option<PhoneId> {
        let number = u32::try_from(self.read(SESSION, name)?).ok()?;
        (number < self.sessions).then_some(PhoneId(number))
    }

    /// The number of the message that has this id.
    pub(crate) fn read_message(&self, name: &str) -> Option<u64> {
        self.read(MESSAGE, name)
    }

    /// The number of the invitation that has this id.
    pub(crate) fn read_invitation(&self, name: &str) -> Option<u64> {
        self.read(INVITATION, name)
    }

    fn name(&self, kind: u8, number: u64) -> Name {
        let mut name = [b'0'; LENGTH];
        name[..8].copy_from_slice(&self.run);
        name[8..KIND].copy_from_slice(MIDDLE);
        name[KIND] = kind;
        name[NUMBER.start - 1] = b'-';
        write_hex(number, &mut name[NUMBER]);
        Name(name)
    }

    fn read(&self, kind: u8, name: &str) -> Option<u64> {
        let bytes: &[u8; LENGTH] = name.as_bytes().try_into().ok()?;
        let mut number = 0;
        for &byte in &bytes[NUMBER] {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                _ => return None,
            };
            number = number << 4 | u64::from(digit);
        }
        // If it comes out differently when it is written again, it was not ours.
        (self.name(kind, number).0 == *bytes).then_some(number)
    }
}

impl Name {
    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("hexadecimal digits and dashes are ASCII")
    }
}

/// Writes a number as hexadecimal digits into all of `place`, as many as fit.
fn write_hex(mut number: u64, place: &mut [u8]) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back_to_what_it_names_and_to_nothing_else() {
        let names = Names::new(1000, 3);
        for number in [0, 1, 0xabcdef, (1 << 48) - 1] {
            let (message, invitation) = (names.message(number), names.invitation(number));
            assert_eq!(names.read_message(message.as_str()), Some(number));
            assert_eq!(names.read_invitation(invitation.as_str()), Some(number));
            assert_eq!(names.read_invitation(message.as_str()), None, "another kind");
        }
        let last = names.session(PhoneId(999));
        assert_eq!(names.read_session(last.as_str()), Some(PhoneId(999)));
        assert_eq!(last.as_str().len(), 36);
        let visits = [(7, 1), (7, 2), (8, 1)].map(|(phone, n)| names.hog(PhoneId(phone), n));
        assert!(visits[0] != visits[1] && visits[1] != visits[2] && visits[0] != visits[2]);
        assert_eq!(visits.map(|name| names.read_session(name.as_str())), [None; 3]);
        let upper = last.as_str().to_uppercase();
        let probe = names.session(PhoneId(1000));
        let other = Names::new(1000, 4).session(PhoneId(999));
        for strange in ["", "me", &upper, probe.as_str(), other.as_str(), &last.as_str()[..35]] {
            assert_eq!(names.read_session(strange), None, "{strange}");
        }
    }

    #[test]
    fn a_quota_hogs_invitations_have_ids_of_their_own_and_are_known_by_them() {
        let id = Names::hogs_invitation;
        let ids = [
            id(PhoneId(1), 2, 3),
            id(PhoneId(1), 2, 4),
            id(PhoneId(1), 3, 3),
            id(PhoneId(2), 2, 3),
        ];
        assert_eq!(ids, ["hog-1-2-3", "hog-1-2-4", "hog-1-3-3", "hog-2-2-3"]);
        assert!(ids.iter().all(|id| Names::is_hogs_invitation(id)));
        let ours = Names::new(10, 1).invitation(5);
        assert!(!Names::is_hogs_invitation(ours.as_str()));
    }
}
