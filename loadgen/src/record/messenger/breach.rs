//! [`Breach`]: what a server can do wrong in the protocol of sessions, beside what it can do to any
//! message ([`Fault`](super::super::Fault)). Each has its name, and fails the run.

/// What was wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Breach {
    /// A device of the recipient has no copy, but another has.
    CopyLost,
    /// Another device of the sender has no copy.
    MirrorLost,
    /// It has two.
    MirrorTwice,
    /// A copy says that it is one's own when it is not, or the other way round, or is for the very
    /// device that wrote it.
    MirrorWrong,
    /// A device was not told what it should have been told of a message.
    StatusLost,
    /// It was told twice.
    StatusTwice,
    /// It was told in the wrong order, or what contradicts what it was told before.
    StatusOutOfOrder,
    /// It was told what was none of its business, or that has not happened.
    StatusUncalled,
    /// A message was called undelivered, and its recipient was there.
    WronglyUndelivered,
    /// Nobody was shown an invitation.
    InvitationLost,
    /// A device was shown one twice, or that was not for it.
    InvitationWrong,
    /// A device was not told of an answer.
    AnswerLost,
    /// It was told another, or twice, or of an invitation that was none of its business.
    AnswerWrong,
    /// A device has not seen somebody type.
    TypingLost,
    /// It has seen somebody type who did not.
    TypingUncalled,
    /// It was told that somebody came or went who is no contact.
    Stranger,
}

impl Breach {
    /// All of them.
    pub(crate) const ALL: [Breach; 16] = [
        Breach::CopyLost,
        Breach::MirrorLost,
        Breach::MirrorTwice,
        Breach::MirrorWrong,
        Breach::StatusLost,
        Breach::StatusTwice,
        Breach::StatusOutOfOrder,
        Breach::StatusUncalled,
        Breach::WronglyUndelivered,
        Breach::InvitationLost,
        Breach::InvitationWrong,
        Breach::AnswerLost,
        Breach::AnswerWrong,
        Breach::TypingLost,
        Breach::TypingUncalled,
        Breach::Stranger,
    ];

    /// Its name: the field in the report, and the counter that `--expect` knows.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Breach::CopyLost => "copies_lost",
            Breach::MirrorLost => "mirrors_lost",
            Breach::MirrorTwice => "mirrors_twice",
            Breach::MirrorWrong => "mirrors_wrong",
            Breach::StatusLost => "statuses_lost",
            Breach::StatusTwice => "statuses_twice",
            Breach::StatusOutOfOrder => "statuses_out_of_order",
            Breach::StatusUncalled => "statuses_uncalled",
            Breach::WronglyUndelivered => "wrongly_undelivered",
            Breach::InvitationLost => "invitations_lost",
            Breach::InvitationWrong => "invitations_wrong",
            Breach::AnswerLost => "answers_lost",
            Breach::AnswerWrong => "answers_wrong",
            Breach::TypingLost => "typing_lost",
            Breach::TypingUncalled => "typing_uncalled",
            Breach::Stranger => "strangers_shown",
        }
    }

    /// What it means, to stand after the name.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Breach::CopyLost => "copies that one device of the recipient got, and another did not",
            Breach::MirrorLost => "own messages that the sender's other devices never got",
            Breach::MirrorTwice => "own messages that a device of the sender got twice",
            Breach::MirrorWrong => {
                "messages with the wrong isOutgoing, or sent back to their device"
            }
            Breach::StatusLost => "words about a message that a device never got",
            Breach::StatusTwice => "words about a message that a device got twice",
            Breach::StatusOutOfOrder => "words about a message in the wrong order",
            Breach::StatusUncalled => {
                "words about a message that were none of the device's business"
            }
            Breach::WronglyUndelivered => "messages called undelivered whose recipient was there",
            Breach::InvitationLost => "invitations that were shown to nobody",
            Breach::InvitationWrong => "invitations shown twice, or to the wrong device",
            Breach::AnswerLost => "answers to invitations that a device never got",
            Breach::AnswerWrong => "answers to invitations that were wrong, or came twice",
            Breach::TypingLost => "typing that a device never saw",
            Breach::TypingUncalled => "typing of somebody who did not",
            Breach::Stranger => "comings and goings told to strangers",
        }
    }

    /// Whether no lateness of ours can excuse it. Typing may be dropped before a reader who is late.
    pub(crate) const fn is_proven(self) -> bool {
        !matches!(self, Breach::TypingLost)
    }
}

/// How often each was found.
#[derive(Debug, Default)]
pub(crate) struct Breaches([u64; Breach::ALL.len()]);

impl Breaches {
    pub(super) fn add(&mut self, breach: Breach) {
        self.add_many(breach, 1);
    }

    pub(super) fn add_many(&mut self, breach: Breach, count: u64) {
        self.0[breach as usize] += count;
    }

    /// How often this one was.
    pub(crate) fn count(&self, breach: Breach) -> u64 {
        self.0[breach as usize]
    }
}
