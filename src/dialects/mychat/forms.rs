//! Registering, logging in and logging out as MyChat's page does it: with a form and with cookies.
//!
//! The answer is a redirect: to `/index` with three cookies, or to `/` if it has not worked. Only the cookie
//! `session` proves who the client is, and scripts can't read it. The other two are for the page, which shows
//! the user; the server never reads them. A login always makes a new token, so a token that a client showed
//! before it logged in is worth nothing. The same addresses take the JSON of WebSocket Chat, and the type of
//! the body decides. Called by the session, which joins the tables of all dialects.

use std::time::Duration;

use data_encoding::BASE64;

use super::answers;
use crate::chat::account::{Call, Refusal, Reply, Secret, Token, UnixMs, User};
use crate::dialects::{Ask, token};
use crate::http::{
    self, Cors, FORM_FIELDS, Form, Listeners, Response, Route, SetCookie, Status, Takes,
};
use crate::timer::Zone;

/// One line for each address. A form is a browser's, so a page of a foreign origin must not send one.
pub const ROUTES: &[Route<Ask>] = &[
    post("/register", register),
    post("/login", log_in),
    Route::get("/logout", Listeners::Public, Ask { call: log_out, words: logged_out }),
];

/// A form with a name and a password. Within their limits, and with every byte escaped, they are 4 KiB.
const FORM: Takes = Takes { bytes: 16 * 1024, types: &["application/x-www-form-urlencoded"] };

/// The cookie that proves who the client is.
pub(super) const SESSION: &str = "session";
/// The user's id, for the page's scripts.
const USER_ID: &str = "user_id";
/// The user's name in base64, for the page's scripts.
const USERNAME: &str = "username";

fn register(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    let (name, password) = credentials(call.body)?;
    Ok(Call::Join { name, password })
}

fn log_in(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    let (name, password) = credentials(call.body)?;
    Ok(Call::LogIn { name, password })
}

fn log_out(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    Ok(Call::LogOut(session(call)?))
}

/// The token in the request's cookie. `None` if there is none, or if it cannot be a token.
///
/// # Errors
///
/// The answer to a request with too many cookies.
pub fn session(call: &http::Call<'_>) -> Result<Option<Token>, Response<'static>> {
    let found = http::cookie(&call.request.headers, SESSION).map_err(|http::TooManyCookies| {
        let sentence = format!("a request has at most {} cookies", http::COOKIES);
        answers::error(Status::BadRequest, &sentence)
    })?;
    Ok(found.and_then(token::parse))
}

/// Reads the name and the password of a form.
fn credentials(body: &[u8]) -> Result<(Box<str>, Secret), Response<'static>> {
    let form = Form::parse(body).map_err(|http::TooManyFields| {
        let sentence = format!("a form has at most {FORM_FIELDS} fields");
        answers::error(Status::BadRequest, &sentence)
    })?;
    match (form.only("username"), form.only("password")) {
        (Some(name), Some(password)) => Ok((name.into(), Secret::new(password))),
        _ => Err(to("/")),
    }
}

/// The response to a form.
fn entered(reply: &Reply<'_>, _: &Zone) -> Response<'static> {
    match reply {
        Reply::LoggedIn { user, token, expires } => with_cookies(user, *token, *expires),
        // There are no users here at all: the login page would mislead.
        Reply::Refused(refusal @ Refusal::NoAccounts) => answers::refused(refusal),
        _ => to("/"),
    }
}

/// The response to a logout. A session that is nobody's has ended as well.
fn logged_out(reply: &Reply<'_>, _: &Zone) -> Response<'static> {
    match reply {
        Reply::LoggedOut | Reply::Refused(Refusal::NotSignedIn) => to("/")
            .cookie(SetCookie::removed(SESSION))
            .cookie(SetCookie::removed(USER_ID))
            .cookie(SetCookie::removed(USERNAME)),
        // The session goes on, so the cookies stay, too.
        Reply::Refused(refusal) => answers::refused(refusal),
        _ => to("/"),
    }
}

fn with_cookies(user: &User, token: Token, expires: UnixMs) -> Response<'static> {
    let expires = Duration::from_millis(expires.0.try_into().unwrap_or(0));
    // Base64 also keeps everything out of the head that a name may consist of.
    let name = BASE64.encode(user.name.as_str().as_bytes());
    to("/index")
        .cookie(SetCookie::hidden(SESSION, token::text(token), expires))
        .cookie(SetCookie::readable(USER_ID, user.id.to_string(), expires))
        .cookie(SetCookie::readable(USERNAME, name, expires))
}

/// A redirect: the browser goes there with GET.
fn to(path: &'static str) -> Response<'static> {
    answers::private(Response::new(Status::SeeOther)).header("Location", path)
}

const fn post(
    path: &'static str,
    call: fn(&http::Call<'_>) -> Result<Call, Response<'static>>,
) -> Route<Ask> {
    Route::post(path, Listeners::Public, FORM, Ask { call, words: entered }).with_cors(Cors::Barred)
}
