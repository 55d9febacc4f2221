//! [`Event`]: what the messenger realm tells a person. A dialect encodes it later.
//!
//! The fields that are opaque in a [`Command`](super::Command) are opaque here too.

use std::time::Duration;

use super::{Message, Ticket};
use crate::chat::{Handling, Receipt};

/// What the realm tells one person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// The device is signed in.
    Authenticated {
        /// The id of its person.
        who: &'a str,
    },
    /// Another person asks this one to become a contact.
    InvitationReceived(Invitation<'a>),
    /// An invitation of this person was answered, or has expired.
    InvitationAnswered(Invitation<'a>),
    /// Another person has sent a message to this one, or this person has sent it on another device.
    Message {
        /// The message.
        message: &'a Message<'a>,
        /// The sender's id.
        from: &'a str,
        /// When the server accepted it, since the Unix epoch.
        taken_at: Duration,
        /// Whether this is a copy for another device of the sender.
        is_outgoing: bool,
        /// The ticket with which the turn reports what became of this copy. A sender's own copy has none.
        ticket: Option<Ticket>,
    },
    /// The status of a message has changed.
    Status {
        /// The message's id.
        message: &'a str,
        /// What became of it.
        status: Status,
    },
    /// Another person types, or has stopped.
    Typing {
        /// The id of the person who types.
        from: &'a str,
        /// Whether the person is typing now.
        is_typing: bool,
    },
    /// A contact's first device has come online.
    ContactOnline {
        /// The contact.
        who: &'a str,
    },
    /// A contact's last device went offline, and has not come back in time.
    ContactOffline {
        /// The contact.
        who: &'a str,
    },
}

impl<'a> Event<'a> {
    /// How an outbox queues this event.
    pub fn handling(&self) -> Handling<'a> {
        match *self {
            Event::Message { ticket: Some(ticket), .. } => {
                Handling::of_message(Receipt::Messenger(ticket))
            }
            // The end of typing is not dropped: its beginning may be queued already, and apps wait for
            // the end.
            Event::Typing { is_typing: true, .. } => Handling::FOR_PERSON.droppable(),
            Event::Typing { is_typing: false, .. }
            | Event::Message { ticket: None, .. }
            | Event::Authenticated { .. }
            | Event::InvitationReceived(_)
            | Event::InvitationAnswered(_)
            | Event::Status { .. }
            | Event::ContactOnline { .. }
            | Event::ContactOffline { .. } => Handling::FOR_PERSON,
        }
    }
}

/// An invitation with all its fields, as people are told of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Invitation<'a> {
    /// Its sender's id for it.
    pub id: &'a str,
    /// The sender's id.
    pub from: &'a str,
    /// The sender's name.
    pub from_name: &'a str,
    /// The recipient's id.
    pub to: &'a str,
    /// The text, opaque.
    pub text: &'a str,
    /// Its answer.
    pub answer: Answer,
    /// When it was written, as its sender had it, opaque.
    pub created_at: Option<&'a str>,
    /// When it ends, as its sender had it, opaque.
    pub expires_at: Option<&'a str>,
    /// What the app added, opaque.
    pub metadata: Option<&'a str>,
    /// When the server accepted it, since the Unix epoch.
    pub taken_at: Duration,
    /// How long after that it expires.
    pub lasts: Duration,
}

/// The answer to an invitation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// There is no answer yet.
    Pending,
    /// The recipient accepted: the two are contacts now.
    Accepted,
    /// The recipient declined.
    Declined,
    /// It was not answered in time.
    Expired,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// The server has accepted it, and the recipient has a device.
    Sent,
    /// The kernel has taken the last byte of its frame for the first of the recipient's devices.
    Delivered,
    /// The recipient has marked it as read.
    Read,
    /// It will not reach the recipient: the person is offline, or all devices left before it was
    /// delivered.
    Undelivered,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_typing_is_dropped_for_a_slow_reader_and_its_end_is_not() {
        let handling = |is_typing| Event::Typing { from: "ann", is_typing }.handling();
        assert_eq!(handling(true), Handling::FOR_PERSON.droppable());
        assert_eq!(handling(false), Handling::FOR_PERSON);
    }
}
