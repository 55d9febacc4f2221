//! [`Sends`]: the moments at which messages are due.
//!
//! Messages are counted off a curve that rises with the rate: message n is due where the curve reaches n.
//! So a rate that rises or falls needs no special case, and no rounding errors add up.
//!
//! The moments have a *grain*: they are multiples of a millisecond, or of the time that was asked for. A
//! generator that wakes up for each message on its own spends more on waking up than on writing.

use std::iter::FusedIterator;
use std::time::Duration;

use switchboard::timer::Moment;

use super::{Arrivals, Timing};

/// The moments at which messages are sent.
#[derive(Clone, Debug)]
pub(super) struct Sends {
    pieces: Vec<Piece>,
    /// The index of the present piece.
    piece: usize,
    arrivals: Arrivals,
    random: fastrand::Rng,
    /// All moments are multiples of this, in nanoseconds.
    grain: u64,
    /// How many messages have been given out.
    count: u64,
    /// The height of the curve at the latest of them.
    height: f64,
}

/// A stage, as a piece of the curve.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// When it begins, and how long it is, in seconds.
    begin: f64,
    length: f64,
    /// The moment at which it begins.
    begins: Moment,
    /// The height of the curve at its beginning.
    below: f64,
    /// How far it rises.
    rise: f64,
    /// Messages a second at its beginning, and by how much that grows each second.
    rate: f64,
    growth: f64,
}

impl Sends {
    pub(super) fn new(timing: &Timing) -> Self {
        let (mut begin, mut below) = (0.0, 0.0);
        let pieces = timing.stages.iter().map(|stage| {
            let (length, rise) = (stage.time.as_secs_f64(), stage.messages());
            let growth = if length > 0.0 { (stage.rate - stage.rate_before) / length } else { 0.0 };
            let begins = Moment::START + Duration::from_secs_f64(begin);
            let rate = stage.rate_before;
            let piece = Piece { begin, length, begins, below, rise, rate, growth };
            begin += length;
            below += rise;
            piece
        });
        Sends {
            pieces: pieces.collect(),
            piece: 0,
            arrivals: timing.arrivals,
            random: fastrand::Rng::with_seed(timing.seed),
            grain: u64::try_from(timing.grain.as_nanos()).unwrap_or(u64::MAX).max(1),
            count: 0,
            height: 0.0,
        }
    }

    /// Ends it: there are no more messages.
    pub(super) fn end(&mut self) {
        self.piece = self.pieces.len();
    }
}

impl Iterator for Sends {
    type Item = Moment;

    fn next(&mut self) -> Option<Moment> {
        self.height = match self.arrivals {
            // Calculated from n, not added up: a million roundings would make a difference.
            Arrivals::Constant => self.count as f64 + 0.5,
            // 1 - u lies in (0, 1], where the logarithm exists.
            Arrivals::Exponential => self.height - (1.0 - self.random.f64()).ln(),
        };
        self.count += 1;
        while let Some(piece) = self.pieces.get(self.piece) {
            let above = self.height - piece.below;
            if above < piece.rise {
                let seconds = piece.begin + piece.seconds_to(above).clamp(0.0, piece.length);
                let at = Moment::START + Duration::from_secs_f64(seconds);
                let at = Moment::from_nanos(at.as_nanos() / self.grain * self.grain);
                // Rounding down must not move it before its stage.
                return Some(at.max(piece.begins));
            }
            self.piece += 1;
        }
        None
    }
}

impl FusedIterator for Sends {}

impl Piece {
    /// The time in which the curve rises so far: the root of rate·t + growth/2·t² = rise. This form loses
    /// no digits when the growth is small or zero.
    fn seconds_to(&self, rise: f64) -> f64 {
        let root = (self.rate * self.rate + 2.0 * self.growth * rise).max(0.0).sqrt();
        2.0 * rise / (self.rate + root)
    }
}
