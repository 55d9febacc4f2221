//! [`Cursor`]: how far the plan has been played: its stage, and what is due next. Knows neither sockets nor
//! the clock, and no phone's connection.
//!
//! ```text
//! Playing ── the plan is over ──▶ Settling ── all has arrived ──▶ Listening ── all heartbeats are answered ──▶
//! HangingUp ── all have ended ──▶ Over
//! ```

use std::rc::Rc;
use std::time::Duration;

use switchboard::timer::{Moment, Wheel};

use super::task::Task;
use crate::client::Realm;
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::record::End;
use crate::schedule::{Arrivals, Schedule, Step, Turns};
use crate::workload::{Cast, Homes, Pages, Peers, Persona};

/// How far the plan has been played.
pub(super) struct Cursor<'p> {
    plan: &'p Plan,
    /// Which phone writes to which.
    pub(super) peers: Peers,
    /// The moments at which phones come and go, and at which messages are due.
    schedule: Schedule,
    /// In the closed model: which phone writes when, and the mean time for which a phone thinks.
    turns: Turns,
    think: Duration,
    random: fastrand::Rng,
    /// What phones do by themselves, by the moment.
    wheel: Wheel<Task>,
    pub(super) stage: Stage,
    end: End,
    sending_ended: Moment,
}

/// What the run is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    Playing,
    /// No message is sent any more; some are still under way.
    Settling,
    /// The last heartbeats are answered, until that moment at the latest. No more are sent: otherwise the answer to a
    /// later one would hide that one was lost.
    Listening {
        until: Moment,
    },
    /// `next` is the first phone that has not hung up.
    HangingUp {
        next: usize,
        deadline: Moment,
    },
    Over,
}

impl<'p> Cursor<'p> {
    /// The beginning of the plan.
    pub(super) fn new(plan: &'p Plan, cast: &Cast, homes: &Rc<Homes>, pages: &Pages) -> Self {
        let (timing, settings) = (&plan.timing, &plan.settings);
        let mut senders = cast.phones(|persona| persona == Persona::Chatter);
        senders.retain(|&phone| pages.can_write(phone));
        let chatters = senders.len();
        let peers =
            Peers::new(senders, cast.phones(Persona::is_written_to), settings.circle, timing.seed);
        // Contacts are told of each other's comings and goings, which no server can do for another server's people.
        // And no process can know when those of another came and went.
        let peers = match settings.protocol.dialect().realm() {
            // Users are on one server only: `args` sees to that.
            Realm::Mobile(_) | Realm::Account(_) => peers,
            Realm::Messenger(_) => peers.within(homes).within_shard(plan.shard),
        };
        let think = settings.think.unwrap_or_else(|| match timing.rate > 0.0 {
            // If every message arrived at once, this thinking time would make the planned rate.
            true => Duration::from_secs_f64(chatters as f64 / timing.rate),
            false => Duration::ZERO,
        });
        Cursor {
            plan,
            peers,
            schedule: Schedule::new(timing, !plan.is_closed && chatters > 0),
            turns: Turns::default(),
            think,
            random: fastrand::Rng::with_seed(timing.seed ^ 0x7417),
            wheel: Wheel::new(Moment::START),
            stage: Stage::Playing,
            end: End::AsPlanned,
            sending_ended: timing.messages_end(),
        }
    }

    /// The next phone that is due to come or to go.
    pub(super) fn next_step(&mut self, now: Moment) -> Option<Step> {
        self.schedule.next_step(now)
    }

    /// The planned moment of the next message that is due.
    pub(super) fn next_send(&mut self, now: Moment) -> Option<Moment> {
        self.schedule.next_send(now)
    }

    /// In the closed model: the next phone that has thought for long enough.
    pub(super) fn next_turn(&mut self, now: Moment) -> Option<PhoneId> {
        self.turns.next(now)
    }

    /// The next task that is due.
    pub(super) fn next_task(&mut self, now: Moment) -> Option<Task> {
        self.wheel.next_due(now)
    }

    /// Plans a task.
    pub(super) fn add(&mut self, task: Task) {
        self.wheel.insert(task.due, task);
    }

    /// In the closed model: a chatter is ready. Chatters begin at different times, as if they had been
    /// chatting for a while.
    pub(super) fn begin_to_chat(&mut self, id: PhoneId, now: Moment) {
        let begin = now.max(self.plan.timing.messages_begin());
        self.turns.add(id, begin + self.think.mul_f64(self.random.f64()));
    }

    /// It has no phone to write to, and tries again at this moment.
    pub(super) fn try_again(&mut self, id: PhoneId, at: Moment) {
        self.turns.add(id, at);
    }

    /// It has written this message, and waits for it to arrive.
    pub(super) fn wait(&mut self, id: PhoneId, number: u64) {
        self.turns.wait(id, number);
    }

    /// This phone's message has arrived, or will not. If the phone waited for it, it thinks, and writes
    /// again.
    pub(super) fn stop_waiting(&mut self, id: PhoneId, number: u64, now: Moment) {
        if !self.turns.stop_waiting(id, number) {
            return;
        }
        let mean = self.think;
        let time = match self.plan.timing.arrivals {
            Arrivals::Constant => mean,
            Arrivals::Exponential => mean.mul_f64(-(1.0 - self.random.f64()).ln()),
        };
        self.turns.add(id, now + time);
    }

    /// Whether phones come, go and write.
    pub(super) fn is_playing(&self) -> bool {
        self.stage == Stage::Playing
    }

    /// Whether there is nothing more to do.
    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// The stage in a word, for the progress.
    pub(super) fn word(&self, now: Moment) -> &'static str {
        match self.stage {
            Stage::Playing if now < self.plan.timing.messages_begin() => "connecting",
            Stage::Playing => "sending",
            Stage::Settling | Stage::Listening { .. } => "settling",
            Stage::HangingUp { .. } | Stage::Over => "hanging up",
        }
    }

    /// Why sending ends now, if it does. `is_deserted`: no phone is connected, and none comes back by
    /// itself.
    pub(super) fn why_sending_ends(&mut self, is_deserted: bool, now: Moment) -> Option<End> {
        let end = self.plan.timing.messages_end();
        if is_deserted && self.schedule.has_taken_all_steps() {
            Some(End::NobodyLeft)
        } else if self.schedule.next_deadline().is_none() && now >= end {
            Some(End::AsPlanned)
        } else if now > end + self.plan.settle {
            // Otherwise what is overdue would still be sent, even for hours.
            Some(End::Overwhelmed)
        } else {
            None
        }
    }

    /// No message is sent any more.
    pub(super) fn stop_sending(&mut self, end: End, now: Moment) {
        self.end = end;
        self.stage = Stage::Settling;
        self.sending_ended = now;
    }

    /// Nothing is waited for any more.
    pub(super) fn break_off(&mut self) {
        self.end = End::Interrupted;
        self.stage = Stage::Over;
    }

    /// Why the run has ended, or is about to end.
    pub(super) fn end(&self) -> End {
        self.end
    }

    /// When sending ended, if it has; before that, when it should end.
    pub(super) fn sending_ended(&self) -> Moment {
        self.sending_ended
    }

    /// While the plan is played: when there is something to do again. `is_deserted` as above.
    pub(super) fn next_step_or_message(&mut self, is_deserted: bool, now: Moment) -> Moment {
        let nobody = is_deserted && self.schedule.has_taken_all_steps();
        let end = if nobody { now } else { self.plan.timing.messages_end() };
        let others = [self.schedule.next_deadline(), self.turns.next_deadline()];
        others.into_iter().flatten().fold(end, Moment::min)
    }

    /// When a phone's next task is due.
    pub(super) fn next_task_due(&self) -> Option<Moment> {
        self.wheel.next_deadline()
    }
}
