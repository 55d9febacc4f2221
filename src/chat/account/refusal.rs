//! [`Refusal`]: why the realm refuses a command or a call, or could not carry it out.
//!
//! It is data. Each dialect has its own sentences and status codes for it, since existing clients know
//! different ones.

use std::time::Duration;

use super::{Failure, NotAName};

/// Why the realm refuses a command or a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal<'a> {
    /// Nothing but white space was to be sent.
    EmptyText,
    /// The text has more than this many characters.
    TextTooLong(usize),
    /// There is no user of this name.
    NoSuchUser(&'a str),
    /// There is no such message, or none that the user may see.
    NoSuchMessage,
    /// The message is another user's.
    NotYours,
    /// The id that the client gave a message is that of another one of this user.
    IdReused,
    /// There is no user with this id.
    UnknownUser,
    /// The request says that it is from a user whose token it does not show.
    NotYou,
    /// There is no room with this id.
    NoSuchRoom,
    /// Only a member of the room may ask for this.
    NotAMember,
    /// Only the creator of the room may ask for this.
    NotTheCreator,
    /// The creator of a room is its member as long as it exists.
    CreatorStays,
    /// The server has as many rooms as it may, or the user has.
    TooManyRooms,
    /// The room has as many members as it may.
    TooManyMembers,
    /// The name of a room has no character or more than this many, or one that is not allowed.
    RoomName(usize),
    /// The description of a room has more than this many characters, or one that is not allowed.
    RoomDescription(usize),
    /// A text cannot be the name of a user.
    Name(NotAName),
    /// The password is too short.
    PasswordTooShort,
    /// The password is too long.
    PasswordTooLong,
    /// The name is taken.
    UserExists,
    /// The name or the password is wrong: the client does not learn which.
    WrongCredentials,
    /// The token is missing, wrong or expired: the client does not learn which.
    NotSignedIn,
    /// The server has as many users as it may.
    TooManyUsers,
    /// The user is banned, or the address.
    Banned,
    /// The operator lets nobody register.
    RegistrationClosed,
    /// The client tries too often. It may try again after this time.
    TooOften(Duration),
    /// Too many passwords wait to be hashed, or too many jobs are under way.
    Busy,
    /// The store has failed.
    Failed(Failure),
    /// The store did not answer in time. What was asked for may still happen.
    Late,
    /// The server is shutting down.
    Draining,
    /// The server has no data folder, and so no users.
    NoAccounts,
}
