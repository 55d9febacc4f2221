//! [`Counters`]: what the realm has done since it began, in plain numbers that only grow.
//!
//! The realm counts what it decides. What a frame's way through an outbox adds is counted where it
//! happens. What becomes of messages stands in the realm's
//! [`Books`](crate::chat::Books).

/// What the realm has done since it began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// People whose first device came online.
    pub joins: u64,
    /// People whose last device went offline.
    pub leaves: u64,
    /// Devices that signed in.
    pub devices_joined: u64,
    /// Devices that went.
    pub devices_left: u64,
    /// Devices that were refused, being too many for their person.
    pub devices_refused: u64,

    /// Messages that their recipient marked as read.
    pub messages_read: u64,
    /// Notes that a message was read, when there was none to mark.
    pub reads_refused: u64,
    /// Messages that can be marked as read no more: too many came after them, or it took too long.
    pub messages_forgotten: u64,
    /// Words about what became of messages, one for each device that was told.
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
    /// Answers whose sender did not come in time to hear them.
    pub answers_forgotten: u64,
    /// Answers that waited for their sender and gave way to invitations.
    pub answers_displaced: u64,
    /// Answers to an invitation that was not there to be answered.
    pub answers_refused: u64,
    /// Invitations to oneself.
    pub invitations_refused_own: u64,
    /// Invitations to somebody for whom one with that id was waiting.
    pub invitations_refused_duplicate: u64,
    /// Invitations over their sender's quota.
    pub invitations_refused_sender: u64,
    /// Invitations over their recipient's quota.
    pub invitations_refused_recipient: u64,
    /// Invitations over the quota of all together.
    pub invitations_refused_in_all: u64,

    /// Notes that somebody types, or has stopped, passed on to somebody online.
    pub typing_relayed: u64,
    /// Those that were dropped: the recipient is offline, or no contact where that is required.
    pub typing_dropped: u64,
    /// Times that the realm itself said that somebody has stopped.
    pub typing_ended: u64,

    /// Pairs that became contacts.
    pub contacts_made: u64,
    /// Pairs that are contacts no more: one was offline for too long, or has too many others.
    pub contacts_forgotten: u64,
    /// Pairs that did not become contacts: there were too many in all, or a stranger wrote to somebody
    /// whose contacts are all chosen, and as many as may be.
    pub contacts_refused: u64,
}
