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
    /// Who is online.
    List(List<'a>),
    /// Who has come and gone.
    Delta(Delta<'a>),
    /// Somebody writes.
    Message(Message<'a>),
    /// Whatever else there is in the protocol of sessions.
    Told(Told<'a>),
    /// A message of ours could not be delivered.
    Undelivered,
    /// The server did not understand us.
    Error,
    /// Something else that is the protocol, or a later version of it.
    Other,
    /// Something that is not.
    Nonsense,
}

/// Somebody's message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message<'a> {
    /// Who wrote it, as the server says.
    pub(crate) from: Cow<'a, str>,
    /// What he wrote.
    pub(crate) text: Cow<'a, str>,
}

impl Said<'_> {
    /// Whether it is what a server should say first: a list, or that the phone is in.
    pub(crate) fn is_greeting(&self) -> bool {
        matches!(self, Said::List(_) | Said::Told(Told::Authenticated))
    }
}
