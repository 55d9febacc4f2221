//! The routes: which page or which WebSocket stands at an address.
//!
//! Knows no state: what there is depends on the request, the listener and the settings. Called by
//! the request stage.

use super::{Limits, admin_token};
use crate::http::Request;

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
pub(super) enum Route<'p> {
    Page(Page),
    Door(Door<'p>),
    Nowhere,
}

/// Where a WebSocket may be opened.
#[derive(Clone, Copy)]
pub(super) enum Door<'p> {
    /// `/ws/{mobile}`, whatever stands there for a number.
    Mobile(&'p str),
    /// `/ws`, and `/` for whoever asks it for a WebSocket.
    Messenger,
    Echo,
}

/// Where a request leads.
pub(super) fn find<'p>(request: &Request<'p>, listener: Listener, limits: &Limits) -> Route<'p> {
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
            Route::Page(Page::Stats { names: admin_token::is_admin(request, limits) })
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
