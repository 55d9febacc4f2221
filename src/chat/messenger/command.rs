//! [`SignIn`] and [`Command`]: what a person may ask of the messenger realm. A dialect has parsed and
//! validated it.
//!
//! Ids and names are plain text, because they are compared and looked up. All other fields are opaque:
//! the chat moves them, and never reads them. They have the form that the realm's dialects share, which
//! is JSON exactly as it arrived, quotes included. A field that the sender left out is `None`. The dialect
//! decides whether that becomes `null` or a time in a frame.

use std::borrow::Cow;

use super::{ItemId, PersonId};

/// What a device says about its person when it signs in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignIn<'a> {
    /// The person, who may have other devices.
    pub id: PersonId<'a>,
    /// The name that the person's friends see.
    pub name: Option<Name<'a>>,
    /// Whether this device wants to hear what becomes of its messages.
    pub receipts: bool,
}

/// A name for display: 1 to 128 characters.
#[derive(Clone, Eq, PartialEq)]
pub struct Name<'a>(Cow<'a, str>);

/// The text was empty or too long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotAName;

impl<'a> Name<'a> {
    /// The most characters a name has.
    pub const MAX_CHARS: usize = 128;

    /// Takes 1 to 128 characters of any kind.
    pub fn parse(text: impl Into<Cow<'a, str>>) -> Result<Self, NotAName> {
        let text = text.into();
        let fits = text.len() <= Self::MAX_CHARS || text.chars().nth(Self::MAX_CHARS).is_none();
        if !text.is_empty() && fits { Ok(Name(text)) } else { Err(NotAName) }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name is personal: debug output shows only its length.
impl std::fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Name(… {} bytes)", self.0.len())
    }
}

/// What a person asks of the realm.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command<'a> {
    /// Asks another person to become a contact.
    Invite(Invite<'a>),
    /// Accepts an invitation: its sender becomes a contact.
    Accept {
        /// The invitation.
        invitation: ItemId<'a>,
    },
    /// Declines an invitation.
    Decline {
        /// The invitation.
        invitation: ItemId<'a>,
    },
    /// Sends a message to a person.
    Message(Message<'a>),
    /// Tells the sender of a message that this person has read it.
    Read {
        /// The message.
        message: ItemId<'a>,
    },
    /// Tells a person that this one has begun or stopped typing.
    Typing {
        /// The person who will see it.
        to: PersonId<'a>,
        /// Whether the person is typing now.
        is_typing: bool,
    },
}

impl Command<'_> {
    /// The id of the message or invitation that the command is about. A refusal names it.
    pub fn item(&self) -> Option<&str> {
        match self {
            Command::Invite(invite) => Some(invite.id.as_str()),
            Command::Accept { invitation } | Command::Decline { invitation } => {
                Some(invitation.as_str())
            }
            Command::Message(message) => Some(message.id.as_str()),
            Command::Read { message } => Some(message.as_str()),
            Command::Typing { .. } => None,
        }
    }

    /// Whether it is a message from one person to another.
    pub fn is_message(&self) -> bool {
        match self {
            Command::Message(_) => true,
            Command::Invite(_)
            | Command::Accept { .. }
            | Command::Decline { .. }
            | Command::Read { .. }
            | Command::Typing { .. } => false,
        }
    }
}

/// An invitation as its sender has written it.
#[derive(Clone, Eq, PartialEq)]
pub struct Invite<'a> {
    /// The sender's id for it.
    pub id: ItemId<'a>,
    /// The recipient.
    pub to: PersonId<'a>,
    /// The sender's name, for a sender that gave none at sign-in.
    pub sender_name: Option<Name<'a>>,
    /// The text.
    pub text: &'a str,
    /// When it was written, as the sender's clock has it.
    pub created_at: Option<&'a str>,
    /// When it ends, as the sender's clock has it. The server uses its own clock.
    pub expires_at: Option<&'a str>,
    /// What the app adds.
    pub metadata: Option<&'a str>,
}

/// A message as its sender has written it.
#[derive(Clone, Eq, PartialEq)]
pub struct Message<'a> {
    /// The sender's id for it.
    pub id: ItemId<'a>,
    /// The recipient.
    pub to: PersonId<'a>,
    /// The content.
    pub content: &'a str,
    /// The kind of the content.
    pub kind: Option<&'a str>,
    /// When it was written, as the sender's clock has it.
    pub timestamp: Option<&'a str>,
    /// Its status, as the sender sees it.
    pub status: Option<&'a str>,
    /// What the app adds.
    pub metadata: Option<&'a str>,
    /// The id of the message that it answers.
    pub reply_to: Option<&'a str>,
    /// The people that it mentions.
    pub mentions: Option<&'a str>,
}

/// Nothing that a person wrote is in debug output.
impl std::fmt::Debug for Invite<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invite").field("id", &self.id).field("to", &self.to).finish_non_exhaustive()
    }
}

/// Nothing that a person wrote is in debug output.
impl std::fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}
