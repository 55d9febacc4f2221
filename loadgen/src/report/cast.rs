//! What the report says of personas, presence and silence: the shape of the JSON, and the text.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::quantiles::Quantiles;
use crate::record::{Measure, Outcome};

/// Both ways to measure a time, in nanoseconds.
#[derive(Debug, Serialize)]
pub(super) struct Both {
    /// From the planned moment.
    pub(super) corrected_ns: Quantiles,
    /// From the moment at which it really began.
    pub(super) uncorrected_ns: Quantiles,
}

impl Both {
    pub(super) fn of(measure: &Measure) -> Self {
        Both {
            corrected_ns: Quantiles::of(&measure.corrected),
            uncorrected_ns: Quantiles::of(&measure.uncorrected),
        }
    }
}

/// How long it took until every phone knew which phones are online.
#[derive(Debug, Serialize)]
pub(super) struct Convergence {
    /// From each coming or going to the moment at which another phone's view is right.
    #[serde(flatten)]
    pub(super) times: Both,
    /// How often a phone came or went.
    pub(super) changes: u32,
    /// Phones whose view was wrong in the end.
    pub(super) stale_views: u64,
}

/// How long the server took to notice that a phone had fallen silent.
#[derive(Debug, Serialize)]
pub(super) struct Notice {
    #[serde(flatten)]
    pub(super) times: Both,
    /// Silent phones that were not given up in time.
    pub(super) unnoticed: u64,
    /// Silent phones that were given up too early.
    pub(super) too_early: u64,
}

/// The phones of one persona.
#[derive(Debug, Serialize)]
pub(super) struct Kind {
    /// How many connections they had.
    pub(super) connections: u64,
    /// How they ended, in words.
    pub(super) endings: BTreeMap<String, u64>,
    /// How they ended, by the server's close code; `none` if it sent no code, or no close frame.
    pub(super) closes: BTreeMap<String, u64>,
}

/// The phones by persona.
pub(super) type Kinds = BTreeMap<&'static str, Kind>;

pub(super) fn kinds(outcome: &Outcome) -> Kinds {
    let kinds = outcome.record.tallies.iter().map(|(persona, tally)| {
        let mut closes = BTreeMap::new();
        for (ending, count) in &tally.endings {
            let code =
                ending.close_code().map_or_else(|| "none".to_owned(), |code| code.to_string());
            *closes.entry(code).or_default() += count;
        }
        let endings = tally.endings.iter().map(|(ending, &count)| (ending.to_string(), count));
        let kind = Kind { connections: tally.connections, endings: endings.collect(), closes };
        (persona.word(), kind)
    });
    kinds.collect()
}

pub(super) fn convergence(outcome: &Outcome) -> Convergence {
    let record = &outcome.record;
    Convergence {
        times: Both::of(record.convergence()),
        changes: record.changes(),
        stale_views: record.stale_views,
    }
}

pub(super) fn notice(outcome: &Outcome) -> Notice {
    let record = &outcome.record;
    Notice {
        times: Both::of(&record.notice),
        unnoticed: record.unnoticed,
        too_early: record.too_early,
    }
}

/// Writes how the connections of each persona ended, if there are several personas.
pub(super) fn write_kinds(kinds: &Kinds, out: &mut impl Write) -> io::Result<()> {
    if kinds.len() < 2 {
        return Ok(());
    }
    for (name, kind) in kinds {
        let endings = kind.endings.iter().map(|(ending, count)| format!("{count} {ending}"));
        let endings: Vec<_> = endings.collect();
        writeln!(out, "  {name:<12}{} connections: {}", kind.connections, endings.join("; "))?;
    }
    Ok(())
}

/// Writes what became of presence, and of phones that fell silent.
pub(super) fn write_views(
    convergence: &Convergence,
    notice: &Notice,
    out: &mut impl Write,
) -> io::Result<()> {
    if convergence.changes > 0 {
        let Convergence { changes, stale_views, .. } = convergence;
        writeln!(
            out,
            "             {changes} comings and goings; {stale_views} views stale in the end"
        )?;
    }
    let noticed = notice.times.corrected_ns.count;
    if noticed + notice.unnoticed > 0 {
        let (late, early) = (notice.unnoticed, notice.too_early);
        writeln!(
            out,
            "silence      {noticed} given up by the server, {early} too early; {late} not in time"
        )?;
    }
    Ok(())
}
