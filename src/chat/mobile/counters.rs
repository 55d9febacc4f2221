//! [`Counters`]: what the realm has done since it began, in plain numbers that only grow.
//!
//! The realm counts what it decides. What a frame's way through an outbox adds (bytes, drops, slow
//! readers) is counted where it happens. What becomes of messages stands in the realm's
//! [`Books`](crate::chat::Books).

/// What the realm has done since it began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Numbers that came online.
    pub joins: u64,
    /// Numbers that went offline.
    pub leaves: u64,
    /// Connections that lost their number to a newer one: neither a join nor a leave.
    pub replacements: u64,
    /// Connections that were refused a number because it had changed hands too often.
    pub replacements_refused: u64,
    /// Notes that somebody types.
    pub typing: Relays,
    /// Notes that somebody has read a message.
    pub receipts: Relays,
    /// Opaque data from app to app.
    pub signals: Relays,
    /// Wishes for the list of everyone online.
    pub lists_wanted: u64,
    /// Wishes for presence in another form.
    pub presence_modes: u64,
}

/// Of the things that are passed on if the recipient is there and forgotten otherwise.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Relays {
    /// Handed to the sink for somebody online.
    pub relayed: u64,
    /// Dropped: nobody has that number.
    pub dropped: u64,
}
