//! [`Crowd`]: many connections to one turn of the loop, with a clock that only the crowd moves.
//! [`Effort`]: what the server did for them.
//!
//! CPU time is this thread's, as the kernel counts it: page faults are in it, other programs are
//! not, and neither is what the crowd itself takes to find its words.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use switchboard::timer::{Moment, Now};
use switchboard::turn::{Limits, Listener, NoJobs, Polled, Readiness, Stopwatch, Turn};

use crate::hall::Hall;

/// How many clients are accepted, or send something, in one turn: as in a busy server.
pub(crate) const AT_ONCE: usize = 128;

/// How far the clock moves in each turn.
const TURN: Duration = Duration::from_micros(100);

/// The cost of a piece of work.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Effort {
    /// The CPU time of all turns together.
    pub(crate) cpu: Duration,
    /// The CPU time of the longest turn.
    pub(crate) longest: Duration,
    pub(crate) turns: u32,
    /// How many bytes were written.
    pub(crate) written: u64,
}

impl Effort {
    /// The CPU time for one of `operations` operations, in microseconds.
    pub(crate) fn micros_each(&self, operations: usize) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / operations as f64
    }

    /// The longest turn, in milliseconds.
    pub(crate) fn longest_ms(&self) -> f64 {
        self.longest.as_secs_f64() * 1e3
    }
}

/// Many connections.
pub(crate) struct Crowd {
    pub(crate) turn: Turn,
    pub(crate) hall: Hall,
    now: Now,
    effort: Effort,
}

impl Crowd {
    /// Makes a crowd without connections, with room for `seats` of them.
    pub(crate) fn new(limits: Limits, seats: usize) -> Self {
        let now =
            Now { monotonic: Moment::from_nanos(1), unix: Duration::from_secs(1_700_000_000) };
        let turn = Turn::new(limits, now);
        Crowd { turn, hall: Hall::new(seats), now, effort: Effort::default() }
    }

    /// Does some work, and returns its cost.
    pub(crate) fn measure(&mut self, work: impl FnOnce(&mut Crowd)) -> Effort {
        self.effort = Effort::default();
        let written = self.hall.written;
        work(self);
        self.effort.written = self.hall.written - written;
        self.effort
    }

    /// Connects `count` more clients. Each sends what `first` appends for it, and is answered.
    pub(crate) fn arrive(&mut self, count: usize, first: impl Fn(usize, &mut Vec<u8>)) {
        let end = self.hall.here.len() + count;
        while self.hall.here.len() < end {
            let begin = self.hall.here.len();
            self.hall.waiting = AT_ONCE.min(end - begin);
            self.turn.listener_ready(Listener::Public);
            self.run();
            let newcomers = begin..self.hall.here.len();
            self.each_says(newcomers, &first);
        }
    }

    /// Each of these clients sends what `words` appends for it.
    pub(crate) fn each_says(
        &mut self,
        who: impl IntoIterator<Item = usize>,
        words: impl Fn(usize, &mut Vec<u8>),
    ) {
        let mut buffer = Vec::new();
        let mut said = 0;
        for index in who {
            buffer.clear();
            words(index, &mut buffer);
            said += usize::from(self.hall.say(self.hall.here[index], &buffer));
            if said == AT_ONCE {
                said = 0;
                self.settle();
            }
        }
        self.settle();
    }

    /// Runs turns until there is no more work to do at once.
    pub(crate) fn settle(&mut self) {
        self.run();
        while self.turn.wait(self.now.monotonic) == Some(Duration::ZERO) {
            self.run();
        }
        self.hall.forget_words();
    }

    /// Lets the clock run for `time`, or until `over`, with a turn whenever the server wants one.
    pub(crate) fn pass(&mut self, time: Duration, over: impl Fn(&Crowd) -> bool) {
        let end = self.now.monotonic + time;
        while self.now.monotonic < end && !over(self) {
            let wait = self.turn.wait(self.now.monotonic).unwrap_or(time);
            self.advance(wait.min(end.since(self.now.monotonic)));
            self.run();
        }
    }

    /// Runs one turn. It is told of all clients that have sent something.
    fn run(&mut self) {
        self.advance(TURN);
        let begun = cpu_time();
        for id in self.hall.speakers.drain(..) {
            self.turn.ready(id, Readiness { readable: true, ..Readiness::default() });
        }
        self.turn.run(self.now, Polled::Everybody, &mut self.hall, &mut NoJobs, &mut Stopped);
        let took = cpu_time().saturating_sub(begun);
        self.effort.cpu += took;
        self.effort.longest = self.effort.longest.max(took);
        self.effort.turns += 1;
    }

    fn advance(&mut self, time: Duration) {
        self.now.monotonic = self.now.monotonic + time;
        self.now.unix += time;
    }
}

/// The stopwatch for the flight recorder. It stands still: the crowd measures from outside of the turn.
struct Stopped;

impl Stopwatch for Stopped {
    fn read(&mut self) -> Moment {
        Moment::START
    }
}

/// The CPU time of this thread.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("every thread has this clock").into()
}
