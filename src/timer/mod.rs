//! Time as the rest of the program knows it: a [`Moment`] on the monotonic clock, a [`Now`] that is
//! handed in as an argument, and the [`Wheel`] of timers.
//!
//! Nothing here reads a clock. `net/clock.rs` does, once a turn; the simulator makes its own.

mod moment;
mod wheel;

pub use moment::{Moment, Now};
pub use wheel::{TimerId, Wheel};
