//! [`Summary`]: what came of a run, in the shape in which it is published.
//!
//! As JSON it is a contract: `schema` counts up when a field changes its meaning or goes; new fields may
//! come at any time. Times are nanoseconds and end in `_ns`, or seconds and end in `_seconds`. The text
//! is for people, and no contract.

mod ledger;
mod server;
mod text;
mod verdict;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use crate::args::Options;
use crate::net::{End, Outcome};
use crate::record::{Fault, Times};
use crate::schedule::Arrivals;
use crate::target::Target;
use ledger::Row;
use server::Server;

pub(crate) use text::write_text;

/// The version of the JSON's shape.
const SCHEMA: u32 = 1;

/// What is known beside the outcome of the run itself.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    /// The server.
    pub(crate) target: &'a Target,
    /// Whether it is one of our own.
    pub(crate) is_own: bool,
    /// Its /metrics before the run and after it, or why there is none.
    pub(crate) metrics: Option<(&'a str, Result<&'a str, &'a str>)>,
    /// How our own server ended.
    pub(crate) stopped: Option<Result<(), &'a str>>,
}

/// What came of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    schema: u32,
    loadgen: &'static str,
    /// `good`, `failed` or `invalid`.
    verdict: &'static str,
    pub(crate) exit_code: u8,
    /// What the server did wrong, one sentence each.
    failures: Vec<String>,
    /// Why the run says nothing, one sentence each.
    invalid: Vec<String>,
    /// `as planned`, `interrupted` or `nobody left`.
    ended: &'static str,
    plan: Plan,
    connections: Connections,
    connect: Connect,
    messages: Messages,
    delivery: Delivery,
    heartbeat_ns: Quantiles,
    presence: Presence,
    traffic: Traffic,
    generator: Generator,
    /// Only for a server of our own.
    server: Option<Server>,
    /// Only with access to the server's /metrics.
    ledger: Option<Vec<Row>>,
}

#[derive(Debug, Serialize)]
struct Plan {
    url: String,
    own_server: bool,
    /// `open`: messages are due when the plan says, whatever the server does.
    model: &'static str,
    clients: u32,
    ramp_seconds: f64,
    duration_seconds: f64,
    rate: f64,
    arrivals: &'static str,
    seed: u64,
    text_bytes: usize,
    presence: &'static str,
    /// `null`: off.
    heartbeat_seconds: Option<f64>,
    refresh_seconds: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Connections {
    planned: u32,
    /// Those that got their first frame.
    ready: u64,
    /// The most that were ready at once.
    peak: u64,
    /// How they ended, in words.
    endings: BTreeMap<String, u64>,
    /// The same by the server's close code; `none` where it sent no code, or no close frame.
    closes: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct Connect {
    /// From the planned moment to the first frame.
    total_ns: Quantiles,
    tcp_ns: Quantiles,
    upgrade_ns: Quantiles,
    first_frame_ns: Quantiles,
}

#[derive(Debug, Serialize)]
struct Messages {
    sent: u64,
    delivered: u64,
    /// Never arrived, between two connections that ended in good order.
    lost: u64,
    /// Never arrived, where one of the two did not.
    in_doubt: u64,
    duplicated: u64,
    misdelivered: u64,
    reordered: u64,
    misattributed: u64,
    garbled: u64,
    /// Sent over a millisecond later than planned.
    late: u64,
    /// Not sent, because no two phones were connected.
    skipped: u64,
    /// Notices of the server that a message could not be delivered.
    undelivered_notices: u64,
    error_notices: u64,
    sending_seconds: f64,
    sent_per_second: f64,
    delivered_per_second: f64,
}

#[derive(Debug, Serialize)]
struct Delivery {
    /// From the planned moment to the arrival.
    corrected_ns: Quantiles,
    /// From the moment it really was sent.
    uncorrected_ns: Quantiles,
}

#[derive(Debug, Serialize)]
struct Presence {
    lists: u64,
    list_bytes: u64,
    longest_list_bytes: usize,
    longest_list_numbers: usize,
    deltas: u64,
    delta_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Traffic {
    bytes_received: u64,
    bytes_sent: u64,
    pings: u64,
    pongs: u64,
    /// Frames that are SCA but nothing we know, and frames that are no SCA.
    unknown_frames: u64,
    nonsense_frames: u64,
}

#[derive(Debug, Serialize)]
struct Generator {
    cpu_seconds: f64,
    /// While messages were sent: CPU time by time, 1.0 being all of the one core it can use.
    cpu_share: f64,
    /// The same by messages.
    cpu_seconds_per_message: f64,
    /// How much later than planned messages were sent.
    send_lag_ns: Quantiles,
    /// How long messages may have waited for us to read them.
    loop_lag_ns: Quantiles,
}

/// In nanoseconds, all zero if `count` is.
#[derive(Clone, Copy, Debug, Serialize)]
struct Quantiles {
    count: u64,
    min: u64,
    mean: u64,
    p50: u64,
    p90: u64,
    p99: u64,
    p999: u64,
    max: u64,
}

impl Summary {
    /// Draws the sum.
    pub(crate) fn new(options: &Options, outcome: &Outcome, around: &Surroundings<'_>) -> Self {
        let ledger = around.metrics.map(|(before, after)| {
            let after = after.map_err(str::to_owned);
            after.and_then(|after| ledger::compare(outcome, before, after))
        });
        let verdict = verdict::judge(outcome, around, &ledger);
        let record = &outcome.record;
        Summary {
            schema: SCHEMA,
            loadgen: env!("CARGO_PKG_VERSION"),
            verdict: verdict.word(),
            exit_code: verdict.exit_code(),
            failures: verdict.failures,
            invalid: verdict.invalid,
            ended: match outcome.end {
                End::AsPlanned => "as planned",
                End::Interrupted => "interrupted",
                End::NobodyLeft => "nobody left",
            },
            plan: plan(options, around),
            connections: connections(options, outcome),
            connect: Connect {
                total_ns: quantiles(&record.connecting.total),
                tcp_ns: quantiles(&record.connecting.tcp),
                upgrade_ns: quantiles(&record.connecting.upgrade),
                first_frame_ns: quantiles(&record.connecting.first_frame),
            },
            messages: messages(options, outcome),
            delivery: Delivery {
                corrected_ns: quantiles(&record.delivery),
                uncorrected_ns: quantiles(&record.delivery_uncorrected),
            },
            heartbeat_ns: quantiles(&record.heartbeat),
            presence: Presence {
                lists: record.heard.lists,
                list_bytes: record.heard.list_bytes,
                longest_list_bytes: record.heard.longest_list_bytes,
                longest_list_numbers: record.heard.longest_list_numbers,
                deltas: record.heard.deltas,
                delta_bytes: record.heard.delta_bytes,
            },
            traffic: Traffic {
                bytes_received: record.heard.bytes,
                bytes_sent: record.heard.bytes_sent,
                pings: record.heard.pings,
                pongs: record.heard.pongs,
                unknown_frames: record.heard.other,
                nonsense_frames: record.heard.nonsense,
            },
            generator: generator(outcome),
            server: server::measure(outcome),
            ledger: ledger.and_then(Result::ok),
        }
    }
}

/// Writes the summary as JSON.
pub(crate) fn write_json(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, summary)?;
    writeln!(out)
}

fn plan(options: &Options, around: &Surroundings<'_>) -> Plan {
    let (timing, settings) = (&options.timing, &options.settings);
    Plan {
        url: around.target.url(),
        own_server: around.is_own,
        model: "open",
        clients: timing.clients,
        ramp_seconds: timing.ramp.as_secs_f64(),
        duration_seconds: timing.duration.as_secs_f64(),
        rate: timing.rate,
        arrivals: match timing.arrivals {
            Arrivals::Constant => "constant",
            Arrivals::Exponential => "exponential",
        },
        seed: timing.seed,
        text_bytes: settings.text_bytes,
        presence: settings.presence.word(),
        heartbeat_seconds: settings.heartbeat.map(|every| every.as_secs_f64()),
        refresh_seconds: settings.refresh.map(|every| every.as_secs_f64()),
    }
}

fn connections(options: &Options, outcome: &Outcome) -> Connections {
    let record = &outcome.record;
    let mut closes = BTreeMap::new();
    for (ending, count) in &record.endings {
        let code = ending.close_code().map_or_else(|| "none".to_owned(), |code| code.to_string());
        *closes.entry(code).or_default() += count;
    }
    Connections {
        planned: options.timing.clients,
        ready: record.connecting.total.count(),
        peak: outcome.peak,
        endings: record.endings.iter().map(|(end, &count)| (end.to_string(), count)).collect(),
        closes,
    }
}

fn messages(options: &Options, outcome: &Outcome) -> Messages {
    let (record, books) = (&outcome.record, &outcome.record.books);
    let seconds = outcome.sending_ended.since(options.timing.messages_begin()).as_secs_f64();
    let per_second = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
    Messages {
        sent: books.sent(),
        delivered: books.delivered(),
        lost: outcome.lost,
        in_doubt: outcome.in_doubt,
        duplicated: books.count(Fault::Duplicated),
        misdelivered: books.count(Fault::Misdelivered),
        reordered: books.count(Fault::Reordered),
        misattributed: books.count(Fault::Misattributed),
        garbled: books.count(Fault::Garbled),
        late: record.late_sends,
        skipped: record.skipped_sends,
        undelivered_notices: record.heard.undelivered,
        error_notices: record.heard.errors,
        sending_seconds: seconds,
        sent_per_second: per_second(books.sent()),
        delivered_per_second: per_second(books.delivered()),
    }
}

fn generator(outcome: &Outcome) -> Generator {
    let record = &outcome.record;
    let [before, began, settled] = outcome.samples;
    let cpu = settled.own_cpu.saturating_sub(began.own_cpu);
    Generator {
        cpu_seconds: settled.own_cpu.saturating_sub(before.own_cpu).as_secs_f64(),
        cpu_share: share(cpu, settled.at.since(began.at)),
        cpu_seconds_per_message: per_message(cpu, outcome),
        send_lag_ns: quantiles(&record.send_lag),
        loop_lag_ns: quantiles(&record.loop_lag),
    }
}

/// How much of a time something else took; 0 of no time.
fn share(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() { 0.0 } else { part.as_secs_f64() / whole.as_secs_f64() }
}

/// In seconds; 0 without messages.
fn per_message(cpu: Duration, outcome: &Outcome) -> f64 {
    match outcome.record.books.sent() {
        0 => 0.0,
        sent => cpu.as_secs_f64() / sent as f64,
    }
}

fn quantiles(times: &Times) -> Quantiles {
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    Quantiles {
        count: times.count(),
        min: nanos(times.min()),
        mean: nanos(times.mean()),
        p50: nanos(times.quantile(0.5)),
        p90: nanos(times.quantile(0.9)),
        p99: nanos(times.quantile(0.99)),
        p999: nanos(times.quantile(0.999)),
        max: nanos(times.max()),
    }
}
