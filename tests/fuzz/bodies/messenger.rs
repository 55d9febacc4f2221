//! Any text, as a frame of Session Messenger. What it makes of one is compared with what a reader of
//! plain JSON finds in it, and what a recipient is told has to be JSON again, with texts as they came.

use std::time::Duration;

use switchboard::chat;
use switchboard::chat::messenger::{
    Command, Event, Invite, Message as Said, PersonId, SignIn, Status,
};
use switchboard::dialects::{Dialect, Incoming, Message, messenger};
use switchboard::timer::Zone;

use super::json::{field, fields, is_strict, word};

/// A frame.
pub fn check(bytes: &[u8]) {
    assert_eq!(Dialect::Messenger.read(Message::Binary(bytes)), Incoming::Unacceptable);
    let Ok(text) = str::from_utf8(bytes) else { return };
    let is_object = fields(text).is_some();
    let understood = Dialect::Messenger.read(Message::Text(text));
    let kind = is_object.then(|| word(text, "type")).flatten();
    match understood {
        Incoming::SignIn(who) => {
            assert_eq!(kind.as_deref(), Some("auth"));
            check_sign_in(field(text, "data").expect("it has data"), &who);
        }
        Incoming::Command(chat::Command::Messenger(command)) => {
            let data = field(text, "data").expect("every command has data");
            check_command(kind.as_deref().expect("and a type"), data, &command);
        }
        Incoming::Reply(event) => {
            assert_eq!((event, kind.as_deref()), (chat::Event::Pong, Some("ping")));
        }
        Incoming::Malformed { detail, code, id, refused_message } => {
            // Of two faults the first is named; a key that stands twice may come before the end.
            match detail {
                "a frame must be one JSON object" => assert!(!is_object),
                "a key appears twice" => {}
                _ => assert!(is_object, "{detail}"),
            }
            if refused_message.is_some() {
                assert_eq!(kind.as_deref(), Some("message_send"));
            }
            let said = written(&chat::Event::Error { detail, code, id: id.as_deref() });
            assert_eq!(word(&said, "detail").as_deref(), Some(detail));
            assert_eq!(word(&said, "code").as_deref(), Some(code));
            assert_eq!(word(&said, "id"), id.map(String::from));
        }
        Incoming::Command(chat::Command::Mobile(_) | chat::Command::Account(_))
        | Incoming::Token(_)
        | Incoming::Echo(_)
        | Incoming::Nothing
        | Incoming::Speaks(_)
        | Incoming::Unacceptable => {
            panic!("no text of this realm is any of these")
        }
    }
}

fn check_sign_in(data: &str, who: &SignIn<'_>) {
    check_session(data, "sessionId", &who.id);
    if let Some(name) = &who.name {
        assert_eq!(word(data, "name").as_deref(), Some(name.as_str()));
    }
    assert_eq!(who.receipts, value(data, "receipts") != Some("false"));
    let said = written_own(Event::Authenticated { who: who.id.as_str() });
    assert_eq!(word(&said, "sessionId").as_deref(), Some(who.id.as_str()));
}

/// What the chat would make of a command has to say what the frame said, to the byte.
fn check_command(kind: &str, data: &str, command: &Command<'_>) {
    match command {
        Command::Message(message) => {
            assert_eq!(kind, "message_send");
            check_message(data, message);
        }
        Command::Invite(invite) => {
            assert_eq!(kind, "invitation_send");
            check_invite(data, invite);
        }
        Command::Accept { invitation } => {
            assert_eq!(kind, "invitation_accept");
            assert_eq!(word(data, "invitationId").as_deref(), Some(invitation.as_str()));
        }
        Command::Decline { invitation } => {
            assert_eq!(kind, "invitation_decline");
            assert_eq!(word(data, "invitationId").as_deref(), Some(invitation.as_str()));
        }
        Command::Read { message } => {
            assert_eq!(kind, "message_read");
            assert_eq!(word(data, "messageId").as_deref(), Some(message.as_str()));
            let status = Status::Read;
            let said = written_own(Event::Status { message: message.as_str(), status });
            assert_eq!(word(&said, "messageId").as_deref(), Some(message.as_str()));
        }
        Command::Typing { to, is_typing } => {
            assert_eq!(kind, "typing_indicator");
            check_session(data, "recipientId", to);
            assert_eq!(value(data, "isTyping"), Some(if *is_typing { "true" } else { "false" }));
            let said = written_own(Event::Typing { from: to.as_str(), is_typing: *is_typing });
            assert_eq!(field(&said, "isTyping"), value(data, "isTyping"));
        }
    }
}

fn check_message(data: &str, message: &Said<'_>) {
    assert_eq!(word(data, "id").as_deref(), Some(message.id.as_str()));
    check_session(data, "recipientId", &message.to);
    assert!(message.metadata.is_none_or(|json| json.len() <= messenger::LIMITS.metadata_bytes));
    let (is_outgoing, ticket) = (false, None);
    let taken_at = Duration::ZERO;
    let said = written_own(Event::Message { message, from: "a\"b", taken_at, is_outgoing, ticket });
    assert_eq!(word(&said, "id").as_deref(), Some(message.id.as_str()));
    assert_eq!(word(&said, "senderId").as_deref(), Some("a\"b"), "whatever the frame said");
    assert_eq!(field(&said, "isOutgoing"), Some("false"), "whatever the frame said");
    for (key, understood) in [
        ("content", Some(message.content)),
        ("messageType", message.kind),
        ("timestamp", message.timestamp),
        ("status", message.status),
        ("metadata", message.metadata),
        ("replyToId", message.reply_to),
        ("mentions", message.mentions),
    ] {
        assert_eq!(value(data, key), understood, "{key}");
        let told = field(&said, key).expect("the apps want every key");
        assert!(understood.is_none_or(|json| json == told), "{key}");
    }
}

fn check_invite(data: &str, invite: &Invite<'_>) {
    assert_eq!(word(data, "id").as_deref(), Some(invite.id.as_str()));
    check_session(data, "recipientId", &invite.to);
    assert_eq!(field(data, "message"), Some(invite.text));
    assert_eq!(value(data, "createdAt"), invite.created_at);
    // `null` is a value here: it says that there is no end.
    assert_eq!(field(data, "expiresAt"), invite.expires_at);
    assert_eq!(value(data, "metadata"), invite.metadata);
}

fn check_session(data: &str, key: &str, session: &PersonId<'_>) {
    assert_eq!(word(data, key).as_deref(), Some(session.as_str()));
}

/// A field as it is written, if it is there. `null` counts as absent.
fn value<'a>(data: &'a str, key: &str) -> Option<&'a str> {
    field(data, key).filter(|json| *json != "null")
}

fn written_own(event: Event<'_>) -> String {
    written(&chat::Event::Messenger(event))
}

/// The data of what a client is told of an event: a JSON object in one.
fn written(event: &chat::Event<'_>) -> String {
    let mut out = Vec::new();
    Dialect::Messenger.write(event, &Zone::default(), &mut out);
    let frame = String::from_utf8(out).expect("JSON is UTF-8");
    let data = field(&frame, "data").expect("it has data");
    assert!(fields(data).is_some() && is_strict(&frame));
    data.to_owned()
}
