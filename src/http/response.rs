//! [`Response`]: an answer, put together step by step and written out as bytes.
//!
//! Framing belongs to the response and not to its caller: Date, Connection, Content-Type and
//! Content-Length are written here and nowhere else, so that they are always right and there once.
//! Knows no clock (the date is an argument) and no protocol to upgrade to. Called by `session`.

use std::borrow::Cow;
use std::fmt;
use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use httpdate::HttpDate;

use super::{SetCookie, Status};

/// The interim answer to a client that wants to hear whether it may send its body (RFC 9110 §15.2.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The end of a body in chunks (RFC 9112 §7.1).
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// An answer to one request.
#[derive(Clone, Debug)]
pub struct Response<'a> {
    status: Status,
    upgrade: Option<&'a str>,
    persistence: Persistence,
    headers: Vec<(&'static str, Cow<'a, str>)>,
    cookies: Vec<SetCookie>,
    /// Whether the cookies are for connections with TLS only.
    secure: bool,
    content_type: Option<&'a str>,
    body: Content<'a>,
}

/// The bytes of a body.
#[derive(Clone, Debug)]
enum Content<'a> {
    /// They are this answer's.
    Own(Cow<'a, [u8]>),
    /// Other answers have them, too.
    Shared(Rc<[u8]>),
    /// They come later, in chunks (RFC 9112 §7.1).
    Chunks,
}

/// What the answer says about the connection after it (RFC 9112 §9.3).
#[derive(Clone, Copy, Debug)]
enum Persistence {
    /// Nothing: in HTTP/1.1 it stays.
    Unsaid,
    KeepAlive,
    Close,
}

impl<'a> Response<'a> {
    /// An answer without headers of its own and without a body.
    pub fn new(status: Status) -> Self {
        Response {
            status,
            upgrade: None,
            persistence: Persistence::Unsaid,
            headers: Vec::new(),
            cookies: Vec::new(),
            secure: false,
            content_type: None,
            body: Content::Own(Cow::Borrowed(b"")),
        }
    }

    /// The status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Adds a header, or an element to the list that it is already (RFC 9110 §5.3). A control character in the value becomes a space: whatever a caller passes
    /// on, it cannot begin another header (RFC 9110 §5.5).
    ///
    /// Not for the headers that have a method here, nor for those that `write` adds by itself.
    pub fn header(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        debug_assert!(!OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)), "{name} is ours");
        match self.headers.iter_mut().find(|(other, _)| *other == name) {
            Some((_, list)) => *list = format!("{list}, {}", value.into()).into(),
            None => self.headers.push((name, value.into())),
        }
        self
    }

    /// Says that no cache may keep the response (RFC 9111 §5.2.2.5), unless it says something of caches
    /// already.
    pub fn uncached(mut self) -> Self {
        if !self.headers.iter().any(|(name, _)| *name == "Cache-Control") {
            self.headers.push(("Cache-Control", "no-store".into()));
        }
        self
    }

    /// Sets a cookie.
    pub fn cookie(mut self, cookie: SetCookie) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// Says that the client's own connection has TLS, or has not: the cookies of an answer over TLS are never
    /// sent back without it.
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Names the protocol that the connection changes to (101) or would have to (426): adds
    /// `Upgrade`, and its mention in `Connection` (RFC 9110 §7.8).
    pub fn upgrade(mut self, protocol: &'a str) -> Self {
        self.upgrade = Some(protocol);
        self
    }

    /// Says that the connection closes after this answer. A 101 does not say it.
    pub fn close(mut self) -> Self {
        self.persistence = Persistence::Close;
        self
    }

    /// Says that the connection stays open, which only a client of HTTP/1.0 needs to be told.
    pub fn keep_alive(mut self) -> Self {
        self.persistence = Persistence::KeepAlive;
        self
    }

    /// Gives the answer a body.
    pub fn body(mut self, content_type: &'a str, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        debug_assert!(self.status.may_have_body(), "{} has no body", self.status.code());
        self.content_type = Some(content_type);
        self.body = Content::Own(bytes.into());
        self
    }

    /// Gives the answer a body that other answers have, too. A caller may write the head alone, and then
    /// send the body without a copy of it.
    pub fn shared_body(mut self, content_type: &'a str, bytes: &Rc<[u8]>) -> Self {
        self.content_type = Some(content_type);
        self.body = Content::Shared(Rc::clone(bytes));
        self
    }

    /// Says that the body follows in chunks, which the caller writes.
    pub fn chunks(mut self, content_type: &'a str) -> Self {
        self.content_type = Some(content_type);
        self.body = Content::Chunks;
        self
    }

    /// The body, if it is one that other answers have, too.
    pub fn shared(&self) -> Option<&Rc<[u8]>> {
        match &self.body {
            Content::Shared(bytes) => Some(bytes),
            Content::Own(_) | Content::Chunks => None,
        }
    }

    /// The length of the body, in bytes.
    pub fn body_bytes(&self) -> usize {
        self.body_slice().len()
    }

    fn body_slice(&self) -> &[u8] {
        match &self.body {
            Content::Own(bytes) => bytes,
            Content::Shared(bytes) => bytes,
            Content::Chunks => &[],
        }
    }

    /// Gives the answer the body that every error of ours has: `{"detail":"<one clear sentence>"}`.
    pub fn json_detail(self, sentence: &str) -> Self {
        let mut json = String::from(r#"{"detail":""#);
        escape_json(sentence, &mut json);
        json.push_str(r#""}"#);
        self.body("application/json", json.into_bytes())
    }

    /// Appends the answer to `out`.
    ///
    /// `date` is the time since the Unix epoch. With `head_only`, the answer to a HEAD, all the
    /// headers are there, Content-Length included, but not the body (RFC 9110 §9.3.2).
    pub fn write(&self, out: &mut Vec<u8>, date: Duration, head_only: bool) {
        // The version is the server's own, whatever the client's (RFC 9110 §6.2).
        line(out, format_args!("HTTP/1.1 {} {}", self.status.code(), self.status.reason()));
        let is_final = self.status != Status::SwitchingProtocols;
        if is_final {
            line(out, format_args!("Date: {}", http_date(date)));
        }
        if let Some(protocol) = self.upgrade {
            header(out, "Upgrade", protocol);
        }
        if let Some(options) = self.connection() {
            header(out, "Connection", options);
        }
        for (name, value) in &self.headers {
            header(out, name, value);
        }
        for cookie in &self.cookies {
            header(out, "Set-Cookie", &cookie.line(self.secure));
        }
        if let Some(content_type) = self.content_type {
            header(out, "Content-Type", content_type);
        }
        if let Content::Chunks = self.body {
            header(out, "Transfer-Encoding", "chunked");
        } else if self.status.may_have_body() {
            line(out, format_args!("Content-Length: {}", self.body_bytes()));
        }
        out.extend_from_slice(b"\r\n");
        if !head_only {
            out.extend_from_slice(self.body_slice());
        }
    }

    /// The one Connection header, with all its options.
    fn connection(&self) -> Option<&'static str> {
        // Some clients compare the header of a 101 with the one word, so it says nothing else.
        let switches = self.status == Status::SwitchingProtocols;
        let persistence = if switches { Persistence::Unsaid } else { self.persistence };
        match (self.upgrade.is_some(), persistence) {
            (false, Persistence::Unsaid) => None,
            (false, Persistence::KeepAlive) => Some("keep-alive"),
            (false, Persistence::Close) => Some("close"),
            (true, Persistence::Unsaid) => Some("Upgrade"),
            (true, Persistence::KeepAlive) => Some("Upgrade, keep-alive"),
            (true, Persistence::Close) => Some("Upgrade, close"),
        }
    }
}

/// The headers that `Response` writes by itself.
const OURS: [&str; 7] = [
    "Date",
    "Upgrade",
    "Connection",
    "Set-Cookie",
    "Content-Type",
    "Content-Length",
    "Transfer-Encoding",
];

fn line(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a Vec takes whatever is written");
    out.extend_from_slice(b"\r\n");
}

fn header(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend(value.bytes().map(|byte| if byte.is_ascii_control() { b' ' } else { byte }));
    out.extend_from_slice(b"\r\n");
}

/// A date as HTTP writes it (RFC 9110 §5.6.7). It has four digits for the year: a clock that is
/// beyond the year 9999 is wrong anyway, and no reason to panic.
fn http_date(since_epoch: Duration) -> HttpDate {
    const LAST_SECOND_OF_9999: u64 = 253_402_300_799;
    let seconds = since_epoch.as_secs().min(LAST_SECOND_OF_9999);
    HttpDate::from(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Appends a text as the inside of a JSON string (RFC 8259 §7).
fn escape_json(text: &str, json: &mut String) {
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\0'..='\x1F' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => json.push(character),
        }
    }
}

#[cfg(test)]
mod tests;
