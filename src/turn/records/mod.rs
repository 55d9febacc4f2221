//! What is written down about the turn, for its operator: counters, notes of connections that have ended,
//! and the flight recorder. Nothing that the turn does depends on any of it.

pub(super) mod counters;
pub(super) mod notes;
pub(super) mod recorder;
mod trace;

pub use trace::Recording;
