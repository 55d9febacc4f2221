//! [`Sink`]: all that the chat may ask of the world.
//!
//! Events are handed over, not collected: a text stays borrowed from the buffer it was read into
//! until it stands in its recipient's frame.

use super::mobile::PresenceMode;
use super::{ConnectionId, Event, Mobile};

/// Why a message did not reach its recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// He was not online, or his connection ended first.
    Offline,
    /// He read too slowly, and his connection was given up.
    Slow,
}

/// What became of a message that the sink was handed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The kernel has taken the last byte of its frame for the recipient's socket.
    Delivered,
    /// It will never reach the recipient.
    Undelivered(Reason),
}

/// What whoever publishes presence has to know. Presence is published, not sent: the world decides when
/// ("Presence in a screenful" on the front page).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PresenceNews {
    /// A number has come online.
    Joined {
        /// Its connection.
        id: ConnectionId,
        /// The number.
        mobile: Mobile,
        /// How the connection wants to hear who is online.
        mode: PresenceMode,
    },
    /// A connection has taken over a number, which stays online: that is no news for others.
    Replaced {
        /// The connection that had it.
        old: ConnectionId,
        /// The connection that has it.
        new: ConnectionId,
        /// How that one wants to hear who is online.
        mode: PresenceMode,
    },
    /// A number has gone offline.
    Left {
        /// The connection that had it.
        id: ConnectionId,
        /// The number.
        mobile: Mobile,
    },
    /// A connection asks for the list of everyone online.
    ListWanted {
        /// The connection.
        by: ConnectionId,
    },
    /// A connection wants presence in another form from now on.
    Mode {
        /// The connection.
        of: ConnectionId,
        /// The form.
        mode: PresenceMode,
    },
}

/// What the chat may ask of the world. Calling it never comes back into the chat.
///
/// What becomes of an event with a [`Receipt`](super::Receipt) is reported later, with
/// [`Chat::settle`](super::Chat::settle): once for each connection that it was handed over for, be it by
/// `send` or by `fan_out`, and whether or not that connection still is. An event without a receipt is
/// not reported.
pub trait Sink {
    /// Tells one person something.
    fn send(&mut self, to: ConnectionId, event: &Event<'_>);

    /// Tells several the same, each once; they are two at least. It is put into words once for all who
    /// speak the same dialect.
    fn fan_out(&mut self, to: &[ConnectionId], event: &Event<'_>);

    /// Notes who is to be shown presence, and how.
    fn presence(&mut self, news: PresenceNews);
}
