//! The flight recorder: what the last turns did with their time.
//!
//! A *lap* is the time of one phase, and the *work* in it how often the phase did what it is for. The
//! [`Recorder`] keeps the laps of the last 4,096 turns in a ring, one cache line each, and of what was
//! said or by whom not a byte: a recording can be shown to anybody. It knows no clock; whoever
//! runs the turn lends a [`Stopwatch`].

use std::time::Duration;

use crate::timer::Moment;

/// Turns that are kept. At 64 bytes each that is 256 KiB, of which the kernel provides the pages that
/// have been written to: a server that has done little has spent little.
const TURNS: usize = 4096;

/// What tells the time between two phases.
pub trait Stopwatch {
    /// The time.
    fn read(&mut self) -> Moment;
}

/// The parts of a turn, in their order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// Learning who is ready. Its work is counted in events.
    Readiness,
    /// Taking in newcomers; in connections.
    Accept,
    /// Reading; in reads.
    Receive,
    /// Judging who is late; in connections looked at.
    Expire,
    /// Taking the departed out of the chat; in departed, and in messages that came back.
    Leave,
    /// Telling who is online; in lists and deltas.
    Publish,
    /// Writing; in writes.
    Send,
    /// Freeing; in connections.
    Close,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Phase; 8] = [
        Phase::Readiness,
        Phase::Accept,
        Phase::Receive,
        Phase::Expire,
        Phase::Leave,
        Phase::Publish,
        Phase::Send,
        Phase::Close,
    ];

    /// Its name, in metrics, traces and the log.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Readiness => "readiness",
            Phase::Accept => "accept",
            Phase::Receive => "receive",
            Phase::Expire => "expire",
            Phase::Leave => "leave",
            Phase::Publish => "publish",
            Phase::Send => "send",
            Phase::Close => "close",
        }
    }
}

/// What one turn has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recorded {
    start: Moment,
    /// By phase, in nanoseconds; a lap of over four seconds counts as four.
    nanos: [u32; Phase::ALL.len()],
    /// By phase; more than 65,535 counts as that.
    work: [u16; Phase::ALL.len()],
    outbox_kib: u32,
    websockets: u32,
}

impl Recorded {
    /// When it began: when the loop woke up.
    pub fn start(&self) -> Moment {
        self.start
    }

    /// How long it took.
    pub fn time(&self) -> Duration {
        Duration::from_nanos(self.nanos.iter().map(|&nanos| u64::from(nanos)).sum())
    }

    /// Each phase with its lap and its work.
    pub fn laps(&self) -> impl Iterator<Item = (Phase, Duration, u16)> {
        let laps = self.nanos.iter().zip(self.work);
        Phase::ALL
            .into_iter()
            .zip(laps)
            .map(|(phase, (&nanos, work))| (phase, Duration::from_nanos(nanos.into()), work))
    }

    /// KiB in all outboxes when it was over.
    pub(in crate::turn) fn outbox_kib(&self) -> u32 {
        self.outbox_kib
    }

    /// WebSockets that were open when it was over.
    pub(in crate::turn) fn websockets(&self) -> u32 {
        self.websockets
    }
}

/// The laps of the turn that is under way.
pub(in crate::turn) struct Laps<'w, W> {
    watch: &'w mut W,
    lap_began: Moment,
    turn: Recorded,
}

impl<'w, W: Stopwatch> Laps<'w, W> {
    /// The turn began at `start`, and is in its first phase.
    pub(in crate::turn) fn start(start: Moment, watch: &'w mut W) -> Self {
        Laps { watch, lap_began: start, turn: Recorded { start, ..Recorded::default() } }
    }

    /// A phase is over, and has done this much.
    pub(in crate::turn) fn end(&mut self, phase: Phase, work: usize) {
        let now = self.watch.read();
        let nanos = now.since(self.lap_began).as_nanos();
        self.turn.nanos[phase as usize] = u32::try_from(nanos).unwrap_or(u32::MAX);
        self.turn.work[phase as usize] = u16::try_from(work).unwrap_or(u16::MAX);
        self.lap_began = now;
    }

    /// The turn is over, and leaves this behind.
    pub(in crate::turn) fn finish(mut self, outbox_bytes: usize, websockets: usize) -> Recorded {
        self.turn.outbox_kib = u32::try_from(outbox_bytes / 1024).unwrap_or(u32::MAX);
        self.turn.websockets = u32::try_from(websockets).unwrap_or(u32::MAX);
        self.turn
    }
}

/// The last turns.
#[derive(Clone, Debug)]
pub(in crate::turn) struct Recorder {
    /// In order, until it is full; from then on the oldest is at `next`.
    ring: Vec<Recorded>,
    next: usize,
}

impl Recorder {
    pub(in crate::turn) fn new() -> Self {
        Recorder { ring: Vec::with_capacity(TURNS), next: 0 }
    }

    /// Keeps a turn, in place of the oldest if there is no more room.
    pub(in crate::turn) fn keep(&mut self, turn: Recorded) {
        match self.ring.get_mut(self.next) {
            Some(oldest) => *oldest = turn,
            None => self.ring.push(turn),
        }
        self.next = (self.next + 1) % TURNS;
    }

    /// All that are kept, oldest first.
    pub(in crate::turn) fn turns(&self) -> impl Iterator<Item = &Recorded> {
        let (newer, older) = self.ring.split_at(self.next.min(self.ring.len()));
        older.iter().chain(newer)
    }

    /// The newest.
    pub(in crate::turn) fn last(&self) -> Option<&Recorded> {
        self.ring.get((self.next + TURNS - 1) % TURNS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A watch on which every reading is this much later.
    struct Steps(Moment, Duration);

    impl Stopwatch for Steps {
        fn read(&mut self) -> Moment {
            self.0 = self.0 + self.1;
            self.0
        }
    }

    fn turn(start: u64, lap: Duration) -> Recorded {
        let mut watch = Steps(Moment::from_nanos(start), lap);
        let mut laps = Laps::start(Moment::from_nanos(start), &mut watch);
        for (work, phase) in Phase::ALL.into_iter().enumerate() {
            laps.end(phase, work * 20_000);
        }
        laps.finish(3 << 20, 7)
    }

    #[test]
    fn a_turn_is_one_cache_line() {
        assert_eq!(size_of::<Recorded>(), 64);
    }

    #[test]
    fn every_phase_has_the_time_that_passed_in_it() {
        let lap = Duration::from_micros(3);
        let turn = turn(1_000, lap);
        assert_eq!((turn.start().as_nanos(), turn.time()), (1_000, lap * 8));
        let laps: Vec<_> = turn.laps().collect();
        assert_eq!(laps[0], (Phase::Readiness, lap, 0));
        assert_eq!(laps[3], (Phase::Expire, lap, 60_000));
        // What does not fit is as much as does.
        assert_eq!(laps[7], (Phase::Close, lap, u16::MAX));
        assert_eq!((turn.outbox_kib(), turn.websockets()), (3 << 10, 7));
    }

    #[test]
    fn a_lap_of_minutes_is_recorded_as_the_longest_that_there_can_be() {
        let longest = Duration::from_nanos(u32::MAX.into());
        assert_eq!(turn(0, Duration::from_secs(300)).time(), longest * 8);
    }

    #[test]
    fn the_newest_turns_are_kept_in_their_order() {
        let mut recorder = Recorder::new();
        assert!(recorder.last().is_none());
        for kept in [1, 2, TURNS, TURNS + 1, 3 * TURNS + 5] {
            let mut recorder = Recorder::new();
            (0..kept).for_each(|n| recorder.keep(turn(n as u64, Duration::ZERO)));
            let starts: Vec<u64> = recorder.turns().map(|t| t.start().as_nanos()).collect();
            let first = kept.saturating_sub(TURNS);
            assert!(starts.iter().copied().eq(first as u64..kept as u64), "{kept}");
            let last = recorder.last().expect("one was kept").start().as_nanos();
            assert_eq!(last, kept as u64 - 1);
        }
        recorder.keep(turn(0, Duration::ZERO));
        assert!(recorder.ring.capacity() * size_of::<Recorded>() <= 256 << 10);
    }
}
