//! [`Run`]: a plan that is being played, and the stage it has reached. What there is to do in each is
//! in `due` and `tasks`; what comes back from the server, in `exchange`.
//!
//! ```text
//! Playing ── the plan is over ──▶ Settling ── all has arrived ──▶ HangingUp ── all have ended ──▶ Over
//! ```

use std::mem;
use std::time::Duration;

use mio::Registry;
use switchboard::timer::{Moment, Wheel};

use super::clock::Clock;
use super::desk::Desk;
use super::inbox::Inbox;
use super::progress::{Progress, Status};
use super::slot::{Slot, Task};
use super::usage::{own_cpu, sample};
use super::watch::Watch;
use crate::client::{Pen, Protocol};
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::record::{End, Messenger, Missing, Outcome, Party, Record, Sample};
use crate::schedule::{Schedule, Turns};
use crate::target::Target;
use crate::workload::{Cast, Devices, Peers, Persona, Presence};

/// How long we sleep at most, whatever arrives.
const LONGEST_NAP: Duration = Duration::from_millis(10);
/// The same where somebody waits for an answer of ours.
const LONGEST_NAP_WITH_ANSWERS: Duration = Duration::from_millis(1);

/// The time between two rows of the series.
const SECOND: Duration = Duration::from_secs(1);

/// A plan that is being played.
pub(super) struct Run<'p> {
    pub(super) plan: &'p Plan,
    pub(super) target: &'p Target,
    watch: Watch,
    /// When the second ends that is being recorded.
    second_ends: Moment,
    pub(super) clock: Clock,
    pub(super) registry: Registry,
    pub(super) schedule: Schedule,
    pub(super) peers: Peers,
    /// In the closed model: whose turn it is to write, and how long one thinks, on average.
    pub(super) is_closed: bool,
    pub(super) turns: Turns,
    pub(super) think: Duration,
    pub(super) random: fastrand::Rng,
    /// What phones do by themselves.
    pub(super) wheel: Wheel<Task>,
    /// Which phones are one session.
    pub(super) devices: Devices,
    /// By phone.
    pub(super) slots: Vec<Slot>,
    pub(super) desk: Desk,
    pub(super) pen: Pen,
    /// Buffers that all phones share: what was read, what is to be written, a text.
    pub(super) inbox: Inbox,
    pub(super) out: Vec<u8>,
    pub(super) text: Vec<u8>,
    /// Phones that had more to read than one turn allows.
    pub(super) again: Vec<Party>,
    pub(super) stage: Stage,
    end: End,
    samples: Vec<Sample>,
    sending_ended: Moment,
    /// Connections that are open, and those that are ready; and the most there were of those.
    pub(super) open: u64,
    pub(super) ready: u64,
    pub(super) peak: u64,
    /// Phones that are silent, and have not been given up; and when all of them should have been.
    pub(super) silent: u64,
    pub(super) silence_ends: Moment,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    Playing,
    /// No message is sent any more; some are still under way.
    Settling,
    /// `next` is the first phone that has not hung up.
    HangingUp {
        next: usize,
        deadline: Moment,
    },
    Over,
}

impl<'p> Run<'p> {
    pub(super) fn new(
        plan: &'p Plan,
        target: &'p Target,
        watch: Watch,
        registry: Registry,
    ) -> Self {
        let (timing, settings) = (&plan.timing, &plan.settings);
        let clock = Clock::start();
        let before = sample(clock.now(), watch.process());
        let cast = Cast::new(&settings.shares, timing.clients, timing.seed);
        let peers = Peers::new(
            cast.phones(|persona| persona == Persona::Chatter),
            cast.phones(Persona::is_written_to),
            settings.circle,
            timing.seed,
        );
        let chatters = cast.count(Persona::Chatter);
        let devices = Devices::new(timing.clients, settings.manners.devices);
        let ids = (0..devices.phones()).map(PhoneId);
        let mut desk = Desk::new(Record::new(timing.clients), settings, timing);
        desk.record.series.begin(before.own_cpu);
        match settings.protocol {
            Protocol::Sca => desk.follows = settings.presence != Presence::None,
            Protocol::Session => {
                let messenger = Messenger::new(devices, &settings.manners);
                desk.record.messenger = Some(Box::new(messenger));
            }
        }
        if plan.is_closed {
            desk.keep_receipts();
            desk.record.is_closed = true;
        }
        Run {
            plan,
            target,
            watch,
            second_ends: Moment::START + SECOND,
            clock,
            registry,
            schedule: Schedule::new(timing, !plan.is_closed && chatters > 0),
            peers,
            is_closed: plan.is_closed,
            turns: Turns::default(),
            think: settings.think.unwrap_or_else(|| match timing.rate > 0.0 {
                // Somebody who answered at once would be written to at this rate.
                true => Duration::from_secs_f64(chatters as f64 / timing.rate),
                false => Duration::ZERO,
            }),
            random: fastrand::Rng::with_seed(timing.seed ^ 0x7417),
            wheel: Wheel::new(Moment::START),
            devices,
            slots: ids.map(|id| Slot::new(cast.of(devices.session(id)))).collect(),
            desk,
            pen: Pen::new(timing.seed),
            inbox: Inbox::new(clock),
            out: Vec::new(),
            text: Vec::new(),
            again: Vec::new(),
            stage: Stage::Playing,
            end: End::AsPlanned,
            samples: vec![before],
            sending_ended: timing.messages_end(),
            open: 0,
            ready: 0,
            peak: 0,
            silent: 0,
            silence_ends: Moment::START,
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Does what the plan has for this moment, up to its budgets.
    pub(super) fn do_what_is_due(&mut self) {
        let now = self.now();
        if now >= self.second_ends {
            self.end_second(now);
        }
        if self.samples.len() == 1 && now >= self.plan.timing.messages_begin() {
            self.samples.push(sample(now, self.watch.process()));
        }
        match self.stage {
            Stage::Playing => {
                self.take_steps(now);
                self.send_what_is_due(now);
                self.take_turns(now);
                let (all_dialled, next) =
                    (self.schedule.has_taken_all_steps(), self.schedule.next_deadline());
                if all_dialled && self.is_deserted() {
                    self.stop_sending(End::NobodyLeft);
                } else if next.is_none() && now >= self.plan.timing.messages_end() {
                    self.stop_sending(End::AsPlanned);
                } else if now > self.plan.timing.messages_end() + self.plan.settle {
                    // What was due long ago would still be sent, were it for hours.
                    self.stop_sending(End::Overwhelmed);
                }
            }
            Stage::Settling => {
                if self.is_settled(now) {
                    self.samples.push(sample(now, self.watch.process()));
                    self.stop_following();
                    self.stage = Stage::HangingUp { next: 0, deadline: now };
                }
            }
            Stage::HangingUp { next, deadline } => self.stage = self.hang_up(next, deadline, now),
            Stage::Over => {}
        }
        self.do_tasks(now);
    }

    /// When there is something to do again.
    pub(super) fn next_deadline(&mut self, now: Moment) -> Option<Moment> {
        if !self.again.is_empty() {
            return Some(now);
        }
        let of_the_stage = match self.stage {
            Stage::Playing => {
                let timing = &self.plan.timing;
                let nobody = self.is_deserted() && self.schedule.has_taken_all_steps();
                let sample = (self.samples.len() == 1).then(|| timing.messages_begin());
                let end = if nobody { now } else { timing.messages_end() };
                let turn = self.turns.next_deadline();
                [self.schedule.next_deadline(), turn, sample, Some(end)].into_iter().flatten().min()
            }
            Stage::Settling if self.is_settled(now) => Some(now),
            Stage::Settling => Some(now + Duration::from_millis(20)),
            Stage::HangingUp { next, .. } if next < self.slots.len() => Some(now),
            Stage::HangingUp { .. } if self.open == 0 => Some(now),
            Stage::HangingUp { deadline, .. } => Some(deadline),
            Stage::Over => Some(now),
        };
        [of_the_stage, self.wheel.next_deadline(), Some(self.second_ends)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether we may sleep until then, whatever arrives: to wake up for every arrival costs more than to
    /// read it. It does not make a message later, since the kernel notes when it came; but a connection
    /// that is to come about, or an answer that somebody waits for, would be later.
    pub(super) fn may_nap(&self, until: Moment, now: Moment) -> bool {
        let nobody_waits = !self.is_closed && self.open == self.ready && self.inbox.is_stamped;
        // A sender waits to hear that his message was read, or his invitation answered.
        let invites = self.desk.record.messenger.as_ref().is_some_and(|one| one.is_inviting());
        let longest = if invites || self.plan.settings.manners.receipts {
            LONGEST_NAP_WITH_ANSWERS
        } else {
            LONGEST_NAP
        };
        self.stage == Stage::Playing && nobody_waits && until <= now + longest
    }

    /// Somebody pressed Ctrl-C: nothing more is sent. The second time, nothing is waited for either.
    pub(super) fn interrupt(&mut self) {
        match self.stage {
            Stage::Playing => self.stop_sending(End::Interrupted),
            Stage::Settling | Stage::HangingUp { .. } | Stage::Over => {
                self.end = End::Interrupted;
                self.stage = Stage::Over;
            }
        }
    }

    /// One turn of the loop is over: messages that arrived in it may have waited for as long as it took.
    pub(super) fn end_turn(&mut self, awake_since: Moment) {
        let time = self.now().since(awake_since);
        self.desk.record.series.turn(time);
        // Who is silent cannot tell that he was given up, if his socket is full. The others can.
        for id in self.desk.record.views.take_gone() {
            self.notice(id);
        }
        let delivered = self.desk.take_delivered();
        if delivered > 0 {
            self.desk.record.loop_lag.add_many(time, delivered);
        }
    }

    pub(super) fn describe(&self, now: Moment, progress: &Progress) {
        let stage = match self.stage {
            Stage::Playing if now < self.plan.timing.messages_begin() => "connecting",
            Stage::Playing => "sending",
            Stage::Settling => "settling",
            Stage::HangingUp { .. } | Stage::Over => "hanging up",
        };
        let timing = &self.plan.timing;
        progress.tell(&Status {
            stage,
            elapsed: now.since(Moment::START),
            planned: timing.messages_end().since(Moment::START),
            ready: self.ready,
            phones: self.slots.len(),
            record: &self.desk.record,
        });
    }

    pub(super) fn finish(mut self) -> Outcome {
        self.end_second(self.now());
        // Broken off at once, or played without a single message.
        while self.samples.len() < 3 {
            self.samples.push(sample(self.now(), self.watch.process()));
        }
        let mut record = self.desk.record;
        if let Some(messenger) = &mut record.messenger {
            messenger.close(&record.books);
        }
        let Missing { lost, in_doubt } = record.books.missing();
        Outcome {
            in_doubt,
            lost,
            record,
            end: self.end,
            samples: [self.samples[0], self.samples[1], self.samples[2]],
            sending_ended: self.sending_ended,
            planned: self.slots.len() as u64,
            peak: self.peak,
        }
    }

    fn end_second(&mut self, now: Moment) {
        let seen = self.watch.news(self.ready);
        self.desk.record.end_second(now, own_cpu(), &seen);
        while self.second_ends <= now {
            self.second_ends = self.second_ends + SECOND;
        }
    }

    /// Whether nobody is connected, and nobody will come back by himself.
    fn is_deserted(&self) -> bool {
        let returns = |slot: &Slot| slot.is_wanted && Run::returns(slot.persona);
        self.open == 0 && !self.slots.iter().any(returns)
    }

    /// Whether there is nothing more to wait for, or no point in it.
    fn is_settled(&self, now: Moment) -> bool {
        if self.open == 0 {
            return true;
        }
        if self.silent > 0 && now < self.silence_ends {
            return false;
        }
        let record = &self.desk.record;
        let mut quiet_since =
            record.last_arrival.max(record.views.last_news).max(self.sending_ended);
        let mut is_complete = record.books.under_way() == 0;
        match &record.messenger {
            None => is_complete &= !self.desk.follows || record.views.stale() == 0,
            Some(messenger) if messenger.is_quiet(now) => {
                is_complete = is_complete && messenger.is_complete();
                quiet_since = quiet_since.max(messenger.last_news);
            }
            // Contacts may still hear that somebody has gone.
            Some(_) => return false,
        }
        is_complete || now.since(quiet_since) > self.plan.settle
    }

    /// All should know by now who is online. What they hear from now on is of those who hang up.
    fn stop_following(&mut self) {
        let record = &mut self.desk.record;
        if mem::take(&mut self.desk.follows) {
            record.stale_views = match &record.messenger {
                Some(messenger) => messenger.stale(),
                None => record.views.stale(),
            };
        }
    }

    fn stop_sending(&mut self, end: End) {
        self.end = end;
        self.stage = Stage::Settling;
        self.sending_ended = self.now();
        // Broken off before messages began.
        while self.samples.len() < 2 {
            self.samples.push(sample(self.now(), self.watch.process()));
        }
    }
}
