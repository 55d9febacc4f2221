//! [`Device`]: a client of the messenger realm. Several devices may sign in with the same id.
//!
//! It writes and reads frames of `{"type":…,"data":{…}}`. Frames are compared as JSON, because clients
//! of this protocol decode them into models: the order of fields is free, their names and values are not.

use serde_json::{Value, json};
use tungstenite::Message;

use super::{Heartbeat, Phone, Server};

/// A device, and its WebSocket.
pub(crate) struct Device {
    pub(crate) phone: Phone,
}

impl Server {
    /// Signs in a device with this id and no name. The test still has to read what waits for it.
    #[track_caller]
    pub(crate) fn device(&self, id: &str) -> Device {
        self.device_with(&json!({ "sessionId": id, "name": null, "profilePicture": null }))
    }

    /// Signs in a device with this data.
    #[track_caller]
    pub(crate) fn device_with(&self, auth: &Value) -> Device {
        let mut device = self.stranger("/ws");
        device.say("auth", auth);
        device.expect("authenticated", &json!({ "sessionId": auth["sessionId"] }));
        device
    }

    /// Signs in a device with this id, from an address of this machine. All of 127.0.0.0/8 is this machine
    /// (RFC 1122 §3.2.1.3).
    #[track_caller]
    pub(crate) fn device_from(&self, address: [u8; 4], id: &str) -> Device {
        let phone = Phone::open(self.stream_from(address), self.address(), "/ws");
        let mut device = Device { phone };
        device.say("auth", &json!({ "sessionId": id }));
        device.expect("authenticated", &json!({ "sessionId": id }));
        device
    }

    /// Connects a device that has not signed in.
    pub(crate) fn stranger(&self, path: &str) -> Device {
        Device { phone: self.visit(path) }
    }
}

impl Device {
    pub(crate) fn say(&mut self, kind: &str, data: &Value) {
        self.phone.send(json!({ "type": kind, "data": data }).to_string());
    }

    /// Sends a message with only the required fields.
    pub(crate) fn write(&mut self, id: &str, to: &str, content: &str) {
        self.say("message_send", &json!({ "id": id, "recipientId": to, "content": content }));
    }

    /// Sends an invitation with only the required fields.
    pub(crate) fn invite(&mut self, id: &str, to: &str) {
        self.say("invitation_send", &json!({ "id": id, "recipientId": to, "message": "hello" }));
    }

    pub(crate) fn accept(&mut self, invitation: &str) {
        self.say("invitation_accept", &json!({ "invitationId": invitation }));
    }

    pub(crate) fn decline(&mut self, invitation: &str) {
        self.say("invitation_decline", &json!({ "invitationId": invitation }));
    }

    pub(crate) fn read(&mut self, message: &str) {
        self.say("message_read", &json!({ "messageId": message }));
    }

    pub(crate) fn typing(&mut self, to: &str, is_typing: bool) {
        self.say("typing_indicator", &json!({ "recipientId": to, "isTyping": is_typing }));
    }

    /// Reads the next frame, which must be of this kind, and returns its data.
    #[track_caller]
    pub(crate) fn hear(&mut self, kind: &str) -> Value {
        let mut frame = self.phone.json();
        assert_eq!(frame["type"], kind, "{frame}");
        let fields = frame.as_object().map(serde_json::Map::len);
        assert_eq!(fields, Some(2), "a type and data, and no more: {frame}");
        frame["data"].take()
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, kind: &str, data: &Value) {
        assert_eq!(self.hear(kind), *data, "in {kind}");
    }

    #[track_caller]
    pub(crate) fn expect_status(&mut self, message: &str, status: &str) {
        self.expect("message_status", &json!({ "messageId": message, "status": status }));
    }

    #[track_caller]
    pub(crate) fn expect_typing(&mut self, who: &str, is_typing: bool) {
        self.expect("typing_indicator", &json!({ "sessionId": who, "isTyping": is_typing }));
    }

    #[track_caller]
    pub(crate) fn expect_online(&mut self, who: &str) {
        self.expect("contact_online", &json!({ "sessionId": who }));
    }

    #[track_caller]
    pub(crate) fn expect_offline(&mut self, who: &str) {
        self.expect("contact_offline", &json!({ "sessionId": who }));
    }

    /// Reads the next frame, which must be an error with one sentence, and returns the sentence.
    #[track_caller]
    pub(crate) fn expect_error(&mut self) -> String {
        self.expect_error_about().0
    }

    /// Reads the next frame, which must be an error, and returns its sentence, code and id.
    #[track_caller]
    pub(crate) fn expect_error_about(&mut self) -> (String, String, Option<String>) {
        let data = self.hear("error");
        let text = |key: &str| data[key].as_str().map(str::to_owned);
        let detail = text("detail").unwrap_or_else(|| panic!("no detail: {data}"));
        let code = text("code").unwrap_or_else(|| panic!("no code: {data}"));
        let keys = data.as_object().map_or(0, serde_json::Map::len);
        assert_eq!(keys, 2 + usize::from(text("id").is_some()), "{data}");
        assert!(detail.len() >= 8, "not a sentence: {detail}");
        (detail, code, text("id"))
    }

    /// Reads the next frame, which must be this message, and returns its data.
    #[track_caller]
    pub(crate) fn expect_message(&mut self, id: &str, from: &str, content: &str) -> Value {
        let data = self.hear("message_received");
        let told = (&data["id"], &data["senderId"], &data["content"]);
        assert_eq!(told, (&id.into(), &from.into(), &content.into()));
        data
    }

    /// Reads the next frame, which must be the answer to an invitation, and returns its data.
    #[track_caller]
    pub(crate) fn expect_response(&mut self, id: &str, status: &str) -> Value {
        let data = self.hear("invitation_response");
        assert_eq!((&data["id"], &data["status"]), (&id.into(), &status.into()));
        data
    }

    /// Asserts that the test has read everything that the server had for this device.
    #[track_caller]
    pub(crate) fn expect_nothing(&mut self) {
        self.phone.expect_nothing();
    }

    /// Asserts that the server closes with this code, and a reason.
    #[track_caller]
    pub(crate) fn expect_close(&mut self, code: u16) {
        match self.phone.hear() {
            Message::Close(Some(close)) => {
                assert_eq!(u16::from(close.code), code, "{}", close.reason.as_str());
                assert!(!close.reason.is_empty(), "no reason");
            }
            other => panic!("not a close frame with a code: {other:?}"),
        }
        self.phone.expect_end();
    }

    /// Asserts that the server does not sign the device in: it closes with 4001, perhaps after an error.
    #[track_caller]
    pub(crate) fn expect_turned_away(&mut self) {
        loop {
            match self.phone.hear() {
                Message::Text(text) => {
                    let frame: Value = serde_json::from_str(text.as_str()).expect("JSON");
                    assert_eq!(frame["type"], "error", "{frame}");
                }
                Message::Close(Some(close)) => {
                    assert_eq!(u16::from(close.code), 4001, "{}", close.reason.as_str());
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        self.phone.expect_end();
    }

    pub(crate) fn close(self) {
        self.phone.close();
    }

    pub(crate) fn keep_alive(&self) -> Heartbeat {
        self.phone.keep_alive()
    }
}

/// Makes these two contacts, each of which knows that the other is online.
#[track_caller]
pub(crate) fn befriend(a: (&mut Device, &str), b: (&mut Device, &str)) {
    a.0.invite("befriend", b.1);
    b.0.hear("invitation_received");
    b.0.accept("befriend");
    a.0.expect_response("befriend", "accepted");
    a.0.expect_online(b.1);
    b.0.expect_online(a.1);
}
