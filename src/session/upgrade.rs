//! The upgrade: a request that opens a WebSocket, checked and answered.
//!
//! The order of the checks is part of what clients see. Called by the request stage.

use super::answers::{detail, refuse, refuse_body};
use super::routes::Door;
use super::{Host, Limits, Visitor, WebSocket, origin};
use crate::chat::Mobile;
use crate::chat::mobile::PresenceMode;
use crate::http::{Request, Response, Status, Version};
use crate::ws::handshake::{self, HandshakeError, Offer};

/// `/ws?token=` leads to a realm that there is only with a place to store it.
const ACCOUNTS_ARE_OFF: &str = "accounts are off: start the server with --data DIR";

/// Lets somebody in: the whole check of RFC 6455 §4.2, and ours.
pub(super) fn upgrade(
    request: &Request<'_>,
    door: Door<'_>,
    limits: &Limits,
    host: &mut impl Host,
) -> Result<WebSocket, Response<'static>> {
    if request.method != "GET" {
        return Err(detail(Status::MethodNotAllowed, "a WebSocket is opened with GET")
            .header("Allow", "GET"));
    }
    if let Some(refusal) = refuse_body(request) {
        return Err(refusal);
    }
    let visitor = visitor(request, door)?;
    let accept = handshake::check(&offer(request)).map_err(refuse_handshake)?;
    if !origin::is_allowed(origins(request)?, request.host, &limits.allowed_origins) {
        return Err(detail(Status::Forbidden, "pages from this origin may not connect"));
    }
    let switching = Response::new(Status::SwitchingProtocols)
        .upgrade("websocket")
        .header("Sec-WebSocket-Accept", accept.as_str());
    let date = host.now().unix;
    let forwarded = limits.trusted_proxies.client(request.headers.all("x-forwarded-for"));
    match host.admit(visitor, forwarded, |out| switching.write(out, date, false)) {
        Ok(()) => Ok(WebSocket::new(visitor.dialect())),
        Err(refusal) => Err(refuse(refusal)),
    }
}

/// Who it is, and what he wants, by the address he asks for.
fn visitor(request: &Request<'_>, door: Door<'_>) -> Result<Visitor, Response<'static>> {
    let text = match door {
        Door::Mobile(text) => text,
        Door::Messenger if request.query_value("token").is_some() => {
            return Err(detail(Status::NotFound, ACCOUNTS_ARE_OFF));
        }
        Door::Messenger => return Ok(Visitor::Messenger),
        Door::Echo => return Ok(Visitor::Echo),
    };
    let mobile = Mobile::parse(text.as_bytes())
        .map_err(|error| detail(Status::BadRequest, &error.to_string()))?;
    let presence = match request.query_value("presence") {
        None => PresenceMode::default(),
        Some(word) => PresenceMode::parse(word)
            .ok_or_else(|| detail(Status::BadRequest, "presence is one of full, delta and none"))?,
    };
    Ok(Visitor::Mobile { mobile, presence })
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
