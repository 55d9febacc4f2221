//! [`Event`]: what the `mobile` realm tells a person, before any dialect has put it into words.
//!
//! A text is in the form that the realm's dialects share: see [`Command`](super::Command).

use crate::chat::{Handling, Mobile, Reason, Receipt};

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

impl<'a> Event<'a> {
    /// How it is to be queued.
    pub fn handling(&self) -> Handling<'a> {
        match *self {
            Event::Message { from, to, id, .. } => {
                Handling::of_message(Receipt::Mobile { from, to }).with_id(id)
            }
            // The app shows it for some seconds, and forgets it by itself.
            Event::Typing { .. } => Handling::FOR_PERSON.droppable(),
            Event::Receipt { .. }
            | Event::Signal { .. }
            | Event::Ack { .. }
            | Event::Undelivered { .. } => Handling::FOR_PERSON,
            // A newer connection gets a newer list.
            Event::OnlineUsers(_) | Event::PresenceChanged { .. } => Handling::FOR_CONNECTION,
        }
    }
}

/// What became of a message whose sender wants to know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// The kernel has taken the last byte of its frame for the recipient's socket.
    Delivered,
    /// The recipient was not online, or ceased to be before the message reached him.
    Offline,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Kind;

    #[test]
    fn a_message_carries_what_its_realm_wants_to_hear_again() {
        let mobile = |text: &str| Mobile::parse(text.as_bytes()).expect("ten digits");
        let (from, to) = (mobile("0000000001"), mobile("0000000002"));
        let handling = Event::Message { from, to, text: "\"hi\"", id: Some("7") }.handling();
        assert_eq!(handling.kind, Kind::Message(Receipt::Mobile { from, to }));
        assert_eq!((handling.id, handling.may_be_dropped), (Some("7"), false));
    }

    #[test]
    fn typing_is_dropped_for_a_slow_reader_and_the_rest_is_not() {
        let from = Mobile::parse(b"0000000001").expect("ten digits");
        for is_typing in [true, false] {
            let handling = Event::Typing { from, is_typing }.handling();
            assert_eq!(handling, Handling::FOR_PERSON.droppable());
        }
        assert_eq!(Event::Receipt { from, id: "7" }.handling(), Handling::FOR_PERSON);
        assert_eq!(Event::OnlineUsers(&[from]).handling(), Handling::FOR_CONNECTION);
    }
}
