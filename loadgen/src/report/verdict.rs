//! [`judge`]: whether the server passed or failed, or whether the run says nothing about it.
//!
//! An overloaded generator reads late, and a server may rightly give up a phone that does not read. So such
//! a run condemns a server only for what lateness cannot cause: a message that was lost between two good
//! connections, duplicated, altered, or given to the wrong phone.

use std::time::Duration;

use super::commands::{Told, told};
use super::ledger::Row;
use super::ratio::share;
use super::saturation::{MOST_CPU, MOST_LAG_IN_A_SECOND, SHORTEST, named, saturated_seconds};
use super::surroundings::Surroundings;
use crate::plan::Plan;
use crate::record::{Breach, End, Fault, Lapse, Outcome};

/// loadgen is overloaded if one message in a hundred was sent, or may have been read, this much too late.
/// `saturation` judges each second.
const MOST_LAG: Duration = Duration::from_millis(50);

const FAILED: u8 = 1;
const UNMET: u8 = 3;
pub(super) const INVALID: u8 = 4;

/// What came of a run, in sentences.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) failures: Vec<String>,
    pub(super) invalid: Vec<String>,
    /// The expectations that were not met.
    pub(super) unmet: Vec<String>,
    /// Whether one of the failures cannot come from lateness.
    is_proven: bool,
}

impl Verdict {
    pub(super) fn exit_code(&self) -> u8 {
        // A failure that lateness cannot cause comes first. A run that says nothing cannot fail an
        // expectation.
        if self.is_proven || (self.invalid.is_empty() && !self.failures.is_empty()) {
            FAILED
        } else if !self.invalid.is_empty() {
            INVALID
        } else if !self.unmet.is_empty() {
            UNMET
        } else {
            0
        }
    }

    pub(super) fn word(&self) -> &'static str {
        match self.exit_code() {
            0 => "good",
            INVALID => "invalid",
            UNMET => "not as expected",
            _ => "failed",
        }
    }

    fn proven(&mut self, sentence: String) {
        self.failures.push(sentence);
        self.is_proven = true;
    }
}

/// Judges a run.
pub(super) fn judge(
    plan: &Plan,
    outcome: &Outcome,
    around: &Surroundings<'_>,
    ledger: &Option<Result<Vec<Row>, String>>,
) -> Verdict {
    let mut verdict = Verdict::default();
    judge_messages(outcome, &mut verdict);
    judge_sessions(outcome, &mut verdict);
    judge_accounts(outcome, &mut verdict);
    match ledger {
        None => {}
        Some(Ok(rows)) if rows.iter().all(|row| row.agrees) => {}
        Some(Ok(_)) => verdict.proven("the server's books differ from ours".to_owned()),
        Some(Err(sentence)) => verdict.failures.push(sentence.clone()),
    }
    judge_connections(plan, outcome, &mut verdict);
    let listed_twice = outcome.record.heard.listed_twice;
    if listed_twice > 0 {
        let what = "lists of who is online that name somebody twice";
        verdict.proven(format!("listed_twice: {what}, {listed_twice}"));
    }
    // What a shard has seen is not what the expectations are about.
    let expectations = plan.expectations.iter().filter(|_| plan.shard.is_none());
    verdict.unmet.extend(expectations.filter_map(|one| one.check(outcome).err()));
    if let Some(Err(sentence)) = &around.stopped {
        verdict.failures.push(sentence.clone());
    }
    judge_commands(outcome, &mut verdict);
    match &around.of_shards {
        // The sums of several processes cannot tell whether one of them was overloaded.
        Some(invalid) => verdict.invalid.extend_from_slice(invalid),
        None => judge_ourselves(outcome, &mut verdict),
    }
    if plan.shard.is_none() || outcome.was_broken_off() {
        judge_what_there_was(plan, outcome, &mut verdict);
    }
    verdict
}

fn judge_messages(outcome: &Outcome, verdict: &mut Verdict) {
    let books = &outcome.record.books;
    let sent = books.sent();
    if outcome.lost > 0 {
        verdict.proven(format!("lost: {} of {sent} messages never arrived", outcome.lost));
    }
    for fault in Fault::ALL {
        let count = books.count(fault);
        let what = match fault {
            Fault::Duplicated => "duplicated: messages that arrived more than once",
            Fault::Misdelivered => "misdelivered: messages that came to the wrong phone",
            Fault::Reordered => "reordered: messages overtaken by a later one to the same phone",
            Fault::Misattributed => "misattributed: messages with the wrong sender",
            Fault::Garbled => "garbled: messages whose text nobody has sent",
        };
        if count > 0 {
            verdict.proven(format!("{what}, {count} of {sent}"));
        }
    }
}

fn judge_sessions(outcome: &Outcome, verdict: &mut Verdict) {
    let Some(messenger) = outcome.record.messenger() else { return };
    for breach in Breach::ALL {
        let count = messenger.breaches.count(breach);
        if count == 0 {
            continue;
        }
        let sentence = format!("{}: {}, {count}", breach.word(), breach.sentence());
        match breach.is_proven() {
            true => verdict.proven(sentence),
            false => verdict.failures.push(sentence),
        }
    }
}

fn judge_accounts(outcome: &Outcome, verdict: &mut Verdict) {
    let Some(accounts) = outcome.record.accounts() else { return };
    for lapse in Lapse::ALL {
        let count = accounts.lapses.count(lapse);
        if count == 0 {
            continue;
        }
        let sentence = format!("{}: {}, {count}", lapse.word(), lapse.sentence());
        match lapse.is_proven() {
            true => verdict.proven(sentence),
            // Who breaks a run off does not wait for the histories.
            false if outcome.was_broken_off() => {}
            false => verdict.failures.push(sentence),
        }
    }
}

fn judge_connections(plan: &Plan, outcome: &Outcome, verdict: &mut Verdict) {
    let (record, heard) = (&outcome.record, &outcome.record.heard);
    for (persona, tally) in &record.tallies {
        for (ending, count) in &tally.unexpected {
            // In a run that was broken off, connections that were not finished are no failure.
            let is_excused = outcome.was_broken_off() && ending.is_unfinished();
            if !is_excused {
                let persona = persona.word();
                verdict.failures.push(format!("connections: {count} {ending} ({persona})"));
            }
        }
    }
    let mut complain = |count: u64, what: &str| {
        if count > 0 {
            verdict.failures.push(format!("{what}: {count}"));
        }
    };
    if plan.is_steady() {
        complain(outcome.in_doubt, "messages in doubt, on connections that ended badly");
        complain(record.skipped_sends, "messages not sent, for want of two connected phones");
    }
    complain(record.unnoticed, "silent phones that the server did not give up in time");
    complain(record.too_early, "silent phones that the server gave up before the ping timeout");
    complain(
        record.stale_views,
        "stale views: phones that were not shown rightly, in the end, who is online",
    );
    let names = plan.settings.protocol.dialect().names();
    complain(heard.unanswered, "unanswered: heartbeats that the server has not answered");
    complain(heard.strange_greetings, &format!("first frames that {}", names.bad_greetings));
    complain(heard.errors, "error frames from the server");
    complain(heard.nonsense, &format!("frames that are no {}", names.title));
}

/// A server that a command has restarted must take its phones back. If a command fails, something else was
/// played than was planned.
fn judge_commands(outcome: &Outcome, verdict: &mut Verdict) {
    let commands = &outcome.record.commands;
    if commands.away() > 0 && !outcome.was_broken_off() {
        let away = commands.away();
        verdict.failures.push(format!(
            "phones that lost their connection after a command, and could not come back: {away}"
        ));
    }
    for told in told(commands) {
        if let Some(how) = &told.failed {
            let Told { at_seconds, command, .. } = &told;
            verdict
                .invalid
                .push(format!("the command at {at_seconds} s failed ({how}): {command}"));
        }
    }
}

/// A run in which nothing happened has shown nothing, and is not good.
fn judge_what_there_was(plan: &Plan, outcome: &Outcome, verdict: &mut Verdict) {
    let (timing, sent) = (&plan.timing, outcome.record.books.sent());
    if outcome.end == End::Aborted {
        // An expectation can no longer be met: that is what it has shown.
        return;
    }
    let is_early = outcome.sending_ended <= timing.messages_begin();
    if outcome.end == End::Interrupted && (is_early || (sent == 0 && timing.rate > 0.0)) {
        let what = "interrupted before the first message: nothing was measured";
        verdict.invalid.push(what.to_owned());
    } else if sent == 0 && timing.messages() >= 1.0 && verdict.failures.is_empty() {
        verdict.invalid.push("no message was sent: nothing was measured".to_owned());
    }
}

fn judge_ourselves(outcome: &Outcome, verdict: &mut Verdict) {
    let record = &outcome.record;
    if outcome.end == End::Overwhelmed {
        let sent = record.books.sent();
        verdict.invalid.push(format!(
            "loadgen could not send as much as was planned, and gave up after {sent} messages"
        ));
    }
    let [before, began, settled] = outcome.samples;
    for (what, from, to) in [("connecting", before, began), ("sending", began, settled)] {
        let time = to.at.since(from.at);
        let cpu_share = share(to.own_cpu.saturating_sub(from.own_cpu), time);
        if let Some(cpu_share) = cpu_share.filter(|&it| it > MOST_CPU && time >= SHORTEST) {
            let percent = cpu_share * 100.0;
            verdict.invalid.push(format!(
                "loadgen used {percent:.0} % of the one core it can use while {what}"
            ));
        }
    }
    let seconds = saturated_seconds(record.series.rows(), began.at, settled.at);
    if !seconds.is_empty() {
        verdict.invalid.push(format!(
            "loadgen was saturated in {} of the seconds in which it measured ({}): late by over {} ms, or {:.0} % of its core in use",
            seconds.len(),
            named(&seconds),
            MOST_LAG_IN_A_SECOND.as_millis(),
            MOST_CPU * 100.0
        ));
    }
    let lags = [("sent", &record.send_lag), ("read, perhaps,", &record.loop_lag)];
    for (what, lag) in lags {
        let p99 = lag.quantile(0.99);
        if p99 > MOST_LAG {
            let millis = p99.as_secs_f64() * 1e3;
            verdict.invalid.push(format!(
                "one message in a hundred was {what} {millis:.0} ms late or more: loadgen or its machine is overloaded"
            ));
        }
    }
}
