//! What goes over the lines: a connection comes about, bytes arrive and are heard, bytes are written,
//! a connection ends.

use std::io;

use switchboard::timer::Moment;

use super::address;
use super::run::{Run, Slot, Task};
use crate::client::{Ending, Event, Phone, Said};
use crate::phone_id::PhoneId;
use crate::workload::{self, Numbers};

/// Reads from one phone in one turn, at most: then others get theirs.
const READS: usize = 4;

impl Run<'_> {
    /// A phone's socket takes bytes: it has just connected, or was full before.
    pub(super) fn writable(&mut self, id: PhoneId) {
        let Slot::Taken(line) = &mut self.slots[id.index()] else { return };
        if line.phone.is_some() {
            if line.write_on().is_err() {
                self.readable(id, true);
            }
            return;
        }
        match line.is_connected() {
            Ok(false) => {}
            Ok(true) => self.call(id),
            Err(error) => self.end(id, Ending::Unreachable(error.kind())),
        }
    }

    /// There is something to read, or the end.
    pub(super) fn readable(&mut self, id: PhoneId, is_closed: bool) {
        for _ in 0..READS {
            let Slot::Taken(line) = &mut self.slots[id.index()] else { return };
            if line.phone.is_none() {
                // The event may say both at once: refused, and closed.
                if let Err(error) = line.is_connected() {
                    self.end(id, Ending::Unreachable(error.kind()));
                }
                return;
            }
            match line.read(&mut self.input) {
                Ok(Some(0)) => return self.lose(id, None),
                Ok(Some(count)) => {
                    self.hear(id, count);
                    // The next read would find nothing, unless it is the end: then no other event
                    // would tell us (epoll(7), question 9).
                    if count < self.input.len() && !is_closed {
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) => return self.lose(id, Some(&error)),
            }
        }
        self.again.push(id);
    }

    /// Phones that had more to read than was their share.
    pub(super) fn read_on(&mut self) {
        for id in std::mem::take(&mut self.again) {
            self.readable(id, true);
        }
    }

    /// Writes what is in `out` to a phone's socket.
    pub(super) fn write(&mut self, id: PhoneId) {
        let Slot::Taken(line) = &mut self.slots[id.index()] else {
            self.out.clear();
            return;
        };
        self.desk.record.heard.bytes_sent += self.out.len() as u64;
        if line.write(&mut self.out).is_err() {
            // Why is to be read: a close frame, or else the same error.
            self.readable(id, true);
        }
    }

    /// A connection is over.
    pub(super) fn end(&mut self, id: PhoneId, ending: Ending) {
        let slot = &mut self.slots[id.index()];
        let is_clean = ending.is_clean();
        *slot = if is_clean { Slot::EndedCleanly } else { Slot::EndedBadly };
        self.open -= 1;
        self.desk.record.ended(ending);
    }

    /// The stream is over, or has failed.
    fn lose(&mut self, id: PhoneId, error: Option<&io::Error>) {
        let Slot::Taken(line) = &mut self.slots[id.index()] else { return };
        let Some(phone) = &mut line.phone else { return };
        let was_ready = phone.is_ready();
        let ending = match (phone.hear_the_end(), error) {
            (Ending::Dropped, Some(error)) => Ending::Failed(error.kind()),
            (ending, _) => ending,
        };
        self.ready -= u64::from(was_ready);
        self.end(id, ending);
    }

    /// The connection stands: the phone asks for its upgrade.
    fn call(&mut self, id: PhoneId) {
        let now = self.now();
        let number = self.desk.numbers.digits(id, &mut [0; Numbers::DIGITS]).to_owned();
        let address = address(self.options, self.target, &number);
        let phone = Phone::call(&address, now, &mut self.pen, &mut self.out);
        let Slot::Taken(line) = &mut self.slots[id.index()] else { return };
        self.desk.record.connecting.tcp.add(now.since(line.dialled));
        line.phone = Some(phone);
        self.write(id);
    }

    /// What a phone makes of the bytes that were read.
    fn hear(&mut self, id: PhoneId, count: usize) {
        let now = self.now();
        let Run { slots, desk, pen, input, out, .. } = self;
        let Slot::Taken(line) = &mut slots[id.index()] else { return };
        let Some(phone) = &mut line.phone else { return };
        let was_ready = phone.is_ready();
        let mut ending = None;
        let mut input = &mut input[..count];
        desk.record.heard.bytes += count as u64;
        while let Some(event) = phone.read(now, &mut input, pen, out) {
            match event {
                Event::Upgraded(after) => desk.record.connecting.upgrade.add(after),
                Event::Greeted { after, first } => {
                    desk.record.connecting.first_frame.add(after);
                    let is_proper = matches!(first, Said::List(_));
                    desk.record.heard.strange_greetings += u64::from(!is_proper);
                    desk.hear(id, &first, now);
                }
                Event::Pong(after) => {
                    desk.record.heartbeat.add(after);
                    desk.record.heard.pongs += 1;
                }
                Event::Said(said) => desk.hear(id, &said, now),
                Event::Ended(how) => ending = Some(how),
            }
        }
        let is_ready = phone.is_ready();
        match (was_ready, is_ready) {
            (false, true) => self.get_ready(id, now),
            (true, false) => self.ready -= 1,
            (true, true) | (false, false) => {}
        }
        match ending {
            None => self.write(id),
            Some(ending) => {
                // A last word, which the server may not want any more.
                if let Slot::Taken(line) = &mut self.slots[id.index()] {
                    let _ = line.write(&mut self.out);
                }
                self.out.clear();
                self.end(id, ending);
            }
        }
    }

    /// A phone is connected: from now on it has a heartbeat.
    fn get_ready(&mut self, id: PhoneId, now: Moment) {
        let Slot::Taken(line) = &mut self.slots[id.index()] else { return };
        self.desk.record.connecting.total.add(now.since(line.planned));
        self.ready += 1;
        self.peak = self.peak.max(self.ready);
        let settings = &self.options.settings;
        if let Some(interval) = settings.heartbeat {
            let phase = workload::heartbeat_phase(id, interval, self.options.timing.seed);
            self.wheel.insert(now + phase, Task::Ping(id));
        }
        // As the original app does: at once, and then again and again.
        if let Some(interval) = settings.refresh {
            if let Some(phone) = &line.phone {
                phone.refresh(&mut self.pen, &mut self.out);
            }
            self.wheel.insert(now + interval, Task::Refresh(id));
        }
    }
}
