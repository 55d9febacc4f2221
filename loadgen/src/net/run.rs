//! [`Run`]: a plan that is being played. It joins the state of the plan (`cursor`), the phones' connections
//! (`lines`), what they hear (`desk`), and what is measured every second (`meter`).
//!
//! `due` and `tasks` do what is to be done in each stage, `exchange` handles what comes from the server,
//! and `mobile` and `messenger` do what differs between the realms.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mio::Registry;
use switchboard::timer::Moment;

use super::clock::Clock;
use super::commands::Commands;
use super::cursor::{Cursor, Stage};
use super::desk::Desk;
use super::lines::Lines;
use super::lookback::Lookback;
use super::meter::Meter;
use super::progress::{Progress, Status};
use super::watch::Watch;
use crate::client::Realm;
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::pool::Pool;
use crate::record::{End, Missing, Outcome, Running};
use crate::target::Server;
use crate::workload::{Cast, Homes};

/// The longest sleep during which arrivals do not wake the loop.
const LONGEST_NAP: Duration = Duration::from_millis(10);
/// The same, if a phone waits for the answer of another.
const LONGEST_NAP_WITH_ANSWERS: Duration = Duration::from_millis(1);
/// How often the run looks whether everything has arrived.
const SETTLING_PAUSE: Duration = Duration::from_millis(20);
/// How often it looks whether an expectation can no longer be met.
const BETWEEN_DOUBTS: Duration = Duration::from_millis(100);

/// A plan that is being played.
pub(super) struct Run<'p> {
    pub(super) plan: &'p Plan,
    /// The realm of the plan's protocol, with its words.
    pub(super) realm: Realm,
    pub(super) clock: Clock,
    pub(super) cursor: Cursor<'p>,
    pub(super) lines: Lines<'p>,
    pub(super) desk: Desk,
    pub(super) commands: Commands<'p>,
    pub(super) lookback: Lookback,
    meter: Meter,
    /// When it is to be looked at again whether an expectation can still be met.
    next_doubt: Moment,
}

/// Whether the run waits for what is under way after a signal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Patient {
    Yes,
    No,
}

impl<'p> Run<'p> {
    pub(super) fn new(
        plan: &'p Plan,
        (servers, pid, watch): (&'p [Server], Option<u32>, Watch),
        pool: &Arc<Pool>,
        registry: Registry,
    ) -> Self {
        let (timing, settings) = (&plan.timing, &plan.settings);
        let realm = settings.protocol.dialect().realm();
        let clock = plan.start_at.map_or_else(Clock::start, Clock::since);
        let cast = Cast::new(&settings.shares, timing.clients, timing.seed);
        let weights: Vec<_> = servers.iter().map(|server| server.weight).collect();
        let homes = Rc::new(Homes::new(&weights, timing.clients, timing.seed));
        let mut desk = Desk::new(plan, Arc::clone(pool), servers.len());
        if let Some(shard) = plan.shard {
            let all = (0..timing.clients).map(PhoneId);
            desk.record.be_a_shard(all.filter(|&phone| !shard.has(phone)));
            if let Some(accounts) = desk.record.checked.accounts_mut() {
                accounts.share(shard, pool.hash_of_names());
            }
        }
        let commands = plan.commands.iter();
        desk.record.commands.plan(commands.map(|one| (Moment::START + one.at, one.text.clone())));
        let meter = Meter::start(watch, timing.messages_begin(), clock.now(), &mut desk.record);
        Run {
            plan,
            realm,
            clock,
            cursor: Cursor::new(plan, &cast, &homes, &desk.pages),
            lines: Lines::new(plan, &cast, (servers, homes), clock, registry),
            desk,
            commands: Commands::new(plan, servers, pid, clock),
            lookback: Lookback::new(plan, realm, &servers[0].target, clock),
            meter,
            next_doubt: Moment::START,
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// A turn begins, at the moment that is returned.
    pub(super) fn begin_turn(&mut self) -> Moment {
        self.lines.inbox.compare_clocks();
        self.now()
    }

    pub(super) fn is_over(&self) -> bool {
        self.cursor.is_over()
    }

    /// Does what is due at this moment, up to its budgets.
    pub(super) fn do_what_is_due(&mut self) {
        let now = self.now();
        self.meter.look(self.lines.ready, now, &mut self.desk.record);
        self.run_commands(now);
        self.abort_if_hopeless(now);
        self.take_histories();
        match self.cursor.stage {
            Stage::Playing => {
                self.take_steps(now);
                self.send_what_is_due(now);
                self.take_turns(now);
                self.look_back(now);
                if let Some(end) = self.cursor.why_sending_ends(self.lines.is_deserted(), now) {
                    self.stop_sending(end);
                }
            }
            Stage::Settling => {
                if self.is_settled(now) {
                    self.meter.take_sample(now);
                    self.miss_histories(now);
                    self.desk.record.stop_following();
                    self.cursor.stage = Stage::Listening { until: now + self.plan.settle };
                }
            }
            Stage::Listening { until } => {
                if now >= until || self.lines.are_all_answered() {
                    self.cursor.stage = Stage::HangingUp { next: 0, deadline: now };
                }
            }
            Stage::HangingUp { next, deadline } => {
                self.cursor.stage = self.hang_up(next, deadline, now);
            }
            Stage::Over => {}
        }
        self.do_tasks(now);
    }

    /// When there is something to do again.
    pub(super) fn next_deadline(&mut self, now: Moment) -> Moment {
        if !self.lines.again.is_empty() {
            return now;
        }
        let of_the_stage = match self.cursor.stage {
            Stage::Playing => self.cursor.next_step_or_message(self.lines.is_deserted(), now),
            Stage::Settling if self.is_settled(now) => now,
            Stage::Settling => now + SETTLING_PAUSE,
            Stage::Listening { .. } if self.lines.are_all_answered() => now,
            Stage::Listening { until } => until.min(now + SETTLING_PAUSE),
            Stage::HangingUp { next, .. } if next < self.lines.slots.len() => now,
            Stage::HangingUp { .. } if self.lines.open == 0 => now,
            Stage::HangingUp { deadline, .. } => deadline,
            Stage::Over => now,
        };
        let of_the_meter = self.meter.next_deadline(self.cursor.is_playing());
        let of_histories = self.lookback.next_deadline(self.cursor.is_playing());
        let of_others = [self.cursor.next_task_due(), self.commands.next_deadline(), of_histories];
        of_others.into_iter().flatten().fold(of_the_stage.min(of_the_meter), Moment::min)
    }

    /// Whether the loop may sleep until then although something may arrive. Waking up for every arrival
    /// costs more than reading it. It makes no message later, since the kernel notes when it arrived. But
    /// it would make a connection later that is being set up, or an answer that a phone waits for.
    pub(super) fn may_nap(&self, until: Moment, now: Moment) -> bool {
        let Lines { open, ready, inbox, .. } = &self.lines;
        let nobody_waits = !self.plan.is_closed && open == ready && inbox.is_stamped;
        // A sender waits to be told that its message was read, or its invitation answered.
        let has_answers = self.desk.record.is_waiting_for_answers();
        let longest = match has_answers || self.plan.settings.manners.receipts {
            true => LONGEST_NAP_WITH_ANSWERS,
            false => LONGEST_NAP,
        };
        self.cursor.is_playing() && nobody_waits && until <= now + longest
    }

    /// Ctrl-C: no more messages are sent. Once they are not, nothing is waited for either.
    pub(super) fn interrupt(&mut self) -> Patient {
        match self.cursor.stage {
            Stage::Playing => {
                self.stop_sending(End::Interrupted);
                Patient::Yes
            }
            Stage::Settling | Stage::Listening { .. } | Stage::HangingUp { .. } | Stage::Over => {
                self.cursor.break_off();
                Patient::No
            }
        }
    }

    /// A turn of the loop is over. Messages that arrived in it may have waited for as long as it took.
    pub(super) fn end_turn(&mut self, awake_since: Moment) {
        let time = self.now().since(awake_since);
        self.desk.record.series.turn(time);
        self.desk.record.enter_times();
        // A silent phone with a full socket does not notice that it was given up. Other phones are told.
        for id in self.desk.record.take_gone() {
            self.notice(id);
        }
        let delivered = self.desk.take_delivered();
        if delivered > 0 {
            self.desk.record.loop_lag.add_many(time, delivered);
        }
    }

    pub(super) fn describe(&self, now: Moment, progress: &Progress) {
        progress.tell(&Status {
            stage: self.cursor.word(now),
            elapsed: now.since(Moment::START),
            planned: self.plan.timing.messages_end().since(Moment::START),
            ready: self.lines.ready,
            phones: self.plan.own_phones() as usize,
            record: &self.desk.record,
        });
    }

    pub(super) fn finish(mut self) -> Outcome {
        self.note_ended_commands();
        let mut record = self.desk.record;
        self.meter.end_second(self.lines.ready, self.clock.now(), &mut record);
        // If the run was broken off, not all samples have been taken.
        let samples = self.meter.samples(self.clock.now());
        record.finish();
        let Missing { lost, in_doubt } = record.missing();
        Outcome {
            in_doubt,
            lost,
            record,
            end: self.cursor.end(),
            samples,
            sending_ended: self.cursor.sending_ended(),
            processes: 1,
            planned: self.plan.own_phones().into(),
            peak: self.lines.peak,
        }
    }

    /// Whether there is nothing more to wait for, or no point in waiting.
    fn is_settled(&self, now: Moment) -> bool {
        if self.waits_for_returns(now) {
            return false;
        }
        if self.lines.open == 0 {
            return true;
        }
        if self.lines.silent > 0 && now < self.lines.silence_ends {
            return false;
        }
        if self.waits_for_histories(now) {
            return false;
        }
        let (since, settle) = (self.cursor.sending_ended(), self.plan.settle);
        self.desk.record.is_settled(now, since, settle)
    }

    /// With --abort-on-fail: no more messages, once an expectation cannot be met any more.
    fn abort_if_hopeless(&mut self, now: Moment) {
        if !self.plan.abort_on_fail || now < self.next_doubt || !self.cursor.is_playing() {
            return;
        }
        self.next_doubt = now + BETWEEN_DOUBTS;
        let plan = self.plan;
        let running = Running {
            record: &self.desk.record,
            messages: (!plan.is_closed).then(|| plan.timing.messages().ceil() as u64),
            receivers: plan.receivers().into(),
            connections: plan.is_steady().then(|| plan.own_phones().into()),
        };
        if self.plan.expectations.iter().any(|one| one.is_hopeless(&running)) {
            self.stop_sending(End::Aborted);
        }
    }

    fn stop_sending(&mut self, end: End) {
        let now = self.now();
        self.cursor.stop_sending(end, now);
        self.meter.sending_is_over(now);
    }
}
