//! The answers that say no: an error's status, its sentence and what else it needs.
//!
//! Called by the request stage, and by `net` for a connection that is turned away when it is
//! accepted.

use super::Refusal;
use crate::http::{Body, Request, Response, Status};

/// Seconds after which a client may try a server again that is full, or going down.
const RETRY_AFTER_SECONDS: u64 = 5;

/// No request to this server has a use for a body.
pub(super) fn refuse_body(request: &Request<'_>) -> Option<Response<'static>> {
    match request.body {
        Body::None => None,
        Body::Length(_) => Some(detail(Status::ContentTooLarge, "this address takes no body")),
        Body::Chunked => {
            Some(detail(Status::LengthRequired, "a body without a Content-Length is not taken"))
        }
    }
}

/// What somebody is told who may not come in.
pub fn refuse(refusal: Refusal) -> Response<'static> {
    let (status, sentence, seconds) = match refusal {
        Refusal::Draining => {
            (Status::ServiceUnavailable, "the server is shutting down", RETRY_AFTER_SECONDS)
        }
        Refusal::Full => (Status::ServiceUnavailable, "the server is full", RETRY_AFTER_SECONDS),
        Refusal::AddressFull => (
            Status::ServiceUnavailable,
            "too many connections from this address",
            RETRY_AFTER_SECONDS,
        ),
        Refusal::AddressTooFast { retry_after_seconds } => (
            Status::TooManyRequests,
            "too many new connections from this address",
            retry_after_seconds,
        ),
        Refusal::ReplacedTooOften { retry_after_seconds } => {
            (Status::TooManyRequests, "this number changes hands too often", retry_after_seconds)
        }
    };
    detail(status, sentence).header("Retry-After", seconds.to_string())
}

pub(super) fn detail(status: Status, sentence: &str) -> Response<'static> {
    Response::new(status).json_detail(sentence)
}
