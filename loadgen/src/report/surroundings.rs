//! [`Surroundings`]: what is known about a run beside its outcome. `play` collects it.

use std::collections::BTreeMap;

use crate::exposition;
use crate::target::Server;

/// What is known about a run beside its outcome.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    /// The servers.
    pub(crate) servers: &'a [Server],
    /// Whether loadgen has started the only one.
    pub(crate) is_own: bool,
    /// The version of each, if it tells.
    pub(crate) versions: Vec<Option<String>>,
    /// The `/metrics` of all servers together, before and after the run, or why there is no page after it. `None` if
    /// those of one server are not known.
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

    /// Whether a process that serves `/metrics` is another one than before the run.
    pub(super) fn is_restarted(&self) -> bool {
        let Some((before, Ok(after))) = &self.metrics else { return false };
        let start = |page: &str| exposition::value(page, "process_start_time_seconds");
        start(before).zip(start(after)).is_some_and(|(before, after)| before != after)
    }
}
