//! [`Part`]: what a shard has to tell `merge`, so that the outcome of all shards is as if one process had
//! played the plan.
//!
//! It has sums and whole histograms, and no quantiles: sums and histograms can be added.

mod crossed;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use switchboard::timer::Moment;

use crate::client::Ending;
use crate::record::account::{AccountPart, Orders};
use crate::record::books::{Books, Crossing, Fault, Sums};
use crate::record::lately::Lately;
use crate::record::messenger::MessengerPart;
use crate::record::outcome::nanos;
use crate::record::series::RowHistograms;
use crate::record::tally::{add_endings, pairs};
use crate::record::views::Views;
use crate::record::{
    Accounts, Checked, Connecting, End, Heard, Lapse, Measure, Messenger, Outcome, Record, Sample,
    Second, Series, Tally, Times,
};
use crate::workload::Persona;
use crossed::Crossed;

/// How long messages of other shards took, from the moment for which they were planned.
///
/// Both moments are of the system's clock, each in another process. On one machine that is one clock.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Across {
    pub(crate) times: Times,
    /// Messages that have arrived before they were planned: so the clocks are apart.
    pub(crate) too_early: u64,
}

impl Across {
    /// A message has arrived now.
    pub(super) fn add(&mut self, intended: Moment, now: Moment) {
        self.times.add(now.since(intended));
        self.too_early += u64::from(now < intended);
    }
}

/// What a shard has to tell `merge`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Part {
    end: End,
    samples: [Sample; 3],
    #[serde(with = "nanos")]
    sending_ended: Moment,
    planned: u64,
    peak: u64,
    /// Of messages within the shard.
    lost: u64,
    in_doubt: u64,
    sums: Sums,
    crossing: Crossing,
    connecting: Connecting,
    delivery: Measure,
    across: Across,
    heartbeat: Measure,
    convergence: Measure,
    changes: u32,
    stale_views: u64,
    notice: Measure,
    unnoticed: u64,
    too_early: u64,
    send_lag: Times,
    loop_lag: Times,
    late_sends: u64,
    skipped_sends: u64,
    heard: Heard,
    #[serde(with = "pairs")]
    endings: BTreeMap<Ending, u64>,
    tallies: BTreeMap<Persona, Tally>,
    series: Vec<(Second, RowHistograms)>,
    /// Only of sessions, and only of users with accounts.
    messenger: Option<Box<MessengerPart>>,
    accounts: Option<Box<AccountPart>>,
}

/// What is known of messages between shards only when all shards are seen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Exchanged {
    /// Messages sent from one shard to another. One to everyone counts once for each other shard.
    pub(crate) sent: u64,
    /// Of those, messages that have arrived.
    pub(crate) arrived: u64,
    /// Messages that have arrived before they were planned. If there are any, the clocks of the machines are
    /// apart, and no delivery time between shards is part of the figures.
    pub(crate) too_early: u64,
}

impl Part {
    /// Of a run that is over; `None` if it was no shard.
    pub(crate) fn of(outcome: &Outcome) -> Option<Self> {
        let record = &outcome.record;
        let histograms = record.series.histograms().iter().cloned();
        Some(Part {
            end: outcome.end,
            samples: outcome.samples,
            sending_ended: outcome.sending_ended,
            planned: outcome.planned,
            peak: outcome.peak,
            lost: outcome.lost,
            in_doubt: outcome.in_doubt,
            sums: record.books.sums(),
            crossing: record.crossing()?,
            connecting: record.connecting.clone(),
            delivery: record.delivery.clone(),
            across: record.across.clone(),
            heartbeat: record.heartbeat.clone(),
            convergence: record.convergence().clone(),
            changes: record.changes(),
            stale_views: record.stale_views,
            notice: record.notice.clone(),
            unnoticed: record.unnoticed,
            too_early: record.too_early,
            send_lag: record.send_lag.clone(),
            loop_lag: record.loop_lag.clone(),
            late_sends: record.late_sends,
            skipped_sends: record.skipped_sends,
            heard: record.heard,
            endings: record.endings.clone(),
            tallies: record.tallies.clone(),
            series: record.series.rows().iter().cloned().zip(histograms).collect(),
            messenger: record.messenger().map(MessengerPart::of).map(Box::new),
            accounts: record.accounts().map(AccountPart::of).map(Box::new),
        })
    }

    /// A hash of the names of all users, if they have accounts.
    pub(crate) fn users(&self) -> Option<u64> {
        self.accounts.as_ref().map(|accounts| accounts.users)
    }

    /// Whether the plan was played to its end. Otherwise nobody can tell which messages of this shard the
    /// others should have got.
    pub(crate) fn is_whole(&self) -> bool {
        self.end == End::AsPlanned
    }

    /// What became of messages from and to phones of other shards, as far as this one knows.
    pub(crate) fn crossing(&self) -> &Crossing {
        &self.crossing
    }

    /// How many messages the whole plan had.
    pub(crate) fn messages_planned(&self) -> u64 {
        self.crossing.planned
    }

    /// The outcome of all shards of a plan, in the order of their numbers.
    pub(crate) fn merge(parts: &[Part]) -> (Outcome, Exchanged) {
        let mut exchanged = Exchanged::default();
        let mut sums = Sums::default();
        let mut record = Record::new(Checked::Mobile(Box::new(Views::new(0, 1))), false);
        let (mut convergence, mut changes) = (Measure::default(), 0);
        for part in parts {
            sums.absorb(&part.sums);
            exchanged.sent += part.crossing.sent;
            exchanged.arrived += part.crossing.arrived;
            exchanged.too_early += part.across.too_early;
            record.absorb(part);
            convergence.absorb(&part.convergence);
            changes += part.changes;
        }
        let is_one_clock = exchanged.too_early == 0;
        if is_one_clock {
            let across = parts.iter().map(|part| &part.across.times);
            across.for_each(|times| record.delivery.corrected.absorb(times));
        }
        let crossed = Crossed::of(parts);
        let (lost, in_doubt) = crossed.uncounted(parts);
        sums.add_fault(Fault::Garbled, crossed.invented.len() as u64);
        let of_sessions = parts.iter().filter_map(|part| part.messenger.as_deref());
        let of_users = || parts.iter().filter_map(|part| part.accounts.as_deref());
        if of_users().next().is_some() {
            // The sender's shard took a message for delivered when all of its own phones had it. It does not know to
            // how many others it was to come.
            sums.take_back(lost + in_doubt);
            exchanged.sent = exchanged.arrived + crossed.overdue;
            let orders = of_users().map(|part| &part.orders);
            sums.add_fault(Fault::Reordered, Orders::reordered(orders));
            let mut merged = Accounts::merged(of_users(), convergence, changes);
            merged.lapses.add_many(Lapse::DeliveryLost, crossed.deliveries);
            merged.lapses.add_many(Lapse::NoticeLost, crossed.notices);
            record.checked = Checked::Account(Box::new(merged));
        } else {
            // The recipient's shard took it for delivered when it came.
            sums.take_back(crossed.invented.len() as u64);
            record.checked = match parts.iter().any(|part| part.messenger.is_some()) {
                true => {
                    let merged = Messenger::merged(of_sessions, convergence, changes);
                    Checked::Messenger(Box::new(merged))
                }
                false => Checked::Mobile(Box::new(Views::merged(convergence, changes))),
            };
        }
        record.books = Books::of_sums(sums);
        record.series = Series::of_rows(merged_rows(parts, is_one_clock));
        let sum = |figure: fn(&Part) -> u64| parts.iter().map(figure).sum::<u64>();
        let outcome = Outcome {
            record,
            end: End::AsPlanned,
            samples: [0, 1, 2].map(|at| merged_sample(parts.iter().map(|part| part.samples[at]))),
            sending_ended: parts.iter().map(|part| part.sending_ended).max().unwrap_or_default(),
            processes: u32::try_from(parts.len()).unwrap_or(u32::MAX),
            planned: sum(|part| part.planned),
            peak: sum(|part| part.peak),
            in_doubt: sum(|part| part.in_doubt) + in_doubt,
            lost: sum(|part| part.lost) + lost,
        };
        (outcome, exchanged)
    }
}

impl Record {
    /// Adds what a shard has counted, without what only all shards together can tell.
    fn absorb(&mut self, part: &Part) {
        self.connecting.absorb(&part.connecting);
        self.delivery.absorb(&part.delivery);
        self.heartbeat.absorb(&part.heartbeat);
        self.notice.absorb(&part.notice);
        self.send_lag.absorb(&part.send_lag);
        self.loop_lag.absorb(&part.loop_lag);
        self.stale_views += part.stale_views;
        self.unnoticed += part.unnoticed;
        self.too_early += part.too_early;
        self.late_sends += part.late_sends;
        self.skipped_sends += part.skipped_sends;
        self.heard.absorb(&part.heard);
        add_endings(&mut self.endings, &part.endings);
        for (&persona, tally) in &part.tallies {
            self.tallies.entry(persona).or_default().absorb(tally);
        }
    }
}

impl Connecting {
    fn absorb(&mut self, other: &Connecting) {
        self.total.absorb(&other.total);
        self.tcp.absorb(&other.tcp);
        self.tls.absorb(&other.tls);
        self.upgrade.absorb(&other.upgrade);
        self.first_frame.absorb(&other.first_frame);
    }
}

impl Heard {
    fn absorb(&mut self, other: &Heard) {
        // Without `..`, so that no new counter is forgotten.
        let Heard {
            bytes,
            bytes_sent,
            lists,
            list_bytes,
            longest_list_bytes,
            longest_list_numbers,
            listed_twice,
            deltas,
            delta_bytes,
            pings,
            pongs,
            unanswered,
            strange_greetings,
            undelivered,
            errors,
            other: strange,
            nonsense,
            by_hostile,
        } = *other;
        self.bytes += bytes;
        self.bytes_sent += bytes_sent;
        self.lists += lists;
        self.list_bytes += list_bytes;
        self.longest_list_bytes = self.longest_list_bytes.max(longest_list_bytes);
        self.longest_list_numbers = self.longest_list_numbers.max(longest_list_numbers);
        self.listed_twice += listed_twice;
        self.deltas += deltas;
        self.delta_bytes += delta_bytes;
        self.pings += pings;
        self.pongs += pongs;
        self.unanswered += unanswered;
        self.strange_greetings += strange_greetings;
        self.undelivered += undelivered;
        self.errors += errors;
        self.other += strange;
        self.nonsense += nonsense;
        self.by_hostile += by_hostile;
    }
}

fn merged_sample(samples: impl Iterator<Item = Sample>) -> Sample {
    let none = Sample { at: Moment::START, own_cpu: Default::default(), server: None };
    samples.fold(none, |all, one| Sample {
        at: all.at.max(one.at),
        own_cpu: all.own_cpu + one.own_cpu,
        server: None,
    })
}

/// The rows of all shards, those of the same second in one.
fn merged_rows(parts: &[Part], is_one_clock: bool) -> Vec<Second> {
    let mut seconds: BTreeMap<u64, (Second, RowHistograms)> = BTreeMap::new();
    for (row, histograms) in parts.iter().flat_map(|part| &part.series) {
        // A row begins where the one before has ended: within its second, or a little after its start.
        let second = (row.at_seconds - row.length_seconds).max(0.0) as u64;
        let (all, merged) = seconds.entry(second).or_default();
        add_row(all, row);
        add(&mut merged.delivery, histograms.delivery.as_ref());
        if is_one_clock {
            add(&mut merged.delivery, histograms.across.as_ref());
        }
        add(&mut merged.convergence, histograms.convergence.as_ref());
    }
    let quantiles = |histogram: &Option<Lately>| histogram.as_ref().map(Lately::quantiles);
    let rows = seconds.into_values().map(|(mut row, histograms)| {
        let delivery = quantiles(&histograms.delivery);
        let convergence = quantiles(&histograms.convergence);
        (row.delivery_p50_ns, row.delivery_p99_ns) =
            (delivery.map(|[p50, _]| p50), delivery.map(|[_, p99]| p99));
        (row.convergence_p50_ns, row.convergence_p99_ns) =
            (convergence.map(|[p50, _]| p50), convergence.map(|[_, p99]| p99));
        row
    });
    rows.collect()
}

fn add(all: &mut Option<Lately>, more: Option<&Lately>) {
    if let Some(more) = more {
        all.get_or_insert_default().absorb(more);
    }
}

/// Adds a row of another process. All processes look at the same server, and so its figures are those of the
/// process that saw the most. loadgen's own are those of the process that had it hardest.
fn add_row(all: &mut Second, row: &Second) {
    all.length_seconds = all.length_seconds.max(row.length_seconds);
    all.at_seconds = all.at_seconds.max(row.at_seconds);
    all.sent += row.sent;
    all.delivered += row.delivered;
    all.connections += row.connections;
    all.bytes_sent += row.bytes_sent;
    all.bytes_received += row.bytes_received;
    all.presence_lists += row.presence_lists;
    all.presence_deltas += row.presence_deltas;
    let of_both = all.server_cpu_seconds.into_iter().chain(row.server_cpu_seconds);
    all.server_cpu_seconds = of_both.reduce(f64::max);
    all.server_rss_bytes = all.server_rss_bytes.max(row.server_rss_bytes);
    all.server_longest_turn_ns = all.server_longest_turn_ns.max(row.server_longest_turn_ns);
    all.loadgen_cpu_seconds = all.loadgen_cpu_seconds.max(row.loadgen_cpu_seconds);
    all.loop_lag_ns = all.loop_lag_ns.max(row.loop_lag_ns);
    all.send_lag_ns = all.send_lag_ns.max(row.send_lag_ns);
}
