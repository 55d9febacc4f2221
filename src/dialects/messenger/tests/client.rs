//! Every frame that a client may send, with the fewest fields that are allowed, and with all fields.

use serde_json::json;
use serde_json::value::RawValue;

use super::*;
use crate::chat::messenger::{Invite, SignIn};
use crate::dialects::messenger::wire::ClientFrame;

#[test]
fn a_minimal_frame_of_each_type_is_understood() {
    assert_eq!(decode(r#"{"type":"ping"}"#), Incoming::Reply(Event::Pong));
    let sign_in = SignIn { id: session("ann"), name: None, receipts: true };
    assert_eq!(decode(r#"{"type":"auth","data":{"sessionId":"ann"}}"#), Incoming::SignIn(sign_in));
    let invite = Invite {
        id: item("i-1"),
        to: session("bob"),
        sender_name: None,
        text: r#""Hello""#,
        created_at: None,
        expires_at: None,
        metadata: None,
    };
    let frames = [
        (
            r#"{"type":"invitation_send","data":{"id":"i-1","recipientId":"bob","message":"Hello"}}"#,
            Command::Invite(invite),
        ),
        (
            r#"{"type":"invitation_accept","data":{"invitationId":"i-1"}}"#,
            Command::Accept { invitation: item("i-1") },
        ),
        (
            r#"{"type":"invitation_decline","data":{"invitationId":"i-1"}}"#,
            Command::Decline { invitation: item("i-1") },
        ),
        (
            r#"{"type":"message_send","data":{"id":"m-1","recipientId":"bob","content":"Hi!"}}"#,
            Command::Message(minimal_message()),
        ),
        (
            r#"{"type":"message_read","data":{"messageId":"m-1"}}"#,
            Command::Read { message: item("m-1") },
        ),
        (
            r#"{"type":"typing_indicator","data":{"recipientId":"bob","isTyping":true}}"#,
            Command::Typing { to: session("bob"), is_typing: true },
        ),
        (
            r#"{"type":"typing_indicator","data":{"recipientId":"bob","isTyping":false}}"#,
            Command::Typing { to: session("bob"), is_typing: false },
        ),
    ];
    for (frame, expected) in frames {
        assert_eq!(command(frame), expected, "{frame}");
    }
}

#[test]
fn a_full_frame_of_each_type_is_understood() {
    let auth = r#"{"type":"auth","data":{"sessionId":"ann","name":"Ann \u00c4","profilePicture":"data:,","receipts":false}}"#;
    let sign_in = SignIn { id: session("ann"), name: name("Ann Ä"), receipts: false };
    assert_eq!(decode(auth), Incoming::SignIn(sign_in));

    let invitation = r#"{"type":"invitation_send","data":{"id":"i-1","senderId":"ann","senderName":"Ann","recipientId":"bob","message":"Hello \ud83d\ude00!","status":"pending","createdAt":"2026-02-28T23:59:59.999","expiresAt":"2026-03-01","metadata":{"a": [{}]}}}"#;
    let invite = Invite {
        id: item("i-1"),
        to: session("bob"),
        sender_name: name("Ann"),
        text: r#""Hello \ud83d\ude00!""#,
        created_at: Some(TIME),
        expires_at: Some(r#""2026-03-01""#),
        metadata: Some(r#"{"a": [{}]}"#),
    };
    assert_eq!(command(invitation), Command::Invite(invite));

    let message = r#"{"type":"message_send","data":{"id":"m-1","senderId":"ann","recipientId":"bob","content":"Hi!","messageType":"image","timestamp":"2026-02-28T23:59:59.999","status":"sending","isOutgoing":true,"metadata":{"w": 1},"replyToId":"m-0","mentions":["bob", "\u0065ve"]}}"#;
    assert_eq!(command(message), Command::Message(full_message()));
}

#[test]
fn null_means_absent() {
    let auth = r#"{"type":"auth","data":{"sessionId":"ann","name":null,"profilePicture":null,"receipts":null}}"#;
    let sign_in = SignIn { id: session("ann"), name: None, receipts: true };
    assert_eq!(decode(auth), Incoming::SignIn(sign_in));
    let message = r#"{"type":"message_send","data":{"id":"m-1","senderId":null,"recipientId":"bob","content":"Hi!","messageType":null,"timestamp":null,"status":null,"isOutgoing":null,"metadata":null,"replyToId":null,"mentions":null}}"#;
    assert_eq!(command(message), Command::Message(minimal_message()));
    assert_eq!(decode(r#"{"type":"ping","data":null}"#), Incoming::Reply(Event::Pong));
}

#[test]
fn an_invitation_that_never_ends_is_not_one_that_does_not_say_when() {
    let expires_at = |field: &str| {
        let frame = format!(
            r#"{{"type":"invitation_send","data":{{"id":"i","recipientId":"b","message":""{field}}}}}"#
        );
        match command(&frame) {
            Command::Invite(invite) => invite.expires_at.map(str::to_owned),
            other => panic!("not an invitation: {other:?}"),
        }
    };
    assert_eq!(expires_at(r#","expiresAt":null"#).as_deref(), Some("null"));
    assert_eq!(expires_at(""), None);
}

#[test]
fn an_empty_name_is_no_name() {
    let frame = r#"{"type":"auth","data":{"sessionId":"ann","name":""}}"#;
    assert!(matches!(decode(frame), Incoming::SignIn(SignIn { name: None, .. })));
}

#[test]
fn a_sender_name_that_cannot_be_shown_is_as_good_as_none() {
    let data = json!({"id": "i", "recipientId": "bob", "message": ""});
    for sender_name in [&string_of(129), r#""""#, r#""\ud800""#] {
        let frame = with("invitation_send", &data, "senderName", Some(sender_name));
        assert!(matches!(command(&frame), Command::Invite(Invite { sender_name: None, .. })));
    }
}

#[test]
fn what_a_client_writes_with_our_structs_is_what_we_read() {
    let metadata = RawValue::from_string("{\"a\":1}".to_owned()).expect("an object");
    let metadata = Some(&*metadata);
    let (id, sender_id, recipient_id, time) = ("1 \"x\"", "ann", "bob", "2026-02-28T23:59:59.999");
    let invitation = |expires_at, metadata| ClientFrame::InvitationSend {
        id,
        sender_id,
        sender_name: "Ann",
        recipient_id,
        message: "Hello",
        status: "pending",
        created_at: time,
        expires_at,
        metadata,
    };
    let message = |metadata, reply_to_id, mentions| ClientFrame::MessageSend {
        id,
        sender_id,
        recipient_id,
        content: "a \"b\"",
        message_type: "text",
        timestamp: time,
        status: "sending",
        is_outgoing: true,
        metadata,
        reply_to_id,
        mentions,
    };
    let auth = |name, profile_picture, receipts| ClientFrame::Auth {
        session_id: id,
        name,
        profile_picture,
        receipts,
    };
    let frames = [
        ClientFrame::Ping,
        auth(None, None, None),
        auth(Some("Ann"), Some("data:,"), Some(false)),
        invitation(None, None),
        invitation(Some(time), metadata),
        ClientFrame::InvitationAccept { invitation_id: id },
        ClientFrame::InvitationDecline { invitation_id: id },
        message(None, None, None),
        message(metadata, Some(id), Some(&["bob", "eve"])),
        ClientFrame::MessageRead { message_id: id },
        ClientFrame::TypingIndicator { recipient_id, is_typing: true },
    ];
    for frame in frames {
        let json = serde_json::to_string(&frame).expect("a frame has a JSON form");
        assert!(!matches!(decode(&json), Incoming::Malformed { .. }), "{json}");
    }
    let json = serde_json::to_string(&auth(None, None, None)).expect("a frame has a JSON form");
    let expected =
        r#"{"type":"auth","data":{"sessionId":"1 \"x\"","name":null,"profilePicture":null}}"#;
    assert_eq!(json, expected);
    let json = serde_json::to_string(&ClientFrame::Ping).expect("a frame has a JSON form");
    assert_eq!(json, r#"{"type":"ping"}"#);
}
