//! [`Counters`]: what the realm has done since the start, beside its ledger. All only grow.

use super::Failure;

/// What the realm has done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Users who came online.
    pub joins: u64,
    /// Users who went offline.
    pub leaves: u64,
    /// Sockets that were turned away, since their user had too many.
    pub seats_refused: u64,
    /// Sockets that were ended because their login had ended.
    pub seats_ended: u64,
    /// Sockets that were ended because their user was no member of the room any more.
    pub seats_expelled: u64,
    /// Sockets that were ended because a message could not be stored, was too long, or was to a user who is
    /// gone, in a protocol without words for an error.
    pub seats_failed: u64,
    /// Rooms that were made.
    pub rooms_created: u64,
    /// Rooms that were deleted.
    pub rooms_deleted: u64,
    /// Users that were registered.
    pub registered: u64,
    /// Accounts that made room for another.
    pub made_room: u64,
    /// Logins that began.
    pub logins: u64,
    /// Logins with a wrong name or password.
    pub wrong_credentials: u64,
    /// Registrations, logins, and requests of one login that came too often.
    pub too_often: u64,
    /// Calls for which there was no room.
    pub busy: u64,
    /// Typing notices that went to at least one socket.
    pub typing_relayed: u64,
    /// Typing notices that nobody could be told of.
    pub typing_dropped: u64,
    /// Jobs for calls that failed, by the order of the ledger's failures.
    pub(super) calls_failed: [u64; 3],
}

impl Counters {
    /// Jobs for calls that failed for this reason.
    pub fn calls_failed(&self, why: Failure) -> u64 {
        self.calls_failed[why as usize]
    }
}
