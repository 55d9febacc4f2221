//! The responses over HTTP in the words of MyChat.
//!
//! An error says the same sentence twice, `{"error":…,"detail":…}`: MyChat's page looks at the one, and every
//! other client of this server at the other. Each answer is for one user, so no cache may keep it.

use super::encode;
use crate::chat::account::{Line, Refusal, Reply, RoomView, Spot};
use crate::dialects::json::Writer;
use crate::dialects::refusal::{NOTHING_STORED, retry_after_seconds, sentence, status};
use crate::dialects::{json, time};
use crate::http::{Response, Status};
use crate::timer::Zone;

/// The response for a reply.
pub fn words(reply: &Reply<'_>, zone: &Zone) -> Response<'static> {
    let mut body = Vec::new();
    let out = &mut Writer(&mut body);
    match reply {
        Reply::Unread(counts) => {
            out.raw("{");
            for (position, (user, count)) in counts.iter().enumerate() {
                out.raw(if position == 0 { "" } else { "," }).word(&user.to_string());
                out.raw(":").number(*count as usize);
            }
            out.raw("}");
        }
        Reply::Done => _ = out.raw(r#"{"status":"ok"}"#),
        Reply::History(lines) => json::list(lines, out, |line, out| write_line(line, zone, out)),
        Reply::Rooms(rooms) => json::list(rooms, out, write_room),
        Reply::Room(room) => write_room(room, out),
        Reply::Members(users) => json::list(users, out, |user, out| {
            out.raw(r#"{"id":"#).word(&user.id.to_string());
            out.raw(r#","name":"#).string(user.name.as_str()).raw("}");
        }),
        Reply::RoomHistory(messages) => json::list(messages, out, |message, out| {
            if let Spot::Room(room) = message.place {
                encode::room_message(message, room, zone, out);
            }
        }),
        Reply::Refused(refusal) => return refused(refusal),
        // The first is for the WebSocket that the request has opened: there is nothing to read. The others
        // are asked for by other addresses.
        Reply::Known(_)
        | Reply::Profile { .. }
        | Reply::Registered(_)
        | Reply::LoggedIn { .. }
        | Reply::LoggedOut
        | Reply::Users(_)
        | Reply::Recent(_) => return private(Response::new(Status::NoContent)),
    }
    private(Response::new(Status::Ok)).body("application/json", body)
}

fn write_line(line: &Line<'_>, zone: &Zone, out: &mut Writer<'_>) {
    out.raw(r#"{"sender":"#).word(&line.from_id.to_string());
    out.raw(r#","user":"#).string(line.from);
    out.raw(r#","text":"#).string(line.text);
    out.raw(r#","time":"#);
    encode::clock(line.at, zone, out);
    out.raw(r#","read":"#).boolean(line.is_read).raw("}");
}

fn write_room(room: &RoomView<'_>, out: &mut Writer<'_>) {
    out.raw(r#"{"id":"#).word(&room.id.to_string());
    out.raw(r#","name":"#).string(room.name);
    out.raw(r#","description":"#).string(room.description);
    out.raw(r#","creator_id":"#).word(&room.creator_id.to_string());
    out.raw(r#","creator_name":"#).string(room.creator);
    out.raw(r#","created_at":"#).word(&time::of_unix_ms(room.created));
    out.raw(r#","member_count":"#).number(room.members).raw("}");
}

/// The response for a call that is refused, or has failed.
pub(super) fn refused(refusal: &Refusal<'_>) -> Response<'static> {
    let mut response = error(status(refusal), &sentence(refusal, NOTHING_STORED));
    if let Some(seconds) = retry_after_seconds(refusal) {
        response = response.header("Retry-After", seconds.to_string());
    }
    response
}

/// An error as a response.
pub fn error(status: Status, sentence: &str) -> Response<'static> {
    let mut body = Vec::new();
    Writer(&mut body)
        .raw(r#"{"error":"#)
        .string(sentence)
        .raw(r#","detail":"#)
        .string(sentence)
        .raw("}");
    let response = private(Response::new(status)).body("application/json", body);
    match status {
        // There is no registered scheme for cookies, and a 401 has to name one (RFC 9110 §15.5.2).
        Status::Unauthorized => response.header("WWW-Authenticate", "Cookie"),
        _ => response,
    }
}

/// A response that no cache may keep.
pub(super) fn private(response: Response<'static>) -> Response<'static> {
    response.header("Cache-Control", "no-store")
}
