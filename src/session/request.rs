//! The first stage of a session: HTTP requests, answered or turned into a WebSocket; and the routes.
//!
//! Requests may come in pieces and several at a time. What follows an upgrade request in the same
//! read are the first WebSocket frames already.

use std::hint::black_box;
use std::mem;

use super::{End, Flow, Host, Limits, Refusal, Session, Stage, Visitor, WebSocket, origin};
use crate::chat::Mobile;
use crate::chat::mobile::PresenceMode;
use crate::http::{self, Body, Request, Response, Status, Version};
use crate::limiter::Limit;
use crate::ws::handshake::{self, HandshakeError, Offer};

/// The server's own pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Page {
    /// `GET /`: what this is.
    Index,
    /// `GET /health`: whether it is well.
    Health,
    /// `GET /ready`: whether it takes in newcomers.
    Ready,
    /// `GET /metrics`: what it has counted.
    Metrics,
    /// `GET /stats`: how much is going on.
    Stats {
        /// For somebody who may know who is online.
        names: bool,
    },
    /// `GET /trace`: what it did in the last turns.
    Trace,
}

/// The listener by which a connection came. One operator's port can be kept apart from the public's.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Listener {
    /// Where people come in.
    #[default]
    Public,
    /// Where the operator looks in: pages only, some of which are only here.
    Admin,
}

/// Where a path leads.
enum Route<'p> {
    Page(Page),
    Door(Door<'p>),
    Nowhere,
}

/// Where a WebSocket may be opened.
#[derive(Clone, Copy)]
enum Door<'p> {
    /// `/ws/{mobile}`, whatever stands there for a number.
    Mobile(&'p str),
    /// `/ws`, and `/` for whoever asks it for a WebSocket.
    Messenger,
    Echo,
}

/// Seconds after which a client may try a server again that is full, or going down.
const RETRY_AFTER_SECONDS: u64 = 5;

/// `/ws?token=` leads to a realm that there is only with a place to store it.
const ACCOUNTS_ARE_OFF: &str = "accounts are off: start the server with --data DIR";

/// What comes after a request.
enum Next {
    /// Another one; the answer to this one has so many bytes.
    Request {
        answered: usize,
    },
    Frames(WebSocket),
    Nothing,
}

impl Session {
    /// Takes the next bytes of the stream of requests.
    pub(super) fn receive_requests(
        &mut self,
        input: &mut [u8],
        limits: &Limits,
        host: &mut impl Host,
    ) -> Flow {
        let Stage::Request(mut begun) = mem::replace(&mut self.stage, Stage::Over) else {
            return Flow::Open;
        };
        self.has_more = false;
        let mut bytes = if begun.is_empty() {
            input
        } else {
            begun.extend_from_slice(input);
            begun.as_mut_slice()
        };
        let mut bytes_left = limits.pipelined_answer_bytes;
        for _ in 0..limits.pipelined_requests {
            if bytes_left == 0 {
                break;
            }
            let (next, len) = match http::parse(bytes, &limits.http) {
                Ok(Some((request, len))) => (answer(&request, limits, host), len),
                Ok(None) => {
                    self.stage = Stage::Request(bytes.to_vec());
                    return Flow::Open;
                }
                Err(bad) => {
                    if bad.is_too_much() {
                        host.limit_hit(Limit::HttpHead);
                    }
                    let sentence = bad.to_string();
                    respond(host, Response::new(bad.status()).close().json_detail(&sentence));
                    return Flow::Finish(End::Http);
                }
            };
            self.progressed = true;
            bytes = &mut mem::take(&mut bytes)[len..];
            match next {
                Next::Request { answered } => bytes_left = bytes_left.saturating_sub(answered),
                Next::Nothing => return Flow::Finish(End::Http),
                Next::Frames(mut open) => {
                    let flow = open.receive(bytes, limits, host, &mut self.progressed);
                    self.stage = Stage::Frames(open);
                    return flow;
                }
            }
        }
        // More may have come in the same read; others come first now.
        self.stage = Stage::Request(bytes.to_vec());
        self.has_more = !bytes.is_empty();
        Flow::Open
    }
}

/// Answers 408 to whoever has not finished his request in time.
pub(super) fn refuse_late(host: &mut impl Host) {
    let response = Response::new(Status::RequestTimeout).close();
    respond(host, response.json_detail("the request took too long to arrive"));
}

fn respond(host: &mut impl Host, response: Response<'_>) {
    let date = host.now().unix;
    host.write(|out| response.write(out, date, false));
}

fn answer(request: &Request<'_>, limits: &Limits, host: &mut impl Host) -> Next {
    let route = route(request, host.listener(), limits);
    let is_large = matches!(route, Route::Page(Page::Trace | Page::Stats { names: true }));
    let response = match route {
        Route::Page(which) => page(request, which, host),
        Route::Door(door) => match upgrade(request, door, limits, host) {
            Ok(open) => return Next::Frames(open),
            Err(refusal) => refusal,
        },
        Route::Nowhere => detail(Status::NotFound, "there is nothing at this address"),
    };
    // A body that nobody has read stands where the next request would begin. And a trace is so large
    // that a connection gets one.
    let keep_alive =
        request.keep_alive() && request.body == Body::None && !host.is_draining() && !is_large;
    let response = match (keep_alive, request.version) {
        (false, _) => response.close(),
        (true, Version::Http10) => response.keep_alive(),
        (true, Version::Http11) => response,
    };
    let date = host.now().unix;
    let mut bytes = 0;
    host.write(|out| {
        let before = out.len();
        response.write(out, date, request.method == "HEAD");
        bytes = out.len() - before;
    });
    if keep_alive { Next::Request { answered: bytes } } else { Next::Nothing }
}

fn route<'p>(request: &Request<'p>, listener: Listener, limits: &Limits) -> Route<'p> {
    let wants_websocket = request.headers.has_token("upgrade", "websocket");
    // What only the operator should see stands in public while there is no other place for it.
    let is_operators = listener == Listener::Admin || !limits.admin_listener;
    match (listener, request.path) {
        (Listener::Public, "/") if wants_websocket => Route::Door(Door::Messenger),
        (Listener::Public, "/ws") => Route::Door(Door::Messenger),
        (_, "/") => Route::Page(Page::Index),
        (_, "/health") => Route::Page(Page::Health),
        (_, "/ready") => Route::Page(Page::Ready),
        (_, "/metrics") if is_operators => Route::Page(Page::Metrics),
        (_, "/stats") if is_operators => {
            Route::Page(Page::Stats { names: is_admin(request, limits) })
        }
        (Listener::Admin, "/trace") => Route::Page(Page::Trace),
        (Listener::Public, "/echo") if limits.echo => Route::Door(Door::Echo),
        (Listener::Public, path) => match path.strip_prefix("/ws/") {
            Some(mobile) if !mobile.contains('/') => Route::Door(Door::Mobile(mobile)),
            _ => Route::Nowhere,
        },
        (Listener::Admin, _) => Route::Nowhere,
    }
}

/// Whether the request bears the operator's token (RFC 6750 §2.1).
fn is_admin(request: &Request<'_>, limits: &Limits) -> bool {
    let Some(token) = &limits.admin_token else { return false };
    let mut all = request.headers.all("authorization");
    match (all.next().and_then(bearer), all.next()) {
        (Some(given), None) => same(given, token.as_bytes()),
        _ => false,
    }
}

fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token.trim_ascii())
}

/// Compares in a time that does not tell how much of a guess was right.
fn same(guess: &[u8], secret: &[u8]) -> bool {
    let differences = guess.iter().zip(secret).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    guess.len() == secret.len() && differences == 0
}

/// A page, or why there is none.
fn page(request: &Request<'_>, page: Page, host: &mut impl Host) -> Response<'static> {
    if !matches!(request.method, "GET" | "HEAD") {
        return detail(Status::MethodNotAllowed, "this address can only be read")
            .header("Allow", "GET, HEAD");
    }
    if let Some(refusal) = refuse_body(request) {
        return refusal;
    }
    let status = match page {
        Page::Health if host.is_draining() => Status::ServiceUnavailable,
        Page::Ready if !host.is_accepting() => Status::ServiceUnavailable,
        Page::Index
        | Page::Health
        | Page::Ready
        | Page::Metrics
        | Page::Stats { .. }
        | Page::Trace => Status::Ok,
    };
    let (content_type, text) = host.page(page);
    Response::new(status).body(content_type, text.into_bytes())
}

/// No request to this server has a use for a body.
fn refuse_body(request: &Request<'_>) -> Option<Response<'static>> {
    match request.body {
        Body::None => None,
        Body::Length(_) => Some(detail(Status::ContentTooLarge, "this address takes no body")),
        Body::Chunked => {
            Some(detail(Status::LengthRequired, "a body without a Content-Length is not taken"))
        }
    }
}

/// Lets somebody in: the whole check of RFC 6455 §4.2, and ours.
fn upgrade(
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

fn detail(status: Status, sentence: &str) -> Response<'static> {
    Response::new(status).json_detail(sentence)
}
