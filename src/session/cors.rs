//! Cross-origin reads: the pages that may open a WebSocket may also read the server's public pages.
//!
//! A browser hides an answer from a page of another origin, unless the answer names that origin (Fetch
//! standard, "CORS protocol"). A page whose WebSocket was refused can so ask `/health` and `/ready` whether
//! the server is well. The operator's pages name no origin. Cookies are never part of it. Called by the
//! request stage.

use std::str;

use super::{Limits, origin};
use crate::http::{Request, Response};

/// How long a browser may remember what it was allowed, in seconds.
const MAX_AGE_SECONDS: &str = "600";

/// Lets the page that asks read this answer, if it may open a WebSocket. The answer to OPTIONS then says
/// what such a page may ask: any header is allowed, except for `Authorization`, which the `*` excludes.
pub(super) fn readable<'a>(
    response: Response<'a>,
    request: &Request<'_>,
    limits: &Limits,
) -> Response<'a> {
    // A cache must not give one origin the answer for another, nor for none.
    let response = response.header("Vary", "Origin");
    let mut origins = request.headers.all("origin");
    let origin = match (origins.next().map(str::from_utf8), origins.next()) {
        (Some(Ok(origin)), None) => origin,
        _ => return response,
    };
    if !origin::is_allowed(Some(origin), request.host, &limits.allowed_origins) {
        return response;
    }
    let response = response.header("Access-Control-Allow-Origin", origin.to_owned());
    let is_preflight = request.method == "OPTIONS"
        && request.headers.first("access-control-request-method").is_some();
    if !is_preflight {
        return response;
    }
    response
        .header("Access-Control-Allow-Methods", "GET, HEAD")
        .header("Access-Control-Allow-Headers", "*")
        .header("Access-Control-Max-Age", MAX_AGE_SECONDS)
}
