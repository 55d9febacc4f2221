//! [`Phone`]: a well-behaved client, by tungstenite. It checks what the server sends.
//!
//! Frames are compared byte by byte, because the contract binds to the letter. Only the order of numbers
//! in a list is free.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use socket2::SockRef;
#[cfg(feature = "accounts")]
use tungstenite::ClientRequestBuilder;
use tungstenite::{Message, WebSocket};

use super::{PONG, again, frame, pause, time_to_stay_away};

/// A client with an open WebSocket.
pub(crate) struct Phone {
    socket: WebSocket<Patient>,
}

/// A socket whose reads and writes go on after an interruption.
struct Patient(TcpStream);

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        again(|| self.0.read(buffer))
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        again(|| self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The frame that sends a text.
pub(crate) fn message(to: &str, text: &str) -> String {
    format!(r#"{{"type":"message","to":"{to}","text":"{text}"}}"#)
}

/// The numbers in an `online_users` frame, sorted; `None` if it is something else.
pub(crate) fn users(frame: &str) -> Option<Vec<String>> {
    let list = frame.strip_prefix(r#"{"type":"online_users","users":"#)?.strip_suffix('}')?;
    let mut users: Vec<String> = serde_json::from_str(list).expect("a list of strings");
    assert_eq!(serde_json::to_string(&users).expect("strings"), list, "no spaces");
    users.sort_unstable();
    Some(users)
}

impl Phone {
    pub(super) fn open(stream: TcpStream, address: SocketAddr, path: &str) -> Phone {
        let url = format!("ws://{address}{path}");
        match tungstenite::client(url, Patient(stream)) {
            Ok((socket, _)) => Phone { socket },
            Err(error) => panic!("no WebSocket at {path}: {error}"),
        }
    }

    /// The same, with a subprotocol and further header lines. tungstenite checks that the server selects it.
    #[cfg(feature = "accounts")]
    pub(super) fn open_with(
        stream: TcpStream,
        (address, path): (SocketAddr, &str),
        subprotocol: &str,
        headers: &[(&str, String)],
    ) -> Phone {
        let uri = format!("ws://{address}{path}").parse().expect("a URI");
        let mut request = ClientRequestBuilder::new(uri).with_sub_protocol(subprotocol);
        for (name, value) in headers {
            request = request.with_header(*name, value);
        }
        match tungstenite::client(request, Patient(stream)) {
            Ok((socket, _)) => Phone { socket },
            Err(error) => panic!("no WebSocket at {path}: {error}"),
        }
    }

    pub(crate) fn send(&mut self, text: impl Into<String>) {
        self.say(Message::text(text.into()));
    }

    pub(crate) fn say(&mut self, message: Message) {
        self.socket.send(message).expect("the server takes it");
    }

    /// Reads the next message of the server.
    #[track_caller]
    pub(crate) fn hear(&mut self) -> Message {
        self.socket.read().expect("the server says something")
    }

    /// Sends a text that the server may not take, because it may be dead. Returns whether the kernel took it.
    #[cfg(feature = "accounts")]
    pub(crate) fn try_send(&mut self, text: String) -> bool {
        self.socket.send(Message::text(text)).is_ok()
    }

    /// Reads the next message of a server that may die at any moment. `None`: the connection has ended. It waits six times as
    /// long as other reads: before its end the server may have to give others many answers.
    #[cfg(feature = "accounts")]
    #[track_caller]
    pub(crate) fn hear_or_end(&mut self) -> Option<Message> {
        let is_silence = |error: &tungstenite::Error| matches!(error, tungstenite::Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock);
        for _ in 0..6 {
            match self.socket.read() {
                Ok(message) => return Some(message),
                Err(error) if is_silence(&error) => {}
                Err(_) => return None,
            }
        }
        panic!("the server says nothing, and lives")
    }

    #[track_caller]
    pub(crate) fn text(&mut self) -> String {
        match self.hear() {
            Message::Text(text) => text.as_str().to_owned(),
            other => panic!("not a text: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) {
        assert_eq!(self.text(), text);
    }

    #[track_caller]
    pub(crate) fn expect_message(&mut self, from: &str, text: &str) {
        self.expect(&format!(r#"{{"type":"message","from":"{from}","text":"{text}"}}"#));
    }

    /// Asserts that the next frame is an error with this sentence, and returns its code and its id.
    #[track_caller]
    pub(crate) fn expect_error(&mut self, detail: &str) -> (String, Option<String>) {
        let text = self.text();
        let error: Value = serde_json::from_str(&text).expect("an error is JSON");
        let (code, id) = (error["code"].as_str().expect("a code"), error["id"].as_str());
        let id_json = id.map(|id| format!(r#","id":{}"#, Value::from(id))).unwrap_or_default();
        let expected =
            format!(r#"{{"type":"error","detail":"{detail}","code":"{code}"{id_json}}}"#);
        assert_eq!(text, expected);
        (code.to_owned(), id.map(str::to_owned))
    }

    /// Asserts that the next frame is the list, and that it has these numbers, once each.
    #[track_caller]
    pub(crate) fn expect_online(&mut self, expected: &[&str]) {
        let text = self.text();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(users(&text).unwrap_or_else(|| panic!("no list: {text}")), expected);
    }

    /// Reads on until a list has these numbers. The receiver may see other lists before it.
    #[track_caller]
    pub(crate) fn until_online(&mut self, expected: &[&str]) {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        while users(&self.text()).is_none_or(|online| online != expected) {}
    }

    /// Asserts that the test has read everything that the server had for this phone: the answer to a
    /// ping comes next.
    #[track_caller]
    pub(crate) fn expect_nothing(&mut self) {
        self.send(r#"{"type":"ping"}"#);
        self.expect(r#"{"type":"pong"}"#);
    }

    /// Asserts that the server closes with this code and reason, and that the connection then ends.
    #[track_caller]
    pub(crate) fn expect_close(&mut self, code: u16, reason: &str) {
        match self.hear() {
            Message::Close(Some(close)) => {
                assert_eq!((u16::from(close.code), close.reason.as_str()), (code, reason));
            }
            other => panic!("not a close frame with a code: {other:?}"),
        }
        self.expect_end();
    }

    /// Asserts that the server is shutting down, and says when to come back. Returns how long the phone is to stay
    /// away.
    #[track_caller]
    pub(crate) fn expect_goodbye(&mut self) -> Duration {
        let Message::Close(Some(close)) = self.hear() else {
            panic!("not a close frame with a code")
        };
        assert_eq!(u16::from(close.code), 1001);
        let wait = time_to_stay_away(close.reason.as_str());
        self.expect_end();
        wait
    }

    /// Asserts that the closing handshake ends as in RFC 6455 §7.1.1: the server closes the connection
    /// first.
    #[track_caller]
    pub(crate) fn expect_end(&mut self) {
        match self.socket.read() {
            Err(tungstenite::Error::ConnectionClosed) => {}
            other => panic!("not the end: {other:?}"),
        }
        // Then the client closes its side. The server may already be gone.
        let _ = self.socket.get_ref().0.shutdown(Shutdown::Both);
    }

    /// Sends a close frame, as a client should, and waits for the answer.
    #[track_caller]
    pub(crate) fn close(mut self) {
        self.socket.close(None).expect("it was open");
        while !matches!(self.socket.read(), Err(tungstenite::Error::ConnectionClosed)) {}
    }

    /// Resets the connection: the data in flight is lost, and the server sees an error.
    pub(crate) fn reset(self) {
        let stream = &self.socket.get_ref().0;
        SockRef::from(stream).set_linger(Some(Duration::ZERO)).expect("a TCP socket");
    }

    /// Half-closes the TCP connection, without a close frame.
    pub(crate) fn hang_up_half(&self) {
        self.socket.get_ref().0.shutdown(Shutdown::Write).expect("it is connected");
    }

    /// Sends signs of life, which the server does not answer, until the return value is dropped.
    pub(crate) fn keep_alive(&self) -> Heartbeat {
        let stream = self.socket.get_ref().0.try_clone().expect("a descriptor");
        Heartbeat::of(stream)
    }

    /// Reads the next text, as JSON.
    #[track_caller]
    pub(crate) fn json(&mut self) -> Value {
        serde_json::from_str(&self.text()).expect("JSON")
    }
}

/// A phone's signs of life: unsolicited pongs (RFC 6455 §5.5.3), many within each timeout.
pub(crate) struct Heartbeat {
    over: Arc<AtomicBool>,
}

impl Heartbeat {
    fn of(mut stream: TcpStream) -> Heartbeat {
        use std::io::Write as _;
        let over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&over);
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) && stream.write_all(&frame(PONG, b"")).is_ok() {
                pause(Duration::from_millis(20));
            }
        });
        Heartbeat { over }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
