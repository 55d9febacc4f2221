//! The adapters: the turn as its neighbours see it. The session sees a [`Host`](crate::session::Host), the
//! chat a [`Sink`](crate::chat::Sink).

pub(super) mod outbox_sink;
pub(super) mod session_host;
