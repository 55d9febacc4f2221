//! The log's lines about the operator's API. They have no name and no text: `by` is the address that the
//! order came from, `on` the kind of name that it was about.

use super::log::{Level, Log, Value};
use crate::limiter::Block;
use crate::turn::OrderNote;

/// Logs what the operator has done.
pub(super) fn log_order(log: &mut Log, OrderNote { action, on, by, count }: OrderNote) {
    let by = by.to_string();
    let fields = [
        ("action", Value::Word(action)),
        ("on", Value::Word(on)),
        ("by", Value::Word(&by)),
        ("count", Value::Count(count as u64)),
    ];
    log.line(Level::Info, format_args!("the operator's order"), &fields);
}

/// Logs that a request for the operator's API had not the operator's token.
pub(super) fn log_stranger(log: &mut Log, by: Block) {
    let by = by.to_string();
    let message = format_args!("a request for the operator's API without the operator's token");
    log.line(Level::Warn, message, &[("by", Value::Word(&by))]);
}
