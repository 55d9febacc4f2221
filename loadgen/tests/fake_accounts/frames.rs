//! Frames, as the fake server writes them.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use switchboard::ws::Frame;

/// Sends a frame, with spaces in its JSON.
pub(crate) fn say(mut stream: &TcpStream, frame: &Value) {
    let mut out = Vec::new();
    Frame::Text(&frame.to_string().replace("\":", "\": ")).encode(&mut out);
    // If that fails, the connection's own thread will notice that the client is gone.
    let _ = stream.write_all(&out);
}

/// How late a sender is told that a message is stored: while others write a few more.
const LATE: Duration = Duration::from_millis(100);

/// Sends frames after a while, in another thread: so those of several messages come in any order.
pub(crate) fn say_late(stream: &TcpStream, frames: Vec<Value>) {
    let Ok(stream) = stream.try_clone() else { return };
    thread::spawn(move || {
        thread::sleep(LATE);
        frames.iter().for_each(|frame| say(&stream, frame));
    });
}

/// Sends a close frame.
pub(crate) fn close(mut stream: &TcpStream, code: u16) {
    let mut out = Vec::new();
    // RFC 6455 §5.5.1: a code of two bytes.
    out.extend_from_slice(&[0x88, 2]);
    out.extend_from_slice(&code.to_be_bytes());
    let _ = stream.write_all(&out);
}
