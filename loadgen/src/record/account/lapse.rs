//! [`Lapse`]: what a server can do wrong with users' messages, beside what it can do wrong with any message
//! ([`Fault`](super::super::Fault)). Each has a name, and fails the run.

/// What was wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lapse {
    /// A phone that was there did not get a message.
    DeliveryLost,
    /// A private message was not announced to a phone that was there, on another page than the conversation's.
    NoticeLost,
    /// A message came to others, and its sender was never told that it is stored.
    Unacknowledged,
    /// A history left out a message that others had seen by then; or the one on connecting had it twice or in another
    /// order.
    HistoryWrong,
    /// A message that was acknowledged is not in the history at the end.
    StoredMissing,
    /// A message is in the history twice.
    StoredTwice,
    /// The history has messages in another order than phones have seen.
    StoredOutOfOrder,
    /// The history has a message with another author or text, or in another place.
    StoredWrong,
    /// The history shows a reply as a reply to another message, or as none.
    StoredReply,
    /// A message came as if it had been said in another place.
    Misplaced,
    /// The server's id of a message is another one than before, or that of another message.
    IdWrong,
    /// The server took a connection for that of another user.
    IdentityWrong,
    /// A message came as a reply to another message than the one that it answers, or as none.
    ReplyWrong,
    /// The server counts more or fewer unread messages in a place than there are.
    UnreadWrong,
    /// A user has marked a place as read, and the page with the counts was not told so.
    ResetLost,
    /// A page was told so without a mark, or twice.
    ResetUncalled,
    /// The sender of a private message was told that nobody was told of it, and its recipient was.
    DeliveryDenied,
    /// A change of who is online came with a number of those online that cannot be.
    OnlineWrong,
    /// Typing that a phone should have seen and did not.
    TypingLost,
    /// Typing in a place that is not for the phone that saw it.
    TypingMisdelivered,
    /// Typing of a user who did not type there, or did so less often.
    TypingUncalled,
    /// A list of all users, and who of them is online, leaves a user out.
    Unlisted,
    /// The server gave no history, or not all of it.
    Unread,
}

impl Lapse {
    /// All lapses.
    pub(crate) const ALL: [Lapse; 23] = [
        Lapse::DeliveryLost,
        Lapse::NoticeLost,
        Lapse::Unacknowledged,
        Lapse::HistoryWrong,
        Lapse::StoredMissing,
        Lapse::StoredTwice,
        Lapse::StoredOutOfOrder,
        Lapse::StoredWrong,
        Lapse::StoredReply,
        Lapse::Misplaced,
        Lapse::IdWrong,
        Lapse::IdentityWrong,
        Lapse::ReplyWrong,
        Lapse::UnreadWrong,
        Lapse::ResetLost,
        Lapse::ResetUncalled,
        Lapse::DeliveryDenied,
        Lapse::OnlineWrong,
        Lapse::TypingLost,
        Lapse::TypingMisdelivered,
        Lapse::TypingUncalled,
        Lapse::Unlisted,
        Lapse::Unread,
    ];

    /// Its name: the field in the report, and the counter that `--expect` knows.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Lapse::DeliveryLost => "deliveries_lost",
            Lapse::NoticeLost => "notices_lost",
            Lapse::Unacknowledged => "unacknowledged",
            Lapse::HistoryWrong => "histories_wrong",
            Lapse::StoredMissing => "stored.missing",
            Lapse::StoredTwice => "stored.twice",
            Lapse::StoredOutOfOrder => "stored.out_of_order",
            Lapse::StoredWrong => "stored.wrong",
            Lapse::StoredReply => "stored.replies_wrong",
            Lapse::Misplaced => "misplaced",
            Lapse::IdWrong => "ids_wrong",
            Lapse::IdentityWrong => "identities_wrong",
            Lapse::ReplyWrong => "replies_wrong",
            Lapse::UnreadWrong => "unread_wrong",
            Lapse::ResetLost => "resets_lost",
            Lapse::ResetUncalled => "resets_uncalled",
            Lapse::DeliveryDenied => "deliveries_denied",
            Lapse::OnlineWrong => "online_wrong",
            Lapse::TypingLost => "typing_lost",
            Lapse::TypingMisdelivered => "typing_misdelivered",
            Lapse::TypingUncalled => "typing_uncalled",
            Lapse::Unlisted => "unlisted",
            Lapse::Unread => "stored.unread",
        }
    }

    /// What it means, to stand after the name.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Lapse::DeliveryLost => "deliveries to phones that were there, and never came",
            Lapse::NoticeLost => {
                "private messages that were not announced to a phone on another page"
            }
            Lapse::Unacknowledged => "messages that were never acknowledged to their senders",
            Lapse::HistoryWrong => "messages left out, repeated or out of order in a history",
            Lapse::StoredMissing => "acknowledged messages that are not in the history",
            Lapse::StoredTwice => "messages that are in the history twice",
            Lapse::StoredOutOfOrder => "messages in the history in another order than was seen",
            Lapse::StoredWrong => "messages in the history with another author, text or place",
            Lapse::StoredReply => "replies in the history that do not answer what they answered",
            Lapse::Misplaced => "messages that came as if they had been said in another place",
            Lapse::IdWrong => "messages whose id was another one before, or is another message's",
            Lapse::IdentityWrong => "connections that the server took for those of another user",
            Lapse::ReplyWrong => {
                "messages that came without what they answer, or with something else"
            }
            Lapse::UnreadWrong => {
                "places where the server counts other messages as unread than there are"
            }
            Lapse::ResetLost => "times that a page was not told that messages are no longer unread",
            Lapse::ResetUncalled => {
                "times that a page was told so twice, or when nobody had marked anything as read"
            }
            Lapse::DeliveryDenied => {
                "private messages that came, and whose sender was told otherwise"
            }
            Lapse::OnlineWrong => "changes of who is online with a number of users that cannot be",
            Lapse::TypingLost => "typing that phones should have seen, and that never came",
            Lapse::TypingMisdelivered => "typing that came to phones that it was not for",
            Lapse::TypingUncalled => "typing of users who did not type there, or less often",
            Lapse::Unlisted => "lists of all users that leave one out",
            Lapse::Unread => "histories that the server did not give",
        }
    }

    /// Whether lateness on our side cannot be the cause.
    pub(crate) const fn is_proven(self) -> bool {
        // A server may drop typing for a phone that reads late.
        !matches!(self, Lapse::Unread | Lapse::TypingLost)
    }
}

/// How often each lapse was found.
#[derive(Debug, Default)]
pub(crate) struct Lapses([u64; Lapse::ALL.len()]);

impl Lapses {
    pub(crate) fn add(&mut self, lapse: Lapse) {
        self.add_many(lapse, 1);
    }

    pub(crate) fn add_many(&mut self, lapse: Lapse, count: u64) {
        self.0[lapse as usize] += count;
    }

    /// How often this lapse was found.
    pub(crate) fn count(&self, lapse: Lapse) -> u64 {
        self.0[lapse as usize]
    }
}
