//! The two ends that the turn lends to its neighbours: the session's host, and the chat's sink.

pub(super) mod outbox_sink;
pub(super) mod session_host;
