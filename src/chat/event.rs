//! [`Event`]: what the chat tells a person, before any dialect has put it into words, and
//! [`Sink`]: all that the chat may ask of the world.
//!
//! Events are handed over, not collected: a text stays borrowed from the buffer it was read into
//! until it stands in its recipient's frame. It is in the form that the realm's dialects share:
//! see [`Command`](super::Command).

use super::{ConnectionId, Mobile, PresenceMode};

/// What the chat tells one person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// Somebody has said something to this person.
    Message {
        /// The sender.
        from: Mobile,
        /// The recipient, for the books: he knows who he is.
        to: Mobile,
        /// The text, as it came.
        text: &'a str,
        /// The sender's name for the message.
        id: Option<&'a str>,
    },
    /// Somebody types, or has stopped.
    Typing {
        /// Who.
        from: Mobile,
        /// Whether he is typing now.
        is_typing: bool,
    },
    /// Somebody has read a message of this person's.
    Receipt {
        /// Who has read it.
        from: Mobile,
        /// Which message.
        id: &'a str,
    },
    /// An opaque relay.
    Signal {
        /// The sender.
        from: Mobile,
        /// The data, as it came.
        data: &'a str,
    },
    /// What became of a message that had an id.
    Ack {
        /// The message's id.
        id: &'a str,
        /// What became of it.
        delivery: Delivery,
    },
    /// A message did not reach its recipient.
    Undelivered {
        /// The recipient.
        to: Mobile,
        /// The message's id, where it had one.
        id: Option<&'a str>,
        /// Why not.
        reason: Reason,
    },
    /// Everyone who is online.
    OnlineUsers(&'a [Mobile]),
    /// What has changed since the last publication: the state, now, of every number touched.
    PresenceChanged {
        /// Those who are online now.
        joined: &'a [Mobile],
        /// Those who are not.
        left: &'a [Mobile],
        /// How many are online in all.
        online: usize,
    },
    /// The answer to a heartbeat.
    Pong,
    /// What the person sent made no sense.
    Error {
        /// One clear sentence that never quotes a text.
        detail: &'a str,
    },
}

/// What became of a message whose sender wants to know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// The kernel has taken the last byte of its frame for the recipient's socket.
    Delivered,
    /// The recipient was not online, or ceased to be before the message reached him.
    Offline,
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
pub trait Sink {
    /// Tells one person something.
    fn send(&mut self, to: ConnectionId, event: &Event<'_>);

    /// One person asks for the list of everyone online. It is published, not sent: the world
    /// decides when ("Presence in a screenful" on the front page).
    fn list_wanted(&mut self, by: ConnectionId);

    /// One person wants presence in another form from now on.
    fn presence_mode(&mut self, of: ConnectionId, mode: PresenceMode);
}
