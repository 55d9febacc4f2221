//! The addresses of the Session Messenger dialect. They name no person: the first frame does. Called by
//! the session, which joins the tables of all dialects.

use crate::dialects::{Dialect, Enter, Entry, asks_for_pings};
use crate::http::{Call, Response, Route};

/// One line for each address. `/` is a page for a request that does not ask for a WebSocket.
pub(crate) const ROUTES: &[Route<Enter>] = &[
    Route::socket("/ws", Enter::AtOnce(enter)),
    Route::socket_if_asked("/", Enter::AtOnce(enter)),
];

fn enter(call: &Call<'_>) -> Result<Entry, Response<'static>> {
    let pings = asks_for_pings(call)?;
    Ok(Entry { pings, ..Entry::new(Dialect::Messenger, None) })
}
