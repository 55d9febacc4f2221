//! Every frame of the server, as the exact string that the contract promises to the apps.

use std::time::Duration;

use super::*;
use crate::chat::messenger::{Answer, Event as Own, Invitation, Status};
use crate::chat::mobile;
use crate::dialects::messenger::wire::ServerFrame;

/// 2026-02-28T23:59:59.999Z.
const TAKEN_AT: Duration = Duration::from_millis(1_772_323_199_999);

fn message<'a>(message: &'a Words<'a>, is_outgoing: bool) -> Own<'a> {
    Own::Message { message, from: "ann", taken_at: TAKEN_AT, is_outgoing, ticket: None }
}

fn invitation<'a>(answer: Answer) -> Invitation<'a> {
    Invitation {
        id: "i-1",
        from: "ann",
        from_name: "Ann \"A\"",
        to: "bob",
        text: r#""Hello \ud83d\ude00!""#,
        answer,
        created_at: None,
        expires_at: None,
        metadata: None,
        taken_at: TAKEN_AT,
        lasts: Duration::from_secs(24 * 60 * 60),
    }
}

/// Asserts that the event's frame is `expected`, and that a client can read it.
fn assert_frame(event: Own<'_>, expected: &str) {
    assert_eq!(encode(event), expected);
    let frame: ServerFrame<'_> = serde_json::from_str(expected).expect("a frame of the server's");
    assert!(expected.contains(frame.kind));
}

#[test]
fn a_message_is_whole_whatever_its_sender_left_out() {
    let minimal = minimal_message();
    assert_frame(
        message(&minimal, false),
        r#"{"type":"message_received","data":{"id":"m-1","senderId":"ann","recipientId":"bob","content":"Hi!","messageType":"text","timestamp":"2026-02-28T23:59:59.999Z","status":"sent","isOutgoing":false,"metadata":null,"replyToId":null,"mentions":null}}"#,
    );
}

#[test]
fn a_message_keeps_what_its_sender_wrote() {
    let full = full_message();
    assert_frame(
        message(&full, true),
        r#"{"type":"message_received","data":{"id":"m-1","senderId":"ann","recipientId":"bob","content":"Hi!","messageType":"image","timestamp":"2026-02-28T23:59:59.999","status":"sending","isOutgoing":true,"metadata":{"w": 1},"replyToId":"m-0","mentions":["bob", "\u0065ve"]}}"#,
    );
}

#[test]
fn an_invitation_is_whole_whatever_its_sender_left_out() {
    let pending = invitation(Answer::Pending);
    assert_frame(
        Own::InvitationReceived(pending),
        r#"{"type":"invitation_received","data":{"id":"i-1","senderId":"ann","senderName":"Ann \"A\"","recipientId":"bob","message":"Hello \ud83d\ude00!","status":"pending","createdAt":"2026-02-28T23:59:59.999Z","expiresAt":"2026-03-01T23:59:59.999Z","metadata":null}}"#,
    );
    let endless = Invitation { lasts: Duration::MAX, ..pending };
    assert!(encode(Own::InvitationReceived(endless)).contains("\"9999-12-31T23:59:59.999Z\""));
}

#[test]
fn an_invitation_keeps_what_its_sender_wrote_and_gets_its_answer() {
    let answers = [
        (Answer::Pending, "pending"),
        (Answer::Accepted, "accepted"),
        (Answer::Declined, "declined"),
        (Answer::Expired, "expired"),
    ];
    for (answer, word) in answers {
        let full = Invitation {
            created_at: Some(TIME),
            expires_at: Some("null"),
            metadata: Some(r#"{"a": [{}]}"#),
            ..invitation(answer)
        };
        let expected = format!(
            r#"{{"type":"invitation_response","data":{{"id":"i-1","senderId":"ann","senderName":"Ann \"A\"","recipientId":"bob","message":"Hello \ud83d\ude00!","status":"{word}","createdAt":"2026-02-28T23:59:59.999","expiresAt":null,"metadata":{{"a": [{{}}]}}}}}}"#
        );
        assert_frame(Own::InvitationAnswered(full), &expected);
    }
}

#[test]
fn every_other_event_of_the_realm_has_its_fixed_frame() {
    let status = |status| Own::Status { message: "m-1", status };
    let frames = [
        (
            Own::Authenticated { who: "ann" },
            r#"{"type":"authenticated","data":{"sessionId":"ann"}}"#,
        ),
        (
            status(Status::Sent),
            r#"{"type":"message_status","data":{"messageId":"m-1","status":"sent"}}"#,
        ),
        (
            status(Status::Delivered),
            r#"{"type":"message_status","data":{"messageId":"m-1","status":"delivered"}}"#,
        ),
        (
            status(Status::Read),
            r#"{"type":"message_status","data":{"messageId":"m-1","status":"read"}}"#,
        ),
        (
            status(Status::Undelivered),
            r#"{"type":"message_status","data":{"messageId":"m-1","status":"undelivered"}}"#,
        ),
        (
            Own::Typing { from: "ann", is_typing: true },
            r#"{"type":"typing_indicator","data":{"sessionId":"ann","isTyping":true}}"#,
        ),
        (
            Own::Typing { from: "ann", is_typing: false },
            r#"{"type":"typing_indicator","data":{"sessionId":"ann","isTyping":false}}"#,
        ),
        (
            Own::ContactOnline { who: "ann" },
            r#"{"type":"contact_online","data":{"sessionId":"ann"}}"#,
        ),
        (
            Own::ContactOffline { who: "ann" },
            r#"{"type":"contact_offline","data":{"sessionId":"ann"}}"#,
        ),
    ];
    for (event, expected) in frames {
        assert_frame(event, expected);
    }
}

#[test]
fn what_every_realm_says_has_its_frame_and_what_another_says_has_none() {
    assert_eq!(encode_any(&Event::Pong), r#"{"type":"pong"}"#);
    let error = |id| encode_any(&Event::Error { detail: "no \"x\"\n", code: "no", id });
    let frame = r#"{"type":"error","data":{"detail":"no \"x\"\n","code":"no"}}"#;
    assert_eq!(error(None), frame);
    let error = error(Some("\"1\""));
    let frame = r#"{"type":"error","data":{"detail":"no \"x\"\n","code":"no","id":"\"1\""}}"#;
    assert_eq!(error, frame);
    for frame in [r#"{"type":"pong"}"#, error.as_str()] {
        assert!(serde_json::from_str::<ServerFrame<'_>>(frame).is_ok(), "{frame}");
    }
    assert_eq!(encode_any(&Event::Mobile(mobile::Event::OnlineUsers(&[]))), "");
}

#[test]
fn an_id_is_escaped_where_json_wants_it() {
    let frame = encode(Own::ContactOnline { who: "a\"b\\c é 🦀" });
    assert_eq!(frame, r#"{"type":"contact_online","data":{"sessionId":"a\"b\\c é 🦀"}}"#);
}
