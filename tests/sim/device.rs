//! A *device*: a phone of the messenger realm. Several devices may share one session, which is a person.
//! A device connects and signs in. Then it writes notes, reads them, invites, answers and types. It
//! misbehaves like any other phone. A session's number is its place among the sessions. No device has
//! the last session.

use serde_json::{Value, json};

use crate::faults::Fault;
use crate::frames::{KEY, PING};
use crate::net::WireId;
use crate::oracle::{Device, Kind, Line, Mode, Said};
use crate::phone::{NONSENSE, Phone};
use crate::world::World;

/// The number of the first session. It is so large that no session has the number of a phone.
pub(crate) const SESSIONS: usize = 1_000_000;

/// A session's id.
pub(crate) fn session_id(number: usize) -> String {
    format!("session-{}", number - SESSIONS)
}

/// The number in what `session_id` has written.
pub(crate) fn session(id: &str) -> usize {
    let number = id.strip_prefix("session-").unwrap_or_else(|| panic!("{id} is no session"));
    SESSIONS + number.parse::<usize>().expect("a number")
}

impl World {
    pub(crate) fn connect_device(&mut self, who: usize) {
        let number = self.phones[who].number;
        let wire = self.net.connect(self.dice.between(self.climate.room.0, self.climate.room.1));
        self.add_wire(who, Line::new(Kind::Device, number, Mode::None, self.now));
        self.oracle.realm.devices.insert(wire, Device::default());
        self.phones[who] = Phone { wire: Some(wire), ..Phone::new(number, Kind::Device) };
        self.note(|| format!("device {who} connects {} over wire {wire}", session_id(number)));
        let path = self.dice.pick(&["/", "/ws"]);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
        );
        self.send(wire, request.as_bytes(), Said::Upgrade);
        if self.dice.per_mille(self.climate.hostility / 20)
            && self.net.faults.strikes(Fault::Violation)
        {
            // A device may say nothing before it has signed in.
            return self.say_text(wire, r#"{"type":"ping"}"#, Said::Violation);
        }
        let receipts = !self.dice.per_mille(200);
        let data = json!({ "sessionId": session_id(number), "name": null, "receipts": receipts });
        self.say_data(wire, "auth", &data, Said::SignIn { receipts });
    }

    /// A device takes its next action.
    pub(crate) fn act_device(&mut self, who: usize, wire: WireId) {
        match self.dice.below(100) {
            0..35 => self.write_notes(wire, 1),
            35..39 => {
                let count = self.dice.between(3, 20);
                self.write_notes(wire, count);
            }
            39..54 => self.read_something(wire),
            54..60 => self.invite(wire),
            60..68 => self.answer_something(wire),
            68..76 => {
                let (to, is_typing) = (self.somebody(), self.dice.per_mille(600));
                let data = json!({ "recipientId": session_id(to), "isTyping": is_typing });
                self.say_data(wire, "typing_indicator", &data, Said::TypingTo(to, is_typing));
            }
            76..79 if self.net.faults.strikes(Fault::Nonsense) => {
                let frame = self.dice.pick(&NONSENSE);
                self.say_text(wire, frame, Said::Nonsense);
            }
            79..81 => self.say(wire, PING, b"are you there?", Said::ControlPing),
            _ if self.dice.per_mille(self.climate.hostility) => self.misbehave(who, wire),
            _ => self.say_text(wire, r#"{"type":"ping"}"#, Said::Ping),
        }
    }

    pub(crate) fn write_notes(&mut self, wire: WireId, count: usize) {
        let to = self.somebody();
        for _ in 0..count {
            let largest = if self.dice.per_mille(100) { self.climate.letter } else { 20 };
            let at = self.oracle.realm.write(wire, self.oracle.lines[wire].number, to);
            let content = format!("n{at}:{}", "x".repeat(self.dice.between(0, largest)));
            let data = json!({ "id": format!("n{at}"), "recipientId": session_id(to), "content": content });
            self.oracle.realm.notes[at].content = content;
            self.say_data(wire, "message_send", &data, Said::Note(at));
        }
    }

    /// Marks a note as read: one that the device has received, or one of another person.
    fn read_something(&mut self, wire: WireId) {
        let is_curious = self.dice.per_mille(100) && self.net.faults.strikes(Fault::Prying);
        let mine = self.oracle.lines[wire].number;
        let realm = &self.oracle.realm;
        let mut notes: Vec<usize> = match is_curious {
            true => (0..realm.notes.len()).filter(|&at| realm.notes[at].to != mine).collect(),
            false => realm.devices[&wire].notes.clone(),
        };
        // Mostly recent notes: the older ones are read already.
        notes.drain(..notes.len().saturating_sub(8));
        if notes.is_empty() {
            return;
        }
        let at = self.dice.pick(&notes);
        let data = json!({ "messageId": format!("n{at}") });
        self.say_data(wire, "message_read", &data, Said::Read(at));
    }

    fn invite(&mut self, wire: WireId) {
        let (from, to) = (self.oracle.lines[wire].number, self.somebody());
        let at = self.oracle.realm.invite(wire, from, to);
        let data = json!({ "id": format!("i{at}"), "recipientId": session_id(to), "message": "?" });
        self.say_data(wire, "invitation_send", &data, Said::Invite(at));
    }

    fn answer_something(&mut self, wire: WireId) {
        let invitations = &self.oracle.realm.devices[&wire].invitations;
        if invitations.is_empty() {
            return;
        }
        let (at, accepts) = (self.dice.pick(invitations), self.dice.per_mille(700));
        let kind = if accepts { "invitation_accept" } else { "invitation_decline" };
        let data = json!({ "invitationId": format!("i{at}") });
        self.say_data(wire, kind, &data, Said::Answer(at, accepts));
    }

    /// Any session, the device's own and the unused one included.
    fn somebody(&mut self) -> usize {
        SESSIONS + self.dice.below(self.climate.sessions + 1)
    }

    fn say_data(&mut self, wire: WireId, kind: &str, data: &Value, said: Said) {
        let frame = json!({ "type": kind, "data": data }).to_string();
        self.say_text(wire, &frame, said);
    }
}
