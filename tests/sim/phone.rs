//! [`Phone`]: a client with a number, whose actions the dice decide.
//!
//! A phone connects, chats, and misbehaves in every way that a bad network or a careless or malicious
//! client can. Everything that it sends is noted for the oracle first.

use crate::faults::Fault;
use crate::frames::{BINARY, CLOSE, CONTINUATION, KEY, PING, PONG, TEXT, masked};
use crate::net::WireId;
use crate::oracle::{Kind, Line, Said};
use crate::world::{Item, World};

/// The misdeeds that a phone chooses from. Some stand here more than once, and are more frequent.
const MISDEEDS: [Fault; 14] = [
    Fault::Deafness,
    Fault::Deafness,
    Fault::Deafness,
    Fault::Muteness,
    Fault::Vanishing,
    Fault::Reset,
    Fault::Reset,
    Fault::HalfClose,
    Fault::HalfClose,
    Fault::HalfClose,
    Fault::Violation,
    Fault::Violation,
    Fault::Violation,
    Fault::Garbage,
];

/// Texts that are answered with an error, whole or without their last byte.
pub(crate) const NONSENSE: [&str; 8] = [
    "no JSON",
    "[]",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    r#"{"type":"wink"}"#,
    r#"{"type":"message","to":"1"}"#,
    r#"{"type":"message","to":"03000000000","text":17}"#,
    r#"{"type":"\ud800"}"#,
    r#"{"type":null,"type":1e999}"#,
];

/// How many bytes on their way make a phone pause.
const BACKLOG: usize = 3000;

pub(crate) struct Phone {
    pub(crate) number: usize,
    pub(crate) kind: Kind,
    /// The connection that it uses now.
    pub(crate) wire: Option<WireId>,
    /// Whether it drains its socket.
    pub(crate) reads: bool,
    /// Whether its bytes travel to the server.
    pub(crate) speaks: bool,
}

impl Phone {
    pub(crate) fn new(number: usize, kind: Kind) -> Self {
        Phone { number, kind, wire: None, reads: true, speaks: true }
    }
}

/// The digits of a number.
pub(crate) fn digits(number: usize) -> String {
    format!("{:011}", 3_000_000_000 + number as u64)
}

/// The number in what `digits` has written.
pub(crate) fn number(digits: &str) -> usize {
    assert_eq!(digits.len(), 11, "{digits}");
    (digits.parse::<u64>().expect("digits") - 3_000_000_000) as usize
}

impl World {
    /// The phone takes its next action.
    pub(crate) fn act(&mut self, who: usize) {
        let phone = &self.phones[who];
        let Some(wire) = phone.wire else { return self.connect(who) };
        if !phone.speaks || !phone.reads {
            if self.dice.per_mille(200) {
                self.wake(who);
            }
            return;
        }
        // A phone does not send much faster than its network carries the bytes away.
        if self.oracle.lines[wire].has_left || self.net.wires[wire].unsent.len() > BACKLOG {
            return;
        }
        if phone.kind == Kind::Http {
            return match self.dice.below(10) {
                0..5 => self.ask_page(wire),
                5 if self.net.faults.strikes(Fault::Garbage) => {
                    let garbage =
                        self.dice.pick(&[&b"\x16\x03\x01\x02\0\r\n\r\n"[..], b"GET\0/\r\n\r\n"]);
                    self.send(wire, garbage, Said::Violation);
                }
                _ => self.finish(wire),
            };
        }
        if phone.kind == Kind::Device {
            return self.act_device(who, wire);
        }
        match self.dice.below(100) {
            0..40 => self.write_letters(wire, 1),
            40..44 => {
                let count = self.dice.between(3, 30);
                self.write_letters(wire, count);
            }
            44..52 => {
                let to = self.dice.below(self.climate.numbers);
                let frame =
                    format!(r#"{{"type":"typing","to":"{}","is_typing":true}}"#, digits(to));
                self.say_text(wire, &frame, Said::Typing(to));
            }
            52..60 => self.say_text(wire, r#"{"type":"get_online_users"}"#, Said::Ask),
            60..64 => {
                let mode = self.dice.pick(self.climate.modes);
                let frame = format!(r#"{{"type":"presence","mode":"{}"}}"#, mode.word());
                self.say_text(wire, &frame, Said::Mode(mode));
            }
            64..68 if self.net.faults.strikes(Fault::Nonsense) => {
                let frame = self.dice.pick(&NONSENSE);
                // Some of these frames break off.
                let end = if self.dice.per_mille(300) { frame.len() - 1 } else { frame.len() };
                self.say_text(wire, &frame[..end], Said::Nonsense);
            }
            68..70 => self.say(wire, PING, b"are you there?", Said::ControlPing),
            _ if self.dice.per_mille(self.climate.hostility) => self.misbehave(who, wire),
            _ => self.say_text(wire, r#"{"type":"ping"}"#, Said::Ping),
        }
    }

    pub(crate) fn misbehave(&mut self, who: usize, wire: WireId) {
        let fault = self.dice.pick(&MISDEEDS);
        if !self.net.faults.strikes(fault) {
            return;
        }
        match fault {
            Fault::Deafness => self.phones[who].reads = false,
            Fault::Muteness => {
                // The unsent bytes stay where they are: the server has half a frame, or nothing.
                self.phones[who].speaks = false;
                self.oracle.lines[wire].is_tardy = true;
            }
            Fault::Vanishing => self.vanish(who, wire),
            Fault::Reset => self.reset(who, wire),
            Fault::Garbage => self.say_garbage(wire),
            Fault::Violation => match self.dice.below(4) {
                0 => self.say(wire, BINARY, b"a picture", Said::Violation),
                1 if self.climate.chunk > 1000 => {
                    let too_long = vec![b'x'; 70_000];
                    self.say(wire, TEXT, &too_long, Said::Violation);
                }
                2 => self.say(wire, TEXT, b"\xC0\xAF", Said::Violation),
                _ => self.say(wire, CONTINUATION, b"of nothing", Said::Violation),
            },
            _ if self.dice.per_mille(500) => {
                self.say(wire, CLOSE, &1000u16.to_be_bytes(), Said::Bye)
            }
            _ => self.finish(wire),
        }
    }

    /// The phone's network is cut, and nobody is told. The phone comes back over another connection.
    fn vanish(&mut self, who: usize, wire: WireId) {
        self.note(|| format!("wire {wire} is cut, and nobody is told"));
        self.abandoned[wire] = true;
        self.oracle.lines[wire].is_tardy = true;
        self.phones[who].wire = None;
    }

    fn reset(&mut self, who: usize, wire: WireId) {
        self.note(|| format!("wire {wire} is reset"));
        self.oracle.lines[wire].has_left = true;
        self.net.reset(wire);
        self.phones[who].wire = None;
    }

    /// Sends a masked frame with a wrong first byte: its RSV bits or its opcode are reserved by RFC 6455
    /// §5.2. So it has no meaning, whatever its other bytes are.
    fn say_garbage(&mut self, wire: WireId) {
        let first = self.dice.pick(&[0x83, 0x87, 0x8B, 0x8F, 0xC1, 0xA1, 0x91, 0xF9, 0x03]);
        let mut garbage = vec![first];
        let length = self.dice.between(1, 40);
        garbage.extend((0..length).map(|_| self.dice.below(256) as u8));
        // If the header has not arrived in full, the server waits for its rest, up to a timeout.
        self.oracle.lines[wire].is_tardy = true;
        self.send(wire, &garbage, Said::Violation);
    }

    /// All phones lose their connections, and connect again at once.
    pub(crate) fn storm(&mut self) {
        self.note(|| "a storm: all come back at once".to_owned());
        for who in 0..self.phones.len() {
            if let Some(wire) = self.phones[who].wire {
                match self.dice.per_mille(700) {
                    true => self.reset(who, wire),
                    false => self.vanish(who, wire),
                }
            }
            self.connect(who);
        }
    }

    /// A phone that did not read, or did not send, begins to do so again.
    pub(crate) fn wake(&mut self, who: usize) {
        self.phones[who].reads = true;
        self.phones[who].speaks = true;
        if let Some(wire) = self.phones[who].wire {
            self.plan_up(wire);
            self.plan_down(wire);
        }
    }

    pub(crate) fn connect(&mut self, who: usize) {
        let (number, kind) = (self.phones[who].number, self.phones[who].kind);
        if kind == Kind::Device {
            return self.connect_device(who);
        }
        let mode = self.dice.pick(self.climate.modes);
        let wire = self.net.connect(self.dice.between(self.climate.room.0, self.climate.room.1));
        self.add_wire(who, Line::new(kind, number, mode, self.now));
        self.phones[who] = Phone { wire: Some(wire), ..Phone::new(number, kind) };
        self.note(|| format!("phone {who} connects {} over wire {wire}, {mode:?}", digits(number)));
        if kind == Kind::Http {
            return self.ask_page(wire);
        }
        // Some phones first ask for a page, and do not wait for the answer.
        if self.dice.per_mille(100) {
            self.ask_page(wire);
        }
        let pings = if self.oracle.lines[wire].is_pinged() { "&pings=server" } else { "" };
        let request = format!(
            "GET /ws/{}?presence={}{pings} HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n",
            digits(number),
            mode.word(),
        );
        self.send(wire, request.as_bytes(), Said::Upgrade);
        // Some phones do not wait for the answer, and send their first frames right behind the request.
        if self.dice.per_mille(200) {
            self.write_letters(wire, 2);
        }
    }

    /// Adds a new wire to every list.
    pub(crate) fn add_wire(&mut self, who: usize, line: Line) {
        self.oracle.lines.push(line);
        self.owners.push(who);
        self.abandoned.push(false);
        self.finishing.push(false);
        self.ups.push(false);
        self.downs.push(false);
    }

    fn ask_page(&mut self, wire: WireId) {
        // The longest page would take too long over a wire that carries three bytes at a time.
        let pages = if self.climate.chunk > 1000 { 3 } else { 2 };
        for _ in 0..self.dice.between(1, 3) {
            let page = ["health", "", "metrics"][self.dice.below(pages)];
            if self.net.faults.strikes(Fault::Page) {
                let request = format!("GET /{page} HTTP/1.1\r\nHost: here\r\n\r\n");
                self.send(wire, request.as_bytes(), Said::Request);
            }
        }
    }

    /// Writes a few letters, or notes.
    pub(crate) fn write_some(&mut self, wire: WireId) {
        let count = self.dice.between(0, 5);
        match self.oracle.lines[wire].kind {
            Kind::Phone => self.write_letters(wire, count),
            Kind::Device => self.write_notes(wire, count),
            Kind::Http => {}
        }
    }

    fn write_letters(&mut self, wire: WireId, count: usize) {
        let to = self.dice.below(self.climate.numbers);
        for _ in 0..count {
            let largest = if self.dice.per_mille(100) { self.climate.letter } else { 20 };
            let (has_id, size) = (self.dice.per_mille(600), self.dice.between(0, largest));
            let said = self.oracle.write(wire, to, has_id, size);
            let Said::Letter(at) = said else { unreachable!("that is what was written") };
            let id = if has_id { format!(r#","id":"{at}""#) } else { String::new() };
            let text = &self.oracle.letters[at].text;
            let frame =
                format!(r#"{{"type":"message","to":"{}","text":"{text}"{id}}}"#, digits(to));
            self.say_text(wire, &frame, said);
        }
    }

    /// Sends a text in one frame or in several, perhaps with a control frame in between.
    pub(crate) fn say_text(&mut self, wire: WireId, text: &str, said: Said) {
        if !self.dice.per_mille(100) {
            return self.say(wire, TEXT, text.as_bytes(), said);
        }
        let (begin, end) = text.as_bytes().split_at(self.dice.below(text.len()));
        let first = masked(TEXT, false, begin, *b"1st ");
        self.oracle.lines[wire].said_bytes += first.len();
        self.net.wires[wire].unsent.extend(first);
        if self.dice.per_mille(300) {
            self.say(wire, PING, b"", Said::ControlPing);
        }
        self.say(wire, CONTINUATION, end, said);
    }

    pub(crate) fn say(&mut self, wire: WireId, opcode: u8, payload: &[u8], said: Said) {
        let mask = self.dice.below(1 << 32) as u32;
        let frame = masked(opcode, true, payload, mask.to_be_bytes());
        self.send(wire, &frame, said);
    }

    pub(crate) fn send(&mut self, wire: WireId, bytes: &[u8], said: Said) {
        self.note(|| format!("wire {wire} says {said:?}, {} bytes", bytes.len()));
        self.oracle.lines[wire].say(bytes.len(), said);
        self.net.wires[wire].unsent.extend(bytes);
        self.plan_up(wire);
    }

    /// The phone half-closes this wire, and reads on.
    pub(crate) fn finish(&mut self, wire: WireId) {
        self.note(|| format!("wire {wire} finishes"));
        self.oracle.lines[wire].has_left = true;
        self.finishing[wire] = true;
        self.plan_up(wire);
    }

    /// Bytes travel from a phone to the server.
    pub(crate) fn go_up(&mut self, wire: WireId) {
        self.ups[wire] = false;
        let phone = &self.phones[self.owners[wire]];
        if self.abandoned[wire] || (phone.wire == Some(wire) && !phone.speaks) {
            return;
        }
        let mut count = self.dice.between(1, self.climate.chunk);
        let all = self.net.wires[wire].unsent.len();
        if count < all && !self.net.faults.strikes(Fault::SplitRead) {
            count = all;
        }
        if self.net.arrive(wire, count, self.finishing[wire]) {
            self.oracle.lines[wire].arrived = self.now;
            self.last_deed = self.now;
        }
        if !self.net.wires[wire].unsent.is_empty() {
            self.plan_up(wire);
        }
    }

    /// Bytes travel from the server to a phone.
    pub(crate) fn go_down(&mut self, wire: WireId) {
        self.downs[wire] = false;
        let who = self.owners[wire];
        let is_current = self.phones[who].wire == Some(wire);
        if self.abandoned[wire] || (is_current && !self.phones[who].reads) {
            return;
        }
        let count = self.dice.between(1, self.climate.chunk);
        if self.net.drain(wire, count) > 0 {
            self.last_deed = self.now;
            self.plan_down(wire);
            if is_current {
                self.answer_pings(who, wire);
            }
        }
        if !self.net.is_at_end(wire) {
            return;
        }
        let line = &self.oracle.lines[wire];
        if line.close.is_some() && !line.has_left && !self.net.is_closed(wire) {
            self.say(wire, CLOSE, &[], Said::Bye);
        }
        if !self.finishing[wire] {
            self.finish(wire);
        }
        if is_current {
            self.phones[who].wire = None;
        }
    }

    /// Answers the server's pings, as a browser does by itself.
    fn answer_pings(&mut self, who: usize, wire: WireId) {
        let line = &mut self.oracle.lines[wire];
        let is_asked = line.server_pings > line.answered_pings;
        if is_asked && self.beats && self.phones[who].speaks && !line.has_left {
            line.answered_pings = line.server_pings;
            self.say(wire, PONG, b"", Said::ControlPong);
        }
    }

    pub(crate) fn plan_up(&mut self, wire: WireId) {
        if !std::mem::replace(&mut self.ups[wire], true) {
            let after = self.dice.time(std::time::Duration::ZERO, self.climate.latency);
            self.plan(after, Item::Up(wire));
        }
    }

    pub(crate) fn plan_down(&mut self, wire: WireId) {
        if !std::mem::replace(&mut self.downs[wire], true) {
            let after = self.dice.time(std::time::Duration::ZERO, self.climate.latency);
            self.plan(after, Item::Down(wire));
        }
    }
}
