//! [`Counters`]: what the turn has done since the start, as numbers for `/metrics` and the log.
//!
//! Messages are not counted here: each realm keeps its own [`Books`](crate::chat::Books), and
//! [`Turn::books`](crate::turn::Turn::books) is their sum.

use std::array;
use std::collections::BTreeMap;
use std::time::Duration;

use super::recorder::{Phase, Recorded};
use crate::limiter::Hits;
use crate::metrics::Histogram;
use crate::session::{End, Refusal};

/// The bounds of the histogram of turn times, in nanoseconds: 20 µs to 1 s.
const TURN_BOUNDS: &[u64] = &[
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    1_000_000_000,
];

/// The bounds of the histograms of phases, in nanoseconds: 1 µs to 100 ms.
const PHASE_BOUNDS: &[u64] =
    &[1_000, 10_000, 100_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 100_000_000];

/// All that the turn counts, except for messages, since the start.
#[derive(Debug)]
pub struct Counters {
    /// Connections accepted.
    pub accepted: u64,
    /// Connections that were refused when they were accepted: the server was full, or their address had
    /// too many.
    pub shed: u64,
    /// How often each limit was hit.
    pub limits_hit: Hits,
    /// Times that accepting failed because descriptors or memory ran out.
    pub exhausted: u64,
    /// Upgrades to WebSocket.
    pub upgrades: u64,
    /// Upgrades that were refused, by reason, in the order of [`Refusal::ALL`].
    pub upgrades_refused: [u64; Refusal::ALL.len()],
    /// Answers to HTTP requests by status, except for upgrades.
    pub answers: BTreeMap<u16, u64>,
    /// Connections by how they ended, in the order of [`End::OUTCOMES`].
    pub ended: [u64; End::OUTCOMES.len()],
    /// WebSockets by the close code that ended them; 1005 if there was none (RFC 6455 §7.4.1).
    pub closes: BTreeMap<u16, u64>,
    /// Bytes read from all sockets.
    pub bytes_received: u64,
    /// Bytes written to all sockets.
    pub bytes_sent: u64,
    /// Reads that returned bytes.
    pub reads: u64,
    /// Vectored writes of which the kernel took bytes.
    pub writes: u64,
    /// Presence lists queued.
    pub lists: u64,
    /// Deltas queued.
    pub deltas: u64,
    /// Bytes of lists and deltas queued.
    pub presence_bytes: u64,
    /// Lists and deltas encoded.
    pub presence_encoded: u64,
    /// Typing notices dropped because the recipient's socket was full.
    pub typing_dropped: u64,
    /// Jobs handed over to other threads.
    pub jobs: u64,
    /// Pings to clients that want them.
    pub pings: u64,
    /// The time that turns took, without waiting.
    pub turn_time: Histogram,
    /// The time that each phase took, in the order of [`Phase::ALL`].
    pub phase_time: [Histogram; Phase::ALL.len()],
    /// How much later than planned the loop woke up.
    pub lag: Histogram,
    /// Reloads that were done.
    pub reloads: u64,
    /// Reloads that were refused, and have changed nothing.
    pub reloads_refused: u64,
    /// What the process has used.
    pub process: Process,
}

/// What the process has used, as the driver has measured it. `None`: the kernel does not tell. A 0 in its
/// place would be a figure that is wrong.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Process {
    /// CPU time, user and system.
    pub cpu: Option<Duration>,
    /// Resident memory, in bytes.
    pub resident_bytes: Option<u64>,
    /// Virtual memory, in bytes.
    pub virtual_bytes: Option<u64>,
    /// The number of open descriptors. Older kernels tell it only to a process that counts them one by one.
    pub open_descriptors: Option<u64>,
    /// The most descriptors that may be open.
    pub most_descriptors: Option<u64>,
}

/// Stands for "there was no close code"; RFC 6455 §7.4.1 reserves it for that.
pub(in crate::turn) const NO_CLOSE_CODE: u16 = 1005;

/// Stands for all codes from 3000 on that a client chose itself: there are two thousand, and each would be
/// a time series of its own.
pub(in crate::turn) const PRIVATE_CODE: u16 = 3000;

impl Counters {
    pub(in crate::turn) fn new() -> Self {
        Counters {
            accepted: 0,
            shed: 0,
            limits_hit: Hits::default(),
            exhausted: 0,
            upgrades: 0,
            upgrades_refused: [0; Refusal::ALL.len()],
            answers: BTreeMap::new(),
            ended: [0; End::OUTCOMES.len()],
            closes: BTreeMap::new(),
            bytes_received: 0,
            bytes_sent: 0,
            reads: 0,
            writes: 0,
            lists: 0,
            deltas: 0,
            presence_bytes: 0,
            presence_encoded: 0,
            typing_dropped: 0,
            jobs: 0,
            pings: 0,
            turn_time: Histogram::new(TURN_BOUNDS),
            phase_time: array::from_fn(|_| Histogram::new(PHASE_BOUNDS)),
            lag: Histogram::new(TURN_BOUNDS),
            reloads: 0,
            reloads_refused: 0,
            process: Process::default(),
        }
    }

    /// Counts a turn.
    pub(in crate::turn) fn count_turn(&mut self, turn: &Recorded) {
        self.turn_time.record(turn.time());
        for (phase, lap, _) in turn.laps() {
            self.phase_time[phase as usize].record(lap);
        }
    }

    /// Counts an answer with this status.
    pub(in crate::turn) fn count_answer(&mut self, status: u16) {
        *self.answers.entry(status).or_default() += 1;
    }

    /// Counts the end of a connection.
    pub(in crate::turn) fn count_end(&mut self, end: End, was_websocket: bool) {
        self.ended[end.outcome()] += 1;
        if let Some(limit) = end.limit() {
            self.limits_hit.count(limit);
        }
        if was_websocket {
            let code = end.close_frame().and_then(|(code, _)| code).unwrap_or(NO_CLOSE_CODE);
            let is_strange = matches!(end, End::ClosedByClient(_)) && code >= PRIVATE_CODE;
            *self.closes.entry(if is_strange { PRIVATE_CODE } else { code }).or_default() += 1;
        }
    }
}
