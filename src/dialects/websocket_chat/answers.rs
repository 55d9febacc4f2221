//! The responses over HTTP: each reply of the realm in the words of WebSocket Chat and Chatterbox.
//!
//! An error has the form of all errors here, `{"detail":"<one sentence>"}`: pages show the sentence as it is.
//! No answer may be kept by a cache, since each is for one user. Which other origins may read it is said by
//! the line of the route. Called by the session.

use crate::chat::account::{Failure, Refusal, Reply, Said, User};
use crate::dialects::json::Writer;
use crate::dialects::refusal::sentence;
use crate::dialects::{time, token};
use crate::http::{Response, Status};

/// The response for a reply.
pub fn words(reply: &Reply<'_>) -> Response<'static> {
    let mut body = Vec::new();
    let out = &mut Writer(&mut body);
    match reply {
        Reply::Registered(user) => registered(user, out),
        Reply::LoggedIn { user, token, expires } => {
            let token = token::text(*token);
            out.raw(r#"{"message":"Login successful","token":"#).word(&token);
            out.raw(r#","session_token":"#).word(&token).raw(r#","user":"#);
            write_user(user, out);
            out.raw(r#"},"expires_at":"#).word(&time::of_unix_ms(*expires)).raw("}");
        }
        Reply::LoggedOut => _ = out.raw(r#"{"message":"Logged out successfully"}"#),
        Reply::Users(all) => list(all, out, |(user, is_online), out| {
            write_user(user, out);
            out.raw(r#","is_online":"#).boolean(*is_online);
            out.raw(r#","created_at":"#).word(&time::of_unix_ms(user.created)).raw("}");
        }),
        Reply::Recent(messages) => list(messages, out, write_message),
        // The first is for the WebSocket that the request has opened: there is nothing to read. The others
        // are asked for by other protocols.
        Reply::Known(_)
        | Reply::Profile { .. }
        | Reply::Unread(_)
        | Reply::Done
        | Reply::History(_)
        | Reply::Rooms(_)
        | Reply::Room(_)
        | Reply::Members(_)
        | Reply::RoomHistory(_) => return private(Response::new(Status::NoContent)),
        Reply::Refused(refusal) => return refused(refusal),
    }
    private(Response::new(Status::Ok)).body("application/json", body)
}

/// The response for a call that is refused, or has failed.
pub(super) fn refused(refusal: &Refusal<'_>) -> Response<'static> {
    let status = status(refusal);
    let mut response = private(Response::new(status));
    if status == Status::Unauthorized {
        response = response.header("WWW-Authenticate", "Bearer");
    }
    if let Some(seconds) = retry_after_seconds(refusal) {
        response = response.header("Retry-After", seconds.to_string());
    }
    response.json_detail(&sentence(refusal, NOT_STORED))
}

fn registered(user: &User, out: &mut Writer<'_>) {
    out.raw(r#"{"message":"User registered successfully","user":"#);
    write_user(user, out);
    out.raw(r#","created_at":"#).word(&time::of_unix_ms(user.created)).raw("}}");
}

/// Appends the fields that every user has here. The caller appends the last brace.
fn write_user(user: &User, out: &mut Writer<'_>) {
    out.raw(r#"{"id":"#).word(&user.id.to_string());
    out.raw(r#","username":"#).string(user.name.as_str());
}

fn write_message(message: &Said<'_>, out: &mut Writer<'_>) {
    out.raw(r#"{"id":"#).number(message.seq.0 as usize);
    out.raw(r#","content":"#).string(message.text);
    out.raw(r#","sender":"#).string(message.from);
    out.raw(r#","created_at":"#).word(&time::of_unix_ms(message.at));
    out.raw(r#","is_global":"#).boolean(message.to.is_none()).raw("}");
}

fn list<T>(items: &[T], out: &mut Writer<'_>, write: impl Fn(&T, &mut Writer<'_>)) {
    out.raw("[");
    for (position, item) in items.iter().enumerate() {
        out.raw(if position == 0 { "" } else { "," });
        write(item, out);
    }
    out.raw("]");
}

fn private(response: Response<'static>) -> Response<'static> {
    response.header("Cache-Control", "no-store")
}

fn status(refusal: &Refusal<'_>) -> Status {
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
        Refusal::RegistrationClosed
        | Refusal::NotYou
        | Refusal::NotAMember
        | Refusal::NotTheCreator
        | Refusal::CreatorStays => Status::Forbidden,
        Refusal::TooManyRooms | Refusal::TooManyMembers => Status::Conflict,
        Refusal::NoSuchUser(_) | Refusal::UnknownUser | Refusal::NoSuchRoom | Refusal::NoAccounts => Status::NotFound,
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
fn retry_after_seconds(refusal: &Refusal<'_>) -> Option<u64> {
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
        | Refusal::RegistrationClosed
        | Refusal::NoAccounts
        | Refusal::Failed(_) => None,
    }
}

/// How the sentence begins that tells a client that the store has failed.
const NOT_STORED: &str = "nothing was stored";
