//! What [`sca`](super::sca), the base protocol, and [`switchboard_v1`](super::switchboard_v1) have in common: the
//! fields that both read in the same way, the flaws of these fields, and the frames that both write. Each has
//! frames of its own in its folder.
//!
//! A reader of a field takes the field as it stands in the frame, present or not. Called by the decoders, the
//! encoders and the routes of the two.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::flaw::{Flaw, NOT_AN_OBJECT, flaws};
use super::forwarded;
use super::json::{Writer, boolean, object, required, word};
use crate::chat::PresenceMode;
use crate::http::{Call, Response, Status};

/// The most bytes of JSON of a signal's data. This limit and the next two are part of the contract, so they
/// are not settings.
const SIGNAL_BYTES: usize = 16 * 1024;
/// The deepest nesting of objects and lists in a signal's data, the outermost one included. An app's parser
/// may be recursive, and fail at deep nesting.
const SIGNAL_DEPTH: usize = 64;
/// The most characters of an id. It has at least one.
pub(super) const ID_CHARS: usize = 64;

flaws! {
    TEXT = malformed("bad_text", "text must be a string");
    ID = malformed("bad_id", "id must be a string of 1 to 64 characters");
    IS_TYPING = malformed("bad_is_typing", "is_typing must be true or false");
    STATUS = malformed("bad_status", "status must be the string read");
    DATA = malformed("bad_data", "data must be there");
    DATA_TOO_LONG = too_long("data_too_long", "data must not be over 16 KiB");
    DATA_TOO_DEEP = malformed("data_too_deep", "data must not be nested over 64 levels deep");
    MODE = malformed("bad_mode", "mode must be full, delta or none");
}

/// Reads the characters of an id. Half a surrogate pair is no character.
pub(super) fn id(raw: &RawValue) -> Result<Cow<'_, str>, Flaw> {
    let id = word(raw, ID)?;
    let chars = id.chars().take(ID_CHARS + 1).count();
    if (1..=ID_CHARS).contains(&chars) { Ok(id) } else { Err(ID) }
}

/// Finds the id of a frame that has a flaw, so that the error can name it.
pub(super) fn id_in(frame: &str) -> Option<Cow<'_, str>> {
    let IdField { id: raw } = object(frame, NOT_AN_OBJECT).ok()?;
    id(raw?).ok()
}

/// The id of a frame, whatever else is in the frame.
#[derive(Deserialize)]
struct IdField<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

/// Reads whether a user is typing.
pub(super) fn is_typing(field: Option<&RawValue>) -> Result<bool, Flaw> {
    boolean(required(field, IS_TYPING)?, IS_TYPING)
}

/// Checks the status of a receipt. There is only one.
pub(super) fn status(field: Option<&RawValue>) -> Result<(), Flaw> {
    if word(required(field, STATUS)?, STATUS)? == "read" { Ok(()) } else { Err(STATUS) }
}

/// Reads the data of a signal: JSON, which is forwarded as it is.
pub(super) fn data(field: Option<&RawValue>) -> Result<&str, Flaw> {
    let data = required(field, DATA)?.get();
    if data.len() > SIGNAL_BYTES {
        return Err(DATA_TOO_LONG);
    }
    forwarded::value(data, SIGNAL_DEPTH, DATA_TOO_DEEP)?;
    Ok(data)
}

/// Writes who is online. `names` appends the list.
pub(super) fn write_online(out: &mut Writer<'_>, names: impl FnOnce(&mut Writer<'_>)) {
    out.raw(r#"{"type":"online_users","users":"#);
    names(out);
    out.raw("}");
}

/// Writes who came, who went, and how many are online. `joined` and `left` append the lists.
pub(super) fn write_presence(
    out: &mut Writer<'_>,
    joined: impl FnOnce(&mut Writer<'_>),
    left: impl FnOnce(&mut Writer<'_>),
    online: usize,
) {
    out.raw(r#"{"type":"presence","joined":"#);
    joined(out);
    out.raw(r#","left":"#);
    left(out);
    out.raw(r#","online":"#).number(online).raw("}");
}

/// Reads the form in which a client wants to hear who is online.
pub(super) fn mode(field: Option<&RawValue>) -> Result<PresenceMode, Flaw> {
    PresenceMode::parse(&word(required(field, MODE)?, MODE)?).ok_or(MODE)
}

/// The same, as it stands in the query of a request for a WebSocket: `?presence=delta`.
pub(super) fn presence_in(call: &Call<'_>) -> Result<PresenceMode, Response<'static>> {
    let Some(mode) = call.request.query_value("presence") else {
        return Ok(PresenceMode::default());
    };
    PresenceMode::parse(&mode).ok_or_else(|| {
        Response::new(Status::BadRequest).json_detail("presence is one of full, delta and none")
    })
}

/// Appends what the operator tells everybody.
pub(super) fn write_notice(text: &str, out: &mut Writer<'_>) {
    out.raw(r#"{"type":"notice","text":"#).string(text).raw("}");
}

/// Appends the answer to a heartbeat.
pub(super) fn write_pong(out: &mut Writer<'_>) {
    out.raw(r#"{"type":"pong"}"#);
}

/// Appends an error, with the id of the frame that caused it.
pub(super) fn write_error(detail: &str, code: &str, id: Option<&str>, out: &mut Writer<'_>) {
    out.raw(r#"{"type":"error","detail":"#).string(detail);
    out.raw(r#","code":"#).word(code);
    if let Some(id) = id {
        out.raw(r#","id":"#).string(id);
    }
    out.raw("}");
}
