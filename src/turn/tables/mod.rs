//! The tables: what the turn knows of each connection. All are indexed by the slot in the connection's id,
//! and check the id's generation, so a lookup is O(1) and never finds a later connection in the same slot.
//!
//! Phases call tables; no table calls a phase.

pub(super) mod connections;
pub(super) mod deadlines;
pub(super) mod outbox;
pub(super) mod parcel;
pub(super) mod parked;
pub(super) mod presence;
mod queue;
pub(super) mod under_way;
