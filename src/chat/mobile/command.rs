//! [`Command`]: what a person may ask of the `mobile` realm, parsed and validated by a dialect.
//!
//! Texts, data and ids are borrowed and opaque: the chat moves them, it never reads them. They
//! come in the form that the realm's dialects share, which is JSON exactly as it arrived, the
//! quotes of a string included: `"a \"quoted\" word"`, `{"sdp":1}`. So a text is neither unescaped
//! on its way in nor escaped on its way out, and arrives as it was sent.

use crate::chat::{Mobile, PresenceMode};

/// What a person asks of the realm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Command<'a> {
    /// Say something to somebody.
    Message {
        /// The recipient.
        to: Mobile,
        /// The text, in the form that the realm's dialects share.
        text: &'a str,
        /// The sender's own name for the message, in that form too; with one, he wants an
        /// acknowledgement.
        id: Option<&'a str>,
    },
    /// Began or stopped typing to somebody.
    Typing {
        /// Who will see it.
        to: Mobile,
        /// Whether the person is typing now.
        is_typing: bool,
    },
    /// Has read a message.
    Receipt {
        /// The message's sender.
        to: Mobile,
        /// The message's id, as its sender named it, in the form that the realm's dialects share.
        id: &'a str,
    },
    /// An opaque relay between two apps, such as a key exchange.
    Signal {
        /// The recipient.
        to: Mobile,
        /// The data, in the form that the realm's dialects share.
        data: &'a str,
    },
    /// Wants the list of everyone online, once.
    ListOnline,
    /// Wants presence in another form from now on.
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
