//! The routes: every address that the server answers, one line each.
//!
//! ```text
//!                      ┌─ Page ─────▶ one of the server's own pages
//!   request ─▶ a line ─┤
//!                      └─ Socket ───▶ an Entry, let in through a WebSocket
//! ```
//!
//! [`Route`] says what a line is and what follows from it: HEAD, OPTIONS, 404, 405. Handlers are pure:
//! they see the request and the settings, and neither a host nor a state. ADDRESSES.md, beside this
//! file, describes each line; a test holds the two together. Called by the request stage.

use super::detail::detail;
use super::{Entry, Limits, admin_token};
use crate::chat::{Entrant, Mobile, PresenceMode};
use crate::dialects::Dialect;
use crate::http::{Call, Found, Listeners, Request, Response, Route, Status, find_route};

/// The server's own pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Page {
    /// `GET /`: what this is.
    Index,
    /// `GET /health`: whether it is well.
    Health,
    /// `GET /ready`: whether it lets newcomers in.
    Ready,
    /// `GET /metrics`: what it has counted.
    Metrics,
    /// `GET /stats`: how much is going on.
    Stats {
        /// Whether the page names who is online: the request bears the operator's token.
        names: bool,
    },
    /// `GET /trace`: what it did in the last turns.
    Trace,
}

impl Page {
    /// Whether the page is so large that a connection is served one, and then closed.
    pub(super) fn is_large(self) -> bool {
        match self {
            Page::Trace | Page::Stats { names: true } => true,
            Page::Index | Page::Health | Page::Ready | Page::Metrics | Page::Stats { .. } => false,
        }
    }
}

/// The listener that accepted a connection. The operator may have a listener of their own.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Listener {
    /// For everybody.
    #[default]
    Public,
    /// For the operator: it has pages only, some of which are only here.
    Admin,
}

/// What handles a request.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// Says which page is the answer.
    Page(fn(&Call<'_>, &Limits) -> Page),
    /// Says what the request asks for; or is the answer to one that nobody can come in with.
    Socket(fn(&Call<'_>) -> Result<Entry, Response<'static>>),
}

/// Where a WebSocket is opened. These stand before the pages, so that `/` is one if asked for.
const SOCKETS: &[Route<Handler>] = &[
    Route::socket("/ws/{mobile}", Handler::Socket(phone)),
    Route::socket("/ws", Handler::Socket(messenger)),
    Route::socket_if_asked("/", Handler::Socket(messenger)),
];

/// With `--echo` only.
const ECHO: &[Route<Handler>] = &[Route::socket("/echo", Handler::Socket(echo))];

/// The server's own pages.
const PAGES: &[Route<Handler>] = &[
    page("/", Listeners::All, |_, _| Page::Index),
    page("/health", Listeners::All, |_, _| Page::Health),
    page("/ready", Listeners::All, |_, _| Page::Ready),
    page("/metrics", Listeners::Operators, |_, _| Page::Metrics),
    page("/stats", Listeners::Operators, |call, limits| Page::Stats {
        names: admin_token::is_admin(call.request, limits),
    }),
    page("/trace", Listeners::OperatorsOnly, |_, _| Page::Trace),
];

const fn page(
    path: &'static str,
    listeners: Listeners,
    which: fn(&Call<'_>, &Limits) -> Page,
) -> Route<Handler> {
    Route::get(path, listeners, Handler::Page(which))
}

/// Finds the address of a request.
pub(super) fn find<'r>(
    request: &Request<'r>,
    listener: Listener,
    limits: &Limits,
) -> Option<Found<'r, Handler>> {
    let is_known = |line: &Route<Handler>| is_known(line.listeners, listener, limits);
    find_route(lines(limits).filter(is_known), request)
}

/// The lines of all tables, in the order in which they are tried.
pub(super) fn lines(limits: &Limits) -> impl Iterator<Item = Route<Handler>> + Clone {
    let echo = if limits.echo { ECHO } else { &[] };
    SOCKETS.iter().chain(echo).chain(PAGES).copied()
}

/// Whether this listener knows an address of those listeners.
fn is_known(listeners: Listeners, listener: Listener, limits: &Limits) -> bool {
    match (listeners, listener) {
        (Listeners::All, _) | (Listeners::Public, Listener::Public) => true,
        (Listeners::Operators | Listeners::OperatorsOnly, Listener::Admin) => true,
        // What is for the operator is public as long as the operator has no listener.
        (Listeners::Operators, Listener::Public) => !limits.admin_listener,
        (Listeners::OperatorsOnly, Listener::Public) | (Listeners::Public, Listener::Admin) => {
            false
        }
    }
}

/// A phone: its number is in the path, and in the query how it wants to hear who is online.
fn phone(call: &Call<'_>) -> Result<Entry, Response<'static>> {
    let mobile = Mobile::parse(call.params[0].as_bytes())
        .map_err(|error| detail(Status::BadRequest, &error.to_string()))?;
    let presence = match call.request.query_value("presence") {
        None => PresenceMode::default(),
        Some(word) => PresenceMode::parse(word)
            .ok_or_else(|| detail(Status::BadRequest, "presence is one of full, delta and none"))?,
    };
    Ok(Entry { dialect: Dialect::Sca, who: Some(Entrant::Mobile { mobile, presence }) })
}

/// A device of the messenger realm. With a token it is of a realm that there is only where accounts
/// are stored.
fn messenger(call: &Call<'_>) -> Result<Entry, Response<'static>> {
    match call.request.query_value("token") {
        Some(_) => Err(detail(Status::NotFound, ACCOUNTS_ARE_OFF)),
        None => Ok(Entry { dialect: Dialect::Messenger, who: None }),
    }
}

/// A conformance suite. It speaks to the server and to nobody else.
fn echo(_: &Call<'_>) -> Result<Entry, Response<'static>> {
    Ok(Entry { dialect: Dialect::Echo, who: None })
}

const ACCOUNTS_ARE_OFF: &str = "accounts are off: start the server with --data DIR";
