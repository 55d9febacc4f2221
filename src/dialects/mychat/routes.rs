//! The requests over HTTP: each is parsed into a [`Call`]. The realm replies, and `answers` has the response.
//!
//! The cookie `session` says who the client is. A browser sends it whatever page has caused the request, so an
//! address that changes something is barred to pages of foreign origins, and the answers of the others cannot
//! be read by them. Where the path names the user, it has to be the signed-in one: the realm compares. A part
//! of a path that is no id is read as one that nobody has, so it is refused as every other unknown id is.
//! Called by the session, which joins the tables of all dialects.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::answers::{error, words};
use super::forms::session;
use super::wire::{MemberFields, NewRoomFields};
use crate::chat::account::{Call, RoomId, UserId, Wants};
use crate::dialects::Ask;
use crate::dialects::flaw::Flaw;
use crate::dialects::json::{object, required, word};
use crate::http::{self, Cors, Listeners, Response, Route, Status, Takes};

/// One line for each address.
pub const ROUTES: &[Route<Ask>] = &[
    get("/api/unread/{user_id}", |call| claimed(call, Wants::Unread)),
    post("/api/mark_read/{user_id}/{target_id}", Takes::NOTHING, |call| {
        claimed(call, Wants::MarkRead(user_at(call, 1)))
    }),
    get("/api/history/{user_id}/{target_id}", history),
    get("/history/{user_id}/{target_id}", history),
    post("/api/rooms/create", JSON, create_room),
    get("/api/rooms", |call| ask(call, None, Wants::Rooms)),
    get("/api/rooms/{room_id}", |call| ask(call, None, Wants::Room(room_at(call, 0)))),
    Route::delete("/api/rooms/{room_id}", Listeners::Public, Ask { call: delete_room, words })
        .with_cors(Cors::Barred),
    post("/api/rooms/{room_id}/add_user", JSON, |call| {
        let user = member(call)?;
        ask(call, None, Wants::AddMember(room_at(call, 0), user))
    }),
    post("/api/rooms/{room_id}/remove_user", JSON, |call| {
        let user = member(call)?;
        ask(call, None, Wants::RemoveMember(room_at(call, 0), user))
    }),
    get("/api/rooms/{room_id}/members", |call| ask(call, None, Wants::Members(room_at(call, 0)))),
    get("/api/rooms/{room_id}/history", |call| {
        ask(call, None, Wants::RoomHistory(room_at(call, 0)))
    }),
];

/// The body of a request about rooms. The longest has a name of 64 characters and a description of 512.
const JSON: Takes = Takes { bytes: 16 * 1024, types: &["application/json"] };

/// An id that nobody has: those that are given are random.
const NOBODYS: [u8; 16] = [0; 16];

fn history(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    claimed(call, Wants::History(user_at(call, 1)))
}

fn create_room(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    let fields: NewRoomFields<'_> = body(call)?;
    let name = string(fields.name, NAME)?;
    // A page may leave it out, or send null.
    let description =
        fields.description.map_or(Ok(Cow::Borrowed("")), |raw| string(Some(raw), DESCRIPTION))?;
    ask(call, None, Wants::CreateRoom { name: (*name).into(), description: (*description).into() })
}

fn delete_room(call: &http::Call<'_>) -> Result<Call, Response<'static>> {
    ask(call, None, Wants::DeleteRoom(room_at(call, 0)))
}

/// The user in the body.
fn member(call: &http::Call<'_>) -> Result<UserId, Response<'static>> {
    let fields: MemberFields<'_> = body(call)?;
    let text = string(fields.user_id, USER_ID)?;
    Ok(UserId::parse(&text).unwrap_or(UserId(NOBODYS)))
}

fn body<'b, T: serde::Deserialize<'b>>(call: &http::Call<'b>) -> Result<T, Response<'static>> {
    let text = str::from_utf8(call.body).map_err(|_| bad_request(NOT_AN_OBJECT))?;
    object(text, NOT_AN_OBJECT).map_err(bad_request)
}

fn string(field: Option<&RawValue>, flaw: Flaw) -> Result<Cow<'_, str>, Response<'static>> {
    required(field, flaw).and_then(|raw| word(raw, flaw)).map_err(bad_request)
}

fn bad_request(flaw: Flaw) -> Response<'static> {
    error(Status::BadRequest, flaw.sentence())
}

/// What the signed-in user asks for.
fn ask(
    call: &http::Call<'_>,
    claims: Option<UserId>,
    wants: Wants,
) -> Result<Call, Response<'static>> {
    Ok(Call::Ask { token: session(call)?, claims, wants })
}

/// The same, for an address whose first parameter has to be that user.
fn claimed(call: &http::Call<'_>, wants: Wants) -> Result<Call, Response<'static>> {
    ask(call, Some(user_at(call, 0)), wants)
}

/// The user in the path.
pub fn user_at(call: &http::Call<'_>, index: usize) -> UserId {
    let text = call.param(index).unwrap_or_default();
    UserId::parse(&text).unwrap_or(UserId(NOBODYS))
}

/// The room in the path.
pub(super) fn room_at(call: &http::Call<'_>, index: usize) -> RoomId {
    let text = call.param(index).unwrap_or_default();
    RoomId::parse(&text).unwrap_or(RoomId(NOBODYS))
}

/// Turns a request into a call.
type Parse = fn(&http::Call<'_>) -> Result<Call, Response<'static>>;

const fn post(path: &'static str, takes: Takes, call: Parse) -> Route<Ask> {
    Route::post(path, Listeners::Public, takes, Ask { call, words }).with_cors(Cors::Barred)
}

const fn get(path: &'static str, call: Parse) -> Route<Ask> {
    Route::get(path, Listeners::Public, Ask { call, words })
}

const NOT_AN_OBJECT: Flaw = Flaw::malformed("not_an_object", "the body must be one JSON object");
const NAME: Flaw = Flaw::malformed("bad_name", "name must be a string");
const DESCRIPTION: Flaw = Flaw::malformed("bad_description", "description must be a string");
const USER_ID: Flaw = Flaw::malformed("bad_user_id", "user_id must be a string");
