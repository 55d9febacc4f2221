//! Reads the server's frames in the Session Messenger protocol.
//!
//! As in SCA, frames in the spelling of our own server take a fast path. Any other JSON takes a slow path
//! through serde, with the same result.

use std::borrow::Cow;

use switchboard::dialects::messenger::wire::{ServerFields, ServerFrame};

use crate::client::said::{Said, in_any_spelling, word};
use crate::client::told::{Answer, Status, Told};

const MESSAGE: &str = r#"{"type":"message_received","data":{"id":""#;
const STATUS: &str = r#"{"type":"message_status","data":{"messageId":""#;
const PONG: &str = r#"{"type":"pong"}"#;

/// Understands a frame.
pub(super) fn understand(json: Cow<'_, str>) -> Said<'_> {
    if json == PONG {
        return Said::Pong;
    }
    match json {
        Cow::Borrowed(json) => quick(json).map_or_else(|| in_any_spelling(json, slow), Said::Told),
        // It came in pieces, which is rare.
        Cow::Owned(json) => in_any_spelling(&json, slow),
    }
}

/// The two kinds of which there are many, in the usual spelling.
fn quick(json: &str) -> Option<Told<'_>> {
    let is_plain = |part: &str| !part.bytes().any(|byte| byte == b'"' || byte == b'\\');
    if let Some(rest) = json.strip_prefix(STATUS) {
        let (id, rest) = rest.split_once(r#"","status":""#)?;
        let status = status(rest.strip_suffix("\"}}")?)?;
        return is_plain(id).then_some(Told::Status { id: id.into(), status });
    }
    let rest = json.strip_prefix(MESSAGE)?;
    let (id, rest) = rest.split_once(r#"","senderId":""#)?;
    let (from, rest) = rest.split_once(r#"","recipientId":""#)?;
    let (to, rest) = rest.split_once(r#"","content":""#)?;
    let (text, rest) = rest.split_once(r#"","messageType":"text","timestamp":""#)?;
    let (timestamp, rest) = rest.split_once(r#"","status":""#)?;
    let (status, rest) = rest.split_once(r#"","isOutgoing":"#)?;
    let is_outgoing = match rest {
        r#"true,"metadata":null,"replyToId":null,"mentions":null}}"# => true,
        r#"false,"metadata":null,"replyToId":null,"mentions":null}}"# => false,
        _ => return None,
    };
    let all_plain = [id, from, to, text, timestamp, status].into_iter().all(is_plain);
    let [id, from, to, text] = [id, from, to, text].map(Cow::Borrowed);
    all_plain.then_some(Told::Message { id, from, to, text, is_outgoing })
}

/// Any other spelling. What is needed of it is copied.
fn slow(json: &str) -> Said<'static> {
    let Ok(frame) = serde_json::from_str::<ServerFrame<'_>>(json) else { return Said::Nonsense };
    let told = match frame.kind {
        "pong" => return Said::Pong,
        "error" => return Said::Error,
        "authenticated" => word(frame.data.session_id).map(|_| Told::Authenticated),
        "message_received" => message(&frame.data),
        "message_status" => message_status(&frame.data),
        "typing_indicator" => typing(&frame.data),
        "contact_online" => contact(&frame.data, true),
        "contact_offline" => contact(&frame.data, false),
        "invitation_received" | "invitation_response" => invitation(frame.kind, &frame.data),
        _ => return Said::Other,
    };
    told.map_or(Said::Nonsense, Said::Told)
}

fn message(data: &ServerFields<'_>) -> Option<Told<'static>> {
    Some(Told::Message {
        id: word(data.id)?,
        from: word(data.sender_id)?,
        to: word(data.recipient_id)?,
        text: word(data.content)?,
        is_outgoing: data.is_outgoing?,
    })
}

fn message_status(data: &ServerFields<'_>) -> Option<Told<'static>> {
    Some(Told::Status { id: word(data.message_id)?, status: status(&word(data.status)?)? })
}

fn typing(data: &ServerFields<'_>) -> Option<Told<'static>> {
    Some(Told::Typing { from: word(data.session_id)?, is_typing: data.is_typing? })
}

fn contact(data: &ServerFields<'_>, is_online: bool) -> Option<Told<'static>> {
    Some(Told::Contact { session: word(data.session_id)?, is_online })
}

fn invitation(kind: &str, data: &ServerFields<'_>) -> Option<Told<'static>> {
    let (id, from, to) = (word(data.id)?, word(data.sender_id)?, word(data.recipient_id)?);
    let answer = match &*word(data.status)? {
        "pending" => None,
        "accepted" => Some(Answer::Accepted),
        "declined" => Some(Answer::Declined),
        "expired" => Some(Answer::Expired),
        _ => return None,
    };
    match (kind, answer) {
        ("invitation_received", None) => Some(Told::Invited { id, from, to }),
        ("invitation_response", Some(answer)) => Some(Told::Answered { id, from, to, answer }),
        _ => None,
    }
}

fn status(word: &str) -> Option<Status> {
    Some(match word {
        "sent" => Status::Sent,
        "delivered" => Status::Delivered,
        "read" => Status::Read,
        "undelivered" => Status::Undelivered,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both_ways(json: &str) -> Said<'static> {
        let said = understand(Cow::Owned(json.to_owned()));
        assert_eq!(said, understand(Cow::Borrowed(json)), "{json}");
        said
    }

    #[test]
    fn the_usual_spelling_and_any_other_come_to_the_same() {
        let usual = concat!(
            r#"{"type":"message_received","data":{"id":"m","senderId":"a","recipientId":"b","#,
            r#""content":"hi there","messageType":"text","timestamp":"2026-01-01T00:00:00.000","#,
            r#""status":"sent","isOutgoing":true,"metadata":null,"replyToId":null,"mentions":null}}"#
        );
        assert!(quick(usual).is_some(), "the fast way");
        let message = both_ways(usual);
        let Said::Told(Told::Message { id, from, to, text, is_outgoing }) = &message else {
            panic!("{message:?}")
        };
        assert_eq!([&**id, from, to, text], ["m", "a", "b", "hi there"]);
        assert!(is_outgoing);
        let other = usual.replace("hi ", r"hi\u0020").replace(",\"metadata\":null", "");
        assert!(quick(&other).is_none(), "the slow way");
        assert_eq!(both_ways(&other), message);
        assert_eq!(both_ways(&usual.replace(':', ": ").replace("00: 00: 00", "00:00:00")), message);

        let usual = r#"{"type":"message_status","data":{"messageId":"m","status":"read"}}"#;
        let status = Said::Told(Told::Status { id: "m".into(), status: Status::Read });
        assert!(quick(usual).is_some(), "the fast way");
        for json in [usual, r#"{"data":{"status":"read","messageId":"m"},"type":"message_status"}"#]
        {
            assert_eq!(both_ways(json), status, "{json}");
        }
    }

    #[test]
    fn every_frame_of_the_server_is_understood() {
        let told = |kind: &str, data: &str| {
            both_ways(&format!(r#"{{"type":"{kind}","data":{{{data}}}}}"#))
        };
        let session = r#""sessionId":"a""#;
        assert_eq!(told("authenticated", session), Said::Told(Told::Authenticated));
        assert_eq!(
            told("contact_offline", session),
            Said::Told(Told::Contact { session: "a".into(), is_online: false })
        );
        assert_eq!(
            told("typing_indicator", r#""sessionId":"a","isTyping":true"#),
            Said::Told(Told::Typing { from: "a".into(), is_typing: true })
        );
        let invitation = r#""id":"i","senderId":"a","recipientId":"b","status""#;
        let [id, from, to] = ["i", "a", "b"].map(Cow::Borrowed);
        assert_eq!(
            told("invitation_received", &format!(r#"{invitation}:"pending""#)),
            Said::Told(Told::Invited { id: id.clone(), from: from.clone(), to: to.clone() })
        );
        assert_eq!(
            told("invitation_response", &format!(r#"{invitation}:"declined""#)),
            Said::Told(Told::Answered { id, from, to, answer: Answer::Declined })
        );
        assert_eq!(told("error", r#""detail":"no""#), Said::Error);
        assert_eq!(both_ways(r#"{"type":"pong"}"#), Said::Pong);
        assert_eq!(told("something_new", ""), Said::Other);
    }

    #[test]
    fn what_is_not_the_protocol_is_nonsense_and_never_a_panic() {
        for json in [
            "",
            "[]",
            "{}",
            r#"{"type":"message_status","data":{"messageId":"m","status":"seen"}}"#,
            r#"{"type":"message_status","data":{"messageId":7,"status":"sent"}}"#,
            r#"{"type":"message_status","data":{"messageId":"m","status":"sent"#,
            r#"{"type":"message_received","data":{"id":"m"}}"#,
            r#"{"type":"invitation_received","data":{"id":"i","senderId":"a","recipientId":"b","status":"accepted"}}"#,
            r#"{"type":"authenticated"}"#,
        ] {
            assert_eq!(both_ways(json), Said::Nonsense, "{json}");
        }
    }
}
