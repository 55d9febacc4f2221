//! The rates of one client: how many frames and how many bytes it may send.
//!
//! A frame over the rate is processed all the same, so no message is lost. The client is warned once, and
//! may then overdraw a quarter of the burst. Beyond that the connection ends. Each rate is a token bucket.
//! This file knows no clock. The stage of frames calls it.

use std::mem;

use super::{End, Flow, Host, Limits, WebSocket};
use crate::chat::Event;
use crate::dialects::Allowance;
use crate::dialects::flaw::{BYTE_RATE, Flaw, MESSAGE_RATE};
use crate::limiter::{Bucket, Drawn, Limit, Rate};

/// What a rate counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Measure {
    /// Frames of every kind that have arrived in full. Control frames count, since each ping has an answer.
    /// Fragments count, since to read an empty fragment costs as much as to read a short message.
    Frames,
    /// All bytes that arrive.
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

    fn warning(self) -> Flaw {
        match self {
            Measure::Frames => MESSAGE_RATE,
            Measure::Bytes => BYTE_RATE,
        }
    }
}

impl WebSocket {
    /// Charges `amount` frames or bytes to the client's rate. Warns the client, or ends the connection, if
    /// it is over the rate. Conformance suites have no rate.
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
            // The client is warned again only after its bucket was half full: so one period of excess is
            // one warning, however often the rate is exceeded in it.
            *warned = *warned && !bucket.is_half_full(rate, now);
            return Flow::Open;
        }
        if !mem::replace(warned, true) {
            host.limit_hit(measure.limit());
            let Flaw { detail, code, .. } = measure.warning();
            // No frame is refused, so there is no id to name.
            host.tell(&Event::Error { detail, code, id: None });
        }
        match drawn {
            Drawn::Within | Drawn::Excess => Flow::Open,
            Drawn::Beyond => Flow::Finish(measure.end()),
        }
    }
}
