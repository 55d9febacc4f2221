//! `PROTOCOL.md` and `schema.json` agree with each other, with `wire.rs` and with the code.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::chat::messenger::{Answer, Event as Own, Invitation, Refusal, Status};
use crate::dialects::document::{
    check_codes, codes_of, examples, fields, keys, schema, set, types, words,
};
use crate::dialects::flaw::{self as shared, NOT_AN_OBJECT};
use crate::dialects::messenger::flaw;
use crate::dialects::messenger::wire::{
    AnswerFields, AuthFields, ClientFields, ClientFrame, InvitationFields, MessageFields,
    ReadFields, ServerFields, ServerFrame, TypingFields,
};

const PAGE: &str = include_str!("../PROTOCOL.md");
const SCHEMA: &str = include_str!("../schema.json");
const ADA: &str = "ada-7f3a";
const BOB: &str = "bob-19c2";
/// 2026-02-28T23:59:59.999Z.
const TAKEN_AT: Duration = Duration::from_millis(1_772_323_199_999);

words! { COMMANDS, command_word(Command<'_>):
    Command::Invite(_) => "invitation_send",
    Command::Accept { .. } => "invitation_accept",
    Command::Decline { .. } => "invitation_decline",
    Command::Message(_) => "message_send",
    Command::Read { .. } => "message_read",
    Command::Typing { .. } => "typing_indicator",
}

words! { FRAMES, frame_word(ClientFrame<'_>):
    ClientFrame::Auth { .. } => "auth",
    ClientFrame::Ping => "ping",
    ClientFrame::InvitationSend { .. } => "invitation_send",
    ClientFrame::InvitationAccept { .. } => "invitation_accept",
    ClientFrame::InvitationDecline { .. } => "invitation_decline",
    ClientFrame::MessageSend { .. } => "message_send",
    ClientFrame::MessageRead { .. } => "message_read",
    ClientFrame::TypingIndicator { .. } => "typing_indicator",
}

words! { EVENTS, event_word(Own<'_>):
    Own::Authenticated { .. } => "authenticated",
    Own::InvitationReceived(_) => "invitation_received",
    Own::InvitationAnswered(_) => "invitation_response",
    Own::Message { .. } => "message_received",
    Own::Status { .. } => "message_status",
    Own::Typing { .. } => "typing_indicator",
    Own::ContactOnline { .. } => "contact_online",
    Own::ContactOffline { .. } => "contact_offline",
}

words! { REFUSALS, refusal_word(Refusal):
    Refusal::TooManyDevices => "too_many_devices",
    Refusal::NotInvited => "not_invited",
    Refusal::NoSuchMessage => "no_such_message",
    Refusal::NoSuchInvitation => "no_such_invitation",
    Refusal::OwnInvitation => "own_invitation",
    Refusal::DuplicateInvitation => "duplicate_invitation",
    Refusal::TooManySent => "too_many_sent",
    Refusal::TooManyReceived => "too_many_received",
    Refusal::TooManyInAll => "too_many_in_all",
}

fn sent() -> Vec<&'static str> {
    examples(PAGE, "What you send")
}

fn received() -> Vec<&'static str> {
    examples(PAGE, "What you are sent")
}

#[test]
fn every_example_of_a_client_is_understood() {
    let mut commands = Vec::new();
    for example in sent() {
        match decode(example) {
            Incoming::Command(chat::Command::Messenger(command)) => {
                commands.push(command_word(&command));
            }
            Incoming::Reply(Event::Pong) => commands.push("ping"),
            Incoming::SignIn(_) => commands.push("auth"),
            other => panic!("{example}: {other:?}"),
        }
    }
    assert_eq!(set(&commands), set(&[COMMANDS, &["auth", "ping"]].concat()));
}

#[test]
fn every_frame_of_a_client_is_on_the_page_as_wire_writes_it() {
    let (metadata, time) = (None, "2026-02-28T23:59:59.999");
    let (id, invitation_id) = ("m-1", "i-1");
    let (sender_id, sender_name, recipient_id) = (ADA, "Ada", BOB);
    let auth = |receipts| ClientFrame::Auth {
        session_id: ADA,
        name: Some(sender_name),
        profile_picture: None,
        receipts,
    };
    let frames = [
        auth(None),
        auth(Some(false)),
        ClientFrame::Ping,
        ClientFrame::InvitationSend {
            id: invitation_id,
            sender_id,
            sender_name,
            recipient_id,
            message: "It's Ada",
            status: "pending",
            created_at: time,
            expires_at: None,
            metadata,
        },
        ClientFrame::InvitationAccept { invitation_id },
        ClientFrame::InvitationDecline { invitation_id },
        ClientFrame::MessageSend {
            id,
            sender_id,
            recipient_id,
            content: "Hello!",
            message_type: "text",
            timestamp: time,
            status: "sending",
            is_outgoing: true,
            metadata,
            reply_to_id: Some("m-0"),
            mentions: Some(&[BOB]),
        },
        ClientFrame::MessageRead { message_id: id },
        ClientFrame::TypingIndicator { recipient_id, is_typing: true },
    ];
    assert_eq!(set(&frames.map(|frame| frame_word(&frame))), set(FRAMES));
    for frame in frames {
        let json = serde_json::to_string(&frame).expect("a frame is JSON");
        assert!(sent().contains(&json.as_str()), "the page has no {json}");
    }
}

#[test]
fn every_frame_of_the_server_is_on_the_page_as_it_is_written() {
    let invitation = |answer| Invitation {
        id: "i-1",
        from: ADA,
        from_name: "Ada",
        to: BOB,
        text: "\"It's Ada\"",
        answer,
        created_at: Some(TIME),
        expires_at: None,
        metadata: None,
        taken_at: TAKEN_AT,
        lasts: Duration::from_secs(24 * 60 * 60),
    };
    let message = Words {
        to: session(BOB),
        content: "\"Hello!\"",
        kind: Some("\"text\""),
        metadata: None,
        mentions: Some("[\"bob-19c2\"]"),
        ..full_message()
    };
    let status = |status| Own::Status { message: "m-1", status };
    let own = [
        Own::InvitationReceived(invitation(Answer::Pending)),
        Own::InvitationAnswered(invitation(Answer::Accepted)),
        Own::Message {
            message: &message,
            from: ADA,
            taken_at: TAKEN_AT,
            is_outgoing: false,
            ticket: None,
        },
        status(Status::Sent),
        status(Status::Delivered),
        status(Status::Read),
        status(Status::Undelivered),
        Own::Typing { from: ADA, is_typing: true },
        Own::ContactOnline { who: BOB },
        Own::ContactOffline { who: BOB },
    ];
    let signed_in = Own::Authenticated { who: ADA };
    let named: Vec<_> = own.iter().chain([&signed_in]).map(event_word).collect();
    assert_eq!(set(&named), set(EVENTS));
    let error = |flaw: shared::Flaw, id| Event::Error { detail: flaw.detail, code: flaw.code, id };
    let events = [Event::Messenger(signed_in), Event::Pong].into_iter();
    let events = events.chain(own.map(Event::Messenger));
    let events = events.chain([error(flaw::CONTENT, Some("m-1")), error(NOT_AN_OBJECT, None)]);
    let events = events.chain([Event::Notice("The server restarts at noon")]);
    let written: Vec<_> = events.map(|event| encode_any(&event)).collect();
    assert_eq!(received(), written);
}

#[test]
fn the_fields_on_the_page_are_those_of_wire_and_of_the_schema() {
    let (sent, received) = (sent(), received());
    assert_eq!(keys(&sent, None), fields::<ClientFields<'_>>());
    assert_eq!(keys(&received, None), fields::<ServerFrame<'_>>());
    let by_type: [(&str, BTreeSet<String>); 7] = [
        ("auth", fields::<AuthFields<'_>>()),
        ("invitation_send", fields::<InvitationFields<'_>>()),
        ("invitation_accept", fields::<AnswerFields<'_>>()),
        ("invitation_decline", fields::<AnswerFields<'_>>()),
        ("message_send", fields::<MessageFields<'_>>()),
        ("message_read", fields::<ReadFields<'_>>()),
        ("typing_indicator", fields::<TypingFields<'_>>()),
    ];
    for (kind, fields) in by_type {
        let is_it = |example: &&str| types(&[example]).contains(kind);
        let examples: Vec<_> = sent.iter().copied().filter(is_it).collect();
        assert_eq!(keys(&examples, Some("data")), fields, "{kind}");
    }
    assert_eq!(keys(&received, Some("data")), fields::<ServerFields<'_>>());
    for (direction, examples) in [("client", &sent), ("server", &received)] {
        let expected = (types(examples), keys(examples, Some("data")));
        assert_eq!(schema(SCHEMA, direction, Some("data")), expected);
    }
    for example in received {
        let frame: ServerFrame<'_> = serde_json::from_str(example).expect("a client reads it");
        assert!(types(&[example]).contains(frame.kind));
    }
}

#[test]
fn every_code_is_in_the_tables_with_its_sentence() {
    let refusals = [
        Refusal::TooManyDevices,
        Refusal::NotInvited,
        Refusal::NoSuchMessage,
        Refusal::NoSuchInvitation,
        Refusal::OwnInvitation,
        Refusal::DuplicateInvitation,
        Refusal::TooManySent,
        Refusal::TooManyReceived,
        Refusal::TooManyInAll,
    ];
    assert_eq!(set(&refusals.each_ref().map(refusal_word)), set(REFUSALS));
    let refusals = refusals.map(|refusal| {
        assert_eq!(refusal.code(), refusal_word(&refusal));
        (refusal.code(), refusal.sentence())
    });
    let flaws = codes_of(flaw::ALL).chain(codes_of(shared::ALL));
    check_codes(PAGE, flaws.chain(refusals));
}
