//! What comes of asking to be let into a realm: [`Admitted`], or a [`Refusal`].
//!
//! The turn and the session act on these without knowing the realm. Each realm turns its own reasons into
//! them.

use std::time::Duration;

use super::ConnectionId;
use crate::limiter::Limit;

/// A connection was let in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Admitted {
    /// The connection that has lost its place to this one, and is out of the chat.
    pub replaces: Option<ConnectionId>,
    /// Whether it is owed the presence list, which nothing may precede.
    pub awaits_list: bool,
}

/// A connection was not let in, and nothing has changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// One clear sentence for the client.
    pub sentence: &'static str,
    /// When it makes sense to try again, where the realm knows that.
    pub retry_after: Option<Duration>,
    /// The limit that it ran into, if the metrics count that one.
    pub limit: Option<Limit>,
}
