//! [`Limits`]: how much the realm puts up with, and [`Quota`], a limit by number and by bytes.
//!
//! Whoever knows an id may write to it, and ids cost nothing. So everything that the realm keeps for
//! somebody is bounded for him, and once more for all together.

use std::time::Duration;

/// How much the realm puts up with.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time for an invitation to be answered, and then for its sender to come and hear the answer.
    pub invitation_ttl: Duration,
    /// Time for somebody to come back before his contacts hear that he is gone.
    pub contact_grace: Duration,
    /// Whether one may write only to contacts.
    pub require_invitation: bool,
    /// Devices of one person that are signed in.
    pub devices_per_person: usize,
    /// Invitations in memory that one person has sent.
    pub invitations_sent: Quota,
    /// Invitations that wait for the answer of one person, who need not exist.
    pub invitations_received: Quota,
    /// Invitations in memory, of all people together.
    pub invitations_in_all: Quota,
    /// Messages of one sender that can still be marked as read; the oldest is forgotten.
    pub tracked_per_person: usize,
    /// Messages that can still be marked as read, of all senders together; the oldest is forgotten.
    pub tracked_messages: usize,
    /// Time for a message to be marked as read.
    pub tracked_for: Duration,
    /// Senders whose messages to one recipient have the same id and can still be marked as read, all
    /// by one note that names this id. The oldest is forgotten.
    pub tracked_with_one_id: usize,
    /// Contacts of one person; the one known for longest is forgotten.
    pub contacts_per_person: usize,
    /// Pairs of contacts. Room is made by forgetting people who are offline, the longest first;
    /// if none is, no more contacts are made.
    pub contacts_in_all: usize,
    /// People who are offline and still have contacts; the longest offline is forgotten.
    pub remembered_people: usize,
    /// How long somebody is shown as typing without saying so again.
    pub typing_lasts: Duration,
    /// To how many one person may be typing; towards the oldest, it ends.
    pub typing_at_once: usize,
}

/// A limit by number and by bytes, of which the one reached first holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quota {
    /// How many.
    pub number: usize,
    /// How many bytes, with what it costs to keep them.
    pub bytes: usize,
}

impl Quota {
    /// Whether `bytes` more, in one piece, fit on top of what there is.
    pub(super) fn has_room(self, number: usize, used: usize, bytes: usize) -> bool {
        number < self.number && used.saturating_add(bytes) <= self.bytes
    }

    /// What so many bytes in one piece weigh: themselves, but at least an even share, so that many
    /// small ones weigh as much as the room they take up.
    pub(super) fn weight(self, bytes: usize) -> u64 {
        let share = self.bytes.checked_div(self.number).unwrap_or(0);
        // Where bytes have no limit, nothing is that large, and the sum of all still fits.
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
