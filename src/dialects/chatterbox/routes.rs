//! The address where clients of the account realm connect: `GET /ws?token=`. WebSocket Chat shares it. Every
//! client begins as a client of Chatterbox, until a frame shows that it speaks the other protocol. Called by
//! the session, which joins the tables of all dialects.

use crate::chat::Entrant;
use crate::chat::account::{self, Guest, Role, Wants};
use crate::dialects::websocket_chat::{NOT_SIGNED_IN, token, words};
use crate::dialects::{Dialect, Enter, Entry};
use crate::http::{Call, Cors, Response, Route};

/// One line for each address. A token authenticates, and no cookie, so a page of any origin may connect.
pub(crate) const ROUTES: &[Route<Enter>] = &[Route::socket_if_query(
    "/ws",
    "token",
    Enter::Known { call, words: |reply, _| words(reply), enter },
)
.with_cors(Cors::Any)];

fn call(call: &Call<'_>) -> Result<account::Call, Response<'static>> {
    Ok(account::Call::ask(token(call), Wants::Identity))
}

/// Lets a guest in. Who shows no valid token is let in, and closed with 4001 at once.
fn enter(_: &Call<'_>, guest: Option<Guest>) -> Result<Entry, Response<'static>> {
    let who = guest.map(|guest| Entrant::Account { guest, role: Role::Stream });
    let entry = Entry::new(Dialect::Chatterbox, who);
    // The pages of this realm send no heartbeat.
    Ok(Entry {
        pings: guest.is_some(),
        turned_away: guest.is_none().then_some(NOT_SIGNED_IN),
        ..entry
    })
}
