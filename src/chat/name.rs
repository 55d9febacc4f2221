//! [`Name`]: how people and the operator name a person. It is personal, so debug output must not reach a log.

use std::borrow::Cow;

use super::Mobile;

/// The name of a person, in the words of the protocols: a number, a session's id, or a user's name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Name<'a> {
    /// A number of the `mobile` realm.
    Number(Mobile),
    /// An id of the messenger realm.
    Session(Cow<'a, str>),
    /// The name of a user of the account realm.
    Account(Cow<'a, str>),
}

impl Name<'_> {
    /// The word for the person's realm, as the metrics and the protocols have it.
    pub fn realm(&self) -> &'static str {
        match self {
            Name::Number(_) => "mobile",
            Name::Session(_) => "session",
            Name::Account(_) => "account",
        }
    }

    /// The name itself.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Name::Number(number) => number.digits(&mut [0; Mobile::MAX_DIGITS]).to_owned().into(),
            Name::Session(text) | Name::Account(text) => Cow::Borrowed(text),
        }
    }
}
