//! [`Connection`]: one connection to the server, mostly to the operator's listener, and the little of HTTP/1.1 that a request needs.
//!
//! It blocks: there is nothing else to do meanwhile. Every step has a time limit. The token goes into the request, and into no error.

use std::io::{self, ErrorKind, Read, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::show::printable;
use crate::http::{Limits, Status, parse_response};
use crate::net::connect_unix;

/// The time to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// The most bytes of an answer: ten times the longest page of connections.
const ANSWER_BYTES: usize = 8 << 20;

/// A connection to the server.
pub(super) struct Connection {
    stream: TcpStream,
    /// The server, as errors name it.
    name: String,
    /// The time for an answer, and between two lines of a stream.
    answer: Duration,
    /// Bytes that have come and were not used yet.
    read: Vec<u8>,
}

/// How the body of an answer ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Framing {
    /// After this many bytes.
    Length(usize),
    /// With an empty chunk (RFC 9112 §7.1).
    Chunks,
}

impl Connection {
    /// Connects to `HOST:PORT`, or to the Unix socket `unix:PATH`. `answer` is the time for an answer.
    pub(super) fn open(name: &str, answer: Duration) -> Result<Self, String> {
        if let Some(path) = name.strip_prefix("unix:") {
            let stream = connect_unix(Path::new(path), CONNECT);
            return Connection::over(
                stream.map_err(|error| not_there(name, &error))?,
                name,
                answer,
            );
        }
        let found = name.to_socket_addrs().map_err(|error| format!("{name}: {error}"))?;
        let mut last = format!("{name}: there is no such host");
        for address in found.map(reachable) {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(stream) => return Connection::over(stream, name, answer),
                Err(error) => last = not_there(name, &error),
            }
        }
        Err(last)
    }

    fn over(stream: TcpStream, name: &str, answer: Duration) -> Result<Self, String> {
        let timed = stream.set_read_timeout(Some(answer));
        timed
            .and_then(|()| stream.set_write_timeout(Some(answer)))
            .map_err(|error| format!("{name}: {error}"))?;
        Ok(Connection { stream, name: name.to_owned(), answer, read: Vec::new() })
    }

    /// Sends a request, and returns the body of the answer, which is JSON.
    ///
    /// # Errors
    ///
    /// What the server says to a request that it refuses, or why there is no answer.
    pub(super) fn ask(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Result<String, String> {
        let (status, framing) = self.send(method, path, Some(token), body)?;
        let text = self.body(framing)?;
        if status < 400 { Ok(text) } else { Err(self.refusal(status, &text)) }
    }

    /// The status of a page that everybody may read.
    pub(super) fn status(&mut self, path: &str) -> Result<u16, String> {
        self.send("GET", path, None, None).map(|(status, _)| status)
    }

    /// Reads the body of an answer.
    fn body(&mut self, framing: Framing) -> Result<String, String> {
        let mut bytes = Vec::new();
        match framing {
            Framing::Length(length) if length <= ANSWER_BYTES => {
                while self.read.len() < length {
                    self.more()?;
                }
                bytes.extend(self.read.drain(..length));
            }
            Framing::Length(_) => return Err(self.strange("its answer is too long")),
            Framing::Chunks => {
                while let Some(chunk) = self.chunk()? {
                    bytes.extend(chunk);
                }
            }
        }
        String::from_utf8(bytes).map_err(|_| self.strange("its answer is no text"))
    }

    /// Reads a stream of lines until it ends, or until `tell` returns false.
    ///
    /// # Errors
    ///
    /// What the server says to a request that it refuses, or how the stream broke.
    pub(super) fn follow(
        &mut self,
        path: &str,
        token: &str,
        mut tell: impl FnMut(&str) -> bool,
    ) -> Result<(), String> {
        let (status, framing) = self.send("GET", path, Some(token), None)?;
        if status >= 400 || framing != Framing::Chunks {
            let text = self.body(framing)?;
            return Err(self.refusal(status, &text));
        }
        let mut rest = Vec::new();
        while let Some(chunk) = self.chunk()? {
            rest.extend(chunk);
            while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                if !tell(String::from_utf8_lossy(&line).trim_end()) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Sends a request, and reads the head of the answer: its status, and how its body is framed.
    fn send(
        &mut self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(u16, Framing), String> {
        let body = body.map(Value::to_string).unwrap_or_default();
        // A Unix socket has no host.
        let host = if self.name.starts_with("unix:") { "localhost" } else { &self.name };
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
        if let Some(token) = token {
            request += &format!("Authorization: Bearer {token}\r\n");
        }
        request += "Connection: close\r\n";
        if !body.is_empty() {
            let length = body.len();
            request += &format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
        }
        request += "\r\n";
        request += &body;
        // A server that refuses the connection may have closed it already. Its answer can still be read.
        let written = self.stream.write_all(request.as_bytes());
        loop {
            match parse_response(&self.read, &Limits::default()) {
                Ok(Some((head, length))) => {
                    let chunks = head.headers.has_token("transfer-encoding", "chunked");
                    let declared = head.headers.first("content-length");
                    let declared =
                        declared.and_then(|text| str::from_utf8(text).ok()?.parse().ok());
                    let framing = match (chunks, declared) {
                        (true, _) => Framing::Chunks,
                        (false, length) => Framing::Length(length.unwrap_or(0)),
                    };
                    let status = head.status;
                    self.read.drain(..length);
                    return Ok((status, framing));
                }
                Ok(None) => self.more().map_err(|error| match &written {
                    Ok(()) => error,
                    Err(broken) => format!("{}: {broken}", self.name),
                })?,
                Err(error) => return Err(self.strange(&error.to_string())),
            }
        }
    }

    /// The next chunk of a body; `None` after the last.
    fn chunk(&mut self) -> Result<Option<Vec<u8>>, String> {
        let line = loop {
            match self.read.windows(2).position(|pair| pair == b"\r\n") {
                Some(end) => break end,
                None if self.read.len() > 16 => return Err(self.strange("a chunk has no length")),
                None => self.more()?,
            }
        };
        let length = str::from_utf8(&self.read[..line]).ok();
        let length = length.and_then(|text| usize::from_str_radix(text, 16).ok());
        let Some(length) = length.filter(|length| *length <= ANSWER_BYTES) else {
            return Err(self.strange("a chunk has a strange length"));
        };
        while self.read.len() < line + 2 + length + 2 {
            self.more()?;
        }
        let chunk = self.read[line + 2..line + 2 + length].to_vec();
        self.read.drain(..line + 2 + length + 2);
        Ok((length > 0).then_some(chunk))
    }

    /// Reads what has come.
    fn more(&mut self) -> Result<(), String> {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(self.strange("it has closed the connection")),
            Ok(count) => {
                self.read.extend_from_slice(&buffer[..count]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(self.strange(&format!("no answer came for {} s", self.answer.as_secs())))
            }
            Err(error) => Err(self.strange(&error.to_string())),
        }
    }

    /// What the server says to a request that it refuses.
    fn refusal(&self, status: u16, text: &str) -> String {
        let body: Option<Value> = serde_json::from_str(text).ok();
        match body.as_ref().and_then(|body| body["detail"].as_str()) {
            // No order has this answer, so the address is that of something else.
            _ if status == Status::NotFound as u16 => self.strange(
                "it has no operator's API there: is it the address of --admin-listen, of this version?",
            ),
            Some(detail) => format!("{}: {status}: {}", self.name, printable(detail)),
            None => self.strange(&format!("status {status}")),
        }
    }

    fn strange(&self, what: &str) -> String {
        format!("the server at {}: {what}", self.name)
    }
}

/// Why there is no connection.
fn not_there(name: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::NotFound => {
            format!("nobody listens at {name}: is the server running, and is this its address?")
        }
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("{name}: no connection came about within {} s", CONNECT.as_secs())
        }
        _ => format!("{name}: {error}"),
    }
}

/// The address to connect to: a server that listens on all addresses is reached at this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
