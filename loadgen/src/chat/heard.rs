//! [`Heard`]: what a frame of the server says, in the protocol of numbers.
//!
//! Everything is owned: a person reads few frames. What is unknown is ignored, as the protocol wants it. Knows
//! no state.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use switchboard::dialects::sca::wire::ServerFields;

/// What a frame says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Heard {
    /// The people who are online, all of them.
    Online(Vec<String>),
    /// People have come and gone.
    Presence { joined: Vec<String>, left: Vec<String> },
    /// Somebody writes.
    Message { from: String, text: String, id: Option<String> },
    /// The recipient's socket has the message with this id.
    Delivered(String),
    /// The message with this id has not been delivered: the recipient is offline, or reads too slowly.
    Undelivered(String),
    /// Somebody has read the message with this id.
    Read { from: String, id: String },
    /// A frame of ours was refused, or a limit is near.
    Error { detail: String, code: String, id: Option<String> },
    /// Any other sign of life.
    Other,
}

impl Heard {
    /// Understands a frame.
    pub(super) fn understand(json: &str) -> Self {
        let Ok(fields) = serde_json::from_str::<ServerFields<'_>>(json) else {
            return Heard::Other;
        };
        let owned = |field: Option<&str>| field.map(str::to_owned);
        let text = |field: Option<&RawValue>| parsed::<String>(field);
        let names = |field: Option<&RawValue>| parsed::<Vec<String>>(field).unwrap_or_default();
        match (fields.kind, text(fields.id)) {
            ("online_users", _) if fields.users.is_some() => Heard::Online(names(fields.users)),
            ("presence", _) => {
                Heard::Presence { joined: names(fields.joined), left: names(fields.left) }
            }
            ("message", id) => match (owned(fields.from), text(fields.text)) {
                (Some(from), Some(text)) => Heard::Message { from, text, id },
                _ => Heard::Other,
            },
            ("ack", Some(id)) if fields.status == Some("delivered") => Heard::Delivered(id),
            ("ack" | "undelivered", Some(id)) => Heard::Undelivered(id),
            ("receipt", Some(id)) if fields.status == Some("read") => match owned(fields.from) {
                Some(from) => Heard::Read { from, id },
                None => Heard::Other,
            },
            ("error", id) => Heard::Error {
                detail: fields.detail.unwrap_or_default(),
                code: text(fields.code).unwrap_or_default(),
                id,
            },
            _ => Heard::Other,
        }
    }
}

fn parsed<T: DeserializeOwned>(field: Option<&RawValue>) -> Option<T> {
    field.and_then(|raw| serde_json::from_str(raw.get()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(from: &str, text: &str, id: Option<&str>) -> Heard {
        let id = id.map(str::to_owned);
        Heard::Message { from: from.to_owned(), text: text.to_owned(), id }
    }

    #[test]
    fn each_frame_of_the_protocol_is_understood() {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        for (json, heard) in [
            (r#"{"type":"online_users","users":["1","2"]}"#, Heard::Online(list(&["1", "2"]))),
            (
                r#"{"type":"presence","joined":["1"],"left":["2"],"online":1}"#,
                Heard::Presence { joined: list(&["1"]), left: list(&["2"]) },
            ),
            (r#"{"type":"message","from":"1","text":"a\nb"}"#, message("1", "a\nb", None)),
            (r#"{"type":"message","from":"1","text":"","id":"x"}"#, message("1", "", Some("x"))),
            (r#"{"type":"ack","id":"x","status":"delivered"}"#, Heard::Delivered("x".into())),
            (r#"{"type":"ack","id":"x","status":"offline"}"#, Heard::Undelivered("x".into())),
            (
                r#"{"type":"undelivered","to":"1","reason":"slow","id":"x"}"#,
                Heard::Undelivered("x".into()),
            ),
            (
                r#"{"type":"receipt","from":"1","id":"x","status":"read"}"#,
                Heard::Read { from: "1".into(), id: "x".into() },
            ),
            (
                r#"{"type":"error","detail":"no","code":"bad_text","id":"x"}"#,
                Heard::Error { detail: "no".into(), code: "bad_text".into(), id: Some("x".into()) },
            ),
            (r#"{"type":"pong"}"#, Heard::Other),
            (r#"{"type":"tomorrow","text":7}"#, Heard::Other),
        ] {
            assert_eq!(Heard::understand(json), heard, "{json}");
        }
    }

    #[test]
    fn what_is_malformed_is_ignored() {
        for json in [
            "",
            "hello",
            "[]",
            r#"{"type":"message","from":"1","text":7}"#,
            r#"{"type":"message","text":"a"}"#,
            r#"{"type":"ack","status":"delivered"}"#,
            r#"{"type":"online_users"}"#,
        ] {
            assert_eq!(Heard::understand(json), Heard::Other, "{json}");
        }
    }
}
