//! The flight recorder: how much time each phase of the last turns took, and how much work it did.
//!
//! A *lap* is the time of one phase in one turn. The *work* of a lap is a number: connections, reads or
//! writes, say. The [`Recorder`] keeps the laps of the last 4,096 turns in a ring, 80 bytes
//! for each turn. It keeps nothing of people or of texts, so a recording can be published. It knows
//! no clock: the driver lends a [`Stopwatch`].

use std::time::Duration;

use crate::timer::Moment;

/// The number of turns that are kept. With 80 bytes each that is 320 KiB. The kernel provides only the
/// pages that have been written to, so a server that has done little uses less.
const TURNS: usize = 4096;

/// Reads the time between two phases.
pub trait Stopwatch {
    /// The present time.
    fn read(&mut self) -> Moment;
}

/// The phases of a turn, in order. Each comment says what the phase's work counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// Evaluates the last poll. Work: events.
    Readiness,
    /// Accepts connections. Work: connections.
    Accept,
    /// Takes the results of jobs. Work: results.
    Answer,
    /// Reads. Work: reads.
    Receive,
    /// Handles deadlines. Work: connections looked at.
    Expire,
    /// Takes ended connections out of the chat. Work: those connections, and messages that came back.
    Leave,
    /// Hands jobs over to other threads. Work: jobs.
    Ask,
    /// Publishes presence. Work: lists and deltas.
    Publish,
    /// Writes. Work: writes.
    Send,
    /// Frees connections. Work: connections.
    Close,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Phase; 10] = [
        Phase::Readiness,
        Phase::Accept,
        Phase::Answer,
        Phase::Receive,
        Phase::Expire,
        Phase::Leave,
        Phase::Ask,
        Phase::Publish,
        Phase::Send,
        Phase::Close,
    ];

    /// The phase's name in metrics, traces and the log.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Readiness => "readiness",
            Phase::Accept => "accept",
            Phase::Answer => "answer",
            Phase::Receive => "receive",
            Phase::Expire => "expire",
            Phase::Leave => "leave",
            Phase::Ask => "ask",
            Phase::Publish => "publish",
            Phase::Send => "send",
            Phase::Close => "close",
        }
    }
}

/// The record of one turn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recorded {
    start: Moment,
    /// The laps by phase, in nanoseconds. A lap of more than 4.29 s is recorded as 4.29 s.
    nanos: [u32; Phase::ALL.len()],
    /// The work by phase. More than 65,535 is recorded as 65,535.
    work: [u16; Phase::ALL.len()],
    outbox_kib: u32,
    websockets: u32,
}

impl Recorded {
    /// When the turn began: when the loop woke up.
    pub fn start(&self) -> Moment {
        self.start
    }

    /// The time that the turn took.
    pub fn time(&self) -> Duration {
        Duration::from_nanos(self.nanos.iter().map(|&nanos| u64::from(nanos)).sum())
    }

    /// The phases in order, each with its lap and its work.
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

/// Measures the laps of the present turn.
pub(in crate::turn) struct Laps<'w, W> {
    watch: &'w mut W,
    lap_began: Moment,
    turn: Recorded,
}

impl<'w, W: Stopwatch> Laps<'w, W> {
    /// Begins with the first phase of a turn that began at `start`.
    pub(in crate::turn) fn start(start: Moment, watch: &'w mut W) -> Self {
        Laps { watch, lap_began: start, turn: Recorded { start, ..Recorded::default() } }
    }

    /// Ends the lap of a phase that has done this much work.
    pub(in crate::turn) fn end(&mut self, phase: Phase, work: usize) {
        let now = self.watch.read();
        let nanos = now.since(self.lap_began).as_nanos();
        self.turn.nanos[phase as usize] = u32::try_from(nanos).unwrap_or(u32::MAX);
        self.turn.work[phase as usize] = u16::try_from(work).unwrap_or(u16::MAX);
        self.lap_began = now;
    }

    /// Ends the turn, and returns its record.
    pub(in crate::turn) fn finish(mut self, outbox_bytes: usize, websockets: usize) -> Recorded {
        self.turn.outbox_kib = u32::try_from(outbox_bytes / 1024).unwrap_or(u32::MAX);
        self.turn.websockets = u32::try_from(websockets).unwrap_or(u32::MAX);
        self.turn
    }
}

/// The records of the last turns, in a ring. To keep one is O(1).
#[derive(Clone, Debug)]
pub(in crate::turn) struct Recorder {
    /// In order until the ring is full; from then on the oldest record is at `next`.
    ring: Vec<Recorded>,
    next: usize,
}

impl Recorder {
    pub(in crate::turn) fn new() -> Self {
        Recorder { ring: Vec::with_capacity(TURNS), next: 0 }
    }

    /// Keeps a record. It replaces the oldest if the ring is full.
    pub(in crate::turn) fn keep(&mut self, turn: Recorded) {
        match self.ring.get_mut(self.next) {
            Some(oldest) => *oldest = turn,
            None => self.ring.push(turn),
        }
        self.next = (self.next + 1) % TURNS;
    }

    /// All records, oldest first.
    pub(in crate::turn) fn turns(&self) -> impl Iterator<Item = &Recorded> {
        let (newer, older) = self.ring.split_at(self.next.min(self.ring.len()));
        older.iter().chain(newer)
    }

    /// The newest record.
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
    fn a_turn_takes_80_bytes() {
        assert_eq!(size_of::<Recorded>(), 80);
    }

    #[test]
    fn every_phase_has_the_time_that_passed_in_it() {
        let lap = Duration::from_micros(3);
        let turn = turn(1_000, lap);
        assert_eq!((turn.start().as_nanos(), turn.time()), (1_000, lap * 10));
        let laps: Vec<_> = turn.laps().collect();
        assert_eq!(laps[0], (Phase::Readiness, lap, 0));
        assert_eq!(laps[3], (Phase::Receive, lap, 60_000));
        // 180,000 does not fit into a `u16`: the largest number stands for it.
        assert_eq!(laps[9], (Phase::Close, lap, u16::MAX));
        assert_eq!((turn.outbox_kib(), turn.websockets()), (3 << 10, 7));
    }

    #[test]
    fn a_lap_of_minutes_is_recorded_as_the_longest_that_there_can_be() {
        let longest = Duration::from_nanos(u32::MAX.into());
        assert_eq!(turn(0, Duration::from_secs(300)).time(), longest * 10);
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
        assert!(recorder.ring.capacity() * size_of::<Recorded>() <= 320 << 10);
    }
}
