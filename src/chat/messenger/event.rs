//! [`Event`]: what the messenger realm tells a person, before any dialect has put it into words.
//!
//! What is opaque in a [`Command`](super::Command) is so here.

use std::time::Duration;

use super::{Message, Ticket};
use crate::chat::{Handling, Receipt};

/// What the realm tells one person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// You are in.
    Authenticated {
        /// As whom.
        who: &'a str,
    },
    /// Somebody asks this person to become a contact.
    InvitationReceived(Invitation<'a>),
    /// An invitation of this person's was answered, or has expired.
    InvitationAnswered(Invitation<'a>),
    /// Somebody has said something to this person, or he himself has on another device.
    Message {
        /// What was said, and to whom.
        message: &'a Message<'a>,
        /// Who said it.
        from: &'a str,
        /// When the server took it, since the Unix epoch.
        taken_at: Duration,
        /// Whether this is a copy for another device of the sender's.
        is_outgoing: bool,
        /// Under which the world reports what became of this copy; a sender's copy has none.
        ticket: Option<Ticket>,
    },
    /// What has become of a message.
    Status {
        /// The message's id.
        message: &'a str,
        /// What has become of it.
        status: Status,
    },
    /// Somebody types, or has stopped.
    Typing {
        /// Who.
        from: &'a str,
        /// Whether he is typing now.
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
    /// How it is to be queued.
    pub fn handling(&self) -> Handling<'a> {
        match *self {
            Event::Message { ticket: Some(ticket), .. } => {
                Handling::of_message(Receipt::Messenger(ticket))
            }
            // The end of typing is not dropped: its beginning may be on its way already, and apps wait
            // for the end.
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

/// An invitation as it is told: all of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Invitation<'a> {
    /// Its sender's name for it.
    pub id: &'a str,
    /// Who sent it.
    pub from: &'a str,
    /// How he calls himself.
    pub from_name: &'a str,
    /// Whom it is for.
    pub to: &'a str,
    /// What it says, opaque.
    pub text: &'a str,
    /// What has become of it.
    pub answer: Answer,
    /// When it was written, as its sender had it, opaque.
    pub created_at: Option<&'a str>,
    /// When it ends, as its sender had it, opaque.
    pub expires_at: Option<&'a str>,
    /// What the app added, opaque.
    pub metadata: Option<&'a str>,
    /// When the server took it, since the Unix epoch.
    pub taken_at: Duration,
    /// How long after that it expires.
    pub lasts: Duration,
}

/// What has become of an invitation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Nothing yet.
    Pending,
    /// The two are contacts now.
    Accepted,
    /// They are not.
    Declined,
    /// It was not answered in time.
    Expired,
}

/// What has become of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// The server has taken it.
    Sent,
    /// The kernel has taken the last byte of its frame for the first of the recipient's devices.
    Delivered,
    /// The recipient says that he has read it.
    Read,
    /// It will not reach the recipient: he is offline, or his devices went before it was delivered.
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
