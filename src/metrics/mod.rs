//! Metrics as Prometheus reads them: an [`Exposition`] is the page, a [`Histogram`] counts durations.
//!
//! This room knows the text format 0.0.4 and nothing of what is counted. Each room keeps its own
//! plain counters; the page `/metrics` writes them all. Times are exact decimal
//! seconds: no floating point anywhere.

mod exposition;
mod histogram;
mod number;

pub use exposition::{CONTENT_TYPE, Exposition};
pub use histogram::Histogram;
pub use number::Number;
