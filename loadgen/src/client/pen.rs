//! [`Pen`]: what a phone writes with: correct frames, and bytes that mean nothing.

use std::mem;

use serde::Serialize;
use switchboard::ws::Frame;

/// Random numbers for masks and keys, and a scratch buffer for JSON.
#[derive(Debug)]
pub(crate) struct Pen {
    random: fastrand::Rng,
    json: String,
}

impl Pen {
    /// The payload of a control ping, which its pong repeats.
    pub(crate) const PING: &[u8] = b"heartbeat";

    /// A pen whose masks and keys come from this seed. Masks must be unpredictable in a browser, whose
    /// scripts may be hostile (RFC 6455 §10.3). loadgen has no scripts, and its runs should be repeatable.
    pub(crate) fn new(seed: u64) -> Self {
        Pen { random: fastrand::Rng::with_seed(seed), json: String::new() }
    }

    /// Appends this many random bytes.
    pub(crate) fn write_garbage(&mut self, bytes: usize, out: &mut Vec<u8>) {
        out.extend(std::iter::repeat_with(|| self.random.u8(..)).take(bytes));
    }

    /// A correct frame with a text that is of no protocol.
    pub(crate) fn write_nonsense(&mut self, out: &mut Vec<u8>) {
        const NONSENSE: [&str; 6] = [
            "",
            "hello?",
            "{\"type\":",
            "[[[[[[[[[[[[[[[[[[[[[[[[",
            "{\"type\":\"no such thing\"}",
            "{\"type\":7,\"type\":{}}",
        ];
        let text = NONSENSE[self.random.usize(..NONSENSE.len())];
        self.write(&Frame::Text(text), out);
    }

    /// A ping that is many times as long as it has to be.
    pub(crate) fn write_long_ping(&mut self, out: &mut Vec<u8>) {
        let text = format!("{{\"type\":\"ping\"{:1000}}}", "");
        self.write(&Frame::Text(&text), out);
    }

    /// A ping of the WebSocket protocol (RFC 6455 §5.5.2), for protocols that have no heartbeat of their own.
    pub(crate) fn write_control_ping(&mut self, out: &mut Vec<u8>) {
        self.write(&Frame::Ping(Pen::PING), out);
    }

    /// This many pings. Their pongs are not waited for.
    pub(crate) fn write_pings(&mut self, count: u32, out: &mut Vec<u8>) {
        (0..count).for_each(|_| self.write(&Frame::Text("{\"type\":\"ping\"}"), out));
    }

    /// A frame, masked.
    pub(crate) fn write(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        frame.encode_masked(self.random.u32(..).to_ne_bytes(), out);
    }

    /// A frame of the protocol, which serde turns into JSON.
    pub(crate) fn write_json(&mut self, frame: &impl Serialize, out: &mut Vec<u8>) {
        let json = serde_json::to_string(frame).expect("strings always have a JSON form");
        self.write(&Frame::Text(&json), out);
    }

    /// A frame of the protocol whose JSON is these parts, one after the other. For the frame that is sent most:
    /// serde looks at each byte of a string, whether it needs an escape.
    pub(crate) fn write_parts(&mut self, parts: &[&str], out: &mut Vec<u8>) {
        let mut json = mem::take(&mut self.json);
        json.clear();
        parts.iter().for_each(|part| json.push_str(part));
        self.write(&Frame::Text(&json), out);
        self.json = json;
    }

    /// Bytes for the key of an upgrade (RFC 6455 §4.1).
    pub(crate) fn key(&mut self) -> [u8; 16] {
        self.random.u128(..).to_ne_bytes()
    }
}
