//! The upgrade: a request that opens a WebSocket, checked and answered.
//!
//! Clients can see the order of the checks, so it must not change. Called by the request stage, after the
//! route's handler.

use super::answers::{detail, refuse};
use super::{Entry, Host, Limits, WebSocket, origin};
use crate::http::{Cors, Request, Response, Status, Version};
use crate::ws::handshake::{self, HandshakeError, Offer};

/// Lets the connection in, or returns the answer that says why not. The checks are those of RFC 6455 §4.2,
/// then that of the origin, then the host's. Where pages of all origins may read answers (`cors`), they may
/// open WebSockets too: nothing that a browser adds by itself, such as a cookie, says who the client is.
pub(super) fn upgrade(
    request: &Request<'_>,
    entry: Entry,
    cors: Cors,
    limits: &Limits,
    host: &mut impl Host,
) -> Result<WebSocket, Response<'static>> {
    let accept = handshake::check(&offer(request)).map_err(refuse_handshake)?;
    let origin = origins(request)?;
    let is_allowed = match cors {
        Cors::Any => true,
        Cors::None => origin::is_allowed(origin, request.host, &limits.allowed_origins),
    };
    if !is_allowed {
        return Err(detail(Status::Forbidden, "pages from this origin may not connect"));
    }
    let switching = Response::new(Status::SwitchingProtocols)
        .upgrade("websocket")
        .header("Sec-WebSocket-Accept", accept.as_str());
    let date = host.now().unix;
    let forwarded = limits.trusted_proxies.client(request.headers.all("x-forwarded-for"));
    match host.admit(entry, forwarded, |out| switching.write(out, date, false)) {
        Ok(()) => Ok(WebSocket::new(entry)),
        Err(refusal) => Err(refuse(refusal)),
    }
}

fn offer<'b>(request: &Request<'b>) -> Offer<'b> {
    let headers = &request.headers;
    let mut offer = Offer {
        get: request.method == "GET",
        http_1_1: request.version == Version::Http11,
        host: request.host.is_some_and(|host| !host.is_empty()),
        connection_upgrade: headers.has_token("connection", "upgrade"),
        upgrade_websocket: headers.has_token("upgrade", "websocket"),
        ..Offer::default()
    };
    headers.all("sec-websocket-key").for_each(|value| offer.key.add(value));
    headers.all("sec-websocket-version").for_each(|value| offer.version.add(value));
    offer
}

fn origins<'b>(request: &Request<'b>) -> Result<Option<&'b str>, Response<'static>> {
    let mut origins = request.headers.all("origin");
    let origin = origins.next().map(str::from_utf8).transpose();
    match (origin, origins.next()) {
        (Ok(origin), None) => Ok(origin),
        _ => Err(detail(Status::BadRequest, "a request has one Origin, in plain text")),
    }
}

fn refuse_handshake(error: HandshakeError) -> Response<'static> {
    let sentence = error.to_string();
    match error {
        HandshakeError::NotAnUpgrade | HandshakeError::WrongVersion => {
            detail(Status::UpgradeRequired, &sentence)
                .upgrade("websocket")
                .header("Sec-WebSocket-Version", "13")
        }
        HandshakeError::Malformed { .. } => detail(Status::BadRequest, &sentence),
    }
}
