//! The answers that need no handler: those that follow from the table of routes alone, and the errors. An
//! error has a status, one sentence and the headers that belong to it.
//!
//! Called by the request stage, and by `net` for a connection that is refused when it is accepted.

use super::DoorRefusal;
use super::routes::Handler;
use crate::http::{Body, Found, Request, Response, Status};

/// The time after which a client may try again if the server is full or shutting down, in seconds.
const RETRY_AFTER_SECONDS: u64 = 5;

/// The answer that follows from the table, before any handler: to OPTIONS, to a method that the address
/// does not have, and to a request with a body, since no address takes one. The body is not read.
pub(super) fn without_handler(
    request: &Request<'_>,
    found: &Found<'_, Handler>,
) -> Option<Response<'static>> {
    let Some(allow) = &found.allow else { return refuse_body(request) };
    if request.method == "OPTIONS" {
        let allowed = || Response::new(Status::NoContent).header("Allow", allow.clone());
        return Some(refuse_body(request).unwrap_or_else(allowed));
    }
    let sentence = match found.handler {
        Handler::Page(_) => "this address can only be read",
        Handler::Socket(_) => "a WebSocket is opened with GET",
    };
    Some(detail(Status::MethodNotAllowed, sentence).header("Allow", allow.clone()))
}

fn refuse_body(request: &Request<'_>) -> Option<Response<'static>> {
    match request.body {
        Body::None => None,
        Body::Length(_) => Some(detail(Status::ContentTooLarge, "this address takes no body")),
        Body::Chunked => {
            Some(detail(Status::LengthRequired, "a body without a Content-Length is not taken"))
        }
    }
}

/// The answer to a well-formed upgrade that is refused.
pub fn refuse(refusal: DoorRefusal) -> Response<'static> {
    let (status, sentence, seconds) = match refusal {
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
