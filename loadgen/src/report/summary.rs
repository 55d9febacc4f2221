//! [`Summary::new`]: draws the summary of a run from its plan, its outcome and the server's own books.

use std::collections::BTreeMap;

use super::quantiles::Quantiles;
use super::ratio::{per_message, share};
use super::sessions::SessionPlan;
use super::shape::{
    CHECKED, Connect, Connections, Delivery, Generator, Messages, NOT_CHECKED, Plan, Presence,
    Stage, Summary, Traffic,
};
use super::shard::ShardPart;
use super::surroundings::Surroundings;
use super::{accounts, cast, commands, ledger, saturation, server, servers, sessions, verdict};
use crate::client::Realm;
use crate::plan;
use crate::record::{End, Fault, Outcome, Way};
use crate::schedule::{self, Arrivals};

impl Summary {
    /// Draws the summary.
    pub(crate) fn new(plan: &plan::Plan, outcome: &Outcome, around: &Surroundings<'_>) -> Self {
        let server_restarted = !plan.commands.is_empty() && around.is_restarted();
        // The server counts the messages of all shards: so only `merge` can compare the books.
        let is_shard = plan.shard.is_some();
        let metrics = around.metrics.as_ref().filter(|_| !server_restarted && !is_shard);
        let ledger = metrics.map(|(before, after)| match after {
            Ok(after) => ledger::compare(outcome, before, after),
            Err(sentence) => Err(sentence.clone()),
        });
        let verdict = verdict::judge(plan, outcome, around, &ledger);
        let record = &outcome.record;
        let commands = commands::told(&record.commands);
        Summary {
            verdict: verdict.word(),
            exit_code: verdict.exit_code(),
            failures: verdict.failures,
            invalid: verdict.invalid,
            unmet: verdict.unmet,
            expected: plan.expectations.iter().map(ToString::to_string).collect(),
            ended: how_it_ended(outcome.end),
            plan: told_plan(plan, around),
            server_version: common_version(&around.versions),
            server_limits: around.limits(),
            servers: servers::told(plan, around),
            connections: connections(outcome),
            connect: Connect {
                total_ns: Quantiles::of(&record.connecting.total.corrected),
                total_uncorrected_ns: Quantiles::of(&record.connecting.total.uncorrected),
                tcp_ns: Quantiles::of(&record.connecting.tcp),
                tls_ns: Quantiles::of(&record.connecting.tls),
                upgrade_ns: Quantiles::of(&record.connecting.upgrade),
                first_frame_ns: Quantiles::of(&record.connecting.first_frame),
            },
            messages: messages(plan, outcome),
            delivery: delivery(outcome),
            heartbeat_ns: Quantiles::of(&record.heartbeat.corrected),
            heartbeat_uncorrected_ns: Quantiles::of(&record.heartbeat.uncorrected),
            convergence: cast::convergence(outcome),
            notice: cast::notice(outcome),
            personas: cast::kinds(outcome),
            presence: Presence {
                lists: record.heard.lists,
                list_bytes: record.heard.list_bytes,
                longest_list_bytes: record.heard.longest_list_bytes,
                longest_list_numbers: record.heard.longest_list_numbers,
                listed_twice: record.heard.listed_twice,
                deltas: record.heard.deltas,
                delta_bytes: record.heard.delta_bytes,
            },
            traffic: Traffic {
                bytes_received: record.heard.bytes,
                bytes_sent: record.heard.bytes_sent,
                pings: record.heard.pings,
                pongs: record.heard.pongs,
                unanswered_pings: record.heard.unanswered,
                unknown_frames: record.heard.other,
                nonsense_frames: record.heard.nonsense,
            },
            generator: generator(outcome),
            shard: ShardPart::of(plan, outcome, around).map(Box::new),
            shards: None,
            server: (!is_shard).then(|| server::measure(outcome, around)).flatten(),
            sessions: sessions::sessions(outcome),
            accounts: accounts::accounts(outcome),
            ledger: ledger.and_then(Result::ok),
            delivery_apart_ns: (!commands.is_empty())
                .then(|| Quantiles::of(&record.commands.apart)),
            series: commands::marked(record.series.rows(), &commands),
            commands,
            server_restarted,
        }
    }
}

fn how_it_ended(end: End) -> &'static str {
    match end {
        End::AsPlanned => "as planned",
        End::Interrupted => "interrupted",
        End::NobodyLeft => "nobody left",
        End::Aborted => "aborted",
        End::Overwhelmed => "overwhelmed",
    }
}

/// The version that all servers have, or those that there are.
fn common_version(versions: &[Option<String>]) -> Option<String> {
    let mut all: Vec<&str> = versions.iter().flatten().map(String::as_str).collect();
    all.dedup();
    (!all.is_empty()).then(|| all.join(", "))
}

fn delivery(outcome: &Outcome) -> Delivery {
    let record = &outcome.record;
    let by_way = record.delivery_by_way.as_ref();
    let on = |way: Way| by_way.map(|by_way| Quantiles::of(&by_way[way as usize]));
    Delivery {
        corrected_ns: Quantiles::of(&record.delivery.corrected),
        uncorrected_ns: Quantiles::of(&record.delivery.uncorrected),
        within_ns: on(Way::Within),
        across_ns: on(Way::Across),
    }
}

fn told_plan(plan: &plan::Plan, around: &Surroundings<'_>) -> Plan {
    let (timing, settings) = (&plan.timing, &plan.settings);
    let dialect = settings.protocol.dialect();
    let weights = settings.shares.iter().map(|share| (share.persona.word(), share.weight));
    let stage = |stage: &schedule::Stage| Stage {
        seconds: stage.time.as_secs_f64(),
        clients: stage.clients,
        rate_before: stage.rate_before,
        rate: stage.rate,
    };
    let urls: Vec<_> = around.servers.iter().map(|server| server.target.url()).collect();
    let trust = around.servers.iter().find_map(|server| server.target.trust.as_ref());
    Plan {
        url: urls.join(" "),
        certificates: trust.map(|trust| match trust.is_blind {
            true => NOT_CHECKED,
            false => CHECKED,
        }),
        protocol: dialect.names().word,
        sessions: match dialect.realm() {
            Realm::Mobile(_) | Realm::Account(_) => None,
            Realm::Messenger(_) => Some(SessionPlan::of(&settings.manners)),
        },
        accounts: match dialect.realm() {
            Realm::Mobile(_) | Realm::Messenger(_) => None,
            Realm::Account(_) => Some(settings.postings),
        },
        own_server: around.is_own,
        model: if plan.is_closed { "closed" } else { "open" },
        clients: timing.clients,
        ramp_seconds: timing.ramp.as_secs_f64(),
        duration_seconds: timing.duration.as_secs_f64(),
        rate: timing.rate,
        arrivals: match timing.arrivals {
            Arrivals::Constant => "constant",
            Arrivals::Exponential => "exponential",
        },
        seed: timing.seed,
        stages: timing.stages.iter().map(stage).collect(),
        weights: weights.collect(),
        circle: settings.circle,
        think_seconds: settings.think.map(|time| time.as_secs_f64()),
        text_bytes: settings.sizes.mean(),
        text_sizes: settings.sizes.to_string(),
        presence: settings.presence.word(),
        heartbeat_seconds: settings.heartbeat.map(|every| every.as_secs_f64()),
        refresh_seconds: settings.refresh.map(|every| every.as_secs_f64()),
    }
}

fn connections(outcome: &Outcome) -> Connections {
    let record = &outcome.record;
    let mut closes = BTreeMap::new();
    for (ending, count) in &record.endings {
        let code = ending.close_code().map_or_else(|| "none".to_owned(), |code| code.to_string());
        *closes.entry(code).or_default() += count;
    }
    Connections {
        planned: outcome.planned,
        ready: record.connecting.total.count(),
        peak: outcome.peak,
        has_hostile: record.tallies.keys().any(|persona| persona.is_hostile()),
        endings: record.endings.iter().map(|(end, &count)| (end.to_string(), count)).collect(),
        closes,
    }
}

fn messages(plan: &plan::Plan, outcome: &Outcome) -> Messages {
    let (record, books) = (&outcome.record, &outcome.record.books);
    let seconds = outcome.sending_ended.since(plan.timing.messages_begin()).as_secs_f64();
    let per_second = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
    Messages {
        sent: books.sent(),
        delivered: books.delivered(),
        lost: outcome.lost,
        in_doubt: outcome.in_doubt,
        is_steady: plan.is_steady(),
        duplicated: books.count(Fault::Duplicated),
        misdelivered: books.count(Fault::Misdelivered),
        reordered: books.count(Fault::Reordered),
        misattributed: books.count(Fault::Misattributed),
        garbled: books.count(Fault::Garbled),
        late: record.late_sends,
        skipped: record.skipped_sends,
        within: servers::on_way(outcome, Way::Within),
        across: servers::on_way(outcome, Way::Across),
        undelivered_notices: record.heard.undelivered + books.given_back(),
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
        cpu_share: share(cpu / outcome.processes.max(1), settled.at.since(began.at)),
        cpu_seconds_per_message: per_message(cpu, outcome),
        send_lag_ns: Quantiles::of(&record.send_lag),
        loop_lag_ns: Quantiles::of(&record.loop_lag),
        saturated_seconds: saturation::saturated_seconds(
            record.series.rows(),
            began.at,
            settled.at,
        ),
    }
}
