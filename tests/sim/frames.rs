//! Frames, from a phone's side. [`Tap`] parses what the server sends, and [`masked`] builds the frames of
//! a phone. The crate `by_hand` does the encoding, independently of the server's code.

use by_hand::{ACCEPT, FINAL};
pub(crate) use by_hand::{BINARY, CLOSE, CONTINUATION, KEY, PING, PONG, TEXT};
use serde_json::Value;

/// One response or frame of the server.
pub(crate) enum Heard {
    Response { status: u16, body: Vec<u8> },
    Text(Value),
    Pong,
    Ping,
    Close(Option<u16>, String),
}

/// Parses what the server sends over one wire.
#[derive(Default)]
pub(crate) struct Tap {
    bytes: Vec<u8>,
    upgraded: bool,
}

impl Tap {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn next(&mut self) -> Option<Heard> {
        let (heard, length) = if self.upgraded { self.frame()? } else { self.response()? };
        self.bytes.drain(..length);
        Some(heard)
    }

    fn response(&mut self) -> Option<(Heard, usize)> {
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = std::str::from_utf8(&self.bytes[..end]).expect("a head is text");
        let status = head[9..12].parse().expect("a status has three digits");
        let value = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        if status == 101 {
            assert_eq!(value("upgrade"), Some("websocket"));
            assert_eq!(value("connection"), Some("Upgrade"));
            assert_eq!(value("sec-websocket-accept"), Some(ACCEPT));
            self.upgraded = true;
            return Some((Heard::Response { status, body: Vec::new() }, end));
        }
        let length: usize = value("content-length")?.parse().expect("a length is a number");
        let body = self.bytes.get(end..end + length)?.to_vec();
        Some((Heard::Response { status, body }, end + length))
    }

    fn frame(&self) -> Option<(Heard, usize)> {
        let (first, payload, end) = by_hand::first_frame(&self.bytes)?;
        assert_eq!(first & 0xF0, FINAL, "a server's frames are whole and use no extension");
        let heard = match first & 0x0F {
            1 => Heard::Text(serde_json::from_slice(payload).expect("every text is JSON")),
            8 if payload.is_empty() => Heard::Close(None, String::new()),
            8 => {
                let code = u16::from_be_bytes([payload[0], payload[1]]);
                Heard::Close(Some(code), String::from_utf8_lossy(&payload[2..]).into_owned())
            }
            9 => Heard::Ping,
            10 => Heard::Pong,
            opcode => panic!("a server does not send frames of type {opcode}"),
        };
        Some((heard, end))
    }
}

/// Builds a client's frame.
pub(crate) fn masked(opcode: u8, is_final: bool, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = Vec::new();
    by_hand::masked(opcode | if is_final { FINAL } else { 0 }, payload, mask, &mut frame);
    frame
}
