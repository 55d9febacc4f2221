//! [`Accounts`]: what the report says of users with accounts: deliveries, acknowledgements, and what the server
//! has kept.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::cast::Both;
use crate::record::{Lapse, Outcome};
use crate::workload::Postings;

/// What happened among users with accounts.
#[derive(Debug, Serialize)]
pub(super) struct Accounts {
    /// Messages that came to phones other than their senders'. A message to everyone counts once for each.
    pub(super) deliveries: u64,
    /// Those of them that came as notices, to a phone on another page than the conversation's.
    pub(super) notices: u64,
    /// Messages that were acknowledged to their senders.
    pub(super) acknowledged: u64,
    /// From sending a message to its acknowledgement.
    pub(super) acknowledgement: Both,
    /// From asking for a history, while the plan is played, to its arrival.
    pub(super) history: Both,
    /// Beginnings and ends of typing, counted once for each phone that was to see them.
    pub(super) typing_sent: u64,
    pub(super) typing_seen: u64,
    /// Messages that were sent as replies.
    pub(super) replies: u64,
    /// Places whose number of unread messages was compared at the end.
    pub(super) unread_compared: u64,
    pub(super) stored: Stored,
    /// Lapses by name, those of the histories at the end left out.
    pub(super) lapses: BTreeMap<&'static str, u64>,
}

/// What the server's histories came to at the end.
#[derive(Debug, Serialize)]
pub(super) struct Stored {
    /// Histories that were read: everyone's, and one for each two users and each room.
    pub(super) histories: u64,
    /// Acknowledged messages that are in them.
    pub(super) found: u64,
    /// Acknowledged messages that are older than what the server shows.
    pub(super) out_of_reach: u64,
    pub(super) missing: u64,
    pub(super) twice: u64,
    pub(super) out_of_order: u64,
    /// With another author, text or place.
    pub(super) wrong: u64,
    /// Replies that do not answer what they answered when they were sent.
    pub(super) replies_wrong: u64,
    /// Histories that the server did not give.
    pub(super) unread: u64,
}

/// What the plan's users write, in words.
pub(super) fn in_words(postings: &Postings) -> String {
    let Postings { private, rooms, room_share, .. } = postings;
    let Postings { notices, status, replies, marks, typing, histories, .. } = postings;
    let mut words = format!("{private:.2} private");
    if *rooms > 0 {
        words += &format!(", {room_share:.2} to {rooms} rooms");
    }
    for (share, what) in [
        (notices, "with notices"),
        (status, "watch who is online"),
        (replies, "replies"),
        (marks, "marked as read"),
        (typing, "typed"),
    ] {
        if *share > 0.0 {
            words += &format!(", {share:.2} {what}");
        }
    }
    if *histories > 0.0 {
        words += &format!(", {histories} histories a second");
    }
    words
}

/// The summary, if the run's realm is that of users with accounts.
pub(super) fn accounts(outcome: &Outcome) -> Option<Accounts> {
    let accounts = outcome.record.accounts()?;
    let count = |lapse| accounts.lapses.count(lapse);
    let is_live = |lapse: &Lapse| !lapse.word().starts_with("stored.");
    let (counts, stored) = (accounts.counts, accounts.stored);
    Some(Accounts {
        deliveries: counts.deliveries,
        notices: counts.notices,
        acknowledged: counts.acknowledged,
        acknowledgement: Both::of(&accounts.acknowledgement),
        history: Both::of(&accounts.history),
        typing_sent: counts.typing_sent,
        typing_seen: counts.typing_seen,
        replies: counts.replies,
        unread_compared: counts.unread_compared,
        stored: Stored {
            histories: stored.histories,
            found: stored.found,
            out_of_reach: stored.out_of_reach,
            missing: count(Lapse::StoredMissing),
            replies_wrong: count(Lapse::StoredReply),
            twice: count(Lapse::StoredTwice),
            out_of_order: count(Lapse::StoredOutOfOrder),
            wrong: count(Lapse::StoredWrong),
            unread: count(Lapse::Unread),
        },
        lapses: Lapse::ALL
            .into_iter()
            .filter(is_live)
            .map(|lapse| (lapse.word(), count(lapse)))
            .collect(),
    })
}

/// Writes the summary as text.
pub(super) fn write_accounts(accounts: &Accounts, out: &mut impl Write) -> io::Result<()> {
    let Accounts { deliveries, acknowledged, typing_sent, typing_seen, stored, .. } = accounts;
    let Accounts { notices, replies, unread_compared, .. } = accounts;
    writeln!(
        out,
        "accounts     {deliveries} deliveries; {acknowledged} messages acknowledged; typing seen {typing_seen} of {typing_sent} times"
    )?;
    for (name, count) in accounts.lapses.iter().filter(|&(_, &count)| count > 0) {
        writeln!(out, "             {count} {}", name.replace('_', " "))?;
    }
    if *notices > 0 {
        writeln!(out, "             {notices} of the deliveries came as notices")?;
    }
    if replies + unread_compared > 0 {
        writeln!(
            out,
            "             {replies} replies; unread messages compared in {unread_compared} places"
        )?;
    }
    let Stored { replies_wrong, .. } = stored;
    let Stored { histories, out_of_reach, missing, twice, out_of_order, wrong, unread, .. } =
        stored;
    writeln!(
        out,
        "stored       {acknowledged} acknowledged, {missing} missing, {twice} twice, {out_of_order} out of order, {wrong} wrong"
    )?;
    if *replies_wrong > 0 {
        writeln!(out, "             {replies_wrong} replies that no longer answer what they did")?;
    }
    writeln!(out, "             {histories} histories read, {unread} not given")?;
    if *out_of_reach > 0 {
        writeln!(
            out,
            "             {out_of_reach} could not be checked: older than what the server shows"
        )?;
    }
    Ok(())
}
