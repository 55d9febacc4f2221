//! [`Counters`]: what the realm has done since the start, in plain numbers that only grow.
//!
//! The realm counts what it decides. The turn counts what happens to a frame in an outbox. The fates of
//! messages stand in the realm's [`Books`](crate::chat::Books).

/// What the realm has done since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// People whose first device came online.
    pub joins: u64,
    /// People whose last device went offline.
    pub leaves: u64,
    /// Devices that signed in.
    pub devices_joined: u64,
    /// Devices that left.
    pub devices_left: u64,
    /// Devices that were refused, because their person had the most already.
    pub devices_refused: u64,

    /// Messages that their recipient marked as read.
    pub messages_read: u64,
    /// Receipts for a message that could not be marked as read.
    pub reads_refused: u64,
    /// Messages that were forgotten, and can no longer be marked as read: a limit was reached, or their
    /// time was over.
    pub messages_forgotten: u64,
    /// Statuses of messages that were sent, one for each device.
    pub statuses: u64,

    /// Invitations taken.
    pub invitations_sent: u64,
    /// Invitations accepted.
    pub invitations_accepted: u64,
    /// Invitations declined.
    pub invitations_declined: u64,
    /// Invitations that nobody answered in time.
    pub invitations_expired: u64,
    /// Pending invitations that gave way to others.
    pub invitations_displaced: u64,
    /// Answers that were forgotten, because the invitation's sender did not sign in in time.
    pub answers_forgotten: u64,
    /// Waiting answers that gave way to new invitations.
    pub answers_displaced: u64,
    /// Answers to an invitation that this person could not answer.
    pub answers_refused: u64,
    /// Invitations to oneself.
    pub invitations_refused_own: u64,
    /// Invitations to a person who had a waiting one with the same id.
    pub invitations_refused_duplicate: u64,
    /// Invitations over their sender's quota.
    pub invitations_refused_sender: u64,
    /// Invitations over their recipient's quota.
    pub invitations_refused_recipient: u64,
    /// Invitations over the quota of the whole realm.
    pub invitations_refused_in_all: u64,

    /// Typing notices that were passed on.
    pub typing_relayed: u64,
    /// Typing notices that were dropped: the recipient was offline, or was no contact where that is
    /// required.
    pub typing_dropped: u64,
    /// How often the realm itself ended typing.
    pub typing_ended: u64,

    /// Pairs that became contacts.
    pub contacts_made: u64,
    /// Pairs that are no contacts any more: one was offline for too long, or had too many others.
    pub contacts_forgotten: u64,
    /// Pairs that did not become contacts: there were too many in all, or a stranger wrote to a person
    /// who had the most contacts, and had chosen all of them.
    pub contacts_refused: u64,
}
