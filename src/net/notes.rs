//! The log's lines about connections that have ended, requests that were refused, and the operator's orders.
//!
//! Those about orders have no name and no text: `by` is the address that the order came from, `on` the kind of
//! name that it was about.

use super::log::{Level, Log, Value};
use crate::limiter::Block;
use crate::session::Refused;
use crate::turn::{EndNote, OrderNote};

/// Logs that a connection has ended. Plain HTTP requests are logged at `debug` only: a monitoring
/// system may send one a second.
pub(super) fn log_end(log: &mut Log, note: &EndNote) {
    let (level, kind) =
        if note.was_websocket { (Level::Info, "websocket") } else { (Level::Debug, "http") };
    let tag = note.tag.map(|tag| format!("{tag:08x}"));
    log.line(
        level,
        format_args!("connection ended"),
        &[
            ("kind", Value::Word(kind)),
            ("outcome", Value::Word(note.outcome)),
            ("who", Value::Word(tag.as_deref().unwrap_or("nobody"))),
            ("lasted_ms", Value::Count(note.lasted.as_millis() as u64)),
            ("bytes_in", Value::Count(note.bytes_in.into())),
            ("bytes_out", Value::Count(note.bytes_out.into())),
            ("messages_in", Value::Count(note.messages_in.into())),
            ("messages_out", Value::Count(note.messages_out.into())),
        ],
    );
}

/// Logs that no WebSocket was opened, and why: a browser does not tell its page. Other requests that are
/// refused are logged at `debug` only: there are always programs that look for pages which are not here.
pub(super) fn log_refused(log: &mut Log, refused: Refused) {
    let (level, message) = match refused.is_upgrade {
        true => (Level::Info, format_args!("upgrade refused")),
        false => (Level::Debug, format_args!("request refused")),
    };
    let fields = [
        ("reason", Value::Word(refused.reason.word())),
        ("status", Value::Count(refused.status.code().into())),
        ("route", Value::Word(refused.route)),
    ];
    log.line(level, message, &fields);
}

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
