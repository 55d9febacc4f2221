//! [`Told`]: what the server says to a device of a session. Phones with numbers are not told such things.

use std::borrow::Cow;

/// What the server says that SCA has no word for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Told<'a> {
    /// The device is signed in.
    Authenticated,
    /// A message: from another session, or from another device of the same session.
    Message {
        id: Cow<'a, str>,
        from: Cow<'a, str>,
        to: Cow<'a, str>,
        text: Cow<'a, str>,
        is_outgoing: bool,
    },
    /// What has become of a message.
    Status { id: Cow<'a, str>, status: Status },
    /// A session types, or has stopped.
    Typing { from: Cow<'a, str>, is_typing: bool },
    /// A contact has come, or has gone.
    Contact { session: Cow<'a, str>, is_online: bool },
    /// A session asks to become a contact.
    Invited { id: Cow<'a, str>, from: Cow<'a, str>, to: Cow<'a, str> },
    /// What has become of an invitation.
    Answered { id: Cow<'a, str>, from: Cow<'a, str>, to: Cow<'a, str>, answer: Answer },
}

/// What can become of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Status {
    Sent,
    Delivered,
    Read,
    Undelivered,
}

/// What can become of an invitation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Answer {
    Accepted,
    Declined,
    Expired,
}
