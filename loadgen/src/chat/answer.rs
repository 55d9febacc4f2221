//! [`Answer`]: the answer to an HTTP request, from bytes: a head, and a body of moderate length.
//!
//! The body is kept, because a refusal says in it what is wrong, and a login what the token is. Knows no path.

use std::time::Duration;

use serde_json::Value;
use switchboard::http::{Limits, ResponseHead, parse_response};
use switchboard::ws::handshake::ClientKey;

use super::ending::Ending;

/// The most bytes of a body that are read.
const BODY_BYTES: usize = 4096;
const SWITCHING_PROTOCOLS: u16 = 101;

/// An answer that comes.
#[derive(Debug, Default)]
pub(super) struct Answer {
    bytes: Vec<u8>,
}

/// What an answer is.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The server speaks WebSocket from here on.
    Switched,
    /// The request was answered with 200 and this JSON.
    Fine(Value),
    /// It was not.
    Failed(Ending),
}

impl Answer {
    /// Takes input. `None`: more is needed, and all of it has been taken. After [`Outcome::Switched`] the rest of
    /// it stays. `key` and `protocol` are what an upgrade has asked for.
    pub(super) fn read(
        &mut self,
        input: &mut &mut [u8],
        key: Option<&ClientKey>,
        protocol: Option<&str>,
    ) -> Option<Outcome> {
        if input.is_empty() {
            return None;
        }
        let before = self.bytes.len();
        self.bytes.extend_from_slice(input);
        let taken = std::mem::take(input);
        let (head, length) = match parse_response(&self.bytes, &Limits::default()) {
            Ok(None) => return None,
            Ok(Some(parsed)) => parsed,
            Err(_) => return Some(Outcome::Failed(Ending::NotOurs("its answer is not HTTP"))),
        };
        if head.status == SWITCHING_PROTOCOLS {
            *input = taken.get_mut(length - before..).unwrap_or_default();
            return Some(switched(&head, key, protocol));
        }
        let body = &self.bytes[length..];
        // Without a length the body ends with the connection.
        let wanted = number(&head, "content-length").map_or(BODY_BYTES, |length| {
            usize::try_from(length).unwrap_or(BODY_BYTES).min(BODY_BYTES)
        });
        (body.len() >= wanted).then(|| answered(&head, &body[..wanted]))
    }

    /// The connection has ended.
    pub(super) fn finish(&self) -> Ending {
        match parse_response(&self.bytes, &Limits::default()) {
            _ if self.bytes.is_empty() => Ending::Lost,
            Ok(Some((head, length))) => match answered(&head, &self.bytes[length..]) {
                Outcome::Failed(ending) => ending,
                Outcome::Fine(_) | Outcome::Switched => Ending::Lost,
            },
            Ok(None) | Err(_) => Ending::NotOurs("its answer is incomplete"),
        }
    }
}

fn switched(head: &ResponseHead<'_>, key: Option<&ClientKey>, protocol: Option<&str>) -> Outcome {
    let headers = &head.headers;
    let is_upgrade =
        headers.has_token("upgrade", "websocket") && headers.has_token("connection", "upgrade");
    let accept = headers.first("sec-websocket-accept");
    let is_accepted = accept.is_some_and(|accept| key.is_some_and(|key| key.accepts(accept)));
    let agreed = headers.first("sec-websocket-protocol");
    let why = if !is_upgrade {
        "a 101 without Upgrade: websocket and Connection: Upgrade"
    } else if !is_accepted {
        "a 101 whose Sec-WebSocket-Accept is missing or wrong"
    } else if agreed != protocol.map(str::as_bytes) {
        "it does not agree to the protocol switchboard.v1"
    } else {
        return Outcome::Switched;
    };
    Outcome::Failed(Ending::NotOurs(why))
}

fn answered(head: &ResponseHead<'_>, body: &[u8]) -> Outcome {
    let json = serde_json::from_slice::<Value>(body).ok();
    match json {
        Some(json) if head.status == 200 => Outcome::Fine(json),
        json => {
            let detail = json.as_ref().and_then(|json| json["detail"].as_str());
            Outcome::Failed(Ending::Refused {
                status: head.status,
                retry_after: Duration::from_secs(number(head, "retry-after").unwrap_or(0)),
                detail: detail.unwrap_or_default().to_owned(),
            })
        }
    }
}

fn number(head: &ResponseHead<'_>, name: &str) -> Option<u64> {
    let value = head.headers.first(name).and_then(|value| str::from_utf8(value).ok());
    value.and_then(|value| value.trim().parse().ok())
}
