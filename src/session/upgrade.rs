//! The upgrade: a request that opens a WebSocket, checked and answered.
//!
//! Clients can see the order of the checks, so it must not change. Called by the request stage, after the
//! route's handler.

use super::answers::{detail, refuse};
use super::{Entry, Host, Limits, Refusal, WebSocket, origin};
use crate::http::{Cors, Request, Response, Status, Version};
use crate::ws::handshake::{self, HandshakeError, Offer};

/// The answer to a request for a WebSocket that is not opened, and why. Without a reason it is no refusal,
/// but the answer to OPTIONS.
pub(super) type NotOpened = (Option<Refusal>, Response<'static>);

/// Lets the connection in, or returns the answer that says why not. The checks are those of RFC 6455 §4.2,
/// then that of the origin, then the host's. Where pages of all origins may read answers (`cors`), they may
/// open WebSockets too: nothing that a browser adds by itself, such as a cookie, says who the client is.
pub(super) fn upgrade(
    request: &Request<'_>,
    entry: Entry,
    cors: Cors,
    limits: &Limits,
    host: &mut impl Host,
) -> Result<WebSocket, NotOpened> {
    let accept = handshake::check(&offer(request)).map_err(refuse_handshake)?;
    let origin = origins(request)?;
    let is_allowed = match cors {
        Cors::Any => true,
        Cors::None | Cors::Barred => {
            origin::is_allowed(origin, request.host, &limits.allowed_origins)
        }
    };
    if !is_allowed {
        let foreign = detail(Status::Forbidden, "pages from this origin may not connect");
        return Err((Some(Refusal::ForeignOrigin), foreign));
    }
    let mut switching = Response::new(Status::SwitchingProtocols)
        .upgrade("websocket")
        .header("Sec-WebSocket-Accept", accept.as_str());
    // The line of the route has found it among those that the client offers.
    if let Some(subprotocol) = entry.dialect.manners().subprotocol {
        switching = switching.header("Sec-WebSocket-Protocol", subprotocol);
    }
    let date = host.now().unix;
    let forwarded = limits.trusted_proxies.client(request.headers.all("x-forwarded-for"));
    match host.admit(entry, forwarded, |out| switching.write(out, date, false)) {
        Ok(()) => Ok(WebSocket::new(entry)),
        Err(refusal) => Err((Some(refusal.into()), refuse(refusal))),
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

fn origins<'b>(request: &Request<'b>) -> Result<Option<&'b str>, NotOpened> {
    let mut origins = request.headers.all("origin");
    let origin = origins.next().map(str::from_utf8).transpose();
    match (origin, origins.next()) {
        (Ok(origin), None) => Ok(origin),
        _ => {
            let sentence = "a request has one Origin, in plain text";
            Err((Some(Refusal::BadHandshake), detail(Status::BadRequest, sentence)))
        }
    }
}

fn refuse_handshake(error: HandshakeError) -> NotOpened {
    let sentence = error.to_string();
    let upgrade_first = |sentence: &str| {
        detail(Status::UpgradeRequired, sentence)
            .upgrade("websocket")
            .header("Sec-WebSocket-Version", "13")
    };
    let (reason, response) = match error {
        HandshakeError::NotAnUpgrade => (Refusal::NotAnUpgrade, upgrade_first(&sentence)),
        HandshakeError::WrongVersion => (Refusal::WrongVersion, upgrade_first(&sentence)),
        HandshakeError::Malformed { .. } => {
            (Refusal::BadHandshake, detail(Status::BadRequest, &sentence))
        }
    };
    (Some(reason), response)
}
