//! When things are done: the moments at which phones connect and messages are sent, all known beforehand.
//!
//! The model is *open*: a message is due when the plan says so, whether or not the server has kept up with
//! those before it. So a server that stalls is not spared the messages of that time, and their delay counts
//! from the moment for which they were planned. The same timing and seed make the same plan. (`closed` has
//! the other model, in which a phone waits for its last message first.)
//!
//! Moments count from the start of the run. Knows no sockets and no clock: `net` asks what is due.

mod closed;
mod command;
mod sends;
mod stages;
#[cfg(test)]
mod tests;

use std::iter::{FusedIterator, Peekable};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard::timer::Moment;

use crate::phone_id::PhoneId;
use sends::Sends;

pub(crate) use closed::Turns;
pub(crate) use command::Command;
pub(crate) use stages::{Stage, StageFlag};

/// The numbers that a plan is made of.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Timing {
    /// The most phones that are online at the same time.
    pub(crate) clients: u32,
    /// The time before the first message.
    pub(crate) ramp: Duration,
    /// The time for which messages are sent, after the ramp.
    pub(crate) duration: Duration,
    /// Messages a second from all phones together, at the highest.
    pub(crate) rate: f64,
    /// How messages follow each other.
    pub(crate) arrivals: Arrivals,
    /// Messages are due at multiples of this.
    pub(crate) grain: Duration,
    /// The seed of every random choice.
    pub(crate) seed: u64,
    /// How the numbers of phones and messages rise and fall. The fields above follow from these stages.
    pub(crate) stages: Vec<Stage>,
}

/// How messages follow each other.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, clap::ValueEnum)]
pub(crate) enum Arrivals {
    /// At equal intervals.
    Constant,
    /// Independently of each other, as from many people: at exponential intervals (a Poisson process).
    Exponential,
}

/// The longest time that a plan may name. The sum of any number of them does not overflow.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A time as people write it, such as `10s` or `500ms`, or `0s`; at most a year.
///
/// # Errors
///
/// One sentence, if it is no time, or too long.
pub(crate) fn parse_time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time <= LONGEST => Ok(time),
        Ok(_) => Err("it must not be longer than a year".to_owned()),
        Err(_) => Err("it must be a time with its unit, such as 30s, 500ms or 1m30s".to_owned()),
    }
}

impl Timing {
    /// The plan made of these stages.
    pub(crate) fn of(stages: Vec<Stage>, arrivals: Arrivals, grain: Duration, seed: u64) -> Self {
        let silent = stages.iter().take_while(|stage| stage.is_silent());
        let whole: Duration = stages.iter().map(|stage| stage.time).sum();
        let mut ramp: Duration = silent.map(|stage| stage.time).sum();
        if ramp == whole {
            // No phone ever writes. Then the ramp is the first stage.
            ramp = stages.first().map_or(Duration::ZERO, |stage| stage.time);
        }
        let rates = stages.iter().flat_map(|stage| [stage.rate_before, stage.rate]);
        Timing {
            clients: stages.iter().map(|stage| stage.clients).max().unwrap_or(0),
            ramp,
            duration: whole.saturating_sub(ramp),
            rate: rates.fold(0.0, f64::max),
            arrivals,
            grain,
            seed,
            stages,
        }
    }

    /// When messages begin.
    pub(crate) fn messages_begin(&self) -> Moment {
        Moment::START + self.ramp
    }

    /// When messages end.
    pub(crate) fn messages_end(&self) -> Moment {
        self.messages_begin() + self.duration
    }

    /// How many messages there are in all, about.
    pub(crate) fn messages(&self) -> f64 {
        self.stages.iter().map(Stage::messages).sum()
    }
}

/// What is still to come of a plan.
#[derive(Debug)]
pub(crate) struct Schedule {
    steps: Peekable<Steps>,
    sends: Peekable<Sends>,
}

/// The coming or going of a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Step {
    /// The phone.
    pub(crate) phone: PhoneId,
    /// The planned moment.
    pub(crate) at: Moment,
    /// Whether it comes.
    pub(crate) comes: bool,
}

impl Schedule {
    /// The plan for this timing; without messages, if none are to be sent by plan.
    pub(crate) fn new(timing: &Timing, has_messages: bool) -> Self {
        let mut sends = Sends::new(timing);
        if !has_messages {
            sends.end();
        }
        Schedule { steps: Steps::new(timing.stages.clone()).peekable(), sends: sends.peekable() }
    }

    /// The next phone that is due to come or to go.
    pub(crate) fn next_step(&mut self, now: Moment) -> Option<Step> {
        self.steps.next_if(|step| step.at <= now)
    }

    /// The planned moment of the next message that is due.
    pub(crate) fn next_send(&mut self, now: Moment) -> Option<Moment> {
        self.sends.next_if(|&due| due <= now)
    }

    /// The moment at which something is due next.
    pub(crate) fn next_deadline(&mut self) -> Option<Moment> {
        let next = [self.steps.peek().map(|step| step.at), self.sends.peek().copied()];
        next.into_iter().flatten().min()
    }

    /// Whether all phones have come and gone as they should.
    pub(crate) fn has_taken_all_steps(&mut self) -> bool {
        self.steps.peek().is_none()
    }
}

/// The moments at which phones come and go: evenly over each stage. The phone that came last goes first.
#[derive(Clone, Debug)]
struct Steps {
    stages: std::vec::IntoIter<Stage>,
    /// When the present stage began, and how many phones there were then.
    begin: Moment,
    before: u32,
    stage: Option<Stage>,
    /// How many steps of this stage have been taken.
    next: u32,
}

impl Steps {
    fn new(stages: Vec<Stage>) -> Self {
        let mut stages = stages.into_iter();
        let stage = stages.next();
        Steps { stages, begin: Moment::START, before: 0, stage, next: 0 }
    }
}

impl Iterator for Steps {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            let stage = self.stage.as_ref()?;
            let count = stage.clients.abs_diff(self.before);
            if self.next < count {
                let share = f64::from(self.next) / f64::from(count);
                let at = self.begin + stage.time.mul_f64(share);
                let comes = stage.clients > self.before;
                let phone = match comes {
                    true => PhoneId(self.before + self.next),
                    false => PhoneId(self.before - 1 - self.next),
                };
                self.next += 1;
                return Some(Step { phone, at, comes });
            }
            self.begin = self.begin + stage.time;
            self.before = stage.clients;
            self.next = 0;
            self.stage = self.stages.next();
        }
    }
}

impl FusedIterator for Steps {}
