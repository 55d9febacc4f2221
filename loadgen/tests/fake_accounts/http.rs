//! [`Request`]: a request over HTTP, as the fake server reads it; and how it is answered. Knows nothing of
//! chats.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;
use switchboard::ws::handshake::{self, Offer, Once};

/// The longest body that is read, in bytes.
const BODY_BYTES: usize = 64 * 1024;

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// By name in lower case.
    headers: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    /// Reads byte by byte, so that no frame is read with it. `None`: the client has hung up.
    pub(crate) fn read(stream: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if stream.read(&mut byte)? == 0 {
                return Ok(None);
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.lines();
        let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers: BTreeMap<_, _> = lines.filter_map(header).collect();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let length = headers.get("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0).min(BODY_BYTES)];
        stream.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let (path, query) = (path.to_owned(), form(query));
        Ok(Some(Request { method, path, headers, query, body }))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The token of the client: in the address, in a header, or in the cookie.
    pub(crate) fn token(&self) -> &str {
        let cookies = self.header("cookie").split(';');
        let cookie = cookies.filter_map(|cookie| cookie.trim().strip_prefix("session=")).next();
        let bearer = self.header("authorization").strip_prefix("Bearer ");
        let query = self.query.get("token").map(String::as_str);
        query.or(bearer).or(cookie).unwrap_or_default()
    }

    /// The value of a field of the query.
    pub(crate) fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// Whether the body is that of a form.
    pub(crate) fn is_form(&self) -> bool {
        self.header("content-type").starts_with("application/x-www-form-urlencoded")
    }

    /// A field of the body, which is a form or JSON.
    pub(crate) fn field(&self, name: &str) -> String {
        if self.is_form() {
            return form(&self.body).remove(name).unwrap_or_default();
        }
        let json: Value = serde_json::from_str(&self.body).unwrap_or_default();
        json[name].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn is_upgrade(&self) -> bool {
        self.header("upgrade").eq_ignore_ascii_case("websocket")
    }

    /// Answers with a 101. The subprotocol is the one that was offered, if it is known.
    pub(crate) fn upgrade(&self, stream: &mut TcpStream, subprotocol: &str) -> io::Result<()> {
        let offer = Offer {
            host: true,
            get: true,
            http_1_1: true,
            connection_upgrade: true,
            upgrade_websocket: true,
            key: Once::Value(self.header("sec-websocket-key").as_bytes()),
            version: Once::Value(b"13"),
        };
        let accept = handshake::check(&offer).map_err(io::Error::other)?;
        let mut extra = String::new();
        if !subprotocol.is_empty() {
            extra = format!("Sec-WebSocket-Protocol: {subprotocol}\r\n");
        }
        write!(
            stream,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             {extra}Sec-WebSocket-Accept: {}\r\n\r\n",
            accept.as_str()
        )
    }
}

/// Answers with JSON.
pub(crate) fn answer(stream: &mut TcpStream, status: u16, body: &Value) -> io::Result<()> {
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Asks the client to come again after this many seconds.
pub(crate) fn put_off(stream: &mut TcpStream, seconds: u32) -> io::Result<()> {
    let end = "Content-Length: 17\r\n\r\n{\"detail\":\"Busy\"}";
    write!(stream, "HTTP/1.1 503 Whatever\r\nRetry-After: {seconds}\r\n{end}")
}

/// Sends a browser to another page, with these cookies.
pub(crate) fn redirect(stream: &mut TcpStream, to: &str, cookies: &[String]) -> io::Result<()> {
    let cookies: String =
        cookies.iter().map(|cookie| format!("Set-Cookie: {cookie}; Path=/\r\n")).collect();
    write!(stream, "HTTP/1.1 303 See Other\r\nLocation: {to}\r\n{cookies}Content-Length: 0\r\n\r\n")
}

/// The fields of a form. Percent signs stay, since no name or password of a test has any.
fn form(text: &str) -> BTreeMap<String, String> {
    let fields = text.split('&').filter_map(|field| field.split_once('='));
    fields.map(|(name, value)| (name.to_owned(), value.replace('+', " "))).collect()
}
