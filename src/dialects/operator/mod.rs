//! The operator's API: JSON over HTTP, at the operator's own listener and nowhere else. `PROTOCOL.md` lists it.
//!
//! A request becomes an [`Order`], which the turn carries out. It opens no WebSocket, so it is no
//! [`Dialect`](super::Dialect). The session has checked the operator's token before anything here is called.
//! [`wire`] has the bodies in both directions. Called by the session, and by the turn for the answers.

mod answers;
pub mod ban_line;
mod bans;
mod body;
mod routes;
pub mod wire;

use crate::chat::{Ban, Banned, ConnectionId, Mobile, Name};
use crate::http::{Call, Response};
use crate::limiter::Network;

pub use answers::{api_is_off, json, late, not_the_operator, too_many_readers, until_is_over};
pub use bans::{MOST_LISTED, shown as shown_ban};
pub use routes::ROUTES;

/// The handler of an address: it reads a request, or returns the answer to one that is wrong.
pub type Operate = fn(&Call<'_>) -> Result<Order, Response<'static>>;

/// What the operator asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Order {
    /// Say how many connections there are, of which kinds.
    Status,
    /// List connections.
    Connections {
        /// Which ones.
        filter: Filter,
        /// The first slot that is looked at.
        from: usize,
        /// The most connections that are listed.
        limit: usize,
    },
    /// Tell everybody something.
    Notice(Box<str>),
    /// Change which lines are logged.
    Log(LogLevel),
    /// Drain the server, as SIGTERM does.
    Drain,
    /// Send a message of the app's own backend to a number.
    Send {
        /// The number that the recipient sees as the sender.
        from: Mobile,
        /// The recipient.
        to: Mobile,
        /// The text, as a JSON string.
        text: Box<str>,
        /// The message's id, as a JSON string.
        id: Option<Box<str>>,
    },
    /// Tell what happens, as it happens.
    Events,
    /// Say which of these people are online.
    Presence(Vec<Name<'static>>),
    /// Send connections away with close code 4005.
    Disconnect {
        /// Which.
        target: Target,
        /// The reason in the close frame.
        reason: Box<str>,
    },
    /// Say who is banned.
    Bans,
    /// Ban a number, a session, an account or an address.
    Ban(Ban),
    /// Lift a ban.
    Unban(Banned),
}

/// The connections that a list shows. Each condition that is given has to be met.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// The word for the realm of their people.
    pub realm: Option<&'static str>,
    /// Where they come from.
    pub network: Option<Network>,
}

/// Which log lines are written. Each level includes those above it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogLevel {
    /// Errors.
    Error,
    /// Warnings, too.
    Warn,
    /// The ends of WebSockets, too.
    Info,
    /// Every request, too.
    Debug,
}

impl LogLevel {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        }
    }
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
