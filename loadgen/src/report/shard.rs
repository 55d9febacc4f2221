//! [`ShardPart`]: what the report of a shard has for `loadgen merge`; and [`Shards`]: what the merged report says
//! of its shards.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::surroundings::Surroundings;
use crate::origin::Origin;
use crate::plan::Plan;
use crate::record::{Exchanged, Outcome, Part};
use crate::workload::Shard;

/// What `merge` needs of a shard. It is in the JSON, and only a loadgen of the same version reads it.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct ShardPart {
    /// Which one, from 1, and how many there are.
    pub(super) number: u32,
    pub(super) of: u32,
    /// The whole plan.
    pub(super) plan: Plan,
    pub(super) part: Part,
    /// The server's `/metrics` before and after the run, without comments; `None` if they are not known.
    pub(super) pages: Option<(String, String)>,
}

/// What the report of one shard says of messages to and from others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beyond {
    sent: u64,
    arrived: u64,
    overdue: u64,
}

impl ShardPart {
    /// Of a run; `None` if it was no shard.
    pub(super) fn of(plan: &Plan, outcome: &Outcome, around: &Surroundings<'_>) -> Option<Self> {
        let (Shard { number, of }, part) = (plan.shard?, Part::of(outcome)?);
        let pages = match &around.metrics {
            Some((before, Ok(after))) => Some((without_comments(before), without_comments(after))),
            Some((_, Err(_))) | None => None,
        };
        Some(ShardPart { number, of, plan: plan.clone(), part, pages })
    }

    pub(super) fn shard(&self) -> Shard {
        Shard { number: self.number, of: self.of }
    }

    /// What its report says of messages to and from others.
    pub(super) fn beyond(&self) -> Beyond {
        let crossing = &self.part.crossing();
        let overdue = crossing.overdue.len() as u64;
        Beyond { sent: crossing.sent, arrived: crossing.arrived, overdue }
    }
}

fn without_comments(page: &str) -> String {
    page.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// The shards of a merged report.
#[derive(Debug, Serialize)]
pub(super) struct Shards {
    /// Messages that were sent from one shard to another.
    pub(super) messages_sent: u64,
    /// Of those, messages that have arrived.
    pub(super) messages_arrived: u64,
    /// Messages that have arrived before they were planned: so the clocks are apart.
    pub(super) messages_too_early: u64,
    /// Whether times between shards are part of the figures.
    pub(super) are_times_counted: bool,
    /// What these times are worth, in a sentence.
    pub(super) clocks: String,
    /// In the order of their numbers.
    pub(super) files: Vec<ShardFile>,
}

/// The report of a shard.
#[derive(Debug, Serialize)]
pub(super) struct ShardFile {
    /// As it was named.
    pub(super) file: String,
    pub(super) date: String,
    pub(super) command: String,
    pub(super) host: Option<String>,
}

impl Shards {
    pub(super) fn new(exchanged: Exchanged, files: Vec<(String, &Origin)>) -> Self {
        let mut hosts: Vec<_> = files.iter().map(|(_, origin)| &origin.host).collect();
        hosts.sort();
        hosts.dedup();
        let Exchanged { sent, arrived, too_early } = exchanged;
        let clocks = match (too_early, hosts.len()) {
            (0, 1) => "All shards ran on one machine, with one clock".to_owned(),
            (0, machines) => format!(
                "The shards ran on {machines} machines: times between them are as exact as their clocks agree"
            ),
            (early, _) => format!(
                "The clocks are apart: {early} messages arrived before they were planned, so times between \
                 shards are left out"
            ),
        };
        let files = files.into_iter().map(|(file, origin)| ShardFile {
            file,
            date: origin.date.clone(),
            command: origin.command.clone(),
            host: origin.host.clone(),
        });
        Shards {
            messages_sent: sent,
            messages_arrived: arrived,
            messages_too_early: too_early,
            are_times_counted: too_early == 0,
            clocks,
            files: files.collect(),
        }
    }

    /// The names of the files.
    fn names(&self) -> String {
        let names: Vec<&str> = self.files.iter().map(|one| &*one.file).collect();
        format!("{}: {}", names.len(), names.join(", "))
    }

    /// The same in three sentences.
    pub(super) fn sentences(&self) -> [String; 3] {
        let [messages, clocks] = self.about_messages();
        [format!("Merged from shards, {}", self.names()), messages, clocks]
    }

    fn about_messages(&self) -> [String; 2] {
        let Shards { messages_sent: sent, messages_arrived: arrived, .. } = self;
        let messages = match sent {
            0 => "No message was sent from one shard to another".to_owned(),
            _ => format!("{arrived} of {sent} messages from one shard to another arrived"),
        };
        [messages, self.clocks.clone()]
    }
}

impl Beyond {
    /// What is known of messages between shards before they are merged.
    pub(super) fn sentence(self) -> String {
        let Beyond { sent, arrived, overdue } = self;
        format!(
            "{sent} messages sent to other shards, {arrived} arrived from them, {overdue} that were due did not; \
             loadgen merge knows what became of them"
        )
    }
}

/// Writes what a shard or a merged report says of messages between shards; nothing for any other report.
pub(super) fn write_shards(
    part: Option<&ShardPart>,
    shards: Option<&Shards>,
    out: &mut impl Write,
) -> io::Result<()> {
    if let Some(part) = part {
        writeln!(out, "shard        {}", part.shard())?;
        writeln!(out, "             {}", part.beyond().sentence())?;
    }
    if let Some(shards) = shards {
        writeln!(out, "shards       {}", shards.names())?;
        for sentence in shards.about_messages() {
            writeln!(out, "             {sentence}")?;
        }
    }
    Ok(())
}
