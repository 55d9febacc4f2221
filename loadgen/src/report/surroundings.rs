//! [`Surroundings`]: what is known beside the outcome of the run itself. `play` collects it.

use crate::target::Target;

/// What is known beside the outcome of the run itself.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    /// The server.
    pub(crate) target: &'a Target,
    /// Whether it is one of our own.
    pub(crate) is_own: bool,
    /// Its /metrics before the run and after it, or why there is none.
    pub(crate) metrics: Option<(String, Result<String, String>)>,
    /// How our own server ended.
    pub(crate) stopped: Option<Result<(), String>>,
}
