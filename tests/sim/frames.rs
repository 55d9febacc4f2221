//! What travels, from a phone's side: [`Tap`] takes apart what the server sends, and [`masked`] makes
//! frames of what a phone says. Written from RFC 6455 §5.2 and without a look at the server's code,
//! so that the two can disagree.

use serde_json::Value;

/// One thing that a server has said.
pub(crate) enum Heard {
    Response { status: u16, body: Vec<u8> },
    Text(Value),
    Pong,
    Close(Option<u16>, String),
}

/// Reads what the server sends over one wire.
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
        let (&first, &second) = (self.bytes.first()?, self.bytes.get(1)?);
        assert_eq!(first & 0xF0, 0x80, "a server's frames are whole and use no extension");
        assert_eq!(second & 0x80, 0, "a server's frames are not masked");
        let (length, start) = match second {
            126 => (usize::from(u16::from_be_bytes(self.bytes.get(2..4)?.try_into().ok()?)), 4),
            127 => (u64::from_be_bytes(self.bytes.get(2..10)?.try_into().ok()?) as usize, 10),
            short => (usize::from(short), 2),
        };
        let payload = self.bytes.get(start..start + length)?;
        let heard = match first & 0x0F {
            1 => Heard::Text(serde_json::from_slice(payload).expect("every text is JSON")),
            8 if length == 0 => Heard::Close(None, String::new()),
            8 => {
                let code = u16::from_be_bytes([payload[0], payload[1]]);
                Heard::Close(Some(code), String::from_utf8_lossy(&payload[2..]).into_owned())
            }
            10 => Heard::Pong,
            opcode => panic!("a server does not send frames of type {opcode}"),
        };
        Some((heard, start + length))
    }
}

/// The key that every phone sends, and the answer to it: RFC 6455 §1.3 has them as its example.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;

/// A client's frame.
pub(crate) fn masked(opcode: u8, is_final: bool, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![opcode | if is_final { 0x80 } else { 0 }];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        middle @ 126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend((middle as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}
