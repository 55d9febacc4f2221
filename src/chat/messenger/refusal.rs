//! [`Refusal`]: why somebody may not do what he asks, in a sentence for him.
//!
//! Where the reason would tell a stranger's secret, several reasons share one sentence: whether a
//! person exists, whose message it is, whether an invitation was answered before.

use crate::chat;

/// Why somebody may not do what he asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The person has as many devices as may be signed in.
    TooManyDevices,
    /// He may write to contacts only.
    NotInvited,
    /// It is not there, not his, or was marked before.
    NoSuchMessage,
    /// It is not there, not his, or was answered before.
    NoSuchInvitation,
    /// He has invited himself.
    OwnInvitation,
    /// One with this id waits for that recipient already.
    DuplicateInvitation,
    /// He has sent as many as may wait.
    TooManySent,
    /// As many wait for that recipient as may.
    TooManyReceived,
    /// The realm has as many as it may.
    TooManyInAll,
}

impl Refusal {
    /// One clear sentence for whoever asked.
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
