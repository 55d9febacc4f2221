//! The chat itself: who is here, and who says what to whom. Commands in, events out.
//!
//! The chat knows no bytes, no JSON, no socket and no clock: a [`Command`] arrives already
//! understood, the time is an argument, and what follows is handed to a [`Sink`] as [`Event`]s.

mod command;
mod event;
mod ids;

pub use command::{Command, PresenceMode};
pub use event::{Delivery, Event, Reason, Sink};
pub use ids::{ConnectionId, Mobile, NotAMobile};
