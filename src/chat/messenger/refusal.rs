//! [`Refusal`]: why the realm refuses a command or a sign-in, with a sentence for the client.
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
}

impl From<Refusal> for chat::Refusal {
    fn from(refusal: Refusal) -> Self {
        chat::Refusal { sentence: refusal.sentence(), retry_after: None, limit: None }
    }
}
