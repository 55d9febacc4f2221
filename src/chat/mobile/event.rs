//! [`Event`]: what the `mobile` realm tells a person. A dialect encodes it later.
//!
//! Texts, data and ids are in the form that the realm's dialects share: see [`Command`](super::Command).

use crate::chat::{BackendMessage, Handling, Mobile, Reason, Receipt};

/// What the realm tells one person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// Another person has sent a message to this one.
    Message {
        /// The sender.
        from: Mobile,
        /// The recipient. It is for the books, and not in the frame.
        to: Mobile,
        /// The text, as it arrived.
        text: &'a str,
        /// The sender's id for the message.
        id: Option<&'a str>,
    },
    /// The app's own backend has sent a message to this person.
    Backend(&'a BackendMessage<'a>),
    /// Another person types, or has stopped.
    Typing {
        /// The person who types.
        from: Mobile,
        /// Whether the person is typing now.
        is_typing: bool,
    },
    /// Another person has read a message of this one.
    Receipt {
        /// The reader.
        from: Mobile,
        /// This person's id for the message.
        id: &'a str,
    },
    /// Opaque data from another app.
    Signal {
        /// The sender.
        from: Mobile,
        /// The data, as it arrived.
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
        /// The message's id, if it had one.
        id: Option<&'a str>,
        /// Why it did not.
        reason: Reason,
    },
    /// All numbers that are online.
    OnlineUsers(&'a [Mobile]),
    /// What has changed since the last publication: the present state of every number that came or went.
    PresenceChanged {
        /// Those numbers that are online now.
        joined: &'a [Mobile],
        /// Those numbers that are offline now.
        left: &'a [Mobile],
        /// How many numbers are online in all.
        online: usize,
    },
}

impl<'a> Event<'a> {
    /// How an outbox queues this event.
    pub fn handling(&self) -> Handling<'a> {
        match *self {
            Event::Message { from, to, id, .. } => {
                Handling::of_message(Receipt::Mobile { from, to }).with_id(id)
            }
            Event::Backend(&BackendMessage { asker, .. }) => {
                Handling::of_message(Receipt::Backend { asker })
            }
            // The receiving app shows it for a few seconds only.
            Event::Typing { .. } => Handling::FOR_PERSON.droppable(),
            Event::Receipt { .. }
            | Event::Signal { .. }
            | Event::Ack { .. }
            | Event::Undelivered { .. } => Handling::FOR_PERSON,
            // A connection that replaces this one gets a newer list.
            Event::OnlineUsers(_) | Event::PresenceChanged { .. } => Handling::FOR_CONNECTION,
        }
    }
}

/// What became of a message whose sender wants an acknowledgement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// The kernel has taken the last byte of its frame for the recipient's socket.
    Delivered,
    /// The recipient was offline, or went offline before the message arrived.
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
