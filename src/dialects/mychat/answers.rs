//! The responses over HTTP in the words of MyChat.
//!
//! An error says the same sentence twice, `{"error":…,"detail":…}`: MyChat's page looks at the one, and every
//! other client of this server at the other. Each answer is for one user, so no cache may keep it.

use crate::chat::account::Refusal;
use crate::dialects::json::Writer;
use crate::dialects::refusal::{NOTHING_STORED, retry_after_seconds, sentence, status};
use crate::http::{Response, Status};

/// The response for a call that is refused, or has failed.
pub(super) fn refused(refusal: &Refusal<'_>) -> Response<'static> {
    let mut response = error(status(refusal), &sentence(refusal, NOTHING_STORED));
    if let Some(seconds) = retry_after_seconds(refusal) {
        response = response.header("Retry-After", seconds.to_string());
    }
    response
}

/// An error as a response.
pub(super) fn error(status: Status, sentence: &str) -> Response<'static> {
    let mut body = Vec::new();
    Writer(&mut body)
        .raw(r#"{"error":"#)
        .string(sentence)
        .raw(r#","detail":"#)
        .string(sentence)
        .raw("}");
    let response = private(Response::new(status)).body("application/json", body);
    match status {
        // There is no registered scheme for cookies, and a 401 has to name one (RFC 9110 §15.5.2).
        Status::Unauthorized => response.header("WWW-Authenticate", "Cookie"),
        _ => response,
    }
}

/// A response that no cache may keep.
pub(super) fn private(response: Response<'static>) -> Response<'static> {
    response.header("Cache-Control", "no-store")
}
