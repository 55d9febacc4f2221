//! The sentences for the [`Refusal`]s of the account realm, and their status codes over HTTP. Its dialects
//! share them: existing clients show the sentences as they are, and some compare them.
//!
//! Only one sentence quotes what a person wrote, because the protocols want it so: the one about an
//! unknown user names the user. This file knows no frame.

use std::borrow::Cow;

use crate::chat::BANNED;
use crate::chat::account::{Failure, NotAName, Refusal, Secret, UserName};
use crate::http::Status;

/// The sentence. `not_stored` begins the one that says that the store has failed.
pub(super) fn sentence(refusal: &Refusal<'_>, not_stored: &str) -> Cow<'static, str> {
    let fixed = match *refusal {
        Refusal::EmptyText => "Message cannot be empty",
        Refusal::TextTooLong(most) => {
            return format!("Message too long (max {most} characters)").into();
        }
        Refusal::NoSuchUser(name) => return format!("User {name} not found").into(),
        Refusal::UnknownUser => "there is no such user",
        Refusal::NoSuchMessage => "there is no such message here",
        Refusal::NotYours => "only the author of a message may change it",
        Refusal::IdReused => "this id is that of another message of yours",
        Refusal::NotYou => "the user in the path is not the one who is signed in",
        Refusal::NoSuchRoom => "there is no such room",
        Refusal::NotAMember => "only members of the room may do this",
        Refusal::NotTheCreator => "only the creator of the room may do this",
        Refusal::CreatorStays => "the creator of a room cannot be removed from it",
        Refusal::TooManyRooms => "no more rooms",
        Refusal::TooManyMembers => "the room has as many members as it may have",
        Refusal::RoomName(most) => {
            return format!(
                "the name of a room has 1 to {most} characters, and no control characters"
            )
            .into();
        }
        Refusal::RoomDescription(most) => {
            return format!(
                "the description of a room has at most {most} characters, and no control characters"
            )
            .into();
        }
        Refusal::Name(NotAName::TooShort) => {
            let fewest = UserName::MIN_CHARS;
            return format!("Username must have at least {fewest} characters").into();
        }
        Refusal::Name(NotAName::TooLong) => {
            let most = UserName::MAX_CHARS;
            return format!("Username must have at most {most} characters").into();
        }
        Refusal::Name(NotAName::BadCharacter) => "Username has a character that is not allowed",
        Refusal::PasswordTooShort => {
            let fewest = Secret::MIN_CHARS;
            return format!("Password must have at least {fewest} characters").into();
        }
        Refusal::PasswordTooLong => {
            let most = Secret::MAX_BYTES;
            return format!("Password must have at most {most} bytes").into();
        }
        Refusal::UserExists => "User already exists",
        Refusal::WrongCredentials => "Invalid credentials",
        Refusal::NotSignedIn => NOT_SIGNED_IN,
        Refusal::TooManyUsers => "no more accounts",
        Refusal::Banned => BANNED,
        Refusal::RegistrationClosed => "registration is closed: ask the operator for an account",
        Refusal::TooOften(_) => "too many attempts: try again later",
        Refusal::Busy => "the server is busy: try again later",
        Refusal::Failed(failure) => return format!("{not_stored}: {}", why(failure)).into(),
        Refusal::Late => "the store did not answer in time",
        Refusal::Draining => "the server is shutting down",
        Refusal::NoAccounts => ACCOUNTS_ARE_OFF,
    };
    fixed.into()
}

/// The same as a word for programs. It never changes.
pub(super) fn code(refusal: &Refusal<'_>) -> &'static str {
    match refusal {
        Refusal::EmptyText => "empty_text",
        Refusal::TextTooLong(_) => "text_too_long",
        Refusal::NoSuchUser(_) | Refusal::UnknownUser => "unknown_user",
        Refusal::NoSuchMessage => "unknown_message",
        Refusal::NotYours => "not_yours",
        Refusal::IdReused => "id_reused",
        Refusal::NotYou => "not_you",
        Refusal::NoSuchRoom => "unknown_room",
        Refusal::NotAMember => "not_a_member",
        Refusal::NotTheCreator => "not_the_creator",
        Refusal::CreatorStays => "creator_stays",
        Refusal::TooManyRooms => "too_many_rooms",
        Refusal::TooManyMembers => "too_many_members",
        Refusal::RoomName(_) => "bad_room_name",
        Refusal::RoomDescription(_) => "bad_room_description",
        Refusal::Name(_) => "bad_username",
        Refusal::PasswordTooShort | Refusal::PasswordTooLong => "bad_password",
        Refusal::UserExists => "user_exists",
        Refusal::WrongCredentials => "wrong_credentials",
        Refusal::NotSignedIn => "not_signed_in",
        Refusal::TooManyUsers => "too_many_users",
        Refusal::Banned => "banned",
        Refusal::RegistrationClosed => "registration_closed",
        Refusal::TooOften(_) => "too_often",
        Refusal::Busy => "busy",
        Refusal::Failed(Failure::Full) => "disk_full",
        Refusal::Failed(Failure::ReadOnly) => "read_only",
        Refusal::Failed(Failure::Io) => "store_failed",
        Refusal::Late => "late",
        Refusal::Draining => "draining",
        Refusal::NoAccounts => "no_accounts",
    }
}

/// The sentence for a token that is missing, wrong or expired, over HTTP. It is also the reason of close
/// code 4001 for a WebSocket that was opened with such a token.
pub const NOT_SIGNED_IN: &str = "Invalid or expired session token";

/// The sentence for a request of this realm to a server that stores nothing.
const ACCOUNTS_ARE_OFF: &str = "accounts are off: start the server with --data DIR";

/// How the sentence begins that tells a client over HTTP that the store has failed.
pub(super) const NOTHING_STORED: &str = "nothing was stored";

/// How the sentence begins that tells the sender of a message that the store has failed.
pub(super) const MESSAGE_NOT_STORED: &str = "your message could not be stored";

fn why(failure: Failure) -> &'static str {
    match failure {
        Failure::Full => "the server's disk is full",
        Failure::ReadOnly => "the server's database is read-only",
        Failure::Io => "the server's database has failed",
    }
}

/// The status of the response for a call that is refused, or has failed.
pub(super) fn status(refusal: &Refusal<'_>) -> Status {
    match refusal {
        Refusal::EmptyText
        | Refusal::TextTooLong(_)
        | Refusal::Name(_)
        | Refusal::PasswordTooShort
        | Refusal::PasswordTooLong
        | Refusal::RoomName(_)
        | Refusal::RoomDescription(_)
        // The contract says 400 here, and not 409.
        | Refusal::UserExists => Status::BadRequest,
        Refusal::WrongCredentials | Refusal::NotSignedIn => Status::Unauthorized,
        Refusal::Banned
        | Refusal::RegistrationClosed
        | Refusal::NotYou
        | Refusal::NotYours
        | Refusal::NotAMember
        | Refusal::NotTheCreator
        | Refusal::CreatorStays => Status::Forbidden,
        Refusal::TooManyRooms | Refusal::TooManyMembers | Refusal::IdReused => Status::Conflict,
        Refusal::NoSuchUser(_)
        | Refusal::UnknownUser
        | Refusal::NoSuchRoom
        | Refusal::NoSuchMessage
        | Refusal::NoAccounts => Status::NotFound,
        Refusal::TooOften(_) => Status::TooManyRequests,
        Refusal::Failed(Failure::Full | Failure::ReadOnly) => Status::InsufficientStorage,
        Refusal::TooManyUsers
        | Refusal::Busy
        | Refusal::Failed(Failure::Io)
        | Refusal::Late
        | Refusal::Draining => Status::ServiceUnavailable,
    }
}

/// After how many seconds the client may try again. `None` if only the operator can change the matter, or
/// the client has to ask for something else.
pub(super) fn retry_after_seconds(refusal: &Refusal<'_>) -> Option<u64> {
    match refusal {
        // Rounded up to a second: a client that comes a moment too early is refused again.
        Refusal::TooOften(time) => {
            Some((time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1))
        }
        // A password is hashed in about 15 ms, and few wait.
        Refusal::Busy => Some(1),
        Refusal::Late | Refusal::Draining => Some(5),
        Refusal::EmptyText
        | Refusal::TextTooLong(_)
        | Refusal::NoSuchUser(_)
        | Refusal::UnknownUser
        | Refusal::NoSuchMessage
        | Refusal::NotYours
        | Refusal::IdReused
        | Refusal::NotYou
        | Refusal::NoSuchRoom
        | Refusal::NotAMember
        | Refusal::NotTheCreator
        | Refusal::CreatorStays
        | Refusal::TooManyRooms
        | Refusal::TooManyMembers
        | Refusal::RoomName(_)
        | Refusal::RoomDescription(_)
        | Refusal::Name(_)
        | Refusal::PasswordTooShort
        | Refusal::PasswordTooLong
        | Refusal::UserExists
        | Refusal::WrongCredentials
        | Refusal::NotSignedIn
        | Refusal::TooManyUsers
        | Refusal::Banned
        | Refusal::RegistrationClosed
        | Refusal::NoAccounts
        | Refusal::Failed(_) => None,
    }
}
