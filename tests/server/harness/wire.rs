//! [`Wire`]: a bare TCP connection, for clients that do what no library allows.
//!
//! It speaks just enough HTTP to read a [`Response`]. Frames are built and read by the crate
//! `by_hand`, independently of the server's own code.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use by_hand::FINAL;
pub(crate) use by_hand::{BINARY, CLOSE, CONTINUATION, PONG, TEXT};
use serde_json::Value;
use socket2::SockRef;

use super::{PATIENCE, again, time_to_stay_away};

const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Builds a client's frame, final and masked.
pub(crate) fn frame(opcode: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    masked(FINAL | opcode, payload)
}

/// Builds a client's frame with this first byte.
pub(crate) fn masked(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    by_hand::masked(first, payload.as_ref(), [0x12, 0x34, 0x56, 0x78], &mut bytes);
    bytes
}

/// A connection, and the bytes that were read from it and not used yet.
pub(crate) struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Wire {
        stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
        // A Unix stream has no such option, and delays nothing.
        let _ = stream.set_nodelay(true);
        Wire { stream, read: Vec::new() }
    }

    /// Connects to a listener. It may accept later.
    pub(crate) fn to(address: SocketAddr) -> Wire {
        Wire::new(TcpStream::connect(address).expect("somebody listens"))
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the server takes it");
    }

    /// Sends bytes that the server may not take, because it has closed, or is about to. Returns whether
    /// the kernel took them.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// The request that opens a WebSocket at `path`, with further header lines.
    pub(crate) fn upgrade_request(path: &str, more: &str) -> String {
        by_hand::upgrade(path, "switchboard", more)
    }

    /// Turns the connection into a WebSocket.
    pub(crate) fn upgrade(&mut self, path: &str) {
        self.send(Wire::upgrade_request(path, ""));
        self.expect_switch();
    }

    /// Reads the 101, which must have exactly these headers, in this spelling.
    #[track_caller]
    pub(crate) fn expect_switch(&mut self) {
        assert_eq!(String::from_utf8_lossy(&self.take(SWITCHING.len())), SWITCHING);
    }

    /// Reads one response.
    #[track_caller]
    pub(crate) fn response(&mut self) -> Response {
        self.response_to("GET")
    }

    /// Reads one response to a request with this method. The response to a HEAD has no body.
    #[track_caller]
    pub(crate) fn response_to(&mut self, method: &str) -> Response {
        let end = loop {
            match self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => assert!(self.fill(), "the connection ended within a response"),
            }
        };
        let head = String::from_utf8(self.take(end)).expect("our heads are ASCII");
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
        let status = status.and_then(|line| line.get(..3)?.parse().ok()).expect("a status line");
        let headers = lines
            .map(|line| line.split_once(": ").expect("name: value"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut response = Response { status, headers, body: Vec::new() };
        if method != "HEAD" && ![100, 101, 204, 304].contains(&status) {
            let length = response.header("Content-Length").expect("every answer says its length");
            response.body = self.take(length.parse().expect("a number"));
        }
        response
    }

    /// Reads one response, if the connection does not end before it.
    pub(crate) fn response_or_none(&mut self) -> Option<Response> {
        let mut first = [0; 1];
        match again(|| self.stream.peek(&mut first)) {
            Ok(count) if count > 0 => Some(self.response()),
            Ok(_) | Err(_) => None,
        }
    }

    /// Reads one frame of the server, and returns its opcode and payload. It must be final and not
    /// masked.
    #[track_caller]
    pub(crate) fn frame(&mut self) -> (u8, Vec<u8>) {
        loop {
            if let Some((first, payload, length)) = by_hand::first_frame(&self.read) {
                assert_eq!(first & 0xF0, FINAL, "final, and no reserved bit");
                let frame = (first & 0x0F, payload.to_vec());
                self.read.drain(..length);
                return frame;
            }
            assert!(self.fill(), "the connection ended; so far: {:?}", self.read);
        }
    }

    #[track_caller]
    pub(crate) fn text(&mut self) -> String {
        let (opcode, payload) = self.frame();
        assert_eq!(opcode, TEXT, "{payload:?}");
        String::from_utf8(payload).expect("texts are UTF-8")
    }

    /// Asserts that the next frame is a close frame with this code and reason.
    #[track_caller]
    pub(crate) fn expect_close(&mut self, code: u16, reason: &str) {
        let (opcode, payload) = self.frame();
        assert_eq!(opcode, CLOSE, "{:?}", String::from_utf8_lossy(&payload));
        assert_eq!(payload[..2], code.to_be_bytes());
        assert_eq!(String::from_utf8_lossy(&payload[2..]), reason);
    }

    /// Asserts that the server is shutting down, and says when to come back.
    #[track_caller]
    pub(crate) fn expect_goodbye(&mut self) {
        let (opcode, payload) = self.frame();
        assert_eq!((opcode, &payload[..2]), (CLOSE, &1001_u16.to_be_bytes()[..]));
        time_to_stay_away(&String::from_utf8_lossy(&payload[2..]));
    }

    /// Asserts that the server has closed, and that there is nothing before that, read or unread.
    #[track_caller]
    pub(crate) fn expect_end(&mut self) {
        let more = !self.read.is_empty() || self.fill();
        assert!(!more, "not the end: {:?}", String::from_utf8_lossy(&self.read));
    }

    /// Reads and drops everything until the server closes, or resets the connection.
    pub(crate) fn drain(&mut self) {
        let mut buffer = [0; 65_536];
        while again(|| self.stream.read(&mut buffer)).is_ok_and(|count| count > 0) {}
    }

    /// Whether there is something to read, or the server has closed, without waiting.
    pub(crate) fn has_something_to_read(&self) -> bool {
        self.stream.set_nonblocking(true).expect("a socket");
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).expect("a socket");
        !matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Reads the next frame, and returns whether it is this text.
    #[track_caller]
    pub(crate) fn frame_is_text(&mut self, text: &str) -> bool {
        self.frame() == (TEXT, text.as_bytes().to_vec())
    }

    /// The client's own port.
    pub(crate) fn local_port(&self) -> u16 {
        self.stream.local_addr().expect("it is connected").port()
    }

    pub(crate) fn finish_writing(&self) {
        self.stream.shutdown(Shutdown::Write).expect("it is connected");
    }

    /// Resets the connection instead of closing it.
    pub(crate) fn reset(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).expect("a TCP socket");
    }

    /// A second handle for the connection, for another thread. That thread must only write.
    pub(crate) fn writer(&self) -> TcpStream {
        self.stream.try_clone().expect("a descriptor")
    }

    #[track_caller]
    fn take(&mut self, count: usize) -> Vec<u8> {
        while self.read.len() < count {
            assert!(self.fill(), "the connection ended; so far: {:?}", self.read);
        }
        self.read.drain(..count).collect()
    }

    /// Reads more bytes; returns false at the end of the stream.
    #[track_caller]
    fn fill(&mut self) -> bool {
        let mut buffer = [0; 65_536];
        let count = again(|| self.stream.read(&mut buffer));
        let count = count.expect("the server answers, and does not reset");
        self.read.extend_from_slice(&buffer[..count]);
        count > 0
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The value of a header that may appear only once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let value = all.next().map(|(_, value)| value.as_str());
        assert!(all.next().is_none(), "{name} twice");
        value
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("our pages are UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("Content-Type"), Some("application/json"));
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Asserts that this is an error of this status, in the form of all our errors.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, detail: &str) {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!((self.status, &*text), (status, &*format!(r#"{{"detail":"{detail}"}}"#)));
        assert_eq!(self.header("Content-Type"), Some("application/json"));
    }
}
