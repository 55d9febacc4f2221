//! The responses over HTTP: each reply of the realm in the words of WebSocket Chat and Chatterbox.
//!
//! An error has the form of all errors here, `{"detail":"<one sentence>"}`: pages show the sentence as it is.
//! No answer may be kept by a cache, since each is for one user. Which other origins may read it is said by
//! the line of the route. Called by the session.

use crate::chat::account::{Refusal, Reply, Said, Spot, User};
use crate::dialects::json::{Writer, list};
use crate::dialects::refusal::{NOTHING_STORED, retry_after_seconds, sentence, status};
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
    response.json_detail(&sentence(refusal, NOTHING_STORED))
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
    out.raw(r#"{"id":"#).number(message.mid.seq().0 as usize);
    out.raw(r#","content":"#).string(message.text);
    out.raw(r#","sender":"#).string(message.from);
    out.raw(r#","created_at":"#).word(&time::of_unix_ms(message.at));
    out.raw(r#","is_global":"#).boolean(message.place == Spot::Everybody).raw("}");
}

fn private(response: Response<'static>) -> Response<'static> {
    response.header("Cache-Control", "no-store")
}
