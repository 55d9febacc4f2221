//! What goes over the lines: connections begin, bytes arrive and are heard, bytes are written, connections
//! end.

use std::io;
use std::mem;
use std::time::Duration;

use mio::event::Event;
use switchboard::timer::Moment;

use super::call::call;
use super::inbox::Read;
use super::line::Line;
use super::lines::Lines;
use super::run::Run;
use super::slot::Slot;
use crate::client::{Ending, Event as Happened, Phone, Realm};
use crate::phone_id::PhoneId;
use crate::record::{Begun, Party};
use crate::tls::Fault;
use crate::workload::Persona;

/// The most reads from one phone in one turn, so that the others get their share.
const READS: usize = 4;

impl Run<'_> {
    /// The kernel reports an event. Of an earlier connection of the phone, only its end matters, if it is
    /// half-open.
    pub(super) fn happens(&mut self, party: Party, event: &Event) {
        let id = party.phone;
        let is_closed = event.is_read_closed() || event.is_error();
        if !self.lines.is_current(party) {
            if is_closed {
                self.ghost_is_closed(party);
            }
            return;
        }
        if event.is_writable() {
            self.writable(id);
        }
        if (event.is_readable() || is_closed) && self.lines.is_current(party) {
            self.readable(id, is_closed);
        }
    }

    /// A phone's socket takes bytes: it has just connected, or had been full.
    pub(super) fn writable(&mut self, id: PhoneId) {
        let Some(line) = self.lines.line_mut(id) else { return };
        if line.phone.is_some() || line.handshake().is_some() {
            if line.write_on().is_err() {
                self.readable(id, true);
            }
            return;
        }
        match line.is_connected() {
            Ok(false) => {}
            Ok(true) if line.is_secure() => self.begin_handshake(id),
            Ok(true) => self.call(id),
            Err(error) => self.end(id, Ending::Unreachable(error.kind())),
        }
    }

    /// The TCP connection stands: the handshake of TLS begins.
    fn begin_handshake(&mut self, id: PhoneId) {
        let now = self.now();
        let Lines { slots, out, .. } = &mut self.lines;
        let Slot { persona, line: Some(line), .. } = &mut slots[id.index()] else { return };
        if line.begin_handshake(now) && !persona.is_hostile() {
            self.desk.record.connecting.tcp.add(now.since(line.dialled));
        }
        if line.write_tls(out).is_err() {
            self.readable(id, true);
        }
    }

    /// Bytes of a handshake have come, and perhaps bytes of the protocol behind them.
    fn go_on_with_handshake(&mut self, id: PhoneId, since: Moment, count: usize) {
        let Lines { slots, inbox, out, .. } = &mut self.lines;
        let Slot { persona, line: Some(line), .. } = &mut slots[id.index()] else { return };
        // If it fails, the next read says why.
        let _ = line.write_tls(out);
        if line.handshake().is_some() {
            return;
        }
        if !persona.is_hostile() {
            self.desk.record.connecting.tls.add(inbox.arrived.since(since));
        }
        self.call(id);
        if count > 0 {
            self.hear(id, count);
        }
    }

    /// There is something to read, or the stream has ended.
    pub(super) fn readable(&mut self, id: PhoneId, is_closed: bool) {
        for _ in 0..READS {
            let Lines { slots, inbox, .. } = &mut self.lines;
            let Some(line) = &mut slots[id.index()].line else { return };
            let handshake = line.handshake();
            if line.phone.is_none() && handshake.is_none() {
                // One event may report that the connection was refused and closed.
                if let Err(error) = line.is_connected() {
                    self.end(id, Ending::Unreachable(error.kind()));
                }
                return;
            }
            if line.silence().is_some() {
                // The phone does not read. But an end of the stream shows that the server has given it up.
                if is_closed {
                    self.notice(id);
                }
                return;
            }
            if line.reads_slowly() {
                return;
            }
            match line.read(inbox, usize::MAX) {
                Ok(Some(Read::End)) => return self.lose(id, None),
                Ok(Some(Read::Bytes { count, is_all })) => {
                    match handshake {
                        Some(since) => self.go_on_with_handshake(id, since, count),
                        None => self.hear(id, count),
                    }
                    // The next read would find nothing, unless the stream has ended: no other event would
                    // report that (epoll(7), question 9).
                    if is_all && !is_closed {
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) => return self.lose(id, Some(&error)),
            }
        }
        let party = self.lines.party(id);
        self.lines.again.push(party);
    }

    /// Phones that had more to read than their share go on.
    pub(super) fn read_on(&mut self) {
        for party in mem::take(&mut self.lines.again) {
            if self.lines.is_current(party) {
                self.readable(party.phone, true);
            }
        }
    }

    /// A slow reader reads at most this many bytes.
    pub(super) fn sip(&mut self, id: PhoneId, bytes: usize) {
        let Lines { slots, inbox, .. } = &mut self.lines;
        let Some(line) = &mut slots[id.index()].line else { return };
        match line.read(inbox, bytes) {
            Ok(Some(Read::End)) => self.lose(id, None),
            Ok(Some(Read::Bytes { count, .. })) => self.hear(id, count),
            Ok(None) => {}
            Err(error) => self.lose(id, Some(&error)),
        }
    }

    /// Writes what is in `out` to a phone's socket.
    pub(super) fn write(&mut self, id: PhoneId) {
        let Lines { slots, out, .. } = &mut self.lines;
        let Some(line) = &mut slots[id.index()].line else {
            out.clear();
            return;
        };
        self.desk.record.heard.bytes_sent += out.len() as u64;
        if line.write(out).is_err() {
            // Reading tells why: it finds a close frame, or else the same error.
            self.readable(id, true);
        }
    }

    /// A connection is over.
    pub(super) fn end(&mut self, id: PhoneId, ending: Ending) {
        let now = self.now();
        let (persona, party) = (self.lines.slot(id).persona, self.lines.party(id));
        let phone = self.lines.line(id).and_then(|line| line.phone.as_ref());
        let away_for = phone.and_then(Phone::away_for);
        self.uncount(id, now);
        if ending.is_clean() {
            self.lines.say_goodbye(id);
        }
        self.lines.remove(id);
        let is_planned = match ending {
            Ending::Vanished | Ending::Noticed | Ending::LeftOpen => true,
            Ending::Refused(TOO_MANY) => matches!(persona, Persona::Flapper | Persona::Roamer),
            other => other.is_clean(),
        };
        let is_effect = self.is_effect(id, ending, now);
        let record = &mut self.desk.record;
        if !ending.is_clean() {
            record.doubt(party);
        }
        record.ended(persona, ending, is_planned || is_effect || persona.is_hostile());
        match is_effect && !persona.returns() && self.lines.slot(id).is_wanted {
            true => self.plan_recovery(id, party, away_for, now),
            false => self.plan_return(party, now),
        }
    }

    /// A phone is no longer one of those that are connected, and others should be told.
    pub(super) fn uncount(&mut self, id: PhoneId, now: Moment) {
        self.lines.uncount_ready(id);
        match self.lines.has_ghost_here(id) {
            true => self.desk.record.fell_silent(id),
            false => self.desk.record.went(id, self.lines.slot(id).persona, now),
        }
    }

    /// The server has given up a silent phone.
    pub(super) fn notice(&mut self, id: PhoneId) {
        let now = self.now();
        let Some(begun) = self.lines.line(id).and_then(Line::silence) else { return };
        let timeout = self.plan.ping_timeout;
        let is_early = timeout.is_some_and(|timeout| now + TURN < begun.actual + timeout);
        self.desk.record.too_early += u64::from(is_early);
        self.note_notice(begun, now);
        self.end(id, Ending::Noticed);
    }

    /// A silence that began then has been noticed.
    pub(super) fn note_notice(&mut self, begun: Begun, now: Moment) {
        let is_late = self.plan.notice_limit().is_some_and(|limit| now > begun.actual + limit);
        let record = &mut self.desk.record;
        record.notice.add(begun, now);
        record.unnoticed += u64::from(is_late);
        self.lines.silent -= 1;
    }

    /// The stream has ended, or has failed.
    fn lose(&mut self, id: PhoneId, error: Option<&io::Error>) {
        let Lines { slots, out, .. } = &mut self.lines;
        let Some(line) = &mut slots[id.index()].line else { return };
        let ending =
            line.phone.as_mut().map_or(Ending::NoTls(Fault::CUT_SHORT.0), Phone::hear_the_end);
        let ending = match (ending, error.map(|error| (Fault::in_error(error), error.kind()))) {
            (Ending::Dropped | Ending::NotHttp(_) | Ending::NoTls(_), Some((Some(fault), _))) => {
                // The server is told why, if it still listens.
                let _ = line.write_tls(out);
                Ending::NoTls(fault.0)
            }
            (Ending::Dropped | Ending::NoTls(_), Some((None, kind))) => Ending::Failed(kind),
            (ending, _) => ending,
        };
        self.end(id, ending);
    }

    /// The connection stands: the phone asks for the upgrade.
    fn call(&mut self, id: PhoneId) {
        let now = self.now();
        let target = self.lines.target(id);
        let Lines { devices, slots, pen, out, .. } = &mut self.lines;
        let slot = &mut slots[id.index()];
        let (party, session) = (slot.party(id), devices.session(id));
        let name = match slot.persona {
            Persona::QuotaHog => self.desk.names.hog(id, party.generation),
            _ => self.desk.names.session(session),
        };
        let (who, pool) = ((session, &name, &self.desk.numbers), &self.desk.pool);
        let accounts = (pool.get(id), self.desk.open_page(id));
        let phone = call(self.plan, target, who, accounts, now, pen, out);
        let Some(line) = &mut slot.line else { return };
        if !slot.persona.is_hostile() && !line.is_secure() {
            self.desk.record.connecting.tcp.add(now.since(line.dialled));
        }
        line.phone = Some(phone);
        self.corrupt_the_request(party, now);
        self.write(id);
    }

    /// Lets the phone hear the bytes that were read.
    fn hear(&mut self, id: PhoneId, count: usize) {
        let Run { realm, lines, desk, .. } = self;
        let Lines { slots, pen, inbox, halves, out, .. } = lines;
        // Everything in these bytes counts as heard at the moment when they arrived.
        let now = inbox.arrived;
        let slot = &mut slots[id.index()];
        let Slot { persona, generation, line: Some(line), .. } = slot else { return };
        let Some(phone) = &mut line.phone else { return };
        // What comes together with the first frame could come no earlier.
        let ready = if phone.is_ready() { line.ready } else { now };
        line.ready = ready;
        desk.hearing = (*generation, ready);
        // A phone that falls silent later connects like any other.
        let (is_sociable, is_hostile) = (persona.is_sociable(), persona.is_hostile());
        let was_ready = phone.is_ready();
        let mut ending = None;
        let mut input = &mut inbox.bytes[..count];
        desk.get_bytes(id, count, now);
        while let Some(event) = phone.read(now, &mut input, halves, pen, out) {
            match event {
                Happened::Upgraded(after) if !is_hostile => {
                    desk.record.connecting.upgrade.add(after);
                }
                Happened::Greeted { after, first } if !is_hostile => {
                    desk.record.connecting.first_frame.add(after);
                    desk.record.heard.strange_greetings += u64::from(!first.is_greeting());
                    match is_sociable {
                        true => desk.hear(id, &first, now),
                        false => desk.overhear(id, &first, now),
                    }
                }
                Happened::Pong { due, sent } if is_sociable => {
                    desk.record.heartbeat.add(Begun { planned: due, actual: sent }, now);
                    desk.record.heard.pongs += 1;
                }
                Happened::Said(said) if is_sociable => desk.hear(id, &said, now),
                Happened::Greeted { first: said, .. } | Happened::Said(said) => {
                    desk.overhear(id, &said, now);
                }
                Happened::Upgraded(_) | Happened::Pong { .. } => {}
                Happened::Ended(how) => ending = Some(how),
            }
        }
        if let Realm::Messenger(words) = *realm {
            for errand in desk.errands.drain(..) {
                errand.run(words, &desk.names, pen, out);
            }
        }
        if let Realm::Account(words) = *realm {
            desk.write_answers(words, pen, out);
        }
        let is_new = !was_ready && phone.is_ready();
        if is_new {
            self.get_ready(id, now);
        }
        self.go_on_thinking(now);
        match ending {
            None => {
                self.write(id);
                if is_new {
                    self.invite_circle(self.lines.devices.session(id), now);
                }
            }
            Some(ending) => {
                // The phone's last frame, which the server may not read any more.
                let Lines { slots, out, .. } = &mut self.lines;
                if let Some(line) = &mut slots[id.index()].line {
                    let _ = line.write(out);
                }
                out.clear();
                self.end(id, ending);
            }
        }
    }

    /// A phone whose message has just arrived thinks, and will write again.
    fn go_on_thinking(&mut self, now: Moment) {
        for receipt in self.desk.take_receipts() {
            self.cursor.stop_waiting(receipt.sender, receipt.number, now);
        }
    }

    /// A phone is ready: from now on it does what its persona does.
    fn get_ready(&mut self, id: PhoneId, now: Moment) {
        let slot = self.lines.slot(id);
        let (persona, party) = (slot.persona, slot.party(id));
        let Some(line) = &slot.line else { return };
        let begun = Begun { planned: line.planned, actual: line.dialled };
        self.lines.count_ready(id);
        let record = &mut self.desk.record;
        if !persona.is_hostile() {
            record.connecting.total.add(begun, now);
        }
        record.came(id, persona, Begun { actual: now, ..begun }, now);
        self.begin(party, now);
        self.note_recovery(id, now);
        let is_first_device = id == self.lines.devices.session(id);
        let can_write = persona == Persona::Chatter && self.desk.pages.can_write(id);
        if self.plan.is_closed && can_write && is_first_device {
            self.cursor.begin_to_chat(id, now);
        }
    }
}

/// A server that reads the clock once in each turn may have heard the last ping by this much before it was
/// sent.
pub(super) const TURN: Duration = Duration::from_millis(100);

/// Too Many Requests (RFC 6585 §4): the phone has come back too often.
const TOO_MANY: u16 = 429;
