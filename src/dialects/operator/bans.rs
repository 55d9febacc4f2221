//! The part of the API about bans: `GET`, `POST` and `DELETE /api/bans`.

use super::answers::wrong;
use super::ban_line::{moment, moment_text};
use super::body::{body, has_only};
use super::{Order, wire};
use crate::chat::{Ban, Banned};
use crate::http::{Call, Response};

/// The most bytes of the remark about a ban.
const WHY_BYTES: usize = 200;

/// The most bans that one answer lists.
pub const MOST_LISTED: usize = 1000;

pub(super) fn list(_: &Call<'_>) -> Result<Order, Response<'static>> {
    Ok(Order::Bans)
}

pub(super) fn ban(call: &Call<'_>) -> Result<Order, Response<'static>> {
    let wire::Ban { number, session, account, address, until, why } = body(call)?;
    let who = one_of([number, session, account, address])?;
    let until = until.map(|text| moment(&text).map_err(|why| wrong(&why))).transpose()?;
    let why = why.unwrap_or_default();
    if why.len() > WHY_BYTES || why.contains(char::is_control) {
        return Err(wrong(&format!(
            "why has at most {WHY_BYTES} bytes of UTF-8, and no control characters"
        )));
    }
    Ok(Order::Ban(Ban::new(who, until, why.trim())))
}

pub(super) fn unban(call: &Call<'_>) -> Result<Order, Response<'static>> {
    has_only(call, &Banned::KINDS)?;
    let value = |name| call.request.query_value(name).map(|text| text.into_owned());
    let [number, session, account, address] = Banned::KINDS.map(value);
    Ok(Order::Unban(one_of([number, session, account, address])?))
}

/// Who is meant: exactly one of the values, in the order of [`Banned::KINDS`].
fn one_of(values: [Option<String>; 4]) -> Result<Banned, Response<'static>> {
    let all = Banned::KINDS.into_iter().zip(values);
    let mut given = all.filter_map(|(kind, value)| Some((kind, value?)));
    match (given.next(), given.next()) {
        (Some((kind, text)), None) => Banned::parse(kind, &text).map_err(|why| wrong(&why)),
        _ => Err(wrong("give one of number, session, account and address")),
    }
}

/// A ban as the API shows it.
pub fn shown(ban: &Ban) -> wire::ShownBan {
    let (kind, who) = ban.who.shown();
    let until = ban.term.until.map(moment_text);
    wire::ShownBan { kind, who, until, why: ban.term.why.to_string() }
}
