//! The ledger: the server's books, from its `/metrics`, beside loadgen's own.
//!
//! Where a connection was not closed in good order, loadgen cannot know whether the server has read or
//! written the last messages. Those are in doubt, and the server's figure may lie anywhere within the
//! doubt. Where all connections were closed in good order, both books agree to the message.

use serde::Serialize;

use crate::exposition::value;
use crate::record::{Fault, Outcome};

/// One line of both books.
#[derive(Debug, Eq, PartialEq, Serialize)]
pub(super) struct Row {
    /// What is counted.
    pub(super) what: &'static str,
    /// The least that it can be by loadgen's books.
    pub(super) ours: u64,
    /// How much more it may be.
    pub(super) in_doubt: u64,
    /// The server's figure.
    pub(super) theirs: u64,
    /// Whether that is possible.
    pub(super) agrees: bool,
}

/// Compares both books.
///
/// # Errors
///
/// One sentence, if the server's books cannot be read.
pub(super) fn compare(outcome: &Outcome, before: &str, after: &str) -> Result<Vec<Row>, String> {
    let books = &outcome.record.books;
    let doubt = outcome.in_doubt;
    if outcome.record.accounts().is_some() {
        return compare_accounts(outcome, before, after);
    }
    // Every message that came to a phone was delivered, even if twice, or to the wrong phone.
    let faults = [Fault::Duplicated, Fault::Misdelivered, Fault::Garbled];
    let extra: u64 = match outcome.record.messenger() {
        None => faults.map(|fault| books.count(fault)).iter().sum(),
        // A message between sessions counts once, however many copies of it came.
        Some(_) => 0,
    };
    let arrived = books.delivered() + extra;
    let record = &outcome.record;
    let (heard, is_session) = (&record.heard, record.messenger().is_some());
    // Other mistakes of sessions are answered with an error as well.
    let refused = if is_session { (0, heard.errors) } else { (heard.errors, 0) };
    let undelivered = heard.undelivered + books.given_back();
    let mut rows = vec![
        ("messages received", "messages_received_total", books.sent() - doubt, doubt),
        ("messages delivered", "messages_delivered_total", arrived, doubt),
        ("messages refused", "messages_refused_total", refused.0, refused.1),
        ("messages undelivered", "messages_undelivered_total", undelivered, doubt),
        // A message to a phone that dropped its connection may be there until the server notices.
        ("messages in outboxes", "messages_in_outboxes", 0, doubt),
    ];
    if let Some(messenger) = record.messenger() {
        // The sender may not have heard every status: some connections broke, and some statuses were not
        // waited for.
        let tally = messenger.tally();
        let all = |count: u64| if messenger.is_steady() { 0 } else { books.sent() - count };
        rows.push(("messages read", "messages_read_total", tally.read, all(tally.read)));
    }
    let rows = rows.into_iter().map(|(what, name, ours, in_doubt)| {
        let theirs = theirs(name, is_session, before, after)?;
        let agrees = (ours..=ours + in_doubt).contains(&theirs);
        Ok(Row { what, ours, in_doubt, theirs, agrees })
    });
    rows.collect()
}

/// Compares the books of users with accounts. A message counts once, however many deliveries it has.
fn compare_accounts(outcome: &Outcome, before: &str, after: &str) -> Result<Vec<Row>, String> {
    let (books, doubt) = (&outcome.record.books, outcome.in_doubt);
    let errors = outcome.record.heard.errors;
    let sent = books.sent() - doubt.min(books.sent());
    let rows = [
        ("messages received", "messages_received_total", sent, doubt),
        ("messages stored", "messages_stored_total", sent - errors.min(sent), doubt + errors),
        ("messages refused", "messages_refused_total", 0, errors),
        ("messages failed", "messages_failed_total", 0, errors),
    ];
    let rows = rows.into_iter().map(|(what, name, ours, in_doubt)| {
        let name = format!("switchboard_account_{name}");
        let counted = |page| value(page, &name);
        let theirs = counted(after).zip(counted(before)).map(|(after, before)| after - before);
        let theirs = theirs.ok_or_else(|| format!("the server's /metrics has no {name}"))?;
        let theirs = theirs.max(0.0) as u64;
        let agrees = (ours..=ours + in_doubt).contains(&theirs);
        Ok(Row { what, ours, in_doubt, theirs, agrees })
    });
    rows.collect()
}

/// What the server has counted between two pages, in this realm.
fn theirs(name: &str, is_session: bool, before: &str, after: &str) -> Result<u64, String> {
    let of_sessions = format!("switchboard_session_{name}");
    let of_all = format!("switchboard_{name}");
    let counted = |name: &str| Some(value(after, name)? - value(before, name)?);
    let ours = if is_session { &of_sessions } else { &of_all };
    let count = counted(ours).ok_or_else(|| format!("the server's /metrics has no {ours}"))?;
    // Metrics without a realm's name are sums of all realms, and other realms may be in use as well.
    let others = if is_session { None } else { counted(&of_sessions) };
    Ok((count - others.unwrap_or_default()).max(0.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sessions_say_to_each_other_meanwhile_is_not_in_the_phones_books() {
        let page = |all, sessions| {
            format!(
                "switchboard_a_total {all}\nswitchboard_session_a_total{{by=\"x\"}} {sessions}\n"
            )
        };
        let (before, after) = (page(100, 40), page(700, 340));
        assert_eq!(theirs("a_total", false, &before, &after), Ok(300));
        assert_eq!(theirs("a_total", true, &before, &after), Ok(300));
        let (before, after) = ("switchboard_a_total 1\n", "switchboard_a_total 8\n");
        assert_eq!(theirs("a_total", false, before, after), Ok(7), "a server without sessions");
        assert!(theirs("a_total", true, before, after).is_err());
    }
}
