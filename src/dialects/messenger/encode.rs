//! Encodes an event as the frame for a client. The shape is fixed: these keys in this order, and no
//! spaces. Ids and names are plain strings, and escaped here. All other values arrived as JSON.
//!
//! This file fills in what the sender left out, because the apps' models are strict: every key has to be
//! present.

use std::time::Duration;

use crate::chat::Event;
use crate::chat::messenger::{self, Answer, Invitation, Message, Status};
use crate::dialects::json::Writer;
use crate::dialects::time;

/// Appends an event's frame.
pub(super) fn write(event: &Event<'_>, out: &mut Vec<u8>) {
    let mut out = Writer(out);
    match event {
        Event::Messenger(event) => write_own(event, &mut out),
        Event::Pong => _ = out.raw(r#"{"type":"pong"}"#),
        Event::Notice(text) => {
            out.raw(r#"{"type":"notice","data":{"detail":"#).string(text).raw("}}");
        }
        Event::Error { detail, code, id } => {
            out.raw(r#"{"type":"error","data":{"detail":"#).string(detail);
            out.raw(r#","code":"#).word(code);
            if let Some(id) = id {
                out.raw(r#","id":"#).string(id);
            }
            out.raw("}}");
        }
        // A connection that speaks this dialect is in the messenger realm only.
        Event::Mobile(_) | Event::Account(_) => {}
    }
}

/// Appends the frame of an event of the realm. All these frames have data, and the same end.
fn write_own(event: &messenger::Event<'_>, out: &mut Writer<'_>) {
    use messenger::Event;
    match *event {
        Event::Authenticated { who } => {
            out.raw(r#"{"type":"authenticated","data":{"sessionId":"#).string(who);
        }
        Event::InvitationReceived(invitation) => {
            out.raw(r#"{"type":"invitation_received","data":"#);
            write_invitation(&invitation, out);
        }
        Event::InvitationAnswered(invitation) => {
            out.raw(r#"{"type":"invitation_response","data":"#);
            write_invitation(&invitation, out);
        }
        Event::Message { message, from, taken_at, is_outgoing, ticket: _ } => {
            out.raw(r#"{"type":"message_received","data":"#);
            write_message(message, from, taken_at, is_outgoing, out);
        }
        Event::Status { message, status } => {
            out.raw(r#"{"type":"message_status","data":{"messageId":"#).string(message);
            out.raw(r#","status":"#).word(status_word(status));
        }
        Event::Typing { from, is_typing } => {
            out.raw(r#"{"type":"typing_indicator","data":{"sessionId":"#).string(from);
            out.raw(r#","isTyping":"#).boolean(is_typing);
        }
        Event::ContactOnline { who } => {
            out.raw(r#"{"type":"contact_online","data":{"sessionId":"#).string(who);
        }
        Event::ContactOffline { who } => {
            out.raw(r#"{"type":"contact_offline","data":{"sessionId":"#).string(who);
        }
    }
    out.raw("}}");
}

/// Appends the fields of a message. The caller appends the last brace.
fn write_message(
    message: &Message<'_>,
    from: &str,
    taken_at: Duration,
    is_outgoing: bool,
    out: &mut Writer<'_>,
) {
    out.raw(r#"{"id":"#).string(message.id.as_str());
    out.raw(r#","senderId":"#).string(from);
    out.raw(r#","recipientId":"#).string(message.to.as_str());
    out.raw(r#","content":"#).raw(message.content);
    out.raw(r#","messageType":"#).raw(message.kind.unwrap_or(r#""text""#));
    out.raw(r#","timestamp":"#);
    time(out, message.timestamp, taken_at);
    out.raw(r#","status":"#).raw(message.status.unwrap_or(r#""sent""#));
    out.raw(r#","isOutgoing":"#).boolean(is_outgoing);
    out.raw(r#","metadata":"#).raw(message.metadata.unwrap_or("null"));
    out.raw(r#","replyToId":"#).raw(message.reply_to.unwrap_or("null"));
    out.raw(r#","mentions":"#).raw(message.mentions.unwrap_or("null"));
}

/// Appends the fields of an invitation. The caller appends the last brace.
fn write_invitation(invitation: &Invitation<'_>, out: &mut Writer<'_>) {
    let ends_at = invitation.taken_at.saturating_add(invitation.lasts);
    out.raw(r#"{"id":"#).string(invitation.id);
    out.raw(r#","senderId":"#).string(invitation.from);
    out.raw(r#","senderName":"#).string(invitation.from_name);
    out.raw(r#","recipientId":"#).string(invitation.to);
    out.raw(r#","message":"#).raw(invitation.text);
    out.raw(r#","status":"#).word(answer_word(invitation.answer));
    out.raw(r#","createdAt":"#);
    time(out, invitation.created_at, invitation.taken_at);
    out.raw(r#","expiresAt":"#);
    time(out, invitation.expires_at, ends_at);
    out.raw(r#","metadata":"#).raw(invitation.metadata.unwrap_or("null"));
}

/// Appends a time as its sender wrote it, or the server's time if the sender gave none.
fn time(out: &mut Writer<'_>, written: Option<&str>, ours: Duration) {
    match written {
        Some(written) => _ = out.raw(written),
        None => {
            out.raw("\"");
            time::write(ours, out.0);
            out.raw("\"");
        }
    }
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Sent => "sent",
        Status::Delivered => "delivered",
        Status::Read => "read",
        Status::Undelivered => "undelivered",
    }
}

fn answer_word(answer: Answer) -> &'static str {
    match answer {
        Answer::Pending => "pending",
        Answer::Accepted => "accepted",
        Answer::Declined => "declined",
        Answer::Expired => "expired",
    }
}
