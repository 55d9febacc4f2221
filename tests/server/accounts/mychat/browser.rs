//! [`Browser`]: what a browser does for MyChat's page: it keeps cookies, and sends them with each request.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::super::client::PASSWORD;
use crate::harness::{CLOSE, PONG, Response, Server, TEXT, Wire, frame};

/// A browser with the cookies of one server.
#[derive(Default)]
pub(in crate::accounts) struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Server {
    /// A browser whose user has just registered.
    #[track_caller]
    pub(in crate::accounts) fn newcomer(&self, name: &str) -> Browser {
        let mut browser = Browser::default();
        let answer = browser.submit(self, "/register", &form(name, PASSWORD));
        assert_eq!(location(&answer), (303, Some("/index")), "{}", answer.text());
        browser
    }

    /// A browser whose user has just logged in.
    #[track_caller]
    pub(in crate::accounts) fn returner(&self, name: &str) -> Browser {
        let mut browser = Browser::default();
        let answer = browser.submit(self, "/login", &form(name, PASSWORD));
        assert_eq!(location(&answer), (303, Some("/index")), "{}", answer.text());
        browser
    }
}

impl Browser {
    /// Sends a request, and keeps the cookies of the answer.
    #[track_caller]
    pub(in crate::accounts) fn send(
        &mut self,
        server: &Server,
        (method, path): (&str, &str),
        lines: &str,
        body: &str,
    ) -> Response {
        let length = match method {
            "GET" | "HEAD" => String::new(),
            _ => format!("Content-Length: {}\r\n", body.len()),
        };
        let cookies = self.line();
        let mut wire = server.wire();
        wire.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\
             {cookies}{length}{lines}\r\n{body}"
        ));
        let answer = wire.response_to(method);
        self.keep(&answer);
        answer
    }

    /// Submits a form.
    #[track_caller]
    pub(in crate::accounts) fn submit(
        &mut self,
        server: &Server,
        path: &str,
        body: &str,
    ) -> Response {
        let lines = "Content-Type: application/x-www-form-urlencoded\r\n\
            Origin: http://switchboard\r\nAccept: text/html\r\n";
        self.send(server, ("POST", path), lines, body)
    }

    #[track_caller]
    pub(in crate::accounts) fn get(&mut self, server: &Server, path: &str) -> Response {
        self.send(server, ("GET", path), "", "")
    }

    /// The header line with all cookies, empty if there are none.
    pub(in crate::accounts) fn line(&self) -> String {
        let pairs: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { String::new() } else { format!("Cookie: {}\r\n", pairs.join("; ")) }
    }

    pub(in crate::accounts) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub(in crate::accounts) fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// The user's id, as the page's scripts read it.
    #[track_caller]
    pub(in crate::accounts) fn id(&self) -> String {
        self.cookie("user_id").expect("signed in").to_owned()
    }

    /// The user's name, as the page's scripts read it.
    #[track_caller]
    pub(in crate::accounts) fn name(&self) -> String {
        let encoded = self.cookie("username").expect("signed in");
        let bytes = BASE64.decode(encoded.as_bytes()).expect("base64");
        String::from_utf8(bytes).expect("a name")
    }

    fn keep(&mut self, answer: &Response) {
        for (_, line) in answer.headers.iter().filter(|(name, _)| name == "Set-Cookie") {
            let (pair, attributes) = line.split_once("; ").expect("attributes");
            let (name, value) = pair.split_once('=').expect("name=value");
            match attributes.contains("Expires=Thu, 01 Jan 1970") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
    }
}

/// The body of a form.
pub(in crate::accounts) fn form(name: &str, password: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("username", name).append_pair("password", password).finish()
}

/// The status, and where the answer leads.
pub(in crate::accounts) fn location(answer: &Response) -> (u16, Option<&str>) {
    (answer.status, answer.header("Location"))
}

/// Asserts that this is MyChat's error with this status, which no cache may keep, and returns its sentence.
#[track_caller]
pub(in crate::accounts) fn error(answer: &Response, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body = answer.json();
    let Value::Object(fields) = &body else { panic!("not an object: {body}") };
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["detail", "error"], "{body}");
    assert_eq!(body["detail"], body["error"], "the same sentence twice");
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("WWW-Authenticate").is_some(), status == 401, "RFC 9110 §15.5.2");
    body["detail"].as_str().expect("a sentence").to_owned()
}

/// A WebSocket of a page.
pub(in crate::accounts) struct Socket {
    wire: Wire,
}

impl Browser {
    /// Opens a WebSocket, as the page does: with the cookies and the origin.
    #[track_caller]
    pub(in crate::accounts) fn open(&self, server: &Server, path: &str) -> Socket {
        let lines = format!("{}Origin: http://switchboard\r\n", self.line());
        open(server, path, &lines).expect("the upgrade completes")
    }

    /// The socket of the private conversation with another user.
    #[track_caller]
    pub(in crate::accounts) fn pair(&self, server: &Server, other: &Browser) -> Socket {
        self.open(server, &format!("/ws/{}/{}", self.id(), other.id()))
    }

    /// The socket for notices.
    #[track_caller]
    pub(in crate::accounts) fn notices(&self, server: &Server) -> Socket {
        self.open(server, &format!("/ws/global/{}", self.id()))
    }

    /// The socket of a room.
    #[track_caller]
    pub(in crate::accounts) fn room(&self, server: &Server, room: &str) -> Socket {
        self.open(server, &format!("/ws/room/{room}/{}", self.id()))
    }

    /// Posts JSON, as the page's scripts do.
    #[track_caller]
    pub(in crate::accounts) fn post(
        &mut self,
        server: &Server,
        path: &str,
        body: &Value,
    ) -> Response {
        let lines = "Content-Type: application/json\r\nOrigin: http://switchboard\r\n";
        self.send(server, ("POST", path), lines, &body.to_string())
    }

    /// Posts nothing.
    #[track_caller]
    pub(in crate::accounts) fn post_nothing(&mut self, server: &Server, path: &str) -> Response {
        self.send(server, ("POST", path), "Origin: http://switchboard\r\n", "")
    }

    #[track_caller]
    pub(in crate::accounts) fn delete(&mut self, server: &Server, path: &str) -> Response {
        self.send(server, ("DELETE", path), "Origin: http://switchboard\r\n", "")
    }

    /// The body of a page of JSON, which no cache may keep.
    #[track_caller]
    pub(in crate::accounts) fn read(&mut self, server: &Server, path: &str) -> Value {
        let answer = self.get(server, path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), None, "{path}");
        answer.json()
    }

    /// Makes a room, and returns its id.
    #[track_caller]
    pub(in crate::accounts) fn create_room(&mut self, server: &Server, name: &str) -> String {
        let body = json!({ "name": name, "description": "" });
        let answer = self.post(server, "/api/rooms/create", &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Makes another user a member of a room.
    #[track_caller]
    pub(in crate::accounts) fn add(&mut self, server: &Server, room: &str, other: &Browser) {
        let body = json!({ "user_id": other.id() });
        let answer = self.post(server, &format!("/api/rooms/{room}/add_user"), &body);
        assert_eq!((answer.status, answer.json()), (200, json!({ "status": "ok" })));
    }
}

/// Opens a WebSocket with these header lines, or returns the answer that says why not.
#[track_caller]
pub(in crate::accounts) fn open(
    server: &Server,
    path: &str,
    lines: &str,
) -> Result<Socket, Response> {
    let mut wire = server.wire();
    wire.send(Wire::upgrade_request(path, lines));
    let answer = wire.response();
    if answer.status == 101 { Ok(Socket { wire }) } else { Err(answer) }
}

impl Socket {
    pub(in crate::accounts) fn say(&mut self, text: &str) {
        self.wire.send(frame(TEXT, text));
    }

    pub(in crate::accounts) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.wire.send(bytes);
    }

    /// Reads the next frame, which is JSON.
    #[track_caller]
    pub(in crate::accounts) fn hear(&mut self) -> Value {
        serde_json::from_str(&self.wire.text()).expect("JSON")
    }

    /// Reads the next frame, which is JSON. `None`: the server has closed because the store has failed.
    #[track_caller]
    pub(in crate::accounts) fn hear_or_close(&mut self) -> Option<Value> {
        let (opcode, payload) = self.wire.frame();
        if opcode == CLOSE {
            assert_eq!(payload[..2], 1013_u16.to_be_bytes());
            return None;
        }
        Some(serde_json::from_slice(&payload).expect("JSON"))
    }

    /// Reads the next frame, which must be this one but for its time.
    #[track_caller]
    pub(in crate::accounts) fn expect(&mut self, expected: &Value) {
        let mut heard = self.hear();
        if let Some(time) = heard.as_object_mut().and_then(|fields| fields.remove("time")) {
            assert_is_clock(&time);
        }
        assert_eq!(heard, *expected);
    }

    /// A private message.
    #[track_caller]
    pub(in crate::accounts) fn expect_said(&mut self, user: &str, text: &str) {
        self.expect(&json!({ "user": user, "text": text }));
    }

    /// Asserts that nothing has come: the next frame is the answer to a ping.
    #[track_caller]
    pub(in crate::accounts) fn expect_silence(&mut self) {
        self.wire.send(frame(9, "anything?"));
        let (opcode, payload) = self.wire.frame();
        assert_eq!(
            (opcode, &*payload),
            (PONG, &b"anything?"[..]),
            "{}",
            String::from_utf8_lossy(&payload)
        );
    }

    #[track_caller]
    pub(in crate::accounts) fn expect_close(&mut self, code: u16) {
        let (opcode, payload) = self.wire.frame();
        assert_eq!(opcode, CLOSE, "{}", String::from_utf8_lossy(&payload));
        assert_eq!(payload[..2], code.to_be_bytes(), "{}", String::from_utf8_lossy(&payload[2..]));
    }
}

impl Socket {
    /// Sends a close frame, as a browser does, and waits for the answer.
    #[track_caller]
    pub(in crate::accounts) fn close(mut self) {
        self.wire.send(frame(CLOSE, 1000_u16.to_be_bytes()));
        self.until_close(1000);
    }

    /// Reads on until the server closes, with this code.
    #[track_caller]
    pub(in crate::accounts) fn until_close(&mut self, code: u16) {
        loop {
            let (opcode, payload) = self.wire.frame();
            if opcode == CLOSE {
                return assert_eq!(payload[..2], code.to_be_bytes());
            }
        }
    }
}

/// Asserts that a value is what a clock shows: `HH:MM`.
#[track_caller]
pub(in crate::accounts) fn assert_is_clock(value: &Value) {
    let time = value.as_str().unwrap_or_else(|| panic!("not a time: {value}"));
    let (hour, minute) = time.split_once(':').expect("HH:MM");
    let number = |part: &str| (part.len() == 2).then(|| part.parse::<u8>().ok()).flatten();
    assert!(number(hour).is_some_and(|hour| hour < 24), "{time}");
    assert!(number(minute).is_some_and(|minute| minute < 60), "{time}");
}
