//! The addresses of the four sockets. The address fixes what a socket is for, so the dialects keep no state.
//!
//! `?token=` says who the client is, or else the cookie `session`: a page has the cookie in any case, and it may
//! be an old one. A page of a foreign origin is refused in
//! any case: a browser would send the cookie for it, too. A token that is nobody's, and a user in the path who
//! is not the signed-in one, are refused before the upgrade. Called by the session.

use super::answers::{error, words};
use super::forms::session;
use super::routes::{room_at, user_at};
use crate::chat::Entrant;
use crate::chat::account::{self, Guest, Role, UserId, Wants};
use crate::dialects::refusal::NOT_SIGNED_IN;
use crate::dialects::{Dialect, Enter, Entry, token};
use crate::http::{Call, Cors, Response, Route, Status};

/// One line for each address. A word stands before the addresses with an id, or a number, in its place.
pub const SOCKETS: &[Route<Enter>] = &[
    socket(
        "/ws/global/{user_id}",
        |call| identify(call, Some(user_at(call, 0))),
        |_, guest| enter(guest, Dialect::MychatNews, Role::Notices),
    ),
    socket(
        "/ws/status",
        |call| identify(call, None),
        |_, guest| enter(guest, Dialect::MychatNews, Role::Status),
    ),
    socket(
        "/ws/room/{room_id}/{user_id}",
        |call| identify(call, Some(user_at(call, 1))),
        |call, guest| enter(guest, Dialect::MychatRoom, Role::Room(room_at(call, 0))),
    ),
    socket(
        "/ws/{user_id}/{target_id}",
        |call| identify(call, Some(user_at(call, 0))),
        |call, guest| enter(guest, Dialect::MychatPair, Role::Pair(user_at(call, 1))),
    ),
];

/// Whose the token or the cookie is, and whether the path says so.
fn identify(call: &Call<'_>, claims: Option<UserId>) -> Result<account::Call, Response<'static>> {
    let cookie = session(call)?;
    let in_query = call.request.query_value("token");
    let token = in_query.and_then(|text| token::parse(text.as_bytes())).or(cookie);
    Ok(account::Call::Ask { token, claims, wants: Wants::Identity })
}

fn enter(guest: Option<Guest>, dialect: Dialect, role: Role) -> Result<Entry, Response<'static>> {
    let guest = guest.ok_or_else(|| error(Status::Unauthorized, NOT_SIGNED_IN))?;
    let who = Some(Entrant::Account { guest, role });
    // The pages send no heartbeat.
    Ok(Entry { pings: true, ..Entry::new(dialect, who) })
}

const fn socket(
    path: &'static str,
    call: fn(&Call<'_>) -> Result<account::Call, Response<'static>>,
    enter: fn(&Call<'_>, Option<Guest>) -> Result<Entry, Response<'static>>,
) -> Route<Enter> {
    Route::socket(path, Enter::Known { call, words, enter }).with_cors(Cors::Barred)
}
