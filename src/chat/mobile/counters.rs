//! [`Counters`]: what the realm has done since the start, in plain numbers that only grow.
//!
//! The realm counts what it decides. The turn counts what happens to a frame in an outbox (bytes, drops,
//! slow readers). The fates of messages stand in the realm's [`Books`](crate::chat::Books).

/// What the realm has done since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Numbers that came online.
    pub joins: u64,
    /// Numbers that went offline.
    pub leaves: u64,
    /// Connections that lost their number to a newer one: neither a join nor a leave.
    pub replacements: u64,
    /// Connections that were refused because the number had changed hands too often.
    pub replacements_refused: u64,
    /// Notices that a person types, or has stopped.
    pub typing: Relays,
    /// Notices that a person has read a message.
    pub receipts: Relays,
    /// Opaque data from app to app.
    pub signals: Relays,
    /// Tokens that have proved whose number it is: at sign-in, or later.
    pub proofs: u64,
    /// Requests for the list of all numbers online.
    pub lists_wanted: u64,
    /// Requests for presence in another form.
    pub presence_modes: u64,
}

/// Counts one kind of notice. A notice is passed on if its recipient is online, and dropped otherwise.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Relays {
    /// Notices that went to the sink, because the recipient was online.
    pub relayed: u64,
    /// Notices that were dropped, because the recipient was offline.
    pub dropped: u64,
}
