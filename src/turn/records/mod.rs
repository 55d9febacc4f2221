//! The records: what the turn writes down for its operator. Counters, a note of each connection that has
//! ended, and the flight recorder.
//!
//! No decision of the turn depends on a record.

pub(super) mod counters;
pub(super) mod notes;
pub(super) mod recorder;
mod trace;

pub use trace::Recording;
