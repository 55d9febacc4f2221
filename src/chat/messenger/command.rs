//! [`SignIn`] and [`Command`]: what a person may ask of the messenger realm, parsed and validated by
//! a dialect.
//!
//! Ids and names are plain text, for they are compared and looked up. All else is opaque: the chat
//! moves it, and never reads it. It comes in the form that the realm's dialects share, which is JSON
//! exactly as it arrived, quotes and all. A field that the sender left out is `None`; whether that
//! means `null` or a time is decided where it is put into words.

use std::borrow::Cow;

use super::{ItemId, PersonId};

/// How somebody says who he is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignIn<'a> {
    /// The person, who may have other devices.
    pub id: PersonId<'a>,
    /// What its friends see.
    pub name: Option<Name<'a>>,
    /// Whether this device wants to hear what becomes of messages.
    pub receipts: bool,
}

/// A name to show: 1 to 128 characters.
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

/// A name is personal: debug output shows its length.
impl std::fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Name(… {} bytes)", self.0.len())
    }
}

/// What a person asks of the realm.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command<'a> {
    /// Ask somebody to become a contact.
    Invite(Invite<'a>),
    /// Become the contact of whoever sent an invitation.
    Accept {
        /// The invitation.
        invitation: ItemId<'a>,
    },
    /// Do not.
    Decline {
        /// The invitation.
        invitation: ItemId<'a>,
    },
    /// Say something to somebody.
    Message(Message<'a>),
    /// Has read a message.
    Read {
        /// The message.
        message: ItemId<'a>,
    },
    /// Began or stopped typing to somebody.
    Typing {
        /// Who will see it.
        to: PersonId<'a>,
        /// Whether the person is typing now.
        is_typing: bool,
    },
}

impl Command<'_> {
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
    /// The sender's name for it.
    pub id: ItemId<'a>,
    /// Whom it is for.
    pub to: PersonId<'a>,
    /// How the sender calls himself here; what he signed in with goes before it.
    pub sender_name: Option<Name<'a>>,
    /// What it says.
    pub text: &'a str,
    /// When it was written, as the sender's clock has it.
    pub created_at: Option<&'a str>,
    /// When it ends, as the sender's clock has it. The server goes by its own.
    pub expires_at: Option<&'a str>,
    /// What the app adds.
    pub metadata: Option<&'a str>,
}

/// A message as its sender has written it.
#[derive(Clone, Eq, PartialEq)]
pub struct Message<'a> {
    /// The sender's name for it.
    pub id: ItemId<'a>,
    /// Whom it is for.
    pub to: PersonId<'a>,
    /// What it says.
    pub content: &'a str,
    /// What kind of content that is.
    pub kind: Option<&'a str>,
    /// When it was written, as the sender's clock has it.
    pub timestamp: Option<&'a str>,
    /// What has become of it, as the sender sees it.
    pub status: Option<&'a str>,
    /// What the app adds.
    pub metadata: Option<&'a str>,
    /// Which message it answers.
    pub reply_to: Option<&'a str>,
    /// Who is mentioned in it.
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
