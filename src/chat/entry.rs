//! The result of a request to be admitted to a realm: [`Admitted`], or a [`Refusal`].
//!
//! The turn and the session act on these, and need not know the realm. Each realm translates its own
//! reasons into a [`Refusal`].

use std::time::Duration;

use super::ConnectionId;
use crate::limiter::Limit;

/// A connection was admitted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Admitted {
    /// The connection that this one replaces. It has already left the chat.
    pub replaces: Option<ConnectionId>,
    /// Whether the connection must get the presence list before anything else.
    pub awaits_list: bool,
}

/// A connection was not admitted, and nothing has changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// One clear sentence for the client.
    pub sentence: &'static str,
    /// The same as a word for programs.
    pub code: &'static str,
    /// After how long the client may try again, if the realm knows that.
    pub retry_after: Option<Duration>,
    /// The limit that the connection exceeded, if it is one that the metrics count.
    pub limit: Option<Limit>,
    /// Whether the person is banned. Then there is no point in trying again.
    pub is_ban: bool,
}
