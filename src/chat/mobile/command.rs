//! [`Command`]: what a person may ask of the `mobile` realm. A dialect has parsed and validated it.
//!
//! Texts, data and ids are borrowed and opaque: the chat moves them, and never reads them. All dialects
//! of the realm share one form for them. It is JSON exactly as it arrived, the quotes of a string
//! included: `"a \"quoted\" word"`, `{"sdp":1}`. So the server neither unescapes a text on its way in
//! nor escapes it on its way out, and the text arrives as it was sent.

use crate::chat::{Mobile, PresenceMode};

/// What a person asks of the realm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Command<'a> {
    /// Sends a message to a person.
    Message {
        /// The recipient.
        to: Mobile,
        /// The text, in the form that the realm's dialects share.
        text: &'a str,
        /// The sender's id for the message, in that form too. A sender that gives one wants an
        /// acknowledgement.
        id: Option<&'a str>,
    },
    /// Tells a person that this one has begun or stopped typing.
    Typing {
        /// The person who will see it.
        to: Mobile,
        /// Whether the person is typing now.
        is_typing: bool,
    },
    /// Tells the sender of a message that this person has read it.
    Receipt {
        /// The message's sender.
        to: Mobile,
        /// The sender's id for the message, in the form that the realm's dialects share.
        id: &'a str,
    },
    /// Sends opaque data from one app to another, for example for a key exchange.
    Signal {
        /// The recipient.
        to: Mobile,
        /// The data, in the form that the realm's dialects share.
        data: &'a str,
    },
    /// Asks for the list of all numbers online, once.
    ListOnline,
    /// Asks for presence in another form from now on.
    Presence(PresenceMode),
}

impl Command<'_> {
    /// Whether it is a message from one person to another.
    pub fn is_message(&self) -> bool {
        match self {
            Command::Message { .. } => true,
            Command::Typing { .. }
            | Command::Receipt { .. }
            | Command::Signal { .. }
            | Command::ListOnline
            | Command::Presence(_) => false,
        }
    }
}
