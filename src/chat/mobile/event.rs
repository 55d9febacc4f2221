//! [`Event`]: what the `mobile` realm tells a person, before any dialect has put it into words.
//!
//! A text is in the form that the realm's dialects share: see [`Command`](super::Command).

use crate::chat::{Mobile, Reason};

/// What the realm tells one person.
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
}

/// What became of a message whose sender wants to know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// The kernel has taken the last byte of its frame for the recipient's socket.
    Delivered,
    /// The recipient was not online, or ceased to be before the message reached him.
    Offline,
}
