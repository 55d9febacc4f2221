//! [`Member`]: a client of the account realm on its WebSocket; and what a test asks over HTTP.
//!
//! Frames are compared as JSON: pages decode them, so the order of fields is free, and their names and
//! values are not. Presence is paced, so a list may come between any two frames. [`Member::hear`] passes
//! over lists, and [`Member::until_users`] looks for one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tungstenite::Message;

use crate::harness::{Phone, Response, Server, binary};

pub(super) const PASSWORD: &str = "correct horse";

/// A folder for the server's data, which is removed when the test is over.
pub(super) struct Data(PathBuf);

impl Data {
    pub(super) fn new() -> Data {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("accounts-{}-{number}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("the target folder can be written to");
        Data(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in the folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Starts a server with this folder.
    pub(super) fn start(&self) -> Server {
        self.start_with(&[])
    }

    pub(super) fn start_with(&self, flags: &[&str]) -> Server {
        let folder = self.0.to_str().expect("a path in UTF-8");
        Server::start(&[&["--data", folder], flags].concat())
    }

    /// Starts a server whose files cannot grow beyond this many blocks. A block is 512 bytes, or 1,024 in
    /// some shells. Then writing fails with EFBIG (setrlimit(2)), as on a broken disk.
    pub(super) fn start_with_small_files(&self, blocks: u32) -> Server {
        let mut command = Command::new("/bin/sh");
        command.env_clear().env("SWITCHBOARD_SLOW_TURN", "1h");
        command.args(["-c", &format!(r#"ulimit -f {blocks}; exec "$0" "$@""#)]);
        command.args([env!("CARGO_BIN_EXE_switchboard"), "--listen", "127.0.0.1:0", "--data"]);
        Server::spawn(command.arg(&self.0))
    }

    /// Runs a tool that needs no input on this folder.
    #[track_caller]
    pub(super) fn tool(&self, words: &[&str]) {
        let status = binary().args(words).arg("--data").arg(&self.0).stdout(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "{words:?}");
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A WebSocket of a user.
pub(super) struct Member {
    phone: Phone,
}

impl Server {
    /// Sends a request with a JSON body.
    #[track_caller]
    pub(super) fn post(&self, path: &str, body: &str) -> Response {
        self.post_with(path, "Content-Type: application/json\r\n", body)
    }

    #[track_caller]
    pub(super) fn post_with(&self, path: &str, lines: &str, body: &str) -> Response {
        let length = body.len();
        self.http(format!(
            "POST {path} HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{lines}\r\n{body}"
        ))
    }

    /// Sends a request without a body, with this value of `Authorization`.
    #[track_caller]
    pub(super) fn as_bearer(&self, method: &str, path: &str, authorization: &str) -> Response {
        self.http(format!(
            "{method} {path} HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\
             Authorization: {authorization}\r\n\r\n"
        ))
    }

    #[track_caller]
    pub(super) fn get_as(&self, token: &str, path: &str) -> Response {
        self.as_bearer("GET", path, &format!("Bearer {token}"))
    }

    #[track_caller]
    pub(super) fn log_out(&self, token: &str) {
        let answer = self.as_bearer("POST", "/logout", &format!("Bearer {token}"));
        assert_eq!(
            (answer.status, answer.json()),
            (200, json!({ "message": "Logged out successfully" }))
        );
    }

    /// Registers a user, and returns what the server says of the user.
    #[track_caller]
    pub(super) fn register(&self, name: &str) -> Value {
        let answer = self.post("/register", &credentials(name, PASSWORD));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["user"].take()
    }

    /// Logs a user in, and returns the token.
    #[track_caller]
    pub(super) fn log_in(&self, name: &str) -> String {
        let answer = self.post("/login", &credentials(name, PASSWORD));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    /// Registers a user, and logs the user in.
    #[track_caller]
    pub(super) fn join(&self, name: &str) -> String {
        self.register(name);
        self.log_in(name)
    }

    /// Opens a WebSocket, and returns the history, too. The connection speaks Chatterbox.
    #[track_caller]
    pub(super) fn enter(&self, token: &str) -> (Member, Vec<Value>) {
        let mut member = Member { phone: self.visit(&format!("/ws?token={token}")) };
        let history = member.frame();
        assert_eq!(history["type"], "history", "the first frame: {history}");
        assert_eq!(keys(&history), ["messages", "type"]);
        (member, history["messages"].as_array().expect("a list").clone())
    }

    /// Opens a WebSocket that speaks Chatterbox.
    #[track_caller]
    pub(super) fn chatterbox(&self, token: &str) -> Member {
        self.enter(token).0
    }

    /// Opens a WebSocket that speaks WebSocket Chat.
    #[track_caller]
    pub(super) fn websocket_chat(&self, token: &str) -> Member {
        let mut member = self.chatterbox(token);
        member.ask_for_users();
        member
    }
}

impl Member {
    pub(super) fn send(&mut self, frame: &Value) {
        self.phone.send(frame.to_string());
    }

    pub(super) fn send_text(&mut self, frame: &str) {
        self.phone.send(frame);
    }

    /// Sends a frame to a server that may be dead. Returns whether the kernel took it.
    pub(super) fn try_send(&mut self, frame: &Value) -> bool {
        self.phone.try_send(frame.to_string())
    }

    /// Reads the next frame of a server that may die at any moment. `None`: the connection has ended.
    #[track_caller]
    pub(super) fn frame_or_end(&mut self) -> Option<Value> {
        loop {
            match self.phone.hear_or_end()? {
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Text(text) => return serde_json::from_str(text.as_str()).expect("JSON"),
                other => panic!("not a text: {other:?}"),
            }
        }
    }

    /// Says something to everybody, in the words of Chatterbox.
    pub(super) fn speak(&mut self, content: &str) {
        self.send(&json!({ "content": content }));
    }

    /// Says something in the words of WebSocket Chat.
    pub(super) fn chat(&mut self, recipient: Option<&str>, content: &str) {
        self.send(&json!({ "type": "chat", "content": content, "recipient": recipient }));
    }

    pub(super) fn typing(&mut self, recipient: Option<&str>, is_typing: bool) {
        self.send(&json!({ "type": "typing", "is_typing": is_typing, "recipient": recipient }));
    }

    /// Asks for the list, and returns its names once it has come.
    #[track_caller]
    pub(super) fn ask_for_users(&mut self) -> Vec<String> {
        self.send(&json!({ "type": "request_user_list" }));
        loop {
            let frame = self.frame();
            assert_eq!(frame["type"], "user_list_update", "{frame}");
            if frame["message"].is_null() {
                return names(&frame);
            }
        }
    }

    /// Reads on until a list has these names and this sentence.
    #[track_caller]
    pub(super) fn until_users(&mut self, expected: &[&str], sentence: &str) {
        loop {
            let frame = self.frame();
            assert_eq!(frame["type"], "user_list_update", "{frame}");
            if frame["message"] == sentence && names(&frame) == expected {
                return;
            }
        }
    }

    /// Reads the next frame that is no list.
    #[track_caller]
    pub(super) fn hear(&mut self) -> Value {
        loop {
            let frame = self.frame();
            if frame["type"] != "user_list_update" {
                return frame;
            }
            names(&frame);
        }
    }

    /// Reads the next frame that is no list, which must be this one but for its time.
    #[track_caller]
    pub(super) fn expect(&mut self, expected: &Value) {
        let mut frame = self.hear();
        if let Some(time) = frame.as_object_mut().and_then(|fields| fields.remove("timestamp")) {
            assert_is_time(&time);
        }
        assert_eq!(frame, *expected);
    }

    /// A message to everybody, in the words of Chatterbox.
    #[track_caller]
    pub(super) fn expect_message(&mut self, username: &str, content: &str) {
        self.expect(&json!({ "type": "message", "username": username, "content": content }));
    }

    /// A message in the words of WebSocket Chat.
    #[track_caller]
    pub(super) fn expect_chat(&mut self, sender: &str, recipient: Option<&str>, content: &str) {
        self.expect(&chat("chat", sender, recipient, content));
    }

    #[track_caller]
    pub(super) fn expect_chat_sent(
        &mut self,
        (sender, recipient): (&str, &str),
        content: &str,
        delivered: bool,
    ) {
        let mut expected = chat("chat_sent", sender, Some(recipient), content);
        expected["delivered"] = delivered.into();
        self.expect(&expected);
    }

    /// An error in the words of Chatterbox.
    #[track_caller]
    pub(super) fn expect_error(&mut self, detail: &str) {
        self.expect(&json!({ "type": "error", "detail": detail }));
    }

    /// An error in the words of WebSocket Chat.
    #[track_caller]
    pub(super) fn expect_chat_error(&mut self, sentence: &str) {
        self.expect(&json!({ "type": "error", "message": sentence, "detail": sentence }));
    }

    /// Reads on until the server closes. Asserts that it does so with this code, and that only lists came
    /// before that.
    #[track_caller]
    pub(super) fn expect_close(&mut self, code: u16) {
        let frames = self.until_close(code);
        assert!(frames.iter().all(|frame| frame["type"] == "user_list_update"), "{frames:?}");
    }

    /// Reads on until the server closes, with this code, and returns the frames before that.
    #[track_caller]
    pub(super) fn until_close(&mut self, code: u16) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            match self.phone.hear() {
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Text(text) => {
                    frames.push(serde_json::from_str(text.as_str()).expect("JSON"));
                }
                Message::Close(Some(close)) => {
                    assert_eq!(u16::from(close.code), code, "{}", close.reason.as_str());
                    self.phone.expect_end();
                    return frames;
                }
                other => panic!("not a close frame with a code: {other:?}"),
            }
        }
    }

    pub(super) fn close(self) {
        self.phone.close();
    }

    /// Reads the next frame. The server's pings are answered by tungstenite.
    #[track_caller]
    pub(super) fn frame(&mut self) -> Value {
        loop {
            match self.phone.hear() {
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Text(text) => return serde_json::from_str(text.as_str()).expect("JSON"),
                other => panic!("not a text: {other:?}"),
            }
        }
    }
}

fn chat(kind: &str, sender: &str, recipient: Option<&str>, content: &str) -> Value {
    let is_global = recipient.is_none();
    json!({
        "type": kind, "content": content, "sender": sender, "is_global": is_global,
        "recipient": recipient,
    })
}

/// The body of `/register` and `/login`.
pub(super) fn credentials(name: &str, password: &str) -> String {
    json!({ "username": name, "password": password }).to_string()
}

/// The names of a list, sorted. Asserts that the frame is whole, and has each name once.
#[track_caller]
fn names(frame: &Value) -> Vec<String> {
    assert_eq!(keys(frame), ["message", "timestamp", "type", "users"]);
    assert_is_time(&frame["timestamp"]);
    let mut names: Vec<String> = serde_json::from_value(frame["users"].clone()).expect("names");
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "each user once: {frame}");
    names
}

/// The keys of an object, sorted.
pub(super) fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> =
        object.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Asserts that a value is a time in ISO 8601, in UTC.
#[track_caller]
pub(super) fn assert_is_time(value: &Value) {
    let time = value.as_str().unwrap_or_else(|| panic!("not a time: {value}"));
    let form: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(form, "0000-00-00T00:00:00.000Z");
}
