//! [`Server`]: what our own server has used.

use serde::Serialize;

use super::per_message;
use crate::net::Outcome;

/// What a server has used. Memory is its own; the kernel's buffers for its sockets are not in it.
#[derive(Debug, Serialize)]
pub(super) struct Server {
    /// From the first phone to the last message.
    pub(super) cpu_seconds: f64,
    /// While messages were sent, presence and heartbeats included.
    pub(super) cpu_seconds_per_message: f64,
    /// Before the first phone came.
    pub(super) rss_before_bytes: u64,
    /// When all had come.
    pub(super) rss_connected_bytes: u64,
    /// The most there ever was.
    pub(super) rss_peak_bytes: u64,
    /// What the phones have added, by phones.
    pub(super) rss_bytes_per_connection: u64,
}

/// `None`, if there is no server that we may look at.
pub(super) fn measure(outcome: &Outcome) -> Option<Server> {
    let [before, began, settled] = outcome.samples;
    let (before, began, settled) = (before.server?, began.server?, settled.server?);
    let added = began.rss.saturating_sub(before.rss);
    Some(Server {
        cpu_seconds: settled.cpu.saturating_sub(before.cpu).as_secs_f64(),
        cpu_seconds_per_message: per_message(settled.cpu.saturating_sub(began.cpu), outcome),
        rss_before_bytes: before.rss,
        rss_connected_bytes: began.rss,
        rss_peak_bytes: settled.rss_peak,
        rss_bytes_per_connection: added.checked_div(outcome.peak).unwrap_or(0),
    })
}
