//! An event → the frame that tells a client of it, in the fixed shape: these keys in this order,
//! and no spaces.
//!
//! Written by hand rather than by serde, because much in it is raw JSON already: serde would have
//! to check it again to take it for that. Ids and names are plain strings, and escaped.
//!
//! What the sender left out is filled in here, since only here it has a form: the apps' models are
//! strict, and want every key to be there.

use std::time::Duration;

use super::time;
use crate::chat::Event;
use crate::chat::messenger::{self, Answer, Invitation, Message, Status};

/// Appends an event's frame.
pub(super) fn write(event: &Event<'_>, out: &mut Vec<u8>) {
    match event {
        Event::Messenger(event) => write_own(event, out),
        Event::Pong => put(out, r#"{"type":"pong"}"#),
        Event::Error { detail } => {
            string(out, r#"{"type":"error","data":{"detail":"#, detail);
            put(out, "}}");
        }
        // Nobody is in two realms.
        Event::Mobile(_) => {}
    }
}

/// Appends the frame of an event of the realm. All of them have data, and end alike.
fn write_own(event: &messenger::Event<'_>, out: &mut Vec<u8>) {
    use messenger::Event;
    match *event {
        Event::Authenticated { session } => {
            string(out, r#"{"type":"authenticated","data":{"sessionId":"#, session);
        }
        Event::InvitationReceived(invitation) => {
            put(out, r#"{"type":"invitation_received","data":"#);
            write_invitation(&invitation, out);
        }
        Event::InvitationAnswered(invitation) => {
            put(out, r#"{"type":"invitation_response","data":"#);
            write_invitation(&invitation, out);
        }
        Event::Message { message, from, taken_at, is_outgoing, ticket: _ } => {
            put(out, r#"{"type":"message_received","data":"#);
            write_message(message, from, taken_at, is_outgoing, out);
        }
        Event::Status { message, status } => {
            string(out, r#"{"type":"message_status","data":{"messageId":"#, message);
            word(out, r#","status":"#, status_word(status));
        }
        Event::Typing { from, is_typing } => {
            string(out, r#"{"type":"typing_indicator","data":{"sessionId":"#, from);
            boolean(out, r#","isTyping":"#, is_typing);
        }
        Event::ContactOnline { session } => {
            string(out, r#"{"type":"contact_online","data":{"sessionId":"#, session);
        }
        Event::ContactOffline { session } => {
            string(out, r#"{"type":"contact_offline","data":{"sessionId":"#, session);
        }
    }
    put(out, "}}");
}

/// Appends the fields of a message; its last brace is the caller's.
fn write_message(
    message: &Message<'_>,
    from: &str,
    taken_at: Duration,
    is_outgoing: bool,
    out: &mut Vec<u8>,
) {
    string(out, r#"{"id":"#, message.id.as_str());
    string(out, r#","senderId":"#, from);
    string(out, r#","recipientId":"#, message.to.as_str());
    json(out, r#","content":"#, message.content);
    json(out, r#","messageType":"#, message.kind.unwrap_or(r#""text""#));
    time(out, r#","timestamp":"#, message.timestamp, taken_at);
    json(out, r#","status":"#, message.status.unwrap_or(r#""sent""#));
    boolean(out, r#","isOutgoing":"#, is_outgoing);
    json(out, r#","metadata":"#, message.metadata.unwrap_or("null"));
    json(out, r#","replyToId":"#, message.reply_to.unwrap_or("null"));
    json(out, r#","mentions":"#, message.mentions.unwrap_or("null"));
}

/// Appends the fields of an invitation; its last brace is the caller's.
fn write_invitation(invitation: &Invitation<'_>, out: &mut Vec<u8>) {
    let ends_at = invitation.taken_at.saturating_add(invitation.lasts);
    string(out, r#"{"id":"#, invitation.id);
    string(out, r#","senderId":"#, invitation.from);
    string(out, r#","senderName":"#, invitation.from_name);
    string(out, r#","recipientId":"#, invitation.to);
    json(out, r#","message":"#, invitation.text);
    word(out, r#","status":"#, answer_word(invitation.answer));
    time(out, r#","createdAt":"#, invitation.created_at, invitation.taken_at);
    time(out, r#","expiresAt":"#, invitation.expires_at, ends_at);
    json(out, r#","metadata":"#, invitation.metadata.unwrap_or("null"));
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

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Appends a value that is JSON already.
fn json(out: &mut Vec<u8>, key: &str, json: &str) {
    put(out, key);
    put(out, json);
}

/// Appends a string that may hold anything.
fn string(out: &mut Vec<u8>, key: &str, text: &str) {
    put(out, key);
    serde_json::to_writer(out, text).expect("a str always has a JSON form");
}

/// Appends a string of ours, in which there is nothing to escape.
fn word(out: &mut Vec<u8>, key: &str, word: &str) {
    put(out, key);
    put(out, "\"");
    put(out, word);
    put(out, "\"");
}

fn boolean(out: &mut Vec<u8>, key: &str, value: bool) {
    json(out, key, if value { "true" } else { "false" });
}

/// Appends a time as its sender wrote it, or else by the server's clock.
fn time(out: &mut Vec<u8>, key: &str, written: Option<&str>, ours: Duration) {
    put(out, key);
    match written {
        Some(written) => put(out, written),
        None => {
            put(out, "\"");
            time::write(ours, out);
            put(out, "\"");
        }
    }
}
