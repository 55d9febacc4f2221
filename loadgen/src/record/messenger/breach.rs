//! [`Breach`]: what a server can do wrong in the Session Messenger protocol, beside what it can do wrong
//! with any message ([`Fault`](super::super::Fault)). Each breach has a name, and fails the run.

/// What was wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Breach {
    /// A device of the recipient has no copy, although another device has one.
    CopyLost,
    /// Another device of the sender has no copy.
    MirrorLost,
    /// A device of the sender has two mirrors.
    MirrorTwice,
    /// A copy claims to be the session's own when it is not, or the other way round; or it came to the very
    /// device that wrote it.
    MirrorWrong,
    /// A device was not told what became of a message, although it should have been.
    StatusLost,
    /// A device was told it twice.
    StatusTwice,
    /// A device was told it in the wrong order, or something that contradicts what it was told before.
    StatusOutOfOrder,
    /// A device was told what was not meant for it, or what had not happened.
    StatusUncalled,
    /// A message was called undelivered, although its recipient was online.
    WronglyUndelivered,
    /// No device was shown an invitation, or one of those that were there was not.
    InvitationLost,
    /// A device was shown an invitation twice, or one that was not for it.
    InvitationWrong,
    /// A device was not told of an answer.
    AnswerLost,
    /// A device was told a wrong answer, or an answer twice, or one that was not meant for it.
    AnswerWrong,
    /// A device did not see a session type.
    TypingLost,
    /// A device saw a session type that did not.
    TypingUncalled,
    /// A device was told that a session came or went which is not its contact.
    Stranger,
}

impl Breach {
    /// All breaches.
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
            Breach::InvitationLost => {
                "invitations shown to nobody, or not to a device that was there"
            }
            Breach::InvitationWrong => "invitations shown twice, or to the wrong device",
            Breach::AnswerLost => "answers to invitations that a device never got",
            Breach::AnswerWrong => "answers to invitations that were wrong, or came twice",
            Breach::TypingLost => "typing that a device never saw",
            Breach::TypingUncalled => "typing of somebody who did not",
            Breach::Stranger => "comings and goings told to strangers",
        }
    }

    /// Whether lateness on our side cannot be the cause. Typing may be dropped before a slow reader.
    pub(crate) const fn is_proven(self) -> bool {
        !matches!(self, Breach::TypingLost)
    }
}

/// How often each breach was found.
#[derive(Debug, Default)]
pub(crate) struct Breaches([u64; Breach::ALL.len()]);

impl Breaches {
    pub(super) fn add(&mut self, breach: Breach) {
        self.add_many(breach, 1);
    }

    pub(super) fn add_many(&mut self, breach: Breach, count: u64) {
        self.0[breach as usize] += count;
    }

    /// How often this breach was found.
    pub(crate) fn count(&self, breach: Breach) -> u64 {
        self.0[breach as usize]
    }
}
