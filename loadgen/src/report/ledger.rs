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
    let arrived = books.delivered()
        + books.count(Fault::Duplicated)
        + books.count(Fault::Misdelivered)
        + books.count(Fault::Garbled);
    let heard = &outcome.record.heard;
    let rows = [
        ("messages received", "received_total", books.sent() - doubt, doubt),
        ("messages delivered", "delivered_total", arrived, doubt),
        ("messages refused", "refused_total", heard.errors, 0),
        ("messages undelivered", "undelivered_total", heard.undelivered, doubt),
        // One to a phone that we dropped may be there until the server notices.
        ("messages in outboxes", "in_outboxes", 0, doubt),
    ];
    let theirs = |name| {
        let name = format!("switchboard_messages_{name}");
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
