//! The routes: every address that the server answers, one line each. A dialect's lines stand in its
//! folder; the server's own pages stand here.
//!
//! ```text
//!                      ┌─ Page ─────▶ one of the server's own pages
//!                      ├─ Site ─────▶ a page for browsers
//!   request ─▶ a line ─┼─ Socket ───▶ an Entry, let in through a WebSocket
//!                      ├─ Ask ──────▶ a Call to the account realm; its Reply is the answer, later
//!                      └─ Operate ──▶ an Order of the operator, which the turn carries out
//! ```
//!
//! [`Route`] says what a line holds, and what follows from it: HEAD, OPTIONS, 404, 405. Handlers are pure
//! functions of the request and the settings. ADDRESSES.md, beside this file, describes each line; a test
//! compares the two. A request is looked up line by line: O(lines), and there are about forty. Called by the
//! request stage.

use super::site::Site;
use super::{Limits, OpenRealms, admin_token};
use crate::dialects::operator::{self, Operate};
use crate::dialects::{
    Ask, Enter, chatterbox, echo, messenger, mychat, sca, switchboard_v1, websocket_chat,
};
use crate::http::{Call, Cors, Found, Listeners, Request, Route, find_route};

/// The server's own pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Page {
    /// `GET /`: the name and the version of the server.
    Index,
    /// `GET /health`: whether the server works.
    Health,
    /// `GET /ready`: whether the server lets new WebSockets in.
    Ready,
    /// `GET /metrics`: all that the server counts.
    Metrics,
    /// `GET /stats`: the numbers of people and conversations.
    Stats {
        /// Whether the page names who is online: only if the request has the operator's token, and where
        /// the operator's pages are.
        names: bool,
    },
    /// `GET /trace`: the flight recorder's last turns.
    Trace,
}

impl Page {
    /// Whether the page is so large that the connection is closed after it.
    pub(super) fn is_large(self) -> bool {
        match self {
            Page::Trace | Page::Stats { names: true } => true,
            Page::Index | Page::Health | Page::Ready | Page::Metrics | Page::Stats { .. } => false,
        }
    }

    /// The page as this listener shows it. If the operator has a listener, the other one names nobody: no
    /// token can be guessed there.
    pub(super) fn at(self, listener: Listener, limits: &Limits) -> Self {
        match self {
            Page::Stats { names } => {
                Page::Stats { names: names && is_known(Listeners::Operators, listener, limits) }
            }
            Page::Index | Page::Health | Page::Ready | Page::Metrics | Page::Trace => self,
        }
    }
}

/// The listener that accepted a connection. The operator may have a listener of their own.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Listener {
    /// The listener for clients.
    #[default]
    Public,
    /// The operator's listener. It has pages only, and some pages are found only here.
    Admin,
}

/// The function that handles a request.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// Returns which page is the answer.
    Page(fn(&Call<'_>, &Limits) -> Page),
    /// A page for browsers.
    Site(Site),
    /// Returns what the request asks for, or the answer to a request that is wrong.
    Socket(Enter),
    /// Returns what the request asks of the account realm, and puts the reply into words.
    Ask(Ask),
    /// Returns what the operator asks for.
    Operate(Operate),
    /// None: the realm of the address is not open. The sentence says so.
    Off(&'static str),
}

/// The server's own pages.
const PAGES: &[Route<Handler>] = &[
    site("/", Listeners::All, Site::Front),
    site("/index", Listeners::Public, Site::Index),
    site("/chat/{user_id}", Listeners::Public, Site::Chat),
    site("/static/{*path}", Listeners::Public, Site::Static),
    site("/favicon/{*path}", Listeners::Public, Site::Favicon),
    site("/client.js", Listeners::Public, Site::Module).with_cors(Cors::Any),
    site("/sw.js", Listeners::Public, Site::Worker),
    site("/web/{*path}", Listeners::Public, Site::Web),
    page("/health", Listeners::All, |_, _| Page::Health),
    page("/ready", Listeners::All, |_, _| Page::Ready),
    page("/metrics", Listeners::Operators, |_, _| Page::Metrics),
    page("/stats", Listeners::All, |call, limits| Page::Stats {
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

const fn site(path: &'static str, listeners: Listeners, site: Site) -> Route<Handler> {
    Route::get(path, listeners, Handler::Site(site))
}

/// The calls of all dialects.
const CALLS: &[&[Route<Ask>]] = &[websocket_chat::ROUTES, mychat::FORMS, mychat::ROUTES];

/// Finds the line for a request at a listener.
pub(super) fn find<'r>(
    request: &Request<'r>,
    listener: Listener,
    limits: &Limits,
) -> Option<Found<'r, Handler>> {
    let is_known = |line: &Route<Handler>| is_known(line.listeners, listener, limits);
    let lines = lines(limits);
    #[cfg(test)]
    let lines = super::tests::calls::LINES.iter().copied().chain(lines);
    find_route(lines.filter(is_known), request)
}

/// All lines, in the order in which they are tried. Those of the dialects stand before the pages, so that
/// `/` opens a WebSocket if the request asks for one, and is a page otherwise.
pub(super) fn lines(limits: &Limits) -> impl Iterator<Item = Route<Handler>> + Clone {
    let echo = if limits.echo { echo::ROUTES } else { &[] };
    let OpenRealms { mobile, messenger, account } = limits.realms;
    let no_account = (!account).then_some("the account realm is off at this server");
    let no_mobile = (!mobile).then_some("the mobile realm is off at this server");
    let no_messenger = (!messenger).then_some("the session realm is off at this server");
    // At `/ws`, a subprotocol or a token in the query stands for an account, so these lines come before the
    // messenger's. MyChat's have words where the line of SCA has a number.
    let sockets = sockets(mychat::SOCKETS, no_account)
        .chain(sockets(sca::ROUTES, no_mobile))
        .chain(sockets(switchboard_v1::ROUTES, no_account))
        .chain(sockets(chatterbox::ROUTES, no_account))
        .chain(sockets(messenger::ROUTES, no_messenger))
        .chain(sockets(echo, None));
    let calls = CALLS.iter().copied().flatten();
    let calls =
        calls.map(move |line| line.map(|ask| no_account.map_or(Handler::Ask(ask), Handler::Off)));
    let orders = operator::ROUTES.iter().map(|line| line.map(Handler::Operate));
    sockets.chain(calls).chain(orders).chain(PAGES.iter().copied())
}

/// The lines of a table. Those of a realm that is not open only say so.
fn sockets(
    table: &'static [Route<Enter>],
    off: Option<&'static str>,
) -> impl Iterator<Item = Route<Handler>> + Clone {
    table.iter().map(move |line| line.map(|enter| off.map_or(Handler::Socket(enter), Handler::Off)))
}

/// Whether a line for those listeners is found at this listener.
fn is_known(listeners: Listeners, listener: Listener, limits: &Limits) -> bool {
    match (listeners, listener) {
        (Listeners::All, _) | (Listeners::Public, Listener::Public) => true,
        (Listeners::Operators | Listeners::OperatorsOnly, Listener::Admin) => true,
        // The operator's pages are found at the public listener if the operator has no listener.
        (Listeners::Operators, Listener::Public) => !limits.admin_listener,
        (Listeners::OperatorsOnly, Listener::Public) | (Listeners::Public, Listener::Admin) => {
            false
        }
    }
}
