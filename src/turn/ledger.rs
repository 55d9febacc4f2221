//! [`Ledger`]: where every message went, and [`Counters`]: what else the turn has done.
//!
//! ```text
//! received = refused + undelivered + delivered + in outboxes
//! ```
//!
//! holds at every moment between two phases. The chat counts what it received, and what became of
//! it as far as it was told; the session's refusals and what is still queued are the turn's to
//! count. Here the sets of books meet.

use std::array;
use std::collections::BTreeMap;
use std::ops::Add;
use std::time::Duration;

use super::recorder::{Phase, Recorded};
use crate::limiter::Hits;
use crate::metrics::Histogram;
use crate::session::End;

/// Bounds of the histogram of turn times, in nanoseconds: 20 µs to 1 s.
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

/// The same for phases: 1 µs to 100 ms.
const PHASE_BOUNDS: &[u64] =
    &[1_000, 10_000, 100_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 100_000_000];

/// A realm, as far as the books are concerned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Realm {
    /// Where one is known by a phone number.
    Mobile,
    /// Where one is known by a session id.
    Session,
}

/// Messages of one realm that were refused before the chat ever saw them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Refused {
    /// A field was missing or wrong.
    pub malformed: u64,
    /// The text was too long.
    pub too_long: u64,
}

impl Refused {
    /// All of them.
    pub fn total(self) -> u64 {
        self.malformed + self.too_long
    }
}

/// The fate of every message, in messages since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ledger {
    /// Frames of type `message` that came from somebody signed in.
    pub received: u64,
    /// Of those, answered with an `error` because a field was missing or wrong.
    pub refused_malformed: u64,
    /// Of those, answered with an `error` because the text was too long.
    pub refused_too_long: u64,
    /// Of those, answered with an `error` because the two are no contacts.
    pub refused_not_invited: u64,
    /// The recipient was not online, or his connection ended first.
    pub undelivered_offline: u64,
    /// The recipient read too slowly and was given up.
    pub undelivered_slow: u64,
    /// The kernel took the last byte for the recipient's socket.
    pub delivered: u64,
    /// Queued, or come back and about to be reported.
    pub in_outboxes: u64,
}

impl Ledger {
    /// Whether every message is accounted for.
    pub fn balances(&self) -> bool {
        self.received
            == self.refused_malformed
                + self.refused_too_long
                + self.refused_not_invited
                + self.undelivered_offline
                + self.undelivered_slow
                + self.delivered
                + self.in_outboxes
    }
}

impl Add for Ledger {
    type Output = Ledger;

    fn add(self, other: Ledger) -> Ledger {
        Ledger {
            received: self.received + other.received,
            refused_malformed: self.refused_malformed + other.refused_malformed,
            refused_too_long: self.refused_too_long + other.refused_too_long,
            refused_not_invited: self.refused_not_invited + other.refused_not_invited,
            undelivered_offline: self.undelivered_offline + other.undelivered_offline,
            undelivered_slow: self.undelivered_slow + other.undelivered_slow,
            delivered: self.delivered + other.delivered,
            in_outboxes: self.in_outboxes + other.in_outboxes,
        }
    }
}

/// What the turn counts beside the fate of messages; everything since the start.
#[derive(Debug)]
pub struct Counters {
    /// Connections accepted.
    pub accepted: u64,
    /// Connections turned away on the spot: the house was full, or too many came from one address.
    pub shed: u64,
    /// How often somebody ran into a limit.
    pub limits_hit: Hits,
    /// Times that accepting failed for want of descriptors or memory.
    pub exhausted: u64,
    /// Upgrades to WebSocket.
    pub upgrades: u64,
    /// Connections by how they ended, in the order of [`End::OUTCOMES`].
    pub ended: [u64; End::OUTCOMES.len()],
    /// WebSockets by the close code that ended them; 1005 where there was none (RFC 6455 §7.4.1).
    pub closes: BTreeMap<u16, u64>,
    /// Messages refused in the `mobile` realm.
    pub refused_mobile: Refused,
    /// Messages refused in the `session` realm.
    pub refused_session: Refused,
    /// Bytes read from all sockets.
    pub bytes_received: u64,
    /// Bytes written to all sockets.
    pub bytes_sent: u64,
    /// Reads that brought something.
    pub reads: u64,
    /// Vectored writes that took something.
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
    /// How long turns took, waiting excluded.
    pub turn_time: Histogram,
    /// The same by phase, in the order of [`Phase::ALL`].
    pub phase_time: [Histogram; Phase::ALL.len()],
    /// How much later than asked for the loop woke up.
    pub lag: Histogram,
    /// What the process has used.
    pub process: Process,
}

/// What the process has used, as far as whoever runs the turn has told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Process {
    /// CPU time, user and system.
    pub cpu: Duration,
    /// Memory that it occupies, in bytes.
    pub resident_bytes: u64,
    /// Memory that it has addresses for, in bytes.
    pub virtual_bytes: u64,
    /// Descriptors that are open, if the kernel says how many without counting them one by one.
    pub open_descriptors: Option<u64>,
    /// Descriptors that may be open.
    pub most_descriptors: u64,
}

/// No close frame was there: reserved for that by RFC 6455 §7.4.1.
pub(super) const NO_CLOSE_CODE: u16 = 1005;

/// A code of the client's own choice, of which there are thousands: counted as one.
pub(super) const PRIVATE_CODE: u16 = 3000;

impl Counters {
    pub(super) fn new() -> Self {
        Counters {
            accepted: 0,
            shed: 0,
            limits_hit: Hits::default(),
            exhausted: 0,
            upgrades: 0,
            ended: [0; End::OUTCOMES.len()],
            closes: BTreeMap::new(),
            refused_mobile: Refused::default(),
            refused_session: Refused::default(),
            bytes_received: 0,
            bytes_sent: 0,
            reads: 0,
            writes: 0,
            lists: 0,
            deltas: 0,
            presence_bytes: 0,
            presence_encoded: 0,
            typing_dropped: 0,
            turn_time: Histogram::new(TURN_BOUNDS),
            phase_time: array::from_fn(|_| Histogram::new(PHASE_BOUNDS)),
            lag: Histogram::new(TURN_BOUNDS),
            process: Process::default(),
        }
    }

    /// A turn is over.
    pub(super) fn count_turn(&mut self, turn: &Recorded) {
        self.turn_time.record(turn.time());
        for (phase, lap, _) in turn.laps() {
            self.phase_time[phase as usize].record(lap);
        }
    }

    /// A connection has ended.
    pub(super) fn count_end(&mut self, end: End, was_websocket: bool) {
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
