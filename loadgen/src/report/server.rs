//! [`Server`]: what the server has used, and how long the turns of its loop were.
//!
//! The kernel says what loadgen's own server uses (/proc). Another server may say it in its `/metrics`:
//! then the figures are as old as the last page, up to a second. A figure that is in neither is `None`.

use std::time::Duration;

use serde::Serialize;

use super::ratio::per_message;
use super::surroundings::Surroundings;
use crate::exposition::{Process, Turns};
use crate::record::Outcome;

/// What a server has used. The kernel's buffers for its sockets are not part of its memory here.
#[derive(Debug, Default, Serialize)]
pub(super) struct Server {
    /// From before the first phone until the last message had arrived.
    pub(super) cpu_seconds: Option<f64>,
    /// CPU time while messages were sent, divided by messages. Presence and heartbeats are part of it.
    pub(super) cpu_seconds_per_message: Option<f64>,
    /// Before the first phone came.
    pub(super) rss_before_bytes: Option<u64>,
    /// When all phones had come.
    pub(super) rss_connected_bytes: Option<u64>,
    /// The most at any time.
    pub(super) rss_peak_bytes: Option<u64>,
    /// What the phones have added, divided by phones.
    pub(super) rss_bytes_per_connection: Option<u64>,
    /// Only with the server's `/metrics`.
    pub(super) turns: Option<TurnTimes>,
}

/// How long the turns of its loop were, without sleep. All but the mean are rounded up to a bound of the
/// server's histogram; beyond its last bound they are `None`.
#[derive(Debug, Serialize)]
pub(super) struct TurnTimes {
    pub(super) count: u64,
    pub(super) mean_ns: u64,
    pub(super) p50_ns: Option<u64>,
    pub(super) p99_ns: Option<u64>,
    pub(super) max_ns: Option<u64>,
}

/// Returns `None` if there is no server that we may look at.
pub(super) fn measure(outcome: &Outcome, around: &Surroundings<'_>) -> Option<Server> {
    let pages = match &around.metrics {
        Some((before, Ok(after))) => Some((before.as_str(), after.as_str())),
        Some((_, Err(_))) | None => None,
    };
    let server = from_the_kernel(outcome).or_else(|| Some(from_pages(outcome, pages?)))?;
    Some(Server { turns: pages.and_then(turns), ..server })
}

fn from_the_kernel(outcome: &Outcome) -> Option<Server> {
    let [before, began, settled] = outcome.samples;
    let (before, began, settled) = (before.server?, began.server?, settled.server?);
    let added = began.rss.saturating_sub(before.rss);
    Some(Server {
        cpu_seconds: Some(settled.cpu.saturating_sub(before.cpu).as_secs_f64()),
        cpu_seconds_per_message: per_message(settled.cpu.saturating_sub(began.cpu), outcome),
        rss_before_bytes: Some(before.rss),
        rss_connected_bytes: Some(began.rss),
        rss_peak_bytes: Some(settled.rss_peak),
        rss_bytes_per_connection: added.checked_div(outcome.peak),
        turns: None,
    })
}

fn from_pages(outcome: &Outcome, (before, after): (&str, &str)) -> Server {
    let (before, after) = (Process::read(before), Process::read(after));
    let [_, began, _] = outcome.samples;
    let began = began.at.as_nanos() as f64 / 1e9;
    let rows = outcome.record.series.rows();
    let sending = rows.iter().filter(|row| row.at_seconds > began);
    let cpu: Option<f64> = sending.filter_map(|row| row.server_cpu_seconds).reduce(|a, b| a + b);
    let connected =
        rows.iter().filter(|row| row.at_seconds > began).find_map(|row| row.server_rss_bytes);
    let added = connected.zip(before.rss).map(|(with, without)| with.saturating_sub(without));
    Server {
        cpu_seconds: after.cpu.zip(before.cpu).map(|(b, a)| b.saturating_sub(a).as_secs_f64()),
        cpu_seconds_per_message: cpu
            .and_then(|cpu| per_message(Duration::try_from_secs_f64(cpu).ok()?, outcome)),
        rss_before_bytes: before.rss,
        rss_connected_bytes: connected,
        rss_peak_bytes: rows.iter().filter_map(|row| row.server_rss_bytes).chain(after.rss).max(),
        rss_bytes_per_connection: added.and_then(|added| added.checked_div(outcome.peak)),
        turns: None,
    }
}

fn turns((before, after): (&str, &str)) -> Option<TurnTimes> {
    let turns = Turns::read(after)?.since(&Turns::read(before)?);
    let nanos = |share| turns.at_most(share).and_then(|time| u64::try_from(time.as_nanos()).ok());
    Some(TurnTimes {
        count: turns.count(),
        mean_ns: u64::try_from(turns.mean().as_nanos()).unwrap_or(u64::MAX),
        p50_ns: nanos(0.5),
        p99_ns: nanos(0.99),
        max_ns: nanos(1.0),
    })
}
