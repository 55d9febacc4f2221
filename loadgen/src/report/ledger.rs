//! The ledger: the server's books, from its /metrics, beside ours.
//!
//! Ours are kept from the outside. Where a connection did not end in good order they cannot know
//! whether the server has read the last messages, or written them: those are in doubt, and what the
//! server says may lie anywhere within the doubt. Where all did, the two agree to the message.

use serde::Serialize;

use crate::exposition::value;
use crate::net::Outcome;
use crate::record::Fault;

/// One line of the two books.
#[derive(Debug, Eq, PartialEq, Serialize)]
pub(super) struct Row {
    /// What is counted.
    pub(super) what: &'static str,
    /// The least that it can be by our books.
    pub(super) ours: u64,
    /// How much more it may be.
    pub(super) in_doubt: u64,
    /// What the server says.
    pub(super) theirs: u64,
    /// Whether that is possible.
    pub(super) agrees: bool,
}

/// Compares.
///
/// # Errors
///
/// One sentence, if the server's books cannot be read.
pub(super) fn compare(outcome: &Outcome, before: &str, after: &str) -> Result<Vec<Row>, String> {
    let books = &outcome.record.books;
    let doubt = outcome.in_doubt;
    // Whatever came to a phone was delivered, were it twice, or to the wrong one.
    let faults = [Fault::Duplicated, Fault::Misdelivered, Fault::Garbled];
    let extra: u64 = match outcome.record.messenger {
        None => faults.map(|fault| books.count(fault)).iter().sum(),
        // Of sessions it counts a message once, however many copies of it came.
        Some(_) => 0,
    };
    let arrived = books.delivered() + extra;
    let record = &outcome.record;
    let (heard, is_session) = (&record.heard, record.messenger.is_some());
    // What else goes wrong among sessions is answered with an error, too.
    let refused = if is_session { (0, heard.errors) } else { (heard.errors, 0) };
    let undelivered = heard.undelivered + books.given_back();
    let mut rows = vec![
        ("messages received", "messages_received_total", books.sent() - doubt, doubt),
        ("messages delivered", "messages_delivered_total", arrived, doubt),
        ("messages refused", "messages_refused_total", refused.0, refused.1),
        ("messages undelivered", "messages_undelivered_total", undelivered, doubt),
        // One to a phone that we dropped may be there until the server notices.
        ("messages in outboxes", "messages_in_outboxes", 0, doubt),
    ];
    if let Some(messenger) = &record.messenger {
        // What was said over connections that broke, or was not waited for, we have not heard.
        let tally = messenger.tally();
        let all = |count: u64| if messenger.is_steady() { 0 } else { books.sent() - count };
        rows.push(("messages read", "messages_read_total", tally.read, all(tally.read)));
    }
    // Without the name of a realm the metrics are those of all realms.
    let realm = if is_session { "session_" } else { "" };
    let theirs = |name| {
        let name = format!("switchboard_{realm}{name}");
        match (value(before, &name), value(after, &name)) {
            (Some(before), Some(after)) => Ok((after - before).max(0.0) as u64),
            _ => Err(format!("the server's /metrics has no {name}")),
        }
    };
    let rows = rows.into_iter().map(|(what, name, ours, in_doubt)| {
        let theirs = theirs(name)?;
        let agrees = (ours..=ours + in_doubt).contains(&theirs);
        Ok(Row { what, ours, in_doubt, theirs, agrees })
    });
    rows.collect()
}
