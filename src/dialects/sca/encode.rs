//! Encodes an event as the frame for a client. The shape is fixed: these keys in this order, and no
//! spaces.
//!
//! Each arm shows the frame that it makes. The values between the pieces are a number's digits, one of a
//! few words, or JSON as it arrived, which is not checked again.

use crate::chat::mobile::{self, Delivery};
use crate::chat::{BackendMessage, Event, Mobile, Reason};
use crate::dialects::base;
use crate::dialects::json::Writer;

/// Appends an event's frame.
pub(super) fn write(event: &Event<'_>, out: &mut Vec<u8>) {
    let mut out = Writer(out);
    match *event {
        Event::Mobile(ref event) => write_mobile(event, &mut out),
        Event::Pong => base::write_pong(&mut out),
        Event::Notice(text) => base::write_notice(text, &mut out),
        Event::Error { detail, code, id } => base::write_error(detail, code, id, &mut out),
        // No connection of those realms speaks this dialect.
        Event::Messenger(_) | Event::Account(_) => {}
    }
}

fn write_mobile(event: &mobile::Event<'_>, out: &mut Writer<'_>) {
    use mobile::Event;
    let digits = &mut [0; Mobile::MAX_DIGITS];
    match *event {
        Event::Message { from, text, id, .. }
        | Event::Backend(&BackendMessage { from, text, id, .. }) => {
            let from = from.digits(digits);
            out.raw(r#"{"type":"message","from":"#).word(from).raw(r#","text":"#).raw(text);
            finish_with_id(out, id);
        }
        Event::Typing { from, is_typing } => {
            let from = from.digits(digits);
            out.raw(r#"{"type":"typing","from":"#).word(from);
            out.raw(r#","is_typing":"#).boolean(is_typing).raw("}");
        }
        Event::Receipt { from, id } => {
            let from = from.digits(digits);
            out.raw(r#"{"type":"receipt","from":"#).word(from).raw(r#","id":"#).raw(id);
            out.raw(r#","status":"read"}"#);
        }
        Event::Signal { from, data } => {
            let from = from.digits(digits);
            out.raw(r#"{"type":"signal","from":"#).word(from);
            out.raw(r#","data":"#).raw(data).raw("}");
        }
        Event::Ack { id, delivery } => {
            let status = match delivery {
                Delivery::Delivered => "delivered",
                Delivery::Offline => "offline",
            };
            out.raw(r#"{"type":"ack","id":"#).raw(id).raw(r#","status":"#).word(status).raw("}");
        }
        Event::Undelivered { to, id, reason } => {
            let reason = match reason {
                Reason::Offline => "offline",
                Reason::Slow => "slow",
            };
            let to = to.digits(digits);
            out.raw(r#"{"type":"undelivered","to":"#).word(to).raw(r#","reason":"#).word(reason);
            finish_with_id(out, id);
        }
        Event::OnlineUsers(users) => base::write_online(out, |out| list(out, users)),
        Event::PresenceChanged { joined, left, online } => {
            base::write_presence(out, |out| list(out, joined), |out| list(out, left), online);
        }
    }
}

/// Ends a frame whose last key is the id of a message, if the message has one.
fn finish_with_id(out: &mut Writer<'_>, id: Option<&str>) {
    if let Some(id) = id {
        out.raw(r#","id":"#).raw(id);
    }
    out.raw("}");
}

/// Appends an array of numbers. The list of all numbers online is the longest thing that is ever
/// encoded, up to once in each turn.
fn list(out: &mut Writer<'_>, mobiles: &[Mobile]) {
    out.raw("[");
    for (position, mobile) in mobiles.iter().enumerate() {
        out.raw(if position == 0 { "" } else { "," });
        out.word(mobile.digits(&mut [0; Mobile::MAX_DIGITS]));
    }
    out.raw("]");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat;
    use crate::dialects::page::appended;
    use crate::dialects::sca::wire::ServerFields;
    use mobile::Event;

    fn mobile(digits: &str) -> Mobile {
        Mobile::parse(digits.as_bytes()).expect("10 to 32 digits")
    }

    fn encode(event: &mobile::Event<'_>) -> String {
        encode_any(&chat::Event::Mobile(*event))
    }

    fn encode_any(event: &chat::Event<'_>) -> String {
        appended(|out| write(event, out))
    }

    #[test]
    fn every_event_has_its_fixed_frame() {
        let from = mobile("0012345678");
        let to = from;
        let id = r#""a-1""#;
        let (message, ack) = (r#""Hi \ud83d\ude00!""#, |delivery| Event::Ack { id, delivery });
        let undelivered = |id, reason| Event::Undelivered { to, id, reason };
        let frames = [
            (
                Event::Message { from, to, text: message, id: None },
                r#"{"type":"message","from":"0012345678","text":"Hi \ud83d\ude00!"}"#,
            ),
            (
                Event::Message { from, to, text: message, id: Some(id) },
                r#"{"type":"message","from":"0012345678","text":"Hi \ud83d\ude00!","id":"a-1"}"#,
            ),
            (
                Event::Typing { from, is_typing: true },
                r#"{"type":"typing","from":"0012345678","is_typing":true}"#,
            ),
            (
                Event::Typing { from, is_typing: false },
                r#"{"type":"typing","from":"0012345678","is_typing":false}"#,
            ),
            (
                Event::Receipt { from, id },
                r#"{"type":"receipt","from":"0012345678","id":"a-1","status":"read"}"#,
            ),
            (
                Event::Signal { from, data: r#"{"x": 1}"# },
                r#"{"type":"signal","from":"0012345678","data":{"x": 1}}"#,
            ),
            (ack(Delivery::Delivered), r#"{"type":"ack","id":"a-1","status":"delivered"}"#),
            (ack(Delivery::Offline), r#"{"type":"ack","id":"a-1","status":"offline"}"#),
            (
                undelivered(None, Reason::Offline),
                r#"{"type":"undelivered","to":"0012345678","reason":"offline"}"#,
            ),
            (
                undelivered(Some(id), Reason::Slow),
                r#"{"type":"undelivered","to":"0012345678","reason":"slow","id":"a-1"}"#,
            ),
        ];
        for (event, expected) in frames {
            assert_eq!(encode(&event), expected);
            assert!(serde_json::from_str::<ServerFields<'_>>(expected).is_ok(), "{expected}");
        }
    }

    #[test]
    fn what_all_realms_share_has_its_fixed_frame() {
        let error = |id| chat::Event::Error { detail: "no \"x\"\n", code: "no", id };
        let frame = r#"{"type":"error","detail":"no \"x\"\n","code":"no"}"#;
        assert_eq!(encode_any(&error(None)), frame);
        let frame = r#"{"type":"error","detail":"no \"x\"\n","code":"no","id":"\"1\"\n"}"#;
        assert_eq!(encode_any(&error(Some("\"1\"\n"))), frame);
        assert_eq!(encode_any(&chat::Event::Pong), r#"{"type":"pong"}"#);
    }

    #[test]
    fn lists_have_their_fixed_frames_however_long() {
        let (a, b) = (mobile("0012345678"), mobile("12345678901234567890123456789012"));
        let lists: [(&[Mobile], &str); 3] = [
            (&[], "[]"),
            (&[a], r#"["0012345678"]"#),
            (&[a, b], r#"["0012345678","12345678901234567890123456789012"]"#),
        ];
        for (list, json) in lists {
            let users = format!(r#"{{"type":"online_users","users":{json}}}"#);
            assert_eq!(encode(&Event::OnlineUsers(list)), users);
            let event = Event::PresenceChanged { joined: list, left: &[b], online: 10_000 };
            let changed =
                format!(r#"{{"type":"presence","joined":{json},"left":["{b}"],"online":10000}}"#);
            assert_eq!(encode(&event), changed);
        }
    }
}
