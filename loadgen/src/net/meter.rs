//! [`Meter`]: looks at loadgen and at the server while a plan is played: every second for the series, and
//! three times for the sums.

use std::time::Duration;

use switchboard::timer::Moment;

use super::usage::{own_cpu, sample};
use super::watch::Watch;
use crate::record::{Record, Sample};

/// The time between two rows of the series.
const SECOND: Duration = Duration::from_secs(1);

/// Looks at loadgen and at the server.
#[derive(Debug)]
pub(super) struct Meter {
    watch: Watch,
    /// The end of the second that is being recorded.
    second_ends: Moment,
    /// When messages begin.
    messages_begin: Moment,
    /// What was used before the run, when messages began, and when all had arrived: those that have been
    /// taken.
    samples: Vec<Sample>,
}

impl Meter {
    /// Takes the first sample, which goes into the series as well.
    pub(super) fn start(
        watch: Watch,
        messages_begin: Moment,
        now: Moment,
        record: &mut Record,
    ) -> Self {
        let before = sample(now, watch.process());
        record.series.begin(before.own_cpu);
        let second_ends = Moment::START + SECOND;
        Meter { watch, second_ends, messages_begin, samples: vec![before] }
    }

    /// Ends the second, and takes the sample at the beginning of messages, each if it is time.
    pub(super) fn look(&mut self, ready: u64, now: Moment, record: &mut Record) {
        if now >= self.second_ends {
            self.end_second(ready, now, record);
        }
        if self.samples.len() == 1 && now >= self.messages_begin {
            self.take_sample(now);
        }
    }

    /// Ends the second, perhaps early.
    pub(super) fn end_second(&mut self, ready: u64, now: Moment, record: &mut Record) {
        let seen = self.watch.news(ready);
        record.end_second(now, own_cpu(), &seen);
        while self.second_ends <= now {
            self.second_ends = self.second_ends + SECOND;
        }
    }

    /// When there is something to look at again.
    pub(super) fn next_deadline(&self, is_playing: bool) -> Moment {
        match is_playing && self.samples.len() == 1 {
            true => self.second_ends.min(self.messages_begin),
            false => self.second_ends,
        }
    }

    /// Sending is over. If messages never began, their beginning is now.
    pub(super) fn sending_is_over(&mut self, now: Moment) {
        while self.samples.len() < 2 {
            self.take_sample(now);
        }
    }

    /// Takes the next sample.
    pub(super) fn take_sample(&mut self, now: Moment) {
        self.samples.push(sample(now, self.watch.process()));
    }

    /// All three samples. If the run was broken off, the missing ones are taken now.
    pub(super) fn samples(mut self, now: Moment) -> [Sample; 3] {
        while self.samples.len() < 3 {
            self.take_sample(now);
        }
        [self.samples[0], self.samples[1], self.samples[2]]
    }
}
