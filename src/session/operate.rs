//! The requests to the operator's API: who may make them, and what comes after one.
//!
//! The token is checked before the body is read, so that nobody else can make the server keep one. Called by
//! the request stage.

use super::admin_token;
use super::{Host, Limits};
use crate::dialects::operator::{self, Operate};
use crate::http::{Call, Request, Response};

/// What has become of an order.
#[derive(Clone, Debug)]
pub enum Operated {
    /// It is answered.
    Answer(Response<'static>),
    /// Its answer has begun, and goes on until the connection ends: the turn writes it.
    Stream(Response<'static>),
    /// Its answer comes with [`Session::resume`](super::Session::resume).
    Later,
}

/// The answer to a request that does not come from the operator.
pub(super) fn refuse(request: &Request<'_>, limits: &Limits) -> Option<Response<'static>> {
    if limits.admin_token.is_none() {
        return Some(operator::api_is_off());
    }
    (!admin_token::is_admin(request, limits)).then(operator::not_the_operator)
}

/// Reads an order and has it carried out. `request` is the number under which its answer is to come, if it has
/// to wait.
pub(super) fn operate(
    read: Operate,
    call: &Call<'_>,
    request: u16,
    host: &mut impl Host,
) -> Operated {
    match read(call) {
        Ok(order) => host.operate(order, request),
        Err(wrong) => Operated::Answer(wrong),
    }
}
