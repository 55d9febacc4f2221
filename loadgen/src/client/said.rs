//! [`Said`]: a frame of the server, understood as far as a measurement needs it. Each dialect reads its own
//! frames, and says the same thing of what means the same.

use std::borrow::Cow;

use super::sca::{Delta, List};
use super::told::Told;

/// What a frame of the server says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Said<'a> {
    /// The answer to a ping.
    Pong,
    /// The phones that are online.
    List(List<'a>),
    /// The phones that have come and gone.
    Delta(Delta<'a>),
    /// A message from another phone.
    Message(Message<'a>),
    /// What only the Session Messenger protocol says.
    Told(Told<'a>),
    /// A message of this phone could not be delivered.
    Undelivered,
    /// The server did not understand a frame of this phone.
    Error,
    /// Something else from the protocol, or from a later version of it.
    Other,
    /// Something that is not of the protocol.
    Nonsense,
}

/// A message from another phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message<'a> {
    /// The sender, as the server says.
    pub(crate) from: Cow<'a, str>,
    /// The text.
    pub(crate) text: Cow<'a, str>,
}

impl Said<'_> {
    /// Whether it is what a server should say first: a list, or that the phone is in.
    pub(crate) fn is_greeting(&self) -> bool {
        matches!(self, Said::List(_) | Said::Told(Told::Authenticated))
    }
}
