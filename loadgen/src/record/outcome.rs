//! [`Outcome`]: a run that is over: its record, why it ended, and what was used meanwhile.
//!
//! `net` returns it, and `report` tells it.

use std::time::Duration;

use switchboard::timer::Moment;

use super::Record;

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What happened.
    pub(crate) record: Record,
    /// Why it ended.
    pub(crate) end: End,
    /// What was used before it, until messages began, and until all had arrived.
    pub(crate) samples: [Sample; 3],
    /// When the last message was sent, or the run was broken off.
    pub(crate) sending_ended: Moment,
    /// Phones that were to connect.
    pub(crate) planned: u64,
    /// Phones that were ready at once, at most.
    pub(crate) peak: u64,
    /// Messages lost that cannot be the server's fault alone: their sender's or recipient's connection
    /// did not end cleanly.
    pub(crate) in_doubt: u64,
    /// Messages lost.
    pub(crate) lost: u64,
}

#[cfg(test)]
impl Outcome {
    /// What comes of a run in which nothing happened.
    pub(crate) fn of_nothing() -> Self {
        let sample = Sample { at: Moment::START, own_cpu: Duration::ZERO, server: None };
        Outcome {
            record: Record::of_numbers(0),
            end: End::AsPlanned,
            samples: [sample; 3],
            sending_ended: Moment::START,
            planned: 0,
            peak: 0,
            in_doubt: 0,
            lost: 0,
        }
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// The plan was played to its end.
    AsPlanned,
    /// Somebody pressed Ctrl-C.
    Interrupted,
    /// All phones had lost their connection.
    NobodyLeft,
    /// The time was over, and we were not nearly done with sending.
    Overwhelmed,
}

/// What has been used up to a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// When.
    pub(crate) at: Moment,
    /// Our own CPU time.
    pub(crate) own_cpu: Duration,
    /// The server's use, if it is a process that we may look at.
    pub(crate) server: Option<ProcessUse>,
}

/// What a process has used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessUse {
    /// CPU time, of the user and of the system.
    pub(crate) cpu: Duration,
    /// Bytes of memory in use; the kernel's own buffers are not among them.
    pub(crate) rss: u64,
    /// The most there ever were.
    pub(crate) rss_peak: u64,
}
