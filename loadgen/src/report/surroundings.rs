//! [`Surroundings`]: what is known about a run beside its outcome. `play` collects it.

use std::collections::BTreeMap;

use crate::exposition;
use crate::target::Target;

/// What is known about a run beside its outcome.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    /// The server.
    pub(crate) target: &'a Target,
    /// Whether loadgen has started it.
    pub(crate) is_own: bool,
    /// The server's version, if it tells.
    pub(crate) version: Option<String>,
    /// The server's `/metrics` before and after the run, or why there is no page after it.
    pub(crate) metrics: Option<(String, Result<String, String>)>,
    /// How loadgen's own server ended, if that is known.
    pub(crate) stopped: Option<Result<(), String>>,
    /// Only of merged shards: why their runs say nothing, each by itself.
    pub(crate) of_shards: Option<Vec<String>>,
}

impl Surroundings<'_> {
    /// The limits that the server told last.
    pub(super) fn limits(&self) -> BTreeMap<String, f64> {
        let page = match &self.metrics {
            Some((_, Ok(after))) => after,
            Some((before, Err(_))) => before,
            None => return BTreeMap::new(),
        };
        exposition::limits(page)
    }

    /// Whether the process that serves `/metrics` is another one than before the run.
    pub(super) fn is_restarted(&self) -> bool {
        let Some((before, Ok(after))) = &self.metrics else { return false };
        let start = |page: &str| exposition::value(page, "process_start_time_seconds");
        start(before).zip(start(after)).is_some_and(|(before, after)| before != after)
    }
}
