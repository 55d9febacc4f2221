//! The operator's API: JSON over HTTP, at the operator's own listener and nowhere else. `PROTOCOL.md` lists it.
//!
//! A request becomes an [`Order`], which the turn carries out. It opens no WebSocket, so it is no
//! [`Dialect`](super::Dialect). The session has checked the operator's token before anything here is called.
//! [`wire`] has the bodies in both directions. Called by the session, and by the turn for the answers.

mod answers;
mod routes;
pub mod wire;

use crate::chat::{ConnectionId, Name};
use crate::http::{Call, Response};
use crate::limiter::Network;

pub use answers::{api_is_off, json, late, not_the_operator};
pub use routes::{REASON_BYTES, ROUTES};

/// The handler of an address: it reads a request, or returns the answer to one that is wrong.
pub type Operate = fn(&Call<'_>) -> Result<Order, Response<'static>>;

/// What the operator asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Order {
    /// Send connections away with close code 4005.
    Disconnect {
        /// Which.
        target: Target,
        /// The reason in the close frame.
        reason: Box<str>,
    },
}

/// Which connections are meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// All connections of a person.
    Person(Name<'static>),
    /// All WebSockets from these addresses.
    Network(Network),
    /// One connection.
    Connection(ConnectionId),
}

impl Target {
    /// What kind of name it is: for the log, which has no names.
    pub fn kind(&self) -> &'static str {
        match self {
            Target::Person(Name::Number(_)) => "number",
            Target::Person(Name::Session(_)) => "session",
            Target::Person(Name::Account(_)) => "account",
            Target::Network(_) => "address",
            Target::Connection(_) => "connection",
        }
    }
}

/// How the API writes the id of a connection: `12-3456`. It is not used again for four billion connections.
pub fn connection_text(id: ConnectionId) -> String {
    format!("{}-{}", id.index(), id.generation())
}

/// Reads such an id.
fn connection_id(text: &str) -> Option<ConnectionId> {
    let (slot, generation) = text.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(slot) || !digits(generation) {
        return None;
    }
    Some(ConnectionId::new(slot.parse().ok()?, generation.parse().ok()?))
}
