//! [`Proofs`]: until when each connection has proved that its number is its own, where the operator wants proof.
//!
//! A proof is 40 bytes and a timer. A connection without one costs nothing, and so does the table while nobody
//! has one. It knows no token. The realm calls it.

use std::fmt;
use std::time::Duration;

use crate::chat::ConnectionId;
use crate::shards::Shards;
use crate::timer::{Moment, Now, TimerId, Wheel};

/// The connections with a proof.
#[derive(Default)]
pub(super) struct Proofs {
    all: Shards<Proof>,
    /// `None` before the first proof.
    wheel: Option<Box<Wheel<ConnectionId>>>,
}

struct Proof {
    of: ConnectionId,
    /// When it ends, since the Unix epoch.
    ends: Duration,
    timer: TimerId,
}

/// Debug output shows how many there are.
impl fmt::Debug for Proofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proofs").field(&self.len()).finish()
    }
}

impl Proofs {
    /// Notes that the proof of a connection ends then, since the Unix epoch. An older one no longer counts.
    pub(super) fn put(&mut self, now: Now, of: ConnectionId, ends: Duration) {
        self.remove(of);
        let wheel = self.wheel.get_or_insert_with(|| Box::new(Wheel::new(now.monotonic)));
        let timer = wheel.insert(moment(now, ends), of);
        self.all.insert(Proof { of, ends, timer }, |proof| proof.of);
    }

    /// Forgets the proof of a connection, if it has one.
    pub(super) fn remove(&mut self, of: ConnectionId) {
        if let (Some(wheel), Some(proof)) =
            (&mut self.wheel, self.all.remove(of, |proof| proof.of == of))
        {
            wheel.cancel(proof.timer);
        }
    }

    /// The next connection whose proof has ended; it is forgotten. Each call that returns `Some` ends one timer.
    /// The wall clock decides: if it was set back, the proof goes on, and `Some(None)` says so.
    pub(super) fn next_ended(&mut self, now: Now) -> Option<Option<ConnectionId>> {
        let wheel = self.wheel.as_mut()?;
        let of = wheel.next_due(now.monotonic)?;
        let proof = self.all.find_mut(of, |proof| proof.of == of);
        let proof = proof.expect("a proof has a timer as long as it is there");
        if now.unix < proof.ends {
            proof.timer = wheel.insert(moment(now, proof.ends), of);
            return Some(None);
        }
        self.all.remove(of, |proof| proof.of == of);
        Some(Some(of))
    }

    /// When a timer is due next.
    pub(super) fn next_deadline(&self) -> Option<Moment> {
        self.wheel.as_ref()?.next_deadline()
    }

    /// How many connections have a proof.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Panics if a proof has no timer, or is of a connection for which `is_here` is false.
    pub(super) fn check_invariants(&self, is_here: impl Fn(ConnectionId) -> bool) {
        assert_eq!(self.wheel.as_ref().map_or(0, |wheel| wheel.len()), self.len());
        assert!(self.all.iter().all(|proof| is_here(proof.of)), "who has left has no proof");
    }
}

/// The moment of a time since the Unix epoch.
fn moment(now: Now, unix: Duration) -> Moment {
    now.monotonic + unix.saturating_sub(now.unix)
}
