//! The answers of the operator's API that do not depend on an order, and how all of them are written.

use serde::Serialize;

use super::wire;
use crate::http::{Response, Status};

/// An answer with this body.
pub fn json(status: Status, body: &impl Serialize) -> Response<'static> {
    let text = serde_json::to_vec(body).expect("structs with plain keys always serialise");
    Response::new(status).body("application/json", text)
}

/// The answer to a request that is wrong.
pub(super) fn wrong(sentence: &str) -> Response<'static> {
    Response::new(Status::BadRequest).json_detail(sentence)
}

/// The answer to a ban that would be over at once: the operator has mistyped the time, or means another zone.
pub fn until_is_over() -> Response<'static> {
    wrong(
        "until is in the past, so nobody is banned; times are in UTC. DELETE /api/bans lifts a ban",
    )
}

/// The answer to a request without the operator's token.
pub fn not_the_operator() -> Response<'static> {
    Response::new(Status::Unauthorized)
        .header("WWW-Authenticate", "Bearer")
        .json_detail("the operator's token is missing or wrong")
}

/// The answer to a request for events, while as many connections hear them as may.
pub fn too_many_readers(most: usize) -> Response<'static> {
    let sentence = format!("{most} connections read events already, and no more may");
    Response::new(Status::ServiceUnavailable).json_detail(&sentence)
}

/// The answer of a server that has no token for its operator.
pub fn api_is_off() -> Response<'static> {
    Response::new(Status::Forbidden)
        .json_detail("the operator's API is off: start the server with --admin-token-file FILE")
}

/// The answer to an order that took too long. What it has begun goes on.
pub fn late() -> Response<'static> {
    json(Status::Accepted, &wire::Word { status: "pending" })
}
