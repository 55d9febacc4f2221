//! The first stage of a session: HTTP requests. Each is answered, or opens a WebSocket.
//!
//! Requests may come in pieces, and several at a time. Bytes that follow an upgrade request in the same
//! read are the first WebSocket frames.
//!
//! An incomplete request is kept, and parsed again from its start when more arrives: O(n²) in the number of
//! pieces, with n bounded by the size of a head, 8 KiB by default. (A parser that goes on where it stopped
//! was rejected: nearly all requests come in one piece.)

use std::mem;

use super::answers::{detail, without_handler};
use super::routes::{self, Handler, Page};
use super::upgrade::upgrade;
use super::{End, Flow, Host, Limits, Session, Stage, WebSocket};
use crate::http::{self, Body, Call, Request, Response, Status, Version};
use crate::limiter::Limit;

/// What comes after a request.
enum Next {
    /// The next request.
    Request {
        /// Bytes of the answer to this one.
        answered: usize,
    },
    /// WebSocket frames.
    Frames(WebSocket),
    /// Nothing: the connection ends.
    Nothing,
}

impl Session {
    /// Handles the next bytes of the stream of requests.
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
        // There may be more requests in the same read. They wait for the next turn: other connections come
        // first.
        self.stage = Stage::Request(bytes.to_vec());
        self.has_more = !bytes.is_empty();
        Flow::Open
    }
}

/// Answers 408 to a request that did not arrive in time.
pub(super) fn refuse_late(host: &mut impl Host) {
    let response = Response::new(Status::RequestTimeout).close();
    respond(host, response.json_detail("the request took too long to arrive"));
}

fn respond(host: &mut impl Host, response: Response<'_>) {
    let date = host.now().unix;
    host.write(|out| response.write(out, date, false));
}

fn answer(request: &Request<'_>, limits: &Limits, host: &mut impl Host) -> Next {
    let Some(found) = routes::find(request, host.listener(), limits) else {
        let nowhere = detail(Status::NotFound, "there is nothing at this address");
        return reply(request, nowhere, false, host);
    };
    let call = Call { request, params: found.params, body: &[] };
    let early = without_handler(request, &found);
    match found.handler {
        Handler::Page(which) => {
            let which = which(&call, limits);
            let response = early.unwrap_or_else(|| page(which, host));
            reply(request, response, which.is_large(), host)
        }
        Handler::Socket(asked) => {
            let entry = early.map_or_else(|| asked(&call), Err);
            match entry.and_then(|entry| upgrade(request, entry, limits, host)) {
                Ok(open) => Next::Frames(open),
                Err(refusal) => reply(request, refusal, false, host),
            }
        }
    }
}

/// Sends the response, and decides whether the connection stays open after it.
fn reply(
    request: &Request<'_>,
    response: Response<'_>,
    is_large: bool,
    host: &mut impl Host,
) -> Next {
    // Two cases end the connection. The body of a request was not read, so its bytes stand where the next
    // request would begin. And a connection gets only one large page.
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
