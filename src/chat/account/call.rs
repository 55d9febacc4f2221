//! [`Call`]: what an HTTP request asks of the realm, and [`Reply`], the realm's answer. [`Asker`] says which
//! request waits for it. Each call gets exactly one reply, at once or after some jobs.

use super::{Refusal, Said, Secret, Token, TokenDigest, UnixMs, User, UserKey};
use crate::chat::ConnectionId;

/// What a request asks for. A route's handler has parsed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Call {
    /// Register a user. → [`Reply::Registered`]
    Register {
        /// The name that is wanted, as the client sent it.
        name: Box<str>,
        /// The password.
        password: Secret,
    },
    /// Register a user, and make a login at once. → [`Reply::LoggedIn`]
    Join {
        /// The name that is wanted, as the client sent it.
        name: Box<str>,
        /// The password.
        password: Secret,
    },
    /// Make a login. → [`Reply::LoggedIn`]
    LogIn {
        /// The name, as the client sent it.
        name: Box<str>,
        /// The password.
        password: Secret,
    },
    /// End the login of this token. Without a token that is somebody's it is refused. → [`Reply::LoggedOut`]
    LogOut(Option<Token>),
    /// End no login: the client says that it has none. → [`Reply::LoggedOut`]
    LogOutOfNothing,
    /// All registered users. Without a valid token it is refused, as the next ones. → [`Reply::Users`]
    Users(Option<Token>),
    /// The last global messages. → [`Reply::Recent`]
    Recent(Option<Token>),
    /// Whose token this is: for a request that opens a WebSocket. → [`Reply::Known`]
    Identify(Option<Token>),
}

/// A user who has proved who they are, and the login that proves it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Guest {
    /// The user.
    pub user: UserKey,
    /// The login.
    pub login: TokenDigest,
    /// When the login ends.
    pub expires: UnixMs,
}

/// The request that waits for a reply: the connection that sent it, and which of its requests it is. So a
/// late reply never answers another request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Asker {
    /// The connection.
    pub id: ConnectionId,
    /// The number of the request on this connection; it wraps around.
    pub request: u16,
}

/// The answer to a call. It borrows from the realm.
#[derive(Clone, Copy, Debug)]
pub enum Reply<'a> {
    /// The user is registered.
    Registered(&'a User),
    /// The user is logged in.
    LoggedIn {
        /// The user.
        user: &'a User,
        /// What proves the login.
        token: Token,
        /// Until when.
        expires: UnixMs,
    },
    /// The login has ended, or there was none.
    LoggedOut,
    /// All users in the order of registration, and whether each is online.
    Users(&'a [(&'a User, bool)]),
    /// The last global messages, oldest first.
    Recent(&'a [Said<'a>]),
    /// The token is valid: this is whose it is. The WebSocket may enter as this guest.
    Known(Guest),
    /// The call is refused, or failed.
    Refused(Refusal<'a>),
}
