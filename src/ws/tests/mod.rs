//! Tests of the room as a whole: bytes go in at one side, [`Said`]s are compared at the other.
//!
//! `reader` has the rules one by one, `chunks` the samples cut at every byte, `utf8` the characters,
//! `writing` the way out, `oracle` the comparison with tungstenite's own socket.

mod chunks;
mod oracle;
mod reader;
mod utf8;
mod writing;

use super::*;

/// An [`Item`] that owns its payload, and shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

impl From<Item<'_>> for Said {
    fn from(item: Item<'_>) -> Self {
        match item {
            Item::Text(text) => Said::Text(text.into()),
            Item::Binary(bytes) => Said::Binary(bytes.into()),
            Item::Ping(bytes) => Said::Ping(bytes.into()),
            Item::Pong(bytes) => Said::Pong(bytes.into()),
            Item::Close(close) => {
                Said::Close(close.map(|(code, reason)| (code.into(), reason.into())))
            }
        }
    }
}

pub(super) fn text(text: &str) -> Said {
    Said::Text(text.to_owned())
}

/// All that has been said, and the violation that ended it, if one did.
pub(super) type Outcome = (Vec<Said>, Option<Violation>);

/// Feeds a new reader the chunks, one after the other, each in a scratch buffer of its own.
pub(super) fn read_all<'c>(
    role: Role,
    limits: Limits,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> Outcome {
    let mut reader = Reader::new(role);
    let (mut said, mut violation) = (Vec::new(), None);
    for chunk in chunks {
        let mut scratch = chunk.to_vec();
        let outcome = read_chunk(&mut reader, &mut scratch, limits, &mut said);
        // After a violation there is none, and nothing else either: see `reader`.
        violation = violation.or(outcome.err());
    }
    (said, violation)
}

/// Reads until there is no more to be had from one scratch buffer.
pub(super) fn read_chunk(
    reader: &mut Reader,
    mut scratch: &mut [u8],
    limits: Limits,
    said: &mut Vec<Said>,
) -> Result<(), Violation> {
    while let Some(item) = reader.read(&mut scratch, &limits)? {
        said.push(item.into());
    }
    assert!(scratch.is_empty(), "None means that all input has been taken");
    Ok(())
}

/// What a server makes of a client's bytes.
pub(super) fn serve(bytes: &[u8]) -> Outcome {
    read_all(Role::Server, Limits::default(), [bytes])
}

/// What a client makes of a server's bytes.
pub(super) fn receive(bytes: &[u8]) -> Outcome {
    read_all(Role::Client, Limits::default(), [bytes])
}

/// First bytes: FIN and opcode.
pub(super) const FINAL: u8 = 0x80;
pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = FINAL | 8;
pub(super) const PING: u8 = FINAL | 9;
pub(super) const PONG: u8 = FINAL | 10;

/// A client's frame, written by hand: what is tested is not what writes the samples.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = header(first, payload.len());
    bytes[1] |= 0x80;
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A server's frame, written by hand.
pub(super) fn bare_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len());
    bytes.extend(payload);
    bytes
}

fn header(first: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(length as u8),
        126..=65535 => {
            bytes.push(126);
            bytes.extend((length as u16).to_be_bytes());
        }
        65536.. => {
            bytes.push(127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes
}

/// The payload of a close frame.
pub(super) fn close_payload(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason].concat()
}
