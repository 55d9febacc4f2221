//! Time as the rest of the program knows it: a [`Moment`] on the monotonic clock, a [`Now`] that is
//! handed in as an argument, the [`Wheel`] of timers, and the local time [`Zone`].
//!
//! Nothing here reads a clock. `net/clock.rs` does, once a turn; the simulator makes its own.

mod moment;
mod wheel;
mod zone;

pub use moment::{Moment, Now};
pub use wheel::{TimerId, Wheel};
pub use zone::Zone;
