//! [`Said`]: a frame of the server, understood as far as a measurement needs it. Each dialect reads its own
//! frames, and says the same thing of what means the same.

use std::borrow::Cow;

use super::news::News;
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
    /// What only the protocols of users with accounts say.
    News(News<'a>),
    /// A message of this phone could not be delivered.
    Undelivered {
        /// The recipient, as the server says.
        to: Option<Cow<'a, str>>,
    },
    /// The server did not understand a frame of this phone.
    Error,
    /// Something else from the protocol, or from a later version of it.
    Other,
    /// Something that is not of the protocol.
    Nonsense,
}

/// What a frame is that is no news.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoNews {
    /// The answer to a ping.
    Pong,
    /// The server did not understand a frame.
    Error,
    /// Something else from the protocol, or from a later version of it.
    Other,
    /// Something that is not of the protocol.
    Nonsense,
}

impl From<NoNews> for Said<'_> {
    fn from(what: NoNews) -> Self {
        match what {
            NoNews::Pong => Said::Pong,
            NoNews::Error => Said::Error,
            NoNews::Other => Said::Other,
            NoNews::Nonsense => Said::Nonsense,
        }
    }
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
    /// Whether it is what a server should say first: a list, a history, or that the phone is in.
    pub(crate) fn is_greeting(&self) -> bool {
        let is_news =
            matches!(self, Said::News(News::Welcome { .. } | News::History(_) | News::Online(_)));
        is_news || matches!(self, Said::List(_) | Said::Told(Told::Authenticated))
    }
}

/// Understands a frame by a function that reads text in place. `Err`: it is no news.
pub(super) fn understand(
    json: Cow<'_, str>,
    read: impl for<'a> Fn(&'a str) -> Result<News<'a>, NoNews>,
) -> Said<'_> {
    let said = match json {
        Cow::Borrowed(json) => read(json).map(Said::News),
        // It came in pieces, which is rare.
        Cow::Owned(json) => read(&json).map(|news| Said::News(news.into_owned())),
    };
    said.unwrap_or_else(Said::from)
}
