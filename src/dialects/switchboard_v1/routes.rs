//! The address where clients connect: `GET /ws` with the subprotocol. A token in the query says who the client
//! is, or else a cookie. Called by the session, which joins the tables of all dialects.
//!
//! A browser sends the cookie for every page, so where it counts a page of a foreign origin is refused. Where a
//! token counts, no cookie does. Without a valid one, the WebSocket is opened and closed with 4001, because a
//! page cannot see why an upgrade was refused.

use super::SUBPROTOCOL;
use crate::chat::Entrant;
use crate::chat::account::{self, Guest, Role, Token, Wants};
use crate::dialects::websocket_chat::{NOT_SIGNED_IN, token, words};
use crate::dialects::{Dialect, Enter, Entry, base, mychat};
use crate::http::{Call, Cors, Response, Route};

/// One line for each way to say who the client is.
pub(crate) const ROUTES: &[Route<Enter>] = &[
    socket(Some("token"), |call| identify(token(call))).with_cors(Cors::Any),
    socket(None, |call| identify(mychat::session(call)?)).with_cors(Cors::Barred),
];

const fn socket(
    query: Option<&'static str>,
    call: fn(&Call<'_>) -> Result<account::Call, Response<'static>>,
) -> Route<Enter> {
    let enter = Enter::Known { call, words: |reply, _| words(reply), enter };
    Route::socket_if_offers("/ws", (SUBPROTOCOL, query), enter)
}

fn identify(token: Option<Token>) -> Result<account::Call, Response<'static>> {
    Ok(account::Call::ask(token, Wants::Identity))
}

fn enter(call: &Call<'_>, guest: Option<Guest>) -> Result<Entry, Response<'static>> {
    let role = Role::Switchboard(base::presence_in(call)?);
    let who = guest.map(|guest| Entrant::Account { guest, role });
    Ok(Entry {
        // Also for a page that sends heartbeats: its timers may sleep.
        pings: guest.is_some(),
        turned_away: guest.is_none().then_some(NOT_SIGNED_IN),
        ..Entry::new(Dialect::SwitchboardV1, who)
    })
}
