//! What one client may send: so many frames and so many bytes, at once and then each second.
//!
//! A frame that is too much has arrived all the same, and is taken: no message is lost by it. Its
//! client is told once, and has a quarter of the burst left to slow down in. Whoever goes on is over
//! the rate for good, and the connection ends. Knows no clock. The stage of frames calls it.

use std::mem;

use super::{End, Flow, Host, Limits, WebSocket};
use crate::chat::Event;
use crate::dialects::Allowance;
use crate::limiter::{Bucket, Drawn, Limit, Rate};

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Measure {
    /// Frames of every kind that have arrived in full: control frames, since answering a ping costs
    /// what an answer costs, and fragments, since an empty one costs what a message costs to read.
    Frames,
    /// Bytes, whatever they are.
    Bytes,
}

impl Measure {
    fn rate(self, limits: &Limits) -> &Rate {
        match self {
            Measure::Frames => &limits.message_rate,
            Measure::Bytes => &limits.byte_rate,
        }
    }

    fn limit(self) -> Limit {
        match self {
            Measure::Frames => Limit::MessageRate,
            Measure::Bytes => Limit::ByteRate,
        }
    }

    fn end(self) -> End {
        match self {
            Measure::Frames => End::MessageRate,
            Measure::Bytes => End::ByteRate,
        }
    }

    fn warning(self) -> &'static str {
        match self {
            Measure::Frames => "too many messages: slow down, or this connection will be closed",
            Measure::Bytes => "too many bytes: slow down, or this connection will be closed",
        }
    }
}

impl WebSocket {
    /// Notes that so much has come, and ends what has been too much for too long. A conformance
    /// suite may send what it likes.
    pub(super) fn charge(
        &mut self,
        measure: Measure,
        amount: usize,
        limits: &Limits,
        host: &mut impl Host,
    ) -> Flow {
        if self.dialect.manners().allowance == Allowance::Conformance {
            return Flow::Open;
        }
        let now = host.now().monotonic;
        let rate = measure.rate(limits);
        let (bucket, warned): (&mut Bucket, &mut bool) = match measure {
            Measure::Frames => (&mut self.frames, &mut self.warned_of_frames),
            Measure::Bytes => (&mut self.bytes, &mut self.warned_of_bytes),
        };
        let drawn = bucket.draw(rate, amount as u64, now);
        if drawn == Drawn::Within {
            // One excess is one warning, however often it crosses the line until it is over.
            *warned = *warned && !bucket.is_half_full(rate, now);
            return Flow::Open;
        }
        if !mem::replace(warned, true) {
            host.limit_hit(measure.limit());
            host.tell(&Event::Error { detail: measure.warning() });
        }
        match drawn {
            Drawn::Within | Drawn::Excess => Flow::Open,
            Drawn::Beyond => Flow::Finish(measure.end()),
        }
    }
}
