//! Lines of routes for tests: what a dialect's calls look like, before a dialect has any. Each answers with
//! the reply in debug output.

use crate::chat::account::{Call, Guest, Refusal, Reply, Secret, Token, Wants};
use crate::dialects::{Ask, Dialect, Enter, Entry};
use crate::http::{self, Cors, Listeners, Response, Route, Status, Takes};
use crate::session::routes::Handler;
use crate::timer::Zone;

/// The most bytes of the body at `/test/login`.
pub(in crate::session) const BODY_BYTES: u32 = 40;

const TAKES: Takes = Takes { bytes: BODY_BYTES, types: &["application/json", "text/x-test"] };

/// The lines.
pub(in crate::session) const LINES: &[Route<Handler>] = &[
    Route::post("/test/login", Listeners::Public, TAKES, Handler::Ask(Ask { call: log_in, words }))
        .with_cors(Cors::Any),
    Route::get("/test/users", Listeners::Public, Handler::Ask(Ask { call: users, words })),
    Route::get("/test/logout", Listeners::Public, Handler::Ask(Ask { call: log_out, words })),
    Route::socket("/test/ws", Handler::Socket(Enter::Known { call: identify, words, enter })),
    Route::socket("/test/open", Handler::Socket(Enter::AtOnce(open))).with_cors(Cors::Any),
];

/// The token that a letter stands for.
pub(crate) fn token_of(letter: u8) -> Token {
    Token([letter; 32])
}

fn token(call: &http::Call<'_>) -> Option<Token> {
    let token = call.request.query_value("token")?;
    token.bytes().next().map(token_of)
}

fn identify(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    Ok(Call::ask(token(call), Wants::Identity))
}

fn log_in(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    match str::from_utf8(call.body) {
        Ok(name) if !name.is_empty() => {
            Ok(Call::LogIn { name: name.into(), password: Secret::new("x") })
        }
        _ => Err(Response::new(Status::BadRequest).json_detail("a name is wanted")),
    }
}

fn users(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    Ok(Call::ask(token(call), Wants::Users))
}

fn log_out(_: &http::Call<'_>) -> Result<Call, Response<'static>> {
    Ok(Call::LogOutOfNothing)
}

fn words(reply: &Reply<'_>, _: &Zone) -> Response<'static> {
    let status = match reply {
        Reply::Refused(Refusal::NotSignedIn) => Status::Unauthorized,
        Reply::Refused(_) => Status::ServiceUnavailable,
        _ => Status::Ok,
    };
    let text = match reply {
        Reply::Known(guest) => format!("user {}", guest.user.0),
        other => format!("{other:?}"),
    };
    Response::new(status).body("text/plain", text.into_bytes())
}

fn open(_: &http::Call<'_>) -> Result<Entry, Response<'static>> {
    Ok(Entry::new(Dialect::Echo, None))
}

/// The guest gets the smallest dialect, and may speak to it.
fn enter(_: &http::Call<'_>, guest: Option<Guest>) -> Result<Entry, Response<'static>> {
    let turned_away = guest.is_none().then_some("this token is nobody's");
    Ok(Entry { turned_away, ..Entry::new(Dialect::Echo, None) })
}
