//! The answers that need no handler: those that follow from the table of routes alone, and the errors. An
//! error has a status, one sentence and the headers that belong to it.
//!
//! Called by the request stage, and by `net` for a connection that is refused when it is accepted.

use super::routes::Handler;
use super::{DoorRefusal, Limits, origin};
use crate::chat::BANNED;
use crate::dialects::mychat;
use crate::http::{Body, Cors, Found, Request, Response, Status};

/// The time after which a client may try again if the server is full or shutting down, in seconds.
const RETRY_AFTER_SECONDS: u64 = 5;

/// How long a browser may remember the answer to a preflight, in seconds.
const PREFLIGHT_SECONDS: u32 = 600;

/// The answer that follows from the table, before any handler: to OPTIONS, to a method that the address
/// does not have, and to a request with a body that its address does not take. The body is not read.
pub(super) fn without_handler(
    request: &Request<'_>,
    found: &Found<'_, Handler>,
) -> Option<Response<'static>> {
    let Some(allow) = &found.allow else { return refuse_body(request, found) };
    if request.method == "OPTIONS" {
        let allowed = || preflight(found.cors, allow);
        return Some(refuse_body(request, found).unwrap_or_else(allowed));
    }
    let sentence = match found.handler {
        // Answered before this.
        Handler::Off(sentence) => sentence,
        Handler::Page(_) | Handler::Site(_) => "this address can only be read",
        Handler::Ask(_) | Handler::Operate(_) => "this address does not have this method",
        Handler::Socket(_) => "a WebSocket is opened with GET",
    };
    Some(detail(Status::MethodNotAllowed, sentence).header("Allow", allow.clone()))
}

/// The answer to OPTIONS. A browser asks so before it sends a request of another origin's page that a form
/// could not have sent (the Fetch Standard, "CORS-preflight fetch"). What is allowed does not depend on
/// what it asks for.
fn preflight(cors: Cors, allow: &str) -> Response<'static> {
    let response = Response::new(Status::NoContent).header("Allow", allow.to_owned());
    match cors {
        Cors::None | Cors::Barred => response,
        Cors::Any => response
            .header("Access-Control-Allow-Methods", allow.to_owned())
            .header("Access-Control-Allow-Headers", "authorization, content-type")
            .header("Access-Control-Max-Age", PREFLIGHT_SECONDS.to_string()),
    }
}

/// Lets pages of other origins read a response, if its address's line does. No answer allows credentials, so
/// none is for a request with cookies.
pub(super) fn allow_origin(response: Response<'_>, cors: Cors) -> Response<'_> {
    match cors {
        Cors::None | Cors::Barred => response,
        Cors::Any => response.header("Access-Control-Allow-Origin", "*"),
    }
}

/// The answer to a request from a page that its address bars: one of a foreign origin. (A browser sends a form
/// and cookies for such a page, too.) A request with two origins, or one that is no text, is no browser's. The addresses are MyChat's, and so are the
/// words.
pub(super) fn refuse_foreign(
    request: &Request<'_>,
    cors: Cors,
    limits: &Limits,
) -> Option<Response<'static>> {
    if cors != Cors::Barred {
        return None;
    }
    let mut origins = request.headers.all("origin");
    let origin = origins.next().map(str::from_utf8).transpose();
    let is_allowed = match (origin, origins.next()) {
        (Ok(origin), None) => origin::is_allowed(origin, request.host, &limits.allowed_origins),
        _ => false,
    };
    let sentence = "pages from this origin may not do this";
    (!is_allowed).then(|| mychat::error(Status::Forbidden, sentence))
}

fn refuse_body(request: &Request<'_>, found: &Found<'_, Handler>) -> Option<Response<'static>> {
    // OPTIONS has no line, and takes no body.
    let most = if found.allow.is_some() { 0 } else { found.takes.bytes };
    match request.body {
        Body::None => None,
        Body::Length(_) if most == 0 => {
            Some(detail(Status::ContentTooLarge, "this address takes no body"))
        }
        Body::Length(length) if length > u64::from(most) => {
            let sentence = format!("a body has at most {most} bytes at this address");
            Some(detail(Status::ContentTooLarge, &sentence))
        }
        Body::Length(_) if !found.takes_type => {
            let sentence = format!("a body here is {}", found.takes.types.join(" or "));
            Some(detail(Status::UnsupportedMediaType, &sentence))
        }
        Body::Length(_) => None,
        Body::Chunked => {
            Some(detail(Status::LengthRequired, "a body without a Content-Length is not taken"))
        }
    }
}

/// The answer to a request that would have to wait for its reply, while too many wait already.
pub(super) fn too_many_wait() -> Response<'static> {
    detail(Status::ServiceUnavailable, "too many requests wait for an answer")
        .header("Retry-After", RETRY_AFTER_SECONDS.to_string())
}

/// The answer to a well-formed upgrade that is refused.
pub fn refuse(refusal: DoorRefusal) -> Response<'static> {
    let (status, sentence, seconds) = match refusal {
        // Without Retry-After: there is no point in trying again.
        DoorRefusal::Banned => return detail(Status::Forbidden, BANNED),
        DoorRefusal::Draining => {
            (Status::ServiceUnavailable, "the server is shutting down", RETRY_AFTER_SECONDS)
        }
        DoorRefusal::Full => {
            (Status::ServiceUnavailable, "the server is full", RETRY_AFTER_SECONDS)
        }
        DoorRefusal::AddressFull => (
            Status::ServiceUnavailable,
            "too many connections from this address",
            RETRY_AFTER_SECONDS,
        ),
        DoorRefusal::AddressTooFast { retry_after_seconds } => (
            Status::TooManyRequests,
            "too many new connections from this address",
            retry_after_seconds,
        ),
        DoorRefusal::ByTheChat(refusal) => {
            let seconds =
                refusal.retry_after.map_or(RETRY_AFTER_SECONDS, |time| time.as_secs() + 1);
            (Status::TooManyRequests, refusal.sentence, seconds)
        }
    };
    detail(status, sentence).header("Retry-After", seconds.to_string())
}

/// An error as an answer, with one sentence that says what is wrong.
pub(super) fn detail(status: Status, sentence: &str) -> Response<'static> {
    Response::new(status).json_detail(sentence)
}
