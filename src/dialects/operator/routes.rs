//! The addresses of the operator's API, and how each request becomes an [`Order`].
//!
//! A wrong request changes nothing, and its answer is 400 with a sentence that says what is wrong with it.
//! Called by the session, which joins the tables of all dialects.

use serde::Deserialize;

use super::answers::wrong;
use super::{Operate, Order, Target, connection_id, wire};
use crate::chat::messenger::PersonId;
use crate::chat::{Mobile, Name};
use crate::http::{Call, Listeners, Response, Route, Takes};
use crate::limiter::Network;

/// One line for each address.
pub const ROUTES: &[Route<Operate>] = &[post("/api/disconnect", disconnect)];

/// The body of an order. The text of a message may have six bytes for each of its 16 KiB.
const ORDER: Takes = Takes { bytes: 128 * 1024, types: &["application/json"] };

/// The most bytes of the reason in a close frame: a control frame has 125, and the code takes two of them
/// (RFC 6455 §5.5.1).
pub const REASON_BYTES: usize = 123;

/// The reason that is given if the operator gives none.
const REASON: &str = "sent away by the operator";

const fn post(path: &'static str, read: Operate) -> Route<Operate> {
    Route::post(path, Listeners::OperatorsOnly, ORDER, read)
}

fn disconnect(call: &Call<'_>) -> Result<Order, Response<'static>> {
    let wire::Disconnect { number, session, account, address, connection, reason } = body(call)?;
    let all = [
        number.map(|text| number_of(&text).map(|number| Target::Person(Name::Number(number)))),
        session.map(|text| session_of(text).map(Target::Person)),
        account.map(|text| Ok(Target::Person(Name::Account(text.into())))),
        address.map(|text| Network::parse(&text).map(Target::Network).map_err(wrong)),
        connection.map(|text| {
            let id = connection_id(&text).map(Target::Connection);
            id.ok_or_else(|| wrong("a connection looks like 12-3456"))
        }),
    ];
    let mut given = all.into_iter().flatten();
    let (Some(target), None) = (given.next(), given.next()) else {
        return Err(wrong("give one of number, session, account, address and connection"));
    };
    Ok(Order::Disconnect { target: target?, reason: close_reason(reason)? })
}

/// The reason of a close frame. It may be empty.
fn close_reason(given: Option<String>) -> Result<Box<str>, Response<'static>> {
    let reason = given.unwrap_or_else(|| REASON.to_owned());
    if reason.len() > REASON_BYTES {
        return Err(wrong(&format!("a reason has at most {REASON_BYTES} bytes of UTF-8")));
    }
    Ok(reason.into())
}

fn number_of(text: &str) -> Result<Mobile, Response<'static>> {
    Mobile::parse(text.as_bytes()).map_err(|not| wrong(&not.to_string()))
}

fn session_of(text: String) -> Result<Name<'static>, Response<'static>> {
    match PersonId::parse(text.as_str()) {
        Ok(_) => Ok(Name::Session(text.into())),
        Err(_) => Err(wrong("a session has 1 to 256 characters, and no control characters")),
    }
}

/// Reads a body.
fn body<T: for<'de> Deserialize<'de>>(call: &Call<'_>) -> Result<T, Response<'static>> {
    // serde would accept an array in place of an object, with its values in the order of the fields.
    if !call.body.trim_ascii_start().starts_with(b"{") {
        return Err(wrong("the body must be one JSON object"));
    }
    serde_json::from_slice(call.body).map_err(|error| wrong(&format!("the body: {error}")))
}
