//! [`Frame`]: what this side says, put into bytes at the end of an output buffer.
//!
//! A server's frame is not masked, so the same bytes serve every receiver; a client masks each one
//! anew (RFC 6455 §5.3). We never fragment. Called by the dialects and the session, and by the load
//! generator as a client.

use std::fmt;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::header::{Header, MAX_CONTROL_BYTES};
use super::{CloseCode, close, mask};

/// A message in one frame, or a control frame.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Frame<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// Asks the peer for a pong with the same payload: at most 125 bytes.
    Ping(&'a [u8]),
    /// Answers a ping with its own payload: at most 125 bytes (RFC 6455 §5.5.3).
    Pong(&'a [u8]),
    /// The last frame of this side: perhaps a code, and a reason of at most 123 bytes. What is over
    /// that is cut off, between two characters.
    Close(Option<(CloseCode, &'a str)>),
}

impl Frame<'_> {
    /// Appends the frame to `out`, as a server sends it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.encode_with(None, out);
    }

    /// Appends the frame to `out`, as a client sends it. Each frame needs an unpredictable mask of its
    /// own.
    pub fn encode_masked(&self, mask: [u8; 4], out: &mut Vec<u8>) {
        self.encode_with(Some(mask), out);
    }

    fn encode_with(&self, mask: Option<[u8; 4]>, out: &mut Vec<u8>) {
        match *self {
            Frame::Text(text) => append(OpCode::Data(Data::Text), &[text.as_bytes()], mask, out),
            Frame::Binary(bytes) => append(OpCode::Data(Data::Binary), &[bytes], mask, out),
            Frame::Ping(bytes) => append(OpCode::Control(Control::Ping), &[bytes], mask, out),
            Frame::Pong(bytes) => append(OpCode::Control(Control::Pong), &[bytes], mask, out),
            Frame::Close(None) => append(OpCode::Control(Control::Close), &[], mask, out),
            Frame::Close(Some((code, reason))) => {
                debug_assert!(close::may_travel(code), "{code} cannot be sent");
                let code = u16::from(code).to_be_bytes();
                let payload = [&code[..], close::cut(reason).as_bytes()];
                append(OpCode::Control(Control::Close), &payload, mask, out);
            }
        }
    }
}

/// Appends a text frame to `out`, as a server sends it, whose payload `write` appends.
///
/// The length of a payload is known only after it has been encoded, and the header in front of it has
/// 2, 4 or 10 bytes depending on that length. A second buffer would solve this, but copy every
/// payload. So a gap of 4 bytes is left, which fits a payload of 126 to 65,535 bytes, and becomes the
/// header afterwards. A shorter payload moves down by two bytes (at most 125 bytes move), a longer one
/// up by six (rare, and one `memmove`).
///
/// `write` must leave alone what `out` held before, append only, and append UTF-8.
pub fn text_frame(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    const GAP: usize = 4;
    let start = out.len();
    out.extend_from_slice(&[0; GAP]);
    write(out);
    debug_assert!(str::from_utf8(&out[start + GAP..]).is_ok(), "a text frame is UTF-8");

    let length = out.len() - start - GAP;
    let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
    let mut bytes = [0; Header::MAX_BYTES];
    let header_bytes = header.len(length as u64);
    header.format(length as u64, &mut &mut bytes[..]).expect("no header is over 14 bytes");
    out.splice(start..start + GAP, bytes[..header_bytes].iter().copied());
}

fn append(opcode: OpCode, payload: &[&[u8]], mask: Option<[u8; 4]>, out: &mut Vec<u8>) {
    let length = payload.iter().map(|part| part.len()).sum::<usize>();
    debug_assert!(
        length <= MAX_CONTROL_BYTES || matches!(opcode, OpCode::Data(_)),
        "a control frame has at most 125 bytes"
    );
    let header = FrameHeader { opcode, mask, ..FrameHeader::default() };
    out.reserve(header.len(length as u64) + length);
    header.format(length as u64, out).expect("writing to a vector never fails");
    let start = out.len();
    for part in payload {
        out.extend_from_slice(part);
    }
    if let Some(mut mask) = mask {
        mask::apply(&mut out[start..], &mut mask);
    }
}

/// Debug output never shows a text: it shows kinds, lengths and codes.
impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Frame::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Frame::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
            Frame::Ping(bytes) => write!(f, "Ping({} bytes)", bytes.len()),
            Frame::Pong(bytes) => write!(f, "Pong({} bytes)", bytes.len()),
            Frame::Close(None) => write!(f, "Close"),
            Frame::Close(Some((code, reason))) => {
                write!(f, "Close({code}, {} bytes)", reason.len())
            }
        }
    }
}
