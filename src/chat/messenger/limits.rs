//! [`Limits`]: the limits of the realm. [`Quota`]: a limit by number and by bytes.
//!
//! Everybody who knows an id may write to it, and ids cost nothing. So everything that the realm keeps for
//! a person has a limit for that person, and another limit for all people together.

use std::time::Duration;

/// The limits of the realm.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The time in which an invitation has to be answered; and then the time for its sender to hear the
    /// answer.
    pub invitation_ttl: Duration,
    /// The time in which a person may come back before the contacts hear that the person is offline.
    pub contact_grace: Duration,
    /// Whether people may write only to contacts.
    pub require_invitation: bool,
    /// The most devices of one person that are signed in.
    pub devices_per_person: usize,
    /// The most invitations in memory from one sender.
    pub invitations_sent: Quota,
    /// The most invitations that wait for the answer of one person, who need not exist.
    pub invitations_received: Quota,
    /// The most invitations in memory, of all people together.
    pub invitations_in_all: Quota,
    /// The most messages of one sender that can still be marked as read. The oldest is forgotten.
    pub tracked_per_person: usize,
    /// The most messages that can still be marked as read, of all senders together.
    pub tracked_messages: usize,
    /// The time in which a message can be marked as read.
    pub tracked_for: Duration,
    /// Different senders may use the same message id to one recipient. One receipt then marks all their
    /// messages. At most this many of them are remembered for each recipient and id.
    pub tracked_with_one_id: usize,
    /// The most contacts of one person.
    pub contacts_per_person: usize,
    /// The most pairs of contacts, of all people together.
    pub contacts_in_all: usize,
    /// The most people who are remembered: they are offline and have contacts.
    pub remembered_people: usize,
    /// How long a person is shown as typing without a new notice.
    pub typing_lasts: Duration,
    /// To how many people one person may be typing. Beyond this the oldest typing ends.
    pub typing_at_once: usize,
}

/// A limit by number and by bytes. Both apply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quota {
    /// The highest number.
    pub number: usize,
    /// The most bytes, overhead included.
    pub bytes: usize,
}

impl Quota {
    /// Whether one more piece of `bytes` bytes fits, with `number` pieces and `used` bytes already there.
    pub(super) fn has_room(self, number: usize, used: usize, bytes: usize) -> bool {
        number < self.number && used.saturating_add(bytes) <= self.bytes
    }

    /// The weight of one piece of `bytes` bytes: the bytes, but at least an even share of all. Then
    /// small pieces weigh as much as the places that they take.
    pub(super) fn weight(self, bytes: usize) -> u64 {
        let share = self.bytes.checked_div(self.number).unwrap_or(0);
        // Without a limit of bytes the share would be huge. This keeps the sum of all weights small.
        bytes.max(share.min(MEBIBYTE)) as u64
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const KIB: usize = 1024;
const MEBIBYTE: usize = KIB * KIB;

impl Default for Limits {
    fn default() -> Self {
        Limits {
            invitation_ttl: DAY,
            contact_grace: Duration::from_secs(5),
            require_invitation: false,
            devices_per_person: 16,
            invitations_sent: Quota { number: 100, bytes: 256 * KIB },
            invitations_received: Quota { number: 100, bytes: 256 * KIB },
            invitations_in_all: Quota { number: 100_000, bytes: 64 * KIB * KIB },
            tracked_per_person: 1_000,
            tracked_messages: 100_000,
            tracked_for: DAY,
            tracked_with_one_id: 16,
            contacts_per_person: 1_000,
            contacts_in_all: 1_000_000,
            remembered_people: 100_000,
            typing_lasts: Duration::from_secs(10),
            typing_at_once: 16,
        }
    }
}
