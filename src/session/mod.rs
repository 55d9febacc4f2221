//! [`Session`]: one connection's conversation, from its first byte to its last, without any I/O.
//!
//! Bytes go in; answers, commands and finally an [`End`] come out through a [`Host`]. A session
//! waits for an HTTP request, perhaps becomes a WebSocket, and ends. It does not know the socket
//! that its bytes come from, nor the time, nor who else is here. The turn calls it.

mod admin_token;
mod allowance;
mod answers;
mod detail;
mod end;
mod messages;
mod origin;
mod request;
mod routes;
mod upgrade;

#[cfg(test)]
mod tests;

pub use admin_token::AdminToken;
pub use answers::refuse;
pub use end::End;
pub use routes::{Listener, Page};

use std::mem;

use crate::chat::{self, Command, Entrant, Event, Fault};
use crate::dialects::Dialect;
use crate::limiter::{Bucket, Forwarded, Limit, Proxies, Rate};
use crate::timer::Now;
use crate::{http, ws};

/// What a session allows.
#[derive(Clone, Debug)]
pub struct Limits {
    /// What an HTTP request may be.
    pub http: http::Limits,
    /// What a WebSocket message may be.
    pub ws: ws::Limits,
    /// The same on `/echo`, whose users are conformance suites with messages of 16 MiB.
    pub echo_ws: ws::Limits,
    /// Whether `/echo` exists.
    pub echo: bool,
    /// Whether there is a listener for the operator: then what is only for him is only there.
    pub admin_listener: bool,
    /// Malformed frames before the connection is closed; each well-formed one forgives one.
    pub strikes: u16,
    /// Frames that one client may send.
    pub message_rate: Rate,
    /// Bytes that one client may send. Its burst is a message's size at least.
    pub byte_rate: Rate,
    /// Who is believed when he says for whom he speaks.
    pub trusted_proxies: Proxies,
    /// Pipelined HTTP requests that are answered at once; the next ones wait until others had a turn.
    pub pipelined_requests: u16,
    /// Who bears this may know who is online in the messenger realm. Nobody may, without one.
    pub admin_token: Option<AdminToken>,
    /// Bytes of answers after which the same holds: what the kernel takes at once, and no more.
    pub pipelined_answer_bytes: usize,
    /// Origins whose pages may connect, beside our own host.
    pub allowed_origins: Vec<String>,
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
            pipelined_requests: 16,
            pipelined_answer_bytes: 32 * 1024,
            admin_token: None,
            allowed_origins: Vec::new(),
        }
    }
}

/// What a request for a WebSocket asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The protocol of the address.
    pub dialect: Dialect,
    /// Who comes into which realm. None where the address does not say so: the dialect's first frame
    /// does, or the dialect has no realm.
    pub who: Option<Entrant<'static>>,
}

/// Why a well-formed upgrade is turned down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DoorRefusal {
    /// The server is shutting down.
    Draining,
    /// As many WebSockets are open as may be.
    Full,
    /// The client's address has as many connections as it may.
    AddressFull,
    /// The client's address makes new connections too fast.
    AddressTooFast {
        /// Seconds after which to try again.
        retry_after_seconds: u64,
    },
    /// The entrant's realm does not let the connection in.
    ByTheChat(chat::Refusal),
}

/// All that a session may ask of the world. Every call returns at once.
pub trait Host {
    /// The time of this turn.
    fn now(&self) -> Now;

    /// Queues what `fill` appends to the buffer, as the next thing this connection is sent.
    fn write(&mut self, fill: impl FnOnce(&mut Vec<u8>));

    /// Tells this connection's person something, in the dialect of the connection.
    fn tell(&mut self, event: &Event<'_>);

    /// A client that was let in says who it is: it joins its realm, or is told why it may not.
    fn sign_in(&mut self, who: Entrant<'_>) -> Result<(), chat::Refusal>;

    /// Hands a command to the chat.
    fn command(&mut self, command: &Command<'_>);

    /// Somebody has run into a limit: for the metrics.
    fn limit_hit(&mut self, limit: Limit);

    /// A frame of type `message` was refused: for the books.
    fn message_refused(&mut self, fault: Fault);

    /// One of the server's own pages: what kind of text it is (a `Content-Type`), and the text.
    fn page(&mut self, page: Page) -> (&'static str, String);

    /// The listener by which this connection came.
    fn listener(&self) -> Listener;

    /// Whether the server is shutting down.
    fn is_draining(&self) -> bool;

    /// Whether somebody new would be let in.
    fn is_accepting(&self) -> bool;

    /// Lets the connection in, and queues the 101 that `switch` appends; or says why not. If a trusted
    /// proxy asks, then for the client that is `forwarded`.
    fn admit(
        &mut self,
        entry: Entry,
        forwarded: Forwarded,
        switch: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), DoorRefusal>;
}

/// What is to become of the connection after a piece of its input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Flow {
    /// It goes on.
    Open,
    /// It ends. Nothing more of its input is looked at.
    Finish(End),
}

/// One connection's conversation.
#[derive(Debug)]
pub struct Session {
    stage: Stage,
    /// A request or a message has arrived in full since somebody last asked.
    progressed: bool,
    /// Requests that have arrived were left for later.
    has_more: bool,
}

/// What the session waits for.
#[derive(Debug)]
enum Stage {
    /// The rest of an HTTP request, of which these bytes have arrived.
    Request(Vec<u8>),
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
    /// Whether we know who it is.
    signed_in: bool,
    strikes: u16,
    /// How many frames may come, and how many bytes.
    frames: Bucket,
    bytes: Bucket,
    /// Whether its client knows that he is over the one or the other rate.
    warned_of_frames: bool,
    warned_of_bytes: bool,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// A connection that has just been accepted.
    pub fn new() -> Self {
        Session { stage: Stage::Request(Vec::new()), progressed: false, has_more: false }
    }

    /// Takes the next bytes, in whatever portions they come; `input` is scribbled over.
    pub fn receive(&mut self, input: &mut [u8], limits: &Limits, host: &mut impl Host) -> Flow {
        match &mut self.stage {
            Stage::Request(_) => self.receive_requests(input, limits, host),
            Stage::Frames(open) => open.receive(input, limits, host, &mut self.progressed),
            Stage::Over => Flow::Open,
        }
    }

    /// The time for something is over: says why to whom it may concern, and how it ends.
    pub fn time_out(&mut self, host: &mut impl Host) -> End {
        if self.awaits_sign_in() {
            host.limit_hit(Limit::HandshakeTimeout);
        }
        match &self.stage {
            Stage::Request(begun) if !begun.is_empty() => {
                request::refuse_late(host);
                End::RequestTimeout
            }
            Stage::Request(_) => End::RequestTimeout,
            Stage::Frames(open) if !open.signed_in => open.not_signed_in(),
            Stage::Frames(_) => End::FrameTimeout,
            Stage::Over => End::Lost,
        }
    }

    /// Ends the conversation, with the close frame that belongs to `end`.
    pub fn finish(&mut self, end: End, host: &mut impl Host) {
        if let (Stage::Frames(_), Some((code, reason))) = (&self.stage, end.close_frame()) {
            let close = code.map(|code| (code.into(), reason));
            host.write(|out| ws::Frame::Close(close).encode(out));
        }
        self.stage = Stage::Over;
    }

    /// Whether this is a WebSocket by now, and open.
    pub fn is_websocket(&self) -> bool {
        matches!(self.stage, Stage::Frames(_))
    }

    /// Whether this is a WebSocket whose client has yet to say who he is.
    pub fn awaits_sign_in(&self) -> bool {
        matches!(&self.stage, Stage::Frames(open) if !open.signed_in)
    }

    /// Whether a request or a message has arrived in full since this was last asked. If so, the
    /// wait for what has begun after it is a new one.
    pub fn take_progress(&mut self) -> bool {
        mem::take(&mut self.progressed)
    }

    /// Whether requests that have arrived were left for later: then [`receive`](Session::receive) is
    /// to be called again before anything more is read, with no input.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Bytes kept for what has begun to arrive.
    pub fn held_bytes(&self) -> usize {
        match &self.stage {
            Stage::Request(begun) => begun.capacity(),
            Stage::Frames(open) => open.reader.buffered_bytes(),
            Stage::Over => 0,
        }
    }

    /// Whether a request or a message has begun to arrive and has not arrived in full.
    pub fn is_mid_message(&self) -> bool {
        match &self.stage {
            Stage::Request(begun) => !begun.is_empty(),
            Stage::Frames(open) => !open.reader.is_idle(),
            Stage::Over => false,
        }
    }
}
