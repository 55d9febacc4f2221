//! [`Session`]: one connection's conversation, from its first byte to its last. It does no I/O.
//!
//! Bytes go in; answers, commands and at last an [`End`] come out, through a [`Host`]. A session waits for
//! HTTP requests, perhaps becomes a WebSocket, and ends. It knows neither its socket nor a clock nor any
//! other connection. The turn calls it.

mod admin_token;
mod allowance;
mod answers;
mod cors;
mod end;
mod framing;
mod identity;
mod messages;
mod operate;
mod origin;
mod pages;
mod parked;
mod proxied;
mod realms;
mod refusal;
mod request;
mod resume;
mod routes;
mod run_time;
mod site;
mod upgrade;

#[cfg(test)]
pub(crate) mod tests;

pub use crate::http::proxy_header::ProxyHeader;
pub use admin_token::AdminToken;
pub use answers::refuse;
pub use end::End;
pub use operate::Operated;
pub use pages::{NotUtf8, Pages};
pub use parked::{Resolution, Wanted};
pub use realms::OpenRealms;
pub use refusal::{NO_ROUTE, Refusal, Refused};
pub use routes::{Listener, Page};
pub use run_time::RunTimeLimits;
pub use site::{Site, Visit};

use std::borrow::Cow;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use crate::auth::Keys;
use crate::chat::{self, Command, Entrant, Event, Fault, Mobile, account};
use crate::dialects::operator::Order;
use crate::dialects::{Dialect, Entry};
use crate::limiter::{Bucket, Forwarded, Limit, Proxies, Rate};
use crate::timer::Now;
use crate::web::WebClient;
use crate::{http, ws};
use parked::Parked;
use request::Begun;

/// The limits of a session.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The limits of an HTTP request.
    pub http: http::Limits,
    /// The limits of a WebSocket message.
    pub ws: ws::Limits,
    /// The limits of a WebSocket message on `/echo`: conformance suites send messages of 16 MiB.
    pub echo_ws: ws::Limits,
    /// Whether `/echo` exists.
    pub echo: bool,
    /// Whether the operator has a listener. Then the operator's pages are found there only.
    pub admin_listener: bool,
    /// The most malformed frames of a connection. Each well-formed frame makes up for one.
    pub strikes: u16,
    /// The rate of frames that one client may send.
    pub message_rate: Rate,
    /// The rate of bytes that one client may send. Its burst is at least the size of a message.
    pub byte_rate: Rate,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Proxies,
    /// Whether each connection of these proxies begins with a PROXY protocol header. Others then begin with a
    /// request as ever.
    pub proxy_protocol: bool,
    /// The most pipelined HTTP requests that are answered in one call. The others wait for the next turn.
    pub pipelined_requests: u16,
    /// The token for requests that may see who is online in the messenger realm. `None`: no request may.
    pub admin_token: Option<AdminToken>,
    /// The most bytes of answers to pipelined requests in one call: what the kernel takes at once.
    pub pipelined_answer_bytes: usize,
    /// The origins whose pages may connect, beside those of our own host.
    pub allowed_origins: Vec<String>,
    /// The realms that are open.
    pub realms: OpenRealms,
    /// The keys that prove whose number it is. `None`: numbers are not verified.
    pub keys: Option<Keys>,
    /// The files of an app's own pages.
    pub pages: Pages,
    /// The files of the web client.
    pub web: WebClient,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            http: http::Limits::default(),
            ws: ws::Limits { binary: false, ..ws::Limits::default() },
            echo_ws: ws::Limits { message_bytes: 16 << 20, binary: true },
            echo: false,
            admin_listener: false,
            strikes: 50,
            message_rate: Rate::per_second(200, 400),
            byte_rate: Rate::per_second(1 << 20, 4 << 20),
            trusted_proxies: Proxies::default(),
            proxy_protocol: false,
            pipelined_requests: 16,
            pipelined_answer_bytes: 32 * 1024,
            admin_token: None,
            allowed_origins: Vec::new(),
            realms: OpenRealms::ALL,
            keys: None,
            pages: Pages::default(),
            web: WebClient::default(),
        }
    }
}

/// Why a well-formed upgrade is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DoorRefusal {
    /// The server is shutting down.
    Draining,
    /// The server has as many WebSockets as it may.
    Full,
    /// The person is banned, or the client's address.
    Banned,
    /// The client's address has as many connections as it may.
    AddressFull,
    /// The client's address makes new connections too fast.
    AddressTooFast {
        /// The time after which the client may try again, in seconds.
        retry_after_seconds: u64,
    },
    /// The person's realm refuses the connection.
    ByTheChat(chat::Refusal),
}

/// As many requests wait for their replies as may. The call was not handed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooManyParked;

/// All that a session can ask for. No call blocks.
pub trait Host {
    /// The time of this turn.
    fn now(&self) -> Now;

    /// Queues the bytes that `fill` appends, to be sent to this connection.
    fn write(&mut self, fill: impl FnOnce(&mut Vec<u8>));

    /// Queues bytes that others share, to be sent to this connection. They are not copied.
    fn write_shared(&mut self, bytes: &Rc<[u8]>);

    /// Queues an event for this connection, in its dialect.
    fn tell(&mut self, event: &Event<'_>);

    /// Signs this connection in as a person, or returns why the realm refuses it.
    fn sign_in(&mut self, who: Entrant<'_>) -> Result<(), chat::Refusal>;

    /// The number of this connection, if it is signed in with one.
    fn mobile(&self) -> Option<Mobile>;

    /// Says that this connection has proved again that its number is its own, until that time since the Unix
    /// epoch.
    fn prove(&mut self, until: Duration);

    /// Says that a token is checked now, which costs time: it counts for the budget of the turn.
    fn checks_token(&mut self);

    /// Hands a command to the chat.
    fn command(&mut self, command: &Command<'_>);

    /// Counts for the metrics that a limit was hit.
    fn limit_hit(&mut self, limit: Limit);

    /// Counts for the books that a frame of type `message` was refused.
    fn message_refused(&mut self, fault: Fault);

    /// One of the server's own pages: its `Content-Type`, and its text.
    fn page(&mut self, page: Page) -> (&'static str, String);

    /// Counts for the metrics that a request was answered with this status, and for the budget of the turn
    /// how long the answer's body is.
    fn answered(&mut self, status: u16, body_bytes: usize);

    /// Counts and logs that a request was refused.
    fn refused(&mut self, refused: Refused);

    /// The listener that accepted this connection.
    fn listener(&self) -> Listener;

    /// Whether a trusted proxy has opened this connection, for clients of its own.
    fn is_from_proxy(&self) -> bool;

    /// Counts the connection as the one that the proxy's header names, or returns why it is refused.
    fn name_peer(&mut self, header: ProxyHeader) -> Result<(), DoorRefusal>;

    /// Whether the server is shutting down.
    fn is_draining(&self) -> bool;

    /// Whether a new WebSocket would be let in.
    fn is_accepting(&self) -> bool;

    /// Hands a call to the chat. `request` is the number of the request that waits for its reply. What is
    /// `wanted` of the reply comes with [`Session::resume`], once the session is back in its place.
    /// `forwarded` is the client that a proxy has named; it counts only if the proxy is trusted.
    fn ask(
        &mut self,
        call: &account::Call,
        wanted: Wanted,
        request: u16,
        forwarded: Forwarded,
    ) -> Result<(), TooManyParked>;

    /// Carries out an order of the operator. `request` is the number of the request, if its answer has to wait.
    fn operate(&mut self, order: Order, request: u16) -> Operated;

    /// Logs that a request for the operator's API did not come from the operator.
    fn not_the_operator(&mut self);

    /// Says that the client speaks another dialect of its realm from now on.
    fn speaks(&mut self, dialect: Dialect);

    /// Lets the connection in and queues the 101 that `switch` appends, or returns why not. `forwarded` is
    /// the client that a proxy has named; it counts only if the proxy is trusted.
    fn admit(
        &mut self,
        entry: Entry,
        forwarded: Forwarded,
        switch: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), DoorRefusal>;
}

/// Whether the connection goes on after a piece of its input. `must_use`: a caller that forgot a `Finish`
/// would go on with a client that was to be disconnected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Flow {
    /// The connection goes on.
    Open,
    /// The connection ends. The rest of its input is ignored.
    Finish(End),
}

/// One connection's conversation.
#[derive(Debug)]
pub struct Session {
    stage: Stage,
    /// Whether a request or a message has arrived in full since [`take_progress`](Session::take_progress).
    progressed: bool,
    /// Whether requests that have arrived are left for the next turn.
    has_more: bool,
    /// The number that the next request gets which has to wait for its reply. It wraps around.
    requests: u16,
}

/// What the session waits for.
#[derive(Debug)]
enum Stage {
    /// The PROXY protocol header of a trusted proxy. These bytes of it have arrived.
    ProxyHeader(Vec<u8>),
    /// An HTTP request. These bytes of it have arrived.
    Request(Begun),
    /// The reply to an HTTP request. Nothing is read meanwhile.
    Parked(Box<Parked>),
    /// Nothing: the answer to the request goes on until the connection ends. What the client sends is ignored.
    Stream,
    /// WebSocket frames.
    Frames(WebSocket),
    /// Nothing: it has ended.
    Over,
}

/// The state of an open WebSocket.
#[derive(Debug)]
struct WebSocket {
    reader: ws::Reader,
    dialect: Dialect,
    /// Whether the server pings the client when it is silent.
    pings: bool,
    /// Whether the connection belongs to a person, or needs none.
    signed_in: bool,
    /// The number of malformed frames that no well-formed frame has made up for.
    strikes: u16,
    /// The token bucket of the rate of frames.
    frames: Bucket,
    /// The token bucket of the rate of bytes.
    bytes: Bucket,
    /// Whether the client was warned of its rate of frames.
    warned_of_frames: bool,
    /// Whether the client was warned of its rate of bytes.
    warned_of_bytes: bool,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// The session of a connection that has just been accepted. It allocates nothing.
    pub fn new() -> Self {
        let stage = Stage::Request(Begun::default());
        Session { stage, progressed: false, has_more: false, requests: 0 }
    }

    /// The session of a connection that a trusted proxy has just opened, and that begins with a PROXY protocol header.
    pub fn behind_proxy() -> Self {
        Session { stage: Stage::ProxyHeader(Vec::new()), ..Session::new() }
    }

    /// Handles the next bytes of the input. They may be cut at any place. `input` is overwritten: the frame
    /// reader removes masks in place.
    pub fn receive(&mut self, input: &mut [u8], limits: &Limits, host: &mut impl Host) -> Flow {
        match &mut self.stage {
            Stage::ProxyHeader(_) => self.receive_proxy_header(input, limits, host),
            Stage::Request(_) => self.receive_requests(input, limits, host),
            Stage::Frames(open) => open.receive(input, limits, host, &mut self.progressed),
            // A caller that reads on could queue up requests without end. `resume` says when to read.
            Stage::Parked(_) => {
                debug_assert!(input.is_empty(), "nothing is read for a request that waits");
                Flow::Open
            }
            Stage::Stream | Stage::Over => Flow::Open,
        }
    }

    /// Handles a deadline that has passed: queues an answer if one is due, and returns how the connection
    /// ends.
    pub fn time_out(&mut self, host: &mut impl Host) -> End {
        if self.awaits_sign_in() {
            host.limit_hit(Limit::HandshakeTimeout);
        }
        match &self.stage {
            Stage::Request(begun) if !begun.bytes.is_empty() => {
                request::refuse_late(host);
                End::RequestTimeout
            }
            Stage::Request(_) | Stage::ProxyHeader(_) => End::RequestTimeout,
            Stage::Frames(open) if !open.signed_in => open.not_signed_in(),
            Stage::Frames(_) => End::FrameTimeout,
            Stage::Parked(_) => End::AnswerTimeout,
            Stage::Stream | Stage::Over => End::Lost,
        }
    }

    /// Ends the conversation, with the close frame of `end` if it has one.
    pub fn finish(&mut self, end: End, host: &mut impl Host) {
        self.finish_because(end, None, host);
    }

    /// The same, with this reason in the close frame if there is one.
    pub fn finish_because(&mut self, end: End, reason: Option<&str>, host: &mut impl Host) {
        if let (Stage::Frames(open), Some((code, usual))) = (&self.stage, end.close_frame()) {
            let reason = match end {
                End::Draining { retry_after } if open.dialect.manners().tells_when_to_return => {
                    format!("{usual} retry_after_ms={}", retry_after.as_millis()).into()
                }
                _ => Cow::Borrowed(reason.unwrap_or(usual)),
            };
            let close = code.map(|code| (code.into(), &*reason));
            host.write(|out| ws::Frame::Close(close).encode(out));
        }
        if let Stage::Stream = self.stage {
            host.write(|out| out.extend_from_slice(http::LAST_CHUNK));
        }
        self.stage = Stage::Over;
    }

    /// Whether this is an answer that goes on until the connection ends.
    pub fn is_stream(&self) -> bool {
        matches!(self.stage, Stage::Stream)
    }

    /// Whether this is an open WebSocket.
    pub fn is_websocket(&self) -> bool {
        matches!(self.stage, Stage::Frames(_))
    }

    /// Whether this is a WebSocket whose client wants to be pinged when it is silent.
    pub fn is_pinged(&self) -> bool {
        matches!(&self.stage, Stage::Frames(open) if open.pings)
    }

    /// Asks the client of a WebSocket for a sign of life. A browser answers by itself, also for a page
    /// whose timers sleep (RFC 6455 §5.5.2).
    pub fn ping(&mut self, host: &mut impl Host) {
        if let Stage::Frames(_) = &self.stage {
            host.write(|out| ws::Frame::Ping(b"").encode(out));
        }
    }

    /// Whether this is a WebSocket whose client has not signed in yet.
    pub fn awaits_sign_in(&self) -> bool {
        matches!(&self.stage, Stage::Frames(open) if !open.signed_in)
    }

    /// Whether a request or a message has arrived in full since the last call. If so, the deadline of the
    /// next one starts anew.
    pub fn take_progress(&mut self) -> bool {
        mem::take(&mut self.progressed)
    }

    /// Whether requests that have arrived are left for the next turn. Then the caller has to call
    /// [`receive`](Session::receive) with no input before it reads again.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Bytes of memory that hold an incomplete request or message.
    pub fn held_bytes(&self) -> usize {
        match &self.stage {
            Stage::Request(begun) => begun.bytes.capacity(),
            Stage::ProxyHeader(bytes) => bytes.capacity(),
            Stage::Parked(parked) => parked.raw.capacity() + parked.rest.capacity(),
            Stage::Frames(open) => open.reader.buffered_bytes(),
            Stage::Stream | Stage::Over => 0,
        }
    }

    /// Whether a request or a message has arrived in part.
    pub fn is_mid_message(&self) -> bool {
        match &self.stage {
            Stage::Request(begun) => !begun.bytes.is_empty(),
            Stage::ProxyHeader(bytes) => !bytes.is_empty(),
            Stage::Frames(open) => !open.reader.is_idle(),
            // A request that waits for its reply has arrived in full.
            Stage::Parked(_) | Stage::Stream | Stage::Over => false,
        }
    }
}
