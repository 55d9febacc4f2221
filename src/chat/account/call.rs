//! [`Call`]: what an HTTP request asks of the realm, and [`Reply`], the realm's answer. [`Asker`] says which
//! request waits for it. Each call gets exactly one reply, at once or after some jobs.

use super::{
    Line, Refusal, RoomId, RoomView, Said, Secret, Token, TokenDigest, UnixMs, User, UserId,
    UserKey,
};
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
    /// End the login of this token. A token of no user is refused. → [`Reply::LoggedOut`]
    LogOut(Option<Token>),
    /// End no login: the client says that it has none. → [`Reply::LoggedOut`]
    LogOutOfNothing,
    /// Something that only a signed-in user may ask for. Without a valid token it is refused.
    Ask {
        /// The token. `None`: there is none, or it cannot be one.
        token: Option<Token>,
        /// The user that the request says it is from, if it says so. If the token is another user's, the call
        /// is refused with [`Refusal::NotYou`].
        claims: Option<UserId>,
        /// What is asked for.
        wants: Wants,
    },
}

impl Call {
    /// Something that a signed-in user may ask for, by a request that does not say whose it is.
    pub fn ask(token: Option<Token>, wants: Wants) -> Call {
        Call::Ask { token, claims: None, wants }
    }
}

/// What a signed-in user asks for. A member, a creator: of the room that is named.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wants {
    /// Whose token it is: for a request that opens a WebSocket. → [`Reply::Known`]
    Identity,
    /// The names of the caller, and of another user: for a page. → [`Reply::Profile`]
    Profile(Option<UserId>),
    /// All registered users. → [`Reply::Users`]
    Users,
    /// The last global messages. → [`Reply::Recent`]
    Recent,
    /// How many messages of each other user the caller has not read. → [`Reply::Unread`]
    Unread,
    /// Note that the caller has read all that this user wrote to them. → [`Reply::Done`]
    MarkRead(UserId),
    /// The last private messages between the caller and this user. → [`Reply::History`]
    History(UserId),
    /// The caller's rooms. → [`Reply::Rooms`]
    Rooms,
    /// One room. Members only. → [`Reply::Room`]
    Room(RoomId),
    /// Make a room, whose creator and first member the caller is. → [`Reply::Room`]
    CreateRoom {
        /// The name, as the client sent it.
        name: Box<str>,
        /// The description, as the client sent it. It may be empty.
        description: Box<str>,
    },
    /// Delete a room. Its creator only. → [`Reply::Done`]
    DeleteRoom(RoomId),
    /// Make a user a member of a room, or leave it so. Its creator only. → [`Reply::Done`]
    AddMember(RoomId, UserId),
    /// Make a user no member of a room, or leave it so. Its creator only. → [`Reply::Done`]
    RemoveMember(RoomId, UserId),
    /// The members of a room. Members only. → [`Reply::Members`]
    Members(RoomId),
    /// The last messages in a room. Members only. → [`Reply::RoomHistory`]
    RoomHistory(RoomId),
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
    /// The caller, and the other user that was asked for.
    Profile {
        /// The caller.
        me: &'a User,
        /// The other user.
        other: Option<&'a User>,
    },
    /// How many messages of each other user are unread. Users with none are left out.
    Unread(&'a [(UserId, u32)]),
    /// What was asked for is committed.
    Done,
    /// Private messages, oldest first.
    History(&'a [Line<'a>]),
    /// The caller's rooms, the oldest first.
    Rooms(&'a [RoomView<'a>]),
    /// A room.
    Room(RoomView<'a>),
    /// The members of a room, the longest-standing first.
    Members(&'a [&'a User]),
    /// Messages in a room, oldest first.
    RoomHistory(&'a [Said<'a>]),
    /// The call is refused, or failed.
    Refused(Refusal<'a>),
}
