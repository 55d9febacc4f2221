//! [`Friend`]: a client of `switchboard.v1`.
//!
//! Frames are compared as JSON. A time must be there, and is taken out before frames are compared. A friend hears
//! no lists of those online, unless a test asks for them.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tungstenite::Message;

use crate::harness::{Phone, Server};

/// A WebSocket of a user.
pub(in crate::accounts) struct Friend {
    phone: Phone,
    name: String,
}

impl Server {
    /// Opens a WebSocket for the user of a token. It hears no lists.
    #[track_caller]
    pub(in crate::accounts) fn friend(&self, token: &str) -> Friend {
        self.friend_at(&format!("/ws?token={token}&presence=none"), &[])
    }

    /// Opens a WebSocket at this address, and takes the welcome.
    #[track_caller]
    pub(in crate::accounts) fn friend_at(&self, path: &str, headers: &[(&str, String)]) -> Friend {
        let phone = self.visit_with(path, "switchboard.v1", headers);
        let mut friend = Friend { phone, name: String::new() };
        let welcome = friend.hear();
        assert_eq!(welcome["type"], "welcome", "the first frame: {welcome}");
        assert_eq!(welcome["server"], env!("CARGO_PKG_VERSION"));
        assert_eq!(welcome.as_object().map(|fields| fields.len()), Some(3), "{welcome}");
        friend.name = welcome["user"].as_str().expect("a name").to_owned();
        friend
    }

    /// Registers a user, logs in, and opens a WebSocket.
    #[track_caller]
    pub(in crate::accounts) fn new_friend(&self, name: &str) -> Friend {
        let token = self.join(name);
        self.friend(&token)
    }
}

/// The place of a private conversation.
pub(in crate::accounts) fn to(name: &str) -> Value {
    json!({ "to": name })
}

/// The place of a room.
pub(in crate::accounts) fn in_room(room: &str) -> Value {
    json!({ "room": room })
}

/// The place of everybody.
pub(in crate::accounts) fn to_all() -> Value {
    json!({})
}

/// Two objects in one.
pub(in crate::accounts) fn with(mut one: Value, other: &Value) -> Value {
    let fields = one.as_object_mut().expect("an object");
    fields.extend(other.as_object().expect("an object").clone());
    one
}

impl Friend {
    pub(in crate::accounts) fn send(&mut self, frame: &Value) {
        self.phone.send(frame.to_string());
    }

    pub(in crate::accounts) fn name(&self) -> &str {
        &self.name
    }

    /// An id that no client has used before.
    pub(in crate::accounts) fn new_id(&mut self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        format!("{}-{}", self.name, NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Reads the next frame.
    #[track_caller]
    pub(in crate::accounts) fn hear(&mut self) -> Value {
        loop {
            match self.phone.hear() {
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Text(text) => return serde_json::from_str(text.as_str()).expect("JSON"),
                other => panic!("not a text: {other:?}"),
            }
        }
    }

    /// Reads the next frame, which must be this one but for its time.
    #[track_caller]
    pub(in crate::accounts) fn expect(&mut self, expected: &Value) {
        let mut frame = self.hear();
        take_time(&mut frame);
        assert_eq!(frame, *expected);
    }

    /// Asserts that nothing has come: the next frame is the answer to a ping.
    #[track_caller]
    pub(in crate::accounts) fn expect_silence(&mut self) {
        self.send(&json!({ "type": "ping" }));
        self.expect(&json!({ "type": "pong" }));
    }

    /// Sends a frame with a new id, and reads the answer, which has the id. Takes the id out.
    #[track_caller]
    pub(in crate::accounts) fn ask(&mut self, frame: Value) -> Value {
        let id = self.new_id();
        self.send(&with(frame, &json!({ "id": id })));
        let mut answer = self.hear();
        let answered = answer.as_object_mut().and_then(|fields| fields.remove("id"));
        assert_eq!(answered, Some(id.into()), "{answer}");
        answer
    }

    /// Sends a frame that is refused. Asserts that the error has its id, and returns its code.
    #[track_caller]
    pub(in crate::accounts) fn refused(&mut self, frame: Value) -> String {
        let answer = self.ask(frame);
        assert_eq!(answer["type"], "error", "{answer}");
        assert!(answer["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{answer}");
        answer["code"].as_str().expect("a code").to_owned()
    }

    /// Says something, and waits until it is stored. Returns its mid.
    #[track_caller]
    pub(in crate::accounts) fn say(&mut self, place: &Value, text: &str) -> String {
        let mut ack = self.ask(with(json!({ "type": "message", "text": text }), place));
        let mid = ack["mid"].as_str().expect("a mid").to_owned();
        take_time(&mut ack);
        assert_eq!(ack, json!({ "type": "ack", "mid": mid, "status": "stored" }));
        mid
    }

    /// Says something private that a connection of the recipient is sent.
    #[track_caller]
    pub(in crate::accounts) fn deliver(&mut self, name: &str, text: &str) -> String {
        let mid = self.say(&to(name), text);
        let ack = self.hear();
        assert_eq!((&ack["type"], &ack["status"]), (&"ack".into(), &"delivered".into()), "{ack}");
        assert_eq!(ack["mid"], mid, "{ack}");
        mid
    }

    /// Reads the next frame, which must be a message. Returns its mid.
    #[track_caller]
    pub(in crate::accounts) fn expect_said(
        &mut self,
        from: &str,
        place: &Value,
        text: &str,
    ) -> String {
        let mut frame = self.hear();
        let mid = frame["mid"].as_str().unwrap_or_else(|| panic!("{frame}")).to_owned();
        take_time(&mut frame);
        let expected = json!({ "type": "message", "mid": mid, "from": from, "text": text });
        assert_eq!(frame, with(expected, place));
        mid
    }

    /// The history of a place, without times. Asserts that there is no more.
    #[track_caller]
    pub(in crate::accounts) fn history(&mut self, place: &Value) -> Vec<Value> {
        let mut answer = self.ask(with(json!({ "type": "history" }), place));
        let mut messages: Vec<Value> =
            serde_json::from_value(answer["messages"].take()).expect("a list");
        messages.iter_mut().for_each(take_time);
        let expected = json!({ "type": "history", "messages": null, "more": false });
        assert_eq!(answer, with(expected, place));
        messages
    }

    /// The texts of a history.
    #[track_caller]
    pub(in crate::accounts) fn texts(&mut self, place: &Value) -> Vec<String> {
        let text = |message: &Value| message["text"].as_str().expect("a text").to_owned();
        self.history(place).iter().map(text).collect()
    }

    /// The list of conversations, without times.
    #[track_caller]
    pub(in crate::accounts) fn conversations(&mut self) -> Vec<Value> {
        let mut answer = self.ask(json!({ "type": "conversations" }));
        let list = answer["conversations"].take();
        assert_eq!(answer, json!({ "type": "conversations", "conversations": null }));
        let mut list: Vec<Value> = serde_json::from_value(list).expect("a list");
        for one in &mut list {
            if !one["last"].is_null() {
                take_time(&mut one["last"]);
            }
        }
        list
    }

    /// Makes a room, and returns its id.
    #[track_caller]
    pub(in crate::accounts) fn create_room(&mut self, name: &str) -> String {
        let mut news = self.ask(json!({ "type": "room_create", "name": name, "description": "" }));
        let room = news["room"].take();
        let me = self.name.as_str();
        assert_eq!(
            news,
            json!({
                "type": "room", "room": null, "name": name, "description": "", "creator": me,
                "members": 1, "event": "created", "user": me,
            })
        );
        room.as_str().expect("an id").to_owned()
    }

    /// Adds a user to a room, who is told on this connection.
    #[track_caller]
    pub(in crate::accounts) fn add(&mut self, room: &str, other: &mut Friend) {
        let mut news = self.ask(json!({ "type": "room_add", "room": room, "user": other.name }));
        assert_eq!((&news["event"], &news["user"]), (&"added".into(), &other.name.as_str().into()));
        news["id"] = Value::Null;
        let mut heard = other.hear();
        heard["id"] = Value::Null;
        assert_eq!(heard, news);
    }

    /// Reads on until the server closes, with this code.
    #[track_caller]
    pub(in crate::accounts) fn until_close(&mut self, code: u16) {
        loop {
            match self.phone.hear() {
                Message::Ping(_) | Message::Pong(_) | Message::Text(_) => {}
                Message::Close(Some(close)) => {
                    assert_eq!(u16::from(close.code), code, "{}", close.reason.as_str());
                    return self.phone.expect_end();
                }
                other => panic!("not a close frame with a code: {other:?}"),
            }
        }
    }

    pub(in crate::accounts) fn close(self) {
        self.phone.close();
    }
}

/// Takes the time out of a frame that has one. Asserts that it is one of this decade, in milliseconds.
#[track_caller]
pub(in crate::accounts) fn take_time(frame: &mut Value) {
    for key in ["ts", "edited"] {
        let Some(time) = frame.as_object_mut().and_then(|fields| fields.remove(key)) else {
            continue;
        };
        let time = time.as_i64().unwrap_or_else(|| panic!("not a time: {time}"));
        assert!(time > 1_700_000_000_000, "{time}");
        if key == "edited" {
            frame["edited"] = true.into();
        }
    }
}
