//! [`Refusal`]: why the realm refuses a command or a sign-in, with a sentence and a code for the client.
//!
//! Several reasons share one sentence if the exact reason would reveal a secret: whether a person exists,
//! whose message it is, or whether an invitation was answered before.

use crate::chat;

/// Why the realm refuses a command or a sign-in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The person has the most devices already.
    TooManyDevices,
    /// The person may write only to contacts.
    NotInvited,
    /// The message does not exist, is not for this person, or was marked before.
    NoSuchMessage,
    /// The invitation does not exist, is not for this person, or was answered before.
    NoSuchInvitation,
    /// The invitation is for its own sender.
    OwnInvitation,
    /// An invitation with this id waits for that recipient already.
    DuplicateInvitation,
    /// The sender has the most waiting invitations already.
    TooManySent,
    /// The recipient has the most waiting invitations already.
    TooManyReceived,
    /// The realm has the most invitations already.
    TooManyInAll,
}

impl Refusal {
    /// One clear sentence for the client.
    pub fn sentence(self) -> &'static str {
        match self {
            Refusal::TooManyDevices => "too many devices are signed in to this session",
            Refusal::NotInvited => {
                "you may write to your contacts only: send an invitation, and wait until it is accepted"
            }
            Refusal::NoSuchMessage => "there is no message with this id for you to mark as read",
            Refusal::NoSuchInvitation => "there is no invitation with this id for you to answer",
            Refusal::OwnInvitation => "you cannot invite yourself",
            Refusal::DuplicateInvitation => {
                "an invitation with this id is waiting for this recipient already"
            }
            Refusal::TooManySent => "too many of your invitations are waiting for an answer",
            Refusal::TooManyReceived => "too many invitations are waiting for this recipient",
            Refusal::TooManyInAll => {
                "the server keeps as many invitations as it can: try again later"
            }
        }
    }

    /// The same as a word for programs. It never changes.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::TooManyDevices => "too_many_devices",
            Refusal::NotInvited => "not_invited",
            Refusal::NoSuchMessage => "no_such_message",
            Refusal::NoSuchInvitation => "no_such_invitation",
            Refusal::OwnInvitation => "own_invitation",
            Refusal::DuplicateInvitation => "duplicate_invitation",
            Refusal::TooManySent => "too_many_sent",
            Refusal::TooManyReceived => "too_many_received",
            Refusal::TooManyInAll => "too_many_in_all",
        }
    }
}

impl From<Refusal> for chat::Refusal {
    fn from(refusal: Refusal) -> Self {
        let (sentence, code) = (refusal.sentence(), refusal.code());
        chat::Refusal { sentence, code, retry_after: None, limit: None, is_ban: false }
    }
}
