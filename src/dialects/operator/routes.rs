//! The addresses of the operator's API, and how each request becomes an [`Order`].
//!
//! A wrong request changes nothing, and its answer is 400 with a sentence that says what is wrong with it.
//! Called by the session, which joins the tables of all dialects.

use super::answers::wrong;
use super::body::{body, has_only};
use super::{Filter, LogLevel, Operate, Order, Target, bans, connection_id, wire};
use crate::chat::messenger::PersonId;
use crate::chat::{Mobile, Name};
use crate::dialects::{base, sca};
use crate::http::{Call, Listeners, Response, Route, Status, Takes, Version};
use crate::limiter::Network;

/// One line for each address.
pub const ROUTES: &[Route<Operate>] = &[
    get("/api/status", |_| Ok(Order::Status)),
    get("/api/connections", connections),
    get("/api/presence", presence),
    get("/events", events),
    post("/api/disconnect", disconnect),
    post("/api/notice", notice),
    post("/api/send", send),
    post("/api/log-level", log_level),
    post("/api/drain", drain),
    get("/api/bans", bans::list),
    post("/api/bans", bans::ban),
    Route::delete("/api/bans", Listeners::OperatorsOnly, bans::unban),
];

/// The body of an order. The text of a message may have six bytes for each of its 16 KiB.
const ORDER: Takes = Takes { bytes: 128 * 1024, types: &["application/json"] };

/// The most bytes of the reason in a close frame: a control frame has 125, and the code takes two of them
/// (RFC 6455 §5.5.1).
const REASON_BYTES: usize = 123;

/// The reason that is given if the operator gives none.
const REASON: &str = "sent away by the operator";

/// The most bytes of a notice.
const NOTICE_BYTES: usize = 2048;

/// The most people that one request asks after.
const MOST_IDS: usize = 256;

/// The most connections on a page, and how many there are if the request does not say.
const MOST_ROWS: usize = 1000;
const ROWS: usize = 100;

const fn get(path: &'static str, read: Operate) -> Route<Operate> {
    Route::get(path, Listeners::OperatorsOnly, read)
}

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

fn connections(call: &Call<'_>) -> Result<Order, Response<'static>> {
    has_only(call, &["realm", "address", "limit", "after"])?;
    let value = |name| call.request.query_value(name);
    let realm = value("realm").map(|word| realm(&word)).transpose()?;
    let network = value("address").map(|text| Network::parse(&text).map_err(wrong)).transpose()?;
    let limit = match value("limit").map(|text| text.parse()) {
        None => ROWS,
        Some(Ok(limit)) if (1..=MOST_ROWS).contains(&limit) => limit,
        Some(_) => return Err(wrong(&format!("limit is a number from 1 to {MOST_ROWS}"))),
    };
    let after: Option<u32> = value("after")
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| wrong("after is a number: what the page before has as next"))?;
    let from = after.map_or(0, |after| after as usize + 1);
    Ok(Order::Connections { filter: Filter { realm, network }, from, limit })
}

fn events(call: &Call<'_>) -> Result<Order, Response<'static>> {
    match (call.request.method, call.request.version) {
        ("HEAD", _) => Err(wrong("a stream has no HEAD: ask with GET")),
        // It has no chunks (RFC 9112 §6.1).
        (_, Version::Http10) => Err(Response::new(Status::HttpVersionNotSupported)
            .json_detail("events are sent in chunks, which HTTP/1.0 does not have")),
        (_, Version::Http11) => Ok(Order::Events),
    }
}

fn presence(call: &Call<'_>) -> Result<Order, Response<'static>> {
    has_only(call, &["ids", "realm"])?;
    let ids = call.request.query_value("ids").unwrap_or_default();
    let realm = match call.request.query_value("realm") {
        Some(word) => realm(&word)?,
        None => "mobile",
    };
    let ids: Vec<&str> = ids.split(',').filter(|id| !id.is_empty()).collect();
    if ids.is_empty() || ids.len() > MOST_IDS {
        return Err(wrong(&format!("ids are 1 to {MOST_IDS} ids, with commas between them")));
    }
    let name = |id: &str| match realm {
        "mobile" => number_of(id).map(Name::Number),
        "session" => session_of(id.to_owned()),
        _ => Ok(Name::Account(id.to_owned().into())),
    };
    Ok(Order::Presence(ids.into_iter().map(name).collect::<Result<_, _>>()?))
}

/// The realm of a word.
fn realm(word: &str) -> Result<&'static str, Response<'static>> {
    let known = ["mobile", "session", "account"].into_iter().find(|one| *one == word);
    known.ok_or_else(|| wrong("a realm is one of mobile, session and account"))
}

fn notice(call: &Call<'_>) -> Result<Order, Response<'static>> {
    let wire::Notice { text } = body(call)?;
    if text.trim().is_empty() || text.len() > NOTICE_BYTES {
        return Err(wrong(&format!("a notice has 1 to {NOTICE_BYTES} bytes of UTF-8")));
    }
    Ok(Order::Notice(text.into()))
}

fn send(call: &Call<'_>) -> Result<Order, Response<'static>> {
    let wire::Send { from, to, text, id } = body(call)?;
    let number = |key: &str, text: &str| {
        Mobile::parse(text.as_bytes()).map_err(|not| wrong(&format!("{key}: {not}")))
    };
    let (from, to) = (number("from", &from)?, number("to", &to)?);
    let json = |text: &str| -> Box<str> { serde_json::json!(text).to_string().into() };
    let text = json(&text);
    if text.len() - 2 > sca::TEXT_BYTES {
        return Err(wrong("a text has at most 16 KiB as JSON"));
    }
    if id.as_ref().is_some_and(|id| !(1..=base::ID_CHARS).contains(&id.chars().count())) {
        return Err(wrong("id must be a string of 1 to 64 characters"));
    }
    Ok(Order::Send { from, to, text, id: id.as_deref().map(json) })
}

fn log_level(call: &Call<'_>) -> Result<Order, Response<'static>> {
    let wire::Level { level } = body(call)?;
    let all = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug];
    let level = all.into_iter().find(|one| one.word() == level);
    level.map(Order::Log).ok_or_else(|| wrong("level is one of error, warn, info and debug"))
}

fn drain(call: &Call<'_>) -> Result<Order, Response<'static>> {
    if call.body.is_empty() {
        return Ok(Order::Drain);
    }
    body::<wire::Nothing>(call).map(|_| Order::Drain)
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
