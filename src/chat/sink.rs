//! [`Sink`]: all that the chat may ask of the world, and [`Event`]: what it tells a person, before
//! any dialect has put it into words.
//!
//! Events are handed over, not collected: a text stays borrowed from the buffer it was read into
//! until it stands in its recipient's frame.

use super::mobile::{self, PresenceMode};
use super::{ConnectionId, messenger};

/// What one person is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// The answer to a heartbeat.
    Pong,
    /// What the person sent made no sense, or is not allowed.
    Error {
        /// One clear sentence that never quotes a text.
        detail: &'a str,
    },
    /// Something happened in the `mobile` realm.
    Mobile(mobile::Event<'a>),
    /// Something happened in the `session` realm.
    Messenger(messenger::Event<'a>),
}

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

/// What the chat may ask of the world. Calling it never comes back into the chat.
///
/// What becomes of a message is reported later, with the `settle` of its realm: once for each
/// connection that it was handed over for, be it by `send` or by `fan_out`, and whether or not that
/// connection still is. In the `session` realm it is the [`Ticket`](messenger::Ticket) that says
/// which message is meant; a copy without one is not reported.
pub trait Sink {
    /// Tells one person something.
    fn send(&mut self, to: ConnectionId, event: &Event<'_>);

    /// Tells several the same, each once; they are two at least. It is put into words once for all who speak the same dialect.
    fn fan_out(&mut self, to: &[ConnectionId], event: &Event<'_>);

    /// One person asks for the list of everyone online. It is published, not sent: the world
    /// decides when ("Presence in a screenful" on the front page).
    fn list_wanted(&mut self, by: ConnectionId);

    /// One person wants presence in another form from now on.
    fn presence_mode(&mut self, of: ConnectionId, mode: PresenceMode);
}
