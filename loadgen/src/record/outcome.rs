//! [`Outcome`]: a run that is over: its record, why it ended, and what was used meanwhile.
//!
//! `net` returns it, and `report` puts it into words.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard::timer::Moment;

use super::Record;

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What happened.
    pub(crate) record: Record,
    /// Why it ended.
    pub(crate) end: End,
    /// What was used before the run, when messages began, and when all had arrived.
    pub(crate) samples: [Sample; 3],
    /// When the last message was sent, or the run was broken off.
    pub(crate) sending_ended: Moment,
    /// Processes that have played it: one, or the shards that were merged.
    pub(crate) processes: u32,
    /// Phones that were to connect.
    pub(crate) planned: u64,
    /// The most phones that were ready at the same time.
    pub(crate) peak: u64,
    /// Messages that never arrived, between two connections of which at least one was not closed in good
    /// order.
    pub(crate) in_doubt: u64,
    /// Messages that never arrived, between two connections that were closed in good order.
    pub(crate) lost: u64,
}

impl Outcome {
    /// Whether it was ended before the plan was: then connections may be unfinished.
    pub(crate) fn was_broken_off(&self) -> bool {
        match self.end {
            End::Interrupted | End::Aborted => true,
            End::AsPlanned | End::NobodyLeft | End::Overwhelmed => false,
        }
    }
}

#[cfg(test)]
impl Outcome {
    /// The outcome of a run in which nothing happened.
    pub(crate) fn of_nothing() -> Self {
        let sample = Sample { at: Moment::START, own_cpu: Duration::ZERO, server: None };
        Outcome {
            record: Record::of_numbers(0),
            end: End::AsPlanned,
            samples: [sample; 3],
            sending_ended: Moment::START,
            processes: 1,
            planned: 0,
            peak: 0,
            in_doubt: 0,
            lost: 0,
        }
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum End {
    /// The plan was played to its end.
    AsPlanned,
    /// Somebody pressed Ctrl-C.
    Interrupted,
    /// All phones had lost their connection.
    NobodyLeft,
    /// An expectation could no longer be met.
    Aborted,
    /// The planned time was over, and loadgen was far behind with sending.
    Overwhelmed,
}

/// What has been used up to this moment.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Sample {
    /// The moment.
    #[serde(with = "nanos")]
    pub(crate) at: Moment,
    /// loadgen's own CPU time; of merged shards, that of all processes.
    pub(crate) own_cpu: Duration,
    /// What the server has used, if we may look at its process.
    pub(crate) server: Option<ProcessUse>,
}

/// A moment in nanoseconds.
pub(super) mod nanos {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use switchboard::timer::Moment;

    pub(in crate::record) fn serialize<S: Serializer>(
        moment: &Moment,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.serialize_u64(moment.as_nanos())
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Moment, D::Error> {
        u64::deserialize(from).map(Moment::from_nanos)
    }
}

/// What a process has used.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct ProcessUse {
    /// CPU time, of the user and of the system.
    pub(crate) cpu: Duration,
    /// Bytes of memory in use, without the kernel's own buffers.
    pub(crate) rss: u64,
    /// The most bytes that were ever in use.
    pub(crate) rss_peak: u64,
}
