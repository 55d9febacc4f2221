//! [`Plan`]: what is to be played. The flags come to it, `net` plays it, the report tells what it was.
//!
//! Says neither against which server nor where the report goes: the same plan can be played again.

use std::time::Duration;

use crate::expect::Expectation;
use crate::schedule::Timing;
use crate::workload::Settings;

/// What is to be played.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// When phones come and go, and when messages are due.
    pub(crate) timing: Timing,
    /// Whether the phones decide when they write: the closed model.
    pub(crate) is_closed: bool,
    /// What phones do.
    pub(crate) settings: Settings,
    /// The server's ping timeout, if it is known.
    pub(crate) ping_timeout: Option<Duration>,
    /// How often the server looks for silent phones.
    pub(crate) sweep_interval: Duration,
    /// How long after the last arrival a message counts as lost.
    pub(crate) settle: Duration,
    /// What must hold in the end.
    pub(crate) expectations: Vec<Expectation>,
    /// Whether to print no progress.
    pub(crate) quiet: bool,
}
