//! The Session Messenger protocol: a phone is a device of a session, and its first frame says of which one.

mod read;

use std::borrow::Cow;

use switchboard::dialects::messenger::wire::ClientFrame;

use super::dialect::{Dialect, Letter, MessengerWords, Names, Realm};
use super::door::{Caller, Door};
use super::pen::Pen;
use super::said::Said;

/// The time that every phone's clock shows. The server passes it on, and uses its own.
const LOCAL_TIME: &str = "2026-01-01T00:00:00.000";

/// The protocol.
#[derive(Debug)]
pub(super) struct SessionMessenger;

impl Dialect for SessionMessenger {
    fn names(&self) -> Names {
        Names {
            word: "session",
            title: "Session Messenger",
            bad_greeting: "lets nobody in",
            bad_greetings: "let nobody in",
        }
    }

    fn realm(&self) -> Realm {
        Realm::Messenger(&SessionMessenger)
    }

    /// `/ws`, and the first frame says who the phone is.
    fn door(&self, caller: &Caller<'_>) -> Door {
        let frame = ClientFrame::Auth {
            session_id: caller.session,
            name: Some("loadgen"),
            profile_picture: None,
            // A phone that wants receipts says nothing of them, as the apps do.
            receipts: (!caller.receipts).then_some(false),
        };
        let sign_in = serde_json::to_string(&frame).expect("strings always have a JSON form");
        Door { sign_in: Some(sign_in), ..Door::at("/ws".to_owned()) }
    }

    fn ping(&self, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_json(&ClientFrame::Ping, out);
    }

    fn understand<'a>(&self, json: Cow<'a, str>) -> Said<'a> {
        read::understand(json)
    }
}

impl MessengerWords for SessionMessenger {
    /// With all fields that the apps put into a message.
    fn message(&self, letter: &Letter<'_>, pen: &mut Pen, out: &mut Vec<u8>) {
        let frame = ClientFrame::MessageSend {
            id: letter.id,
            sender_id: letter.from,
            recipient_id: letter.to,
            content: letter.text,
            message_type: "text",
            timestamp: LOCAL_TIME,
            status: "sending",
            is_outgoing: true,
            metadata: None,
            reply_to_id: None,
            mentions: None,
        };
        pen.write_json(&frame, out);
    }

    fn mark_read(&self, message: &str, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_json(&ClientFrame::MessageRead { message_id: message }, out);
    }

    fn type_to(&self, to: &str, is_typing: bool, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_json(&ClientFrame::TypingIndicator { recipient_id: to, is_typing }, out);
    }

    fn invite(&self, letter: &Letter<'_>, pen: &mut Pen, out: &mut Vec<u8>) {
        let frame = ClientFrame::InvitationSend {
            id: letter.id,
            sender_id: letter.from,
            sender_name: "loadgen",
            recipient_id: letter.to,
            message: letter.text,
            status: "pending",
            created_at: LOCAL_TIME,
            expires_at: None,
            metadata: None,
        };
        pen.write_json(&frame, out);
    }

    fn answer(&self, invitation: &str, accepts: bool, pen: &mut Pen, out: &mut Vec<u8>) {
        let invitation_id = invitation;
        let frame = match accepts {
            true => ClientFrame::InvitationAccept { invitation_id },
            false => ClientFrame::InvitationDecline { invitation_id },
        };
        pen.write_json(&frame, out);
    }
}
