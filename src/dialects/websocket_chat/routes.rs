//! The requests over HTTP that WebSocket Chat and Chatterbox share: each is parsed into a [`Call`]. The
//! realm replies, and [`words`](super::words) has the response.
//!
//! A request is believed for what it says itself, a token or a password, and never for a cookie. So pages of
//! every origin may read the answers. Which token is valid is the realm's question. Here a text that cannot
//! be a token is the same as no token. Called by the session, which joins the tables of all dialects.

use serde_json::value::RawValue;

use super::answers::words;
use super::wire::CredentialsFields;
use crate::chat::account::{Call, Secret, Token, Wants};
use crate::dialects::flaw::Flaw;
use crate::dialects::json::{object, required, word};
use crate::dialects::{Ask, token};
use crate::http::{self, Cors, Listeners, Request, Response, Route, Status, Takes};

/// One line for each address. The address where a WebSocket is opened is not here.
pub const ROUTES: &[Route<Ask>] = &[
    post("/register", CREDENTIALS, register),
    post("/login", CREDENTIALS, log_in),
    post("/logout", Takes::NOTHING, log_out),
    get("/users", users),
    get("/messages/global", recent),
];

/// The body with a name and a password. A name and a password within their limits need a tenth of it.
const CREDENTIALS: Takes = Takes { bytes: 16 * 1024, types: &["application/json"] };

/// The token of a request for a WebSocket, `GET /ws?token=`. One that is not valid does not prevent the
/// upgrade: the server closes the WebSocket with 4001 and [`NOT_SIGNED_IN`](super::NOT_SIGNED_IN), because a
/// page cannot see why an upgrade was refused.
pub fn token(call: &http::Call<'_>) -> Option<Token> {
    let text = call.request.query_value("token")?;
    token::parse(text.as_bytes())
}

fn register(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    let (name, password) = credentials(call.body).map_err(bad_request)?;
    Ok(Call::Register { name, password })
}

fn log_in(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    let (name, password) = credentials(call.body).map_err(bad_request)?;
    Ok(Call::LogIn { name, password })
}

fn log_out(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    match bearer(call.request) {
        // WebSocket Chat's page logs out like this if it never had a token.
        Some(b"null") => Ok(Call::LogOutOfNothing),
        other => Ok(Call::LogOut(other.and_then(token::parse))),
    }
}

fn users(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    Ok(ask(call, Wants::Users))
}

fn recent(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    Ok(ask(call, Wants::Recent))
}

/// What the user with the request's token asks for.
fn ask(call: &http::Call<'_>, wants: Wants) -> Call {
    Call::ask(bearer(call.request).and_then(token::parse), wants)
}

/// Reads the name and the password of a body.
fn credentials(body: &[u8]) -> Result<(Box<str>, Secret), Flaw> {
    let text = str::from_utf8(body).map_err(|_| NOT_AN_OBJECT)?;
    let fields: CredentialsFields<'_> = object(text, NOT_AN_OBJECT)?;
    let string = |field: Option<&RawValue>, flaw| {
        word(required(field, flaw)?, flaw).map(std::borrow::Cow::into_owned)
    };
    let name = string(fields.username, USERNAME)?;
    let password = string(fields.password, PASSWORD)?;
    Ok((name.into(), Secret::new(&password)))
}

/// What stands behind `Bearer` in the request's only `Authorization` (RFC 6750 §2.1). `None` if the header
/// is not there, stands there twice, or has another scheme.
fn bearer<'r>(request: &Request<'r>) -> Option<&'r [u8]> {
    let mut values = request.headers.all("authorization");
    let value = values.next().filter(|_| values.next().is_none())?;
    let space = value.iter().position(|&byte| byte == b' ')?;
    let (scheme, text) = value.split_at(space);
    // The name of a scheme has no case (RFC 9110 §11.1).
    scheme.eq_ignore_ascii_case(b"bearer").then(|| text.trim_ascii())
}

fn bad_request(flaw: Flaw) -> Response<'static> {
    Response::new(Status::BadRequest).json_detail(flaw.sentence())
}

/// Turns a request into a call.
type Parse = fn(&http::Call<'_>) -> Result<Call, Response<'static>>;

const fn post(path: &'static str, takes: Takes, call: Parse) -> Route<Ask> {
    Route::post(path, Listeners::Public, takes, asked(call)).with_cors(Cors::Any)
}

const fn get(path: &'static str, call: Parse) -> Route<Ask> {
    Route::get(path, Listeners::Public, asked(call)).with_cors(Cors::Any)
}

const fn asked(call: Parse) -> Ask {
    Ask { call, words: |reply, _| words(reply) }
}

const NOT_AN_OBJECT: Flaw = Flaw::malformed("not_an_object", "the body must be one JSON object");
const USERNAME: Flaw = Flaw::malformed("bad_username", "username must be a string");
const PASSWORD: Flaw = Flaw::malformed("bad_password", "password must be a string");
