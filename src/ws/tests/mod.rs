//! Tests of the room as a whole: bytes go in at one side, [`Said`]s are compared at the other.
//!
//! `reader` has the rules one by one, `chunks` the samples cut at every byte, `utf8` the characters,
//! `writing` the way out. `oracle` is the comparison with tungstenite's own socket, and `streams` what is
//! compared: the fuzzer compares others (`tests/fuzz/`).

mod chunks;
mod oracle;
mod reader;
mod streams;
mod utf8;
mod writing;

use super::*;
use oracle::{Outcome, Said, read_all, read_chunk};

fn text(text: &str) -> Said {
    Said::Text(text.to_owned())
}

/// What a server makes of a client's bytes.
fn serve(bytes: &[u8]) -> Outcome {
    read_all(Role::Server, Limits::default(), [bytes])
}

/// What a client makes of a server's bytes.
fn receive(bytes: &[u8]) -> Outcome {
    read_all(Role::Client, Limits::default(), [bytes])
}

/// First bytes: FIN and opcode.
const FINAL: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = FINAL | 8;
const PING: u8 = FINAL | 9;
const PONG: u8 = FINAL | 10;

/// A client's frame, written by hand: what is tested is not what writes the samples.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = header(first, payload.len());
    bytes[1] |= 0x80;
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A server's frame, written by hand.
fn bare_frame(first: u8, payload: &[u8]) -> Vec<u8> {
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
fn close_payload(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason].concat()
}
