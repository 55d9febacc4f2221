//! When: the moments at which phones connect and messages are sent, all known beforehand.
//!
//! The model is *open*: a message is due when the plan says so, whether or not the server has kept
//! up with those before it. So a server that stalls is not spared the messages of that time, and
//! their delay counts from the moment they were planned for. The same timing and seed make the
//! same plan.
//!
//! Moments count from the start of the run. Knows no sockets and no clock: `net` asks
//! what is due.

use std::iter::{FusedIterator, Peekable};
use std::time::Duration;

use switchboard::timer::Moment;

use crate::phone_id::PhoneId;

/// The numbers that a plan is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timing {
    /// Phones.
    pub(crate) clients: u32,
    /// Time over which they connect, evenly.
    pub(crate) ramp: Duration,
    /// Time for which messages are sent, after the ramp.
    pub(crate) duration: Duration,
    /// Messages a second, from all phones together.
    pub(crate) rate: f64,
    /// How messages follow each other.
    pub(crate) arrivals: Arrivals,
    /// What every random choice comes from.
    pub(crate) seed: u64,
}

/// How messages follow each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Arrivals {
    /// At equal distances.
    Constant,
    /// Independently of each other, as from many people: exponential distances (a Poisson process).
    Exponential,
}

impl Timing {
    /// When messages begin.
    pub(crate) fn messages_begin(&self) -> Moment {
        Moment::START + self.ramp
    }

    /// When they end.
    pub(crate) fn messages_end(&self) -> Moment {
        self.messages_begin() + self.duration
    }
}

/// What is still to come of a plan.
#[derive(Debug)]
pub(crate) struct Schedule {
    connects: Peekable<Connects>,
    sends: Peekable<Sends>,
}

impl Schedule {
    /// The plan for this timing.
    pub(crate) fn new(timing: &Timing) -> Self {
        Schedule {
            connects: Connects { timing: *timing, next: 0 }.peekable(),
            sends: Sends::new(timing).peekable(),
        }
    }

    /// The next phone that is due to connect, and the moment that was planned for it.
    pub(crate) fn next_connect(&mut self, now: Moment) -> Option<(PhoneId, Moment)> {
        self.connects.next_if(|&(_, due)| due <= now)
    }

    /// The planned moment of the next message that is due.
    pub(crate) fn next_send(&mut self, now: Moment) -> Option<Moment> {
        self.sends.next_if(|&due| due <= now)
    }

    /// When something is due next.
    pub(crate) fn next_deadline(&mut self) -> Option<Moment> {
        let next = [self.connects.peek().map(|&(_, due)| due), self.sends.peek().copied()];
        next.into_iter().flatten().min()
    }

    /// Whether all phones have been told to connect.
    pub(crate) fn has_connected_all(&mut self) -> bool {
        self.connects.peek().is_none()
    }
}

/// The moments at which phones connect.
#[derive(Clone, Debug)]
struct Connects {
    timing: Timing,
    next: u32,
}

impl Iterator for Connects {
    type Item = (PhoneId, Moment);

    fn next(&mut self) -> Option<(PhoneId, Moment)> {
        if self.next >= self.timing.clients {
            return None;
        }
        let id = PhoneId(self.next);
        let share = f64::from(self.next) / f64::from(self.timing.clients);
        self.next += 1;
        Some((id, Moment::START + self.timing.ramp.mul_f64(share)))
    }
}

impl FusedIterator for Connects {}

/// The moments at which messages are sent.
#[derive(Clone, Debug)]
struct Sends {
    begin: Moment,
    /// In seconds.
    duration: f64,
    rate: f64,
    arrivals: Arrivals,
    random: fastrand::Rng,
    /// Messages so far.
    count: u64,
    /// Seconds from `begin` to the last message.
    elapsed: f64,
}

impl Sends {
    fn new(timing: &Timing) -> Self {
        Sends {
            begin: timing.messages_begin(),
            duration: timing.duration.as_secs_f64(),
            rate: timing.rate,
            arrivals: timing.arrivals,
            random: fastrand::Rng::with_seed(timing.seed),
            count: 0,
            elapsed: 0.0,
        }
    }
}

impl Iterator for Sends {
    type Item = Moment;

    fn next(&mut self) -> Option<Moment> {
        // A rate of nothing puts the first message infinitely far away.
        self.elapsed = match self.arrivals {
            // Multiplied, not added up: a million roundings would make a difference.
            Arrivals::Constant => (self.count as f64 + 0.5) / self.rate,
            // 1 - u lies in (0, 1], where the logarithm exists.
            Arrivals::Exponential => self.elapsed - (1.0 - self.random.f64()).ln() / self.rate,
        };
        self.count += 1;
        let is_in_time = self.elapsed < self.duration;
        is_in_time.then(|| self.begin + Duration::from_secs_f64(self.elapsed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing {
        clients: 100,
        ramp: Duration::from_secs(2),
        duration: Duration::from_secs(10),
        rate: 250.0,
        arrivals: Arrivals::Constant,
        seed: 7,
    };

    fn sends(timing: Timing) -> Vec<Moment> {
        Sends::new(&timing).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_plan_and_another_one_another() {
        let random = Timing { arrivals: Arrivals::Exponential, ..TIMING };
        assert_eq!(sends(random), sends(random));
        assert_ne!(sends(random), sends(Timing { seed: 8, ..random }));
    }

    #[test]
    fn phones_connect_evenly_over_the_ramp() {
        let connects: Vec<_> = Connects { timing: TIMING, next: 0 }.collect();
        assert_eq!(connects.len(), 100);
        assert_eq!(connects[0], (PhoneId(0), Moment::START));
        assert_eq!(connects[50], (PhoneId(50), Moment::START + Duration::from_secs(1)));
        assert!(connects.iter().all(|&(_, at)| at < TIMING.messages_begin()));
        let at_once = Timing { ramp: Duration::ZERO, ..TIMING };
        assert!(Connects { timing: at_once, next: 0 }.all(|(_, at)| at == Moment::START));
    }

    #[test]
    fn messages_keep_the_rate_and_stay_between_the_ramp_and_the_end() {
        let exponential = Timing { arrivals: Arrivals::Exponential, ..TIMING };
        for (timing, tolerance) in [(TIMING, 0), (exponential, 200)] {
            let sends = sends(timing);
            assert!(sends.len().abs_diff(2500) <= tolerance, "{} messages", sends.len());
            assert!(sends.is_sorted());
            let planned = timing.messages_begin()..timing.messages_end();
            assert!(sends.iter().all(|at| planned.contains(at)));
        }
    }

    #[test]
    fn no_rate_means_no_messages() {
        for arrivals in [Arrivals::Constant, Arrivals::Exponential] {
            assert!(sends(Timing { rate: 0.0, arrivals, ..TIMING }).is_empty());
        }
    }

    #[test]
    fn nothing_is_handed_out_before_it_is_due_and_everything_after() {
        let mut schedule = Schedule::new(&TIMING);
        let first = schedule.next_connect(Moment::START);
        assert_eq!(first, Some((PhoneId(0), Moment::START)));
        assert_eq!(schedule.next_connect(Moment::START), None);
        assert_eq!(schedule.next_send(TIMING.messages_begin()), None);
        assert_eq!(schedule.next_deadline(), Some(Moment::START + Duration::from_millis(20)));
        let end = TIMING.messages_end();
        while schedule.next_connect(end).is_some() {}
        assert!(schedule.has_connected_all());
        while schedule.next_send(end).is_some() {}
        assert_eq!(schedule.next_deadline(), None);
    }
}
