//! Who a number belongs to: the token of a request for a WebSocket, and of a frame, checked with the operator's
//! keys. Without keys nobody is asked, and a token is not looked at.
//!
//! A token is in the query (`?token=`), because a browser's WebSocket has no headers of the page's own, or in
//! `Authorization: Bearer` (RFC 6750). Called by the request stage, before the handshake is looked at, and by the
//! stage of messages.

use std::borrow::Cow;

use super::answers::detail;
use super::{Host, Limits, Refusal};
use crate::auth::Flaw;
use crate::chat::{Entrant, Mobile};
use crate::dialects::Entry;
use crate::http::{Request, Response, Status};

/// Returns the entry with its proof, if it needs one.
///
/// # Errors
///
/// The answer 401, and its reason. No WebSocket is opened, so the connection is closed with it: each further guess
/// costs the client a connection, and those are limited.
pub(super) fn prove(
    request: &Request<'_>,
    entry: Entry,
    limits: &Limits,
    host: &mut impl Host,
) -> Result<Entry, (Refusal, Response<'static>)> {
    let Some(Entrant::Mobile { mobile, presence, .. }) = entry.who else { return Ok(entry) };
    let token = match &limits.keys {
        None => return Ok(entry),
        Some(_) => token(request),
    };
    match token.and_then(|token| check(&token, mobile, limits, host)) {
        Ok(proven_until) => {
            let who = Entrant::Mobile { mobile, presence, proven_until };
            Ok(Entry { who: Some(who), ..entry })
        }
        Err(flaw) => {
            let answer = detail(Status::Unauthorized, flaw.sentence());
            Err((flaw.into(), answer.header("WWW-Authenticate", flaw.challenge())))
        }
    }
}

/// Checks that the token is the number's. Returns when the proof ends, since the Unix epoch. `None`: there are no
/// keys.
pub(super) fn check(
    token: &str,
    mobile: Mobile,
    limits: &Limits,
    host: &mut impl Host,
) -> Result<Option<std::time::Duration>, Flaw> {
    let Some(keys) = &limits.keys else { return Ok(None) };
    host.checks_token();
    let mut digits = [0; Mobile::MAX_DIGITS];
    keys.check(token, mobile.digits(&mut digits), host.now().unix).map(Some)
}

/// The only token of a request.
fn token<'r>(request: &Request<'r>) -> Result<Cow<'r, str>, Flaw> {
    let in_query = request.query_values("token");
    // Another scheme may be a proxy's in front.
    let in_header = request.headers.all("authorization").filter_map(|value| {
        let (scheme, token) = value.split_at_checked("Bearer ".len())?;
        // The name of a scheme has no case (RFC 9110 §11.1).
        let is_bearer = scheme.eq_ignore_ascii_case(b"Bearer ");
        is_bearer.then(|| String::from_utf8_lossy(token.trim_ascii()))
    });
    let mut all = in_query.chain(in_header);
    match (all.next(), all.next()) {
        (Some(token), None) if !token.is_empty() => Ok(token),
        (_, Some(_)) => Err(Flaw::Several),
        (_, None) => Err(Flaw::Missing),
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Missing => Refusal::TokenMissing,
            Flaw::Expired => Refusal::TokenExpired,
            Flaw::Subject => Refusal::TokenSubject,
            Flaw::Several
            | Flaw::TooLong
            | Flaw::Malformed
            | Flaw::UnknownKey
            | Flaw::Signature
            | Flaw::Early
            | Flaw::Audience => Refusal::TokenInvalid,
        }
    }
}
