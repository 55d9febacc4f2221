//! The first stage of a session: HTTP requests. Each is answered, opens a WebSocket, or waits for a reply.
//!
//! Requests may come in pieces, and several at a time. Bytes that follow an upgrade request in the same
//! read are the first WebSocket frames.
//!
//! An incomplete request is kept, and parsed again from its start when more arrives: O(n²) in the number of
//! pieces, with n bounded by the size of a head, 8 KiB by default. (A parser that goes on where it stopped
//! was rejected: nearly all requests come in one piece.) A body costs one more parse, however it is cut.

use std::mem;

use super::answers::{detail, refuse_foreign, too_many_wait, without_handler};
use super::cors;
use super::framing::{Framing, Sent};
use super::identity;
use super::operate::{self, Operated};
use super::parked::{Parked, Wanted};
use super::routes::{self, Handler, Page};
use super::site::{self, Shown, Site};
use super::upgrade::upgrade;
use super::{
    End, Flow, Host, Limits, Listener, NO_ROUTE, Pages, Refusal, Refused, Session, Stage,
    TooManyParked, WebSocket,
};
use crate::chat::account::{self, Guest};
use crate::dialects::{Ask, Enter, Entry};
use crate::http::{self, BadRequest, Body, Call, Cors, Listeners, Request, Response, Status};
use crate::limiter::Limit;

/// The bytes of a request that has not arrived in full.
#[derive(Debug, Default)]
pub(super) struct Begun {
    pub(super) bytes: Vec<u8>,
    /// The length of the whole request, in bytes, once its head has said how long its body is; 0 before.
    whole: usize,
}

impl Begun {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Begun { bytes, whole: 0 }
    }
}

/// Who sends a request, as far as it has been looked up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller {
    /// Nobody has asked yet.
    Unknown,
    /// The token was looked up. `None`: it is nobody's.
    Known(Option<Guest>),
}

/// What comes after a request.
pub(super) enum Next {
    /// The next request.
    Request {
        /// Bytes of the answer to this one.
        answered: usize,
    },
    /// The rest of this request's body: it has this many bytes.
    Body(usize),
    /// The reply to this request.
    Reply {
        /// How its answer is framed.
        framing: Framing,
        /// If the request opens a WebSocket, and so is handled once more then: the path of its route.
        opens: Option<&'static str>,
    },
    /// Nothing that is read: the answer goes on until the connection ends.
    Stream,
    /// WebSocket frames.
    Frames(WebSocket),
    /// A close frame: the WebSocket was opened only to say why it cannot be used.
    Goodbye(WebSocket, End),
    /// Nothing: the connection ends.
    Nothing,
}

impl From<Sent> for Next {
    fn from(sent: Sent) -> Self {
        match sent {
            Sent::Open { bytes } => Next::Request { answered: bytes },
            Sent::Last => Next::Nothing,
        }
    }
}

impl Session {
    /// Handles the next bytes of the stream of requests.
    pub(super) fn receive_requests(
        &mut self,
        input: &mut [u8],
        limits: &Limits,
        host: &mut impl Host,
    ) -> Flow {
        match &mut self.stage {
            // A head that was judged already is parsed once more, when the last byte of its body has come,
            // however many pieces that takes.
            Stage::Request(begun) if begun.bytes.len() + input.len() < begun.whole => {
                begun.bytes.extend_from_slice(input);
                Flow::Open
            }
            _ => self.handle_requests(input, Caller::Unknown, limits, host),
        }
    }

    /// Handles all requests that have arrived, as far as the limits of one call allow. `caller` sends the
    /// first one.
    pub(super) fn handle_requests(
        &mut self,
        input: &mut [u8],
        mut caller: Caller,
        limits: &Limits,
        host: &mut impl Host,
    ) -> Flow {
        let Stage::Request(mut begun) = mem::replace(&mut self.stage, Stage::Over) else {
            return Flow::Open;
        };
        self.has_more = false;
        let mut was_judged = begun.whole > 0;
        let mut bytes = if begun.bytes.is_empty() {
            input
        } else {
            begun.bytes.extend_from_slice(input);
            begun.bytes.as_mut_slice()
        };
        let mut bytes_left = limits.pipelined_answer_bytes;
        for _ in 0..limits.pipelined_requests {
            if bytes_left == 0 {
                break;
            }
            let (request, head_len) = match http::parse(bytes, &limits.http) {
                Ok(Some(parsed)) => parsed,
                Ok(None) => {
                    self.stage = Stage::Request(Begun::new(bytes.to_vec()));
                    return Flow::Open;
                }
                Err(bad) => return refuse_bad(bad, host),
            };
            let arrived = &bytes[head_len..];
            let number = self.requests;
            let next = answer(&Asking { request: &request, arrived, caller, number }, limits, host);
            if let Next::Body(length) = next {
                if arrived.is_empty() && !was_judged && request.expects_continue() {
                    host.write(|out| out.extend_from_slice(http::CONTINUE));
                }
                let whole = head_len + length;
                self.stage = Stage::Request(Begun { bytes: bytes.to_vec(), whole });
                return Flow::Open;
            }
            let len = head_len + request.body.length().min(arrived.len());
            (caller, was_judged, self.progressed) = (Caller::Unknown, false, true);
            match next {
                Next::Request { answered } => bytes_left = bytes_left.saturating_sub(answered),
                Next::Nothing | Next::Body(_) => return Flow::Finish(End::Http),
                Next::Reply { framing, opens } => {
                    self.requests = self.requests.wrapping_add(1);
                    let raw = opens.map_or_else(Vec::new, |_| bytes[..len].to_vec());
                    let rest = bytes[len..].to_vec();
                    self.stage =
                        Stage::Parked(Box::new(Parked { number, framing, opens, raw, rest }));
                    return Flow::Open;
                }
                Next::Stream => {
                    self.stage = Stage::Stream;
                    return Flow::Open;
                }
                Next::Frames(mut open) => {
                    let flow = open.receive(&mut bytes[len..], limits, host, &mut self.progressed);
                    self.stage = Stage::Frames(open);
                    return flow;
                }
                Next::Goodbye(open, end) => {
                    self.stage = Stage::Frames(open);
                    return Flow::Finish(end);
                }
            }
            bytes = &mut mem::take(&mut bytes)[len..];
        }
        // There may be more requests in the same read. They wait for the next turn: other connections come
        // first.
        self.has_more = !bytes.is_empty();
        self.stage = Stage::Request(Begun::new(bytes.to_vec()));
        Flow::Open
    }
}

/// Answers 408 to a request that did not arrive in time.
pub(super) fn refuse_late(host: &mut impl Host) {
    let response = Response::new(Status::RequestTimeout);
    respond(host, Refusal::Late, response.json_detail("the request took too long to arrive"));
}

/// Answers a request that could not be read. The connection ends with it.
pub(super) fn respond(host: &mut impl Host, reason: Refusal, response: Response<'_>) {
    let (date, status) = (host.now().unix, response.status());
    host.answered(status.code(), response.body_bytes());
    host.refused(Refused { reason, status, route: NO_ROUTE, is_upgrade: true });
    host.write(|out| response.close().write(out, date, false));
}

fn refuse_bad(bad: BadRequest, host: &mut impl Host) -> Flow {
    if bad.is_too_much() {
        host.limit_hit(Limit::HttpHead);
    }
    let sentence = bad.to_string();
    respond(host, bad.into(), Response::new(bad.status()).json_detail(&sentence));
    Flow::Finish(End::Http)
}

/// One request, with what is known of it beside its head.
#[derive(Clone, Copy)]
struct Asking<'r> {
    request: &'r Request<'r>,
    /// What has arrived behind the head.
    arrived: &'r [u8],
    caller: Caller,
    /// The number under which its reply is to come, if it has to wait.
    number: u16,
}

fn answer(asking: &Asking<'_>, limits: &Limits, host: &mut impl Host) -> Next {
    let Asking { request, arrived, .. } = *asking;
    let Some(found) = routes::find(request, host.listener(), limits) else {
        let is_upgrade = request.headers.has_token("upgrade", "websocket");
        let sentence = "there is nothing at this address";
        return nothing_here(asking, (NO_ROUTE, Cors::None), sentence, is_upgrade, host);
    };
    if let Handler::Off(sentence) = found.handler {
        let is_upgrade = found.kind.is_socket();
        return nothing_here(asking, (found.path, found.cors), sentence, is_upgrade, host);
    }
    let is_private = match found.handler {
        Handler::Ask(_) | Handler::Operate(_) | Handler::Socket(Enter::Known { .. }) => true,
        Handler::Page(_)
        | Handler::Site(_)
        | Handler::Socket(Enter::AtOnce(_))
        | Handler::Off(_) => false,
    };
    let framing = Framing::of(request, found.cors, host).private_if(is_private);
    let route = found.path;
    let readable = |response| match found.listeners {
        Listeners::All => cors::readable(response, request, limits),
        Listeners::Public | Listeners::Operators | Listeners::OperatorsOnly => response,
    };
    if let Some(early) = without_handler(request, &found) {
        let (status, is_upgrade) = (early.status(), matches!(found.handler, Handler::Socket(_)));
        if let Some(reason) = Refusal::early(status) {
            host.refused(Refused { reason, status, route, is_upgrade });
        }
        let early = readable(early);
        // The body is not read, so its bytes stand where the next request would begin.
        return framing.closing_if(request.body != Body::None).respond(early, host).into();
    }
    if let Some(foreign) = refuse_foreign(request, found.cors, limits) {
        let (status, is_upgrade) = (foreign.status(), matches!(found.handler, Handler::Socket(_)));
        host.refused(Refused { reason: Refusal::ForeignOrigin, status, route, is_upgrade });
        return framing.closing_if(request.body != Body::None).respond(foreign, host).into();
    }
    if let Handler::Operate(_) = found.handler
        && let Some(stranger) = operate::refuse(request, limits)
    {
        host.not_the_operator();
        return framing.closing().respond(stranger, host).into();
    }
    // It fits: `without_handler` has refused a longer one.
    let Some(body) = arrived.get(..request.body.length()) else {
        return Next::Body(request.body.length());
    };
    let call = Call { request, params: found.params, body };
    match found.handler {
        Handler::Page(which) => {
            let which = which(&call, limits).at(host.listener(), limits);
            // A connection gets only one large page.
            let response = readable(page(which, host));
            // With names, it is for the operator.
            let framing = framing.private_if(which == Page::Stats { names: true });
            framing.closing_if(which.is_large()).respond(response, host).into()
        }
        // Answered above.
        Handler::Off(_) => Next::Nothing,
        Handler::Site(site) => visit(asking, site, &call, framing, limits, host),
        Handler::Socket(enter) => enter_by(enter, asking, &call, (framing, route), limits, host),
        Handler::Operate(read) => match operate::operate(read, &call, asking.number, host) {
            Operated::Answer(response) => framing.respond(response, host).into(),
            Operated::Stream(head) => {
                framing.closing().respond(head, host);
                Next::Stream
            }
            Operated::Later => Next::Reply { framing, opens: None },
        },
        Handler::Ask(Ask { call: ask, words }) => match ask(&call) {
            Ok(call) => park(asking, &call, Wanted::Answer(words), (framing, None), limits, host),
            Err(flaw) => framing.respond(flaw, host).into(),
        },
    }
}

/// Opens a WebSocket, or first asks the realm who the caller is.
fn enter_by(
    enter: Enter,
    asking: &Asking<'_>,
    call: &Call<'_>,
    (framing, route): (Framing, &'static str),
    limits: &Limits,
    host: &mut impl Host,
) -> Next {
    let entry = match enter {
        Enter::AtOnce(enter) => enter(call),
        Enter::Known { call: identify, words, enter } => match asking.caller {
            Caller::Known(guest) => enter(call, guest),
            Caller::Unknown => match identify(call) {
                Ok(call) => {
                    let how = (framing, Some(route));
                    return park(asking, &call, Wanted::Caller(words), how, limits, host);
                }
                Err(flaw) => Err(flaw),
            },
        },
    };
    open(asking.request, entry, (framing, route), limits, host)
}

/// Answers 404: there is no line for the address, or its realm is off.
fn nothing_here(
    asking: &Asking<'_>,
    (route, cors): (&'static str, Cors),
    sentence: &str,
    is_upgrade: bool,
    host: &mut impl Host,
) -> Next {
    let is_off = route != NO_ROUTE;
    let reason = if is_off { Refusal::RealmOff } else { Refusal::NoSuchAddress };
    let answer = detail(Status::NotFound, sentence);
    host.refused(Refused { reason, status: answer.status(), route, is_upgrade });
    Framing::of(asking.request, cors, host)
        .closing_if(asking.request.body != Body::None)
        .respond(answer, host)
        .into()
}

/// Answers a request of a browser, or asks the realm who the visitor is.
fn visit(
    asking: &Asking<'_>,
    site: Site,
    call: &Call<'_>,
    framing: Framing,
    limits: &Limits,
    host: &mut impl Host,
) -> Next {
    let is_public = host.listener() == Listener::Public;
    match site::show(site, call, is_public, limits) {
        Shown::Response(response) => {
            let is_large = Pages::is_large(&response);
            framing.closing_if(is_large).respond(response, host).into()
        }
        Shown::FrontPage => {
            let response = page(Page::Index, host).header("Vary", site::VARY);
            framing.respond(cors::readable(response, asking.request, limits), host).into()
        }
        Shown::Ask(call) => park(asking, &call, Wanted::Visit(site), (framing, None), limits, host),
    }
}

/// Opens a WebSocket, or answers why not.
fn open(
    request: &Request<'_>,
    entry: Result<Entry, Response<'static>>,
    (framing, route): (Framing, &'static str),
    limits: &Limits,
    host: &mut impl Host,
) -> Next {
    let opened = entry
        .map_err(|response| match response.status() {
            Status::Unauthorized => (Some(Refusal::ByTheChat), response),
            _ => (Some(Refusal::Parameters), response),
        })
        .and_then(|entry| {
            let proven = identity::prove(request, entry, limits, host);
            proven.map_err(|(reason, response)| (Some(reason), response))
        })
        .and_then(|entry| Ok((upgrade(request, entry, framing.cors, limits, host)?, entry)));
    match opened {
        Ok((open, Entry { turned_away: Some(sentence), .. })) => {
            Next::Goodbye(open, End::NotSignedIn(sentence))
        }
        Ok((open, _)) => Next::Frames(open),
        Err((reason, response)) => {
            let status = response.status();
            if let Some(reason) = reason {
                host.refused(Refused { reason, status, route, is_upgrade: true });
            }
            framing.closing_if(status == Status::Unauthorized).respond(response, host).into()
        }
    }
}

/// Hands a call to the chat, and waits for its reply.
fn park(
    asking: &Asking<'_>,
    call: &account::Call,
    wanted: Wanted,
    (framing, opens): (Framing, Option<&'static str>),
    limits: &Limits,
    host: &mut impl Host,
) -> Next {
    let headers = &asking.request.headers;
    let forwarded = limits.trusted_proxies.client(headers.all("x-forwarded-for"));
    match host.ask(call, wanted, asking.number, forwarded) {
        Ok(()) => Next::Reply { framing, opens },
        Err(TooManyParked) => {
            let response = too_many_wait();
            note_refused(opens, &response, host);
            framing.respond(response, host).into()
        }
    }
}

/// Notes that the realm has refused a WebSocket, if the request was for one: at the route `opens`.
pub(super) fn note_refused(
    opens: Option<&'static str>,
    response: &Response<'_>,
    host: &mut impl Host,
) {
    if let Some(route) = opens {
        let (reason, status) = (Refusal::ByTheChat, response.status());
        host.refused(Refused { reason, status, route, is_upgrade: true });
    }
}

fn page(page: Page, host: &mut impl Host) -> Response<'static> {
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
