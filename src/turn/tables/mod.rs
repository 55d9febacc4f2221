//! The tables of the turn: what it knows of each connection, by the slot in its id. No table calls a phase.

pub(super) mod connections;
pub(super) mod deadlines;
pub(super) mod outbox;
pub(super) mod parcel;
pub(super) mod presence;
mod queue;
