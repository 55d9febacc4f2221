//! What the report says of several servers: each of them, and the messages within one and across two.

use std::io::{self, Write};

use serde::Serialize;

use super::surroundings::Surroundings;
use crate::plan;
use crate::record::{Outcome, Way, WayTally};
use crate::workload::{Homes, ServerId};

/// A server of the run.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    pub(super) url: String,
    /// Its share of the phones, compared with the other servers.
    pub(super) weight: u32,
    /// How many phones, or sessions, were on it at first.
    pub(super) phones: u32,
    /// `null`: the server does not tell.
    pub(super) version: Option<String>,
    /// Whether its `/metrics` were read. The books are compared only if those of all servers were.
    pub(super) metrics: bool,
}

/// The servers, in their order.
pub(super) fn told(plan: &plan::Plan, around: &Surroundings<'_>) -> Vec<Told> {
    let timing = &plan.timing;
    let weights: Vec<_> = around.servers.iter().map(|server| server.weight).collect();
    let homes = Homes::new(&weights, timing.clients, timing.seed);
    let servers = (0..).map(ServerId).zip(around.servers).zip(&around.versions);
    let told = servers.map(|((id, server), version)| Told {
        url: server.target.url(),
        weight: server.weight.get(),
        phones: homes.count(id, timing.clients),
        version: version.clone(),
        metrics: server.metrics.is_some(),
    });
    told.collect()
}

/// What became of the messages on one way.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct OnWay {
    pub(super) sent: u64,
    pub(super) delivered: u64,
    /// The server has said that they will not arrive.
    pub(super) undelivered: u64,
    /// Neither: lost or in doubt.
    pub(super) missing: u64,
}

/// The messages on this way; `None` if there is one server only.
pub(super) fn on_way(outcome: &Outcome, way: Way) -> Option<OnWay> {
    outcome.record.delivery_by_way.as_ref()?;
    let WayTally { sent, delivered, given_back } = outcome.record.books.tally(way);
    let missing = sent - delivered - given_back;
    Some(OnWay { sent, delivered, undelivered: given_back, missing })
}

/// One line about each server, if there are several.
pub(super) fn write_servers(
    servers: &[Told],
    phones: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    if servers.len() < 2 {
        return Ok(());
    }
    for server in servers {
        writeln!(
            out,
            "             {} {phones} on {}{}",
            server.phones,
            server.url,
            server.about()
        )?;
    }
    Ok(())
}

impl Told {
    /// What is to be known of it, behind its URL.
    pub(super) fn about(&self) -> String {
        let version = self.version.as_deref().map(|version| format!(", server {version}"));
        let metrics = if self.metrics { "" } else { ", without its /metrics" };
        format!("{}{metrics}", version.unwrap_or_default())
    }
}

/// Why the books are not compared, if some servers have theirs and some do not.
pub(super) fn missing_books(servers: &[Told]) -> Option<String> {
    let without: Vec<&str> =
        servers.iter().filter(|one| !one.metrics).map(|one| &*one.url).collect();
    let is_some = !without.is_empty() && without.len() < servers.len();
    is_some.then(|| format!("not compared, for want of the /metrics of {}", without.join(", ")))
}

/// The messages on one way in words.
pub(super) fn words(way: OnWay) -> String {
    let OnWay { sent, delivered, undelivered, missing } = way;
    let missing = if missing > 0 { format!(", {missing} missing") } else { String::new() };
    format!("{sent} sent, {delivered} delivered, {undelivered} undelivered{missing}")
}
