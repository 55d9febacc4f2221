//! What the plan has for this moment: phones to dial, messages to send, and in the end good manners.
//!
//! Each has its budget for one turn of the loop. What it cuts off is due at once in the next, which
//! then does not sleep.

use std::time::Duration;

use switchboard::timer::Moment;

use super::desk::Desk;
use super::line::Line;
use super::run::{Run, Stage};
use super::slot::{Deed, Slot, Task};
use crate::client::{Ending, Protocol};
use crate::phone_id::PhoneId;
use crate::schedule::Arrivals;
use crate::workload::{Devices, Numbers, Persona};

/// Connections begun in one turn, messages sent, phones hung up.
const DIALS: usize = 64;
const SENDS: usize = 256;
const HANG_UPS: usize = 128;

/// How long the server may take to answer the last close frame.
const GOODBYE: Duration = Duration::from_secs(10);

impl Run<'_> {
    /// Phones whose time has come begin to connect, or leave.
    pub(super) fn take_steps(&mut self, now: Moment) {
        for _ in 0..DIALS {
            let Some(step) = self.schedule.next_step(now) else { return };
            for phone in self.devices.of(step.phone) {
                let slot = &mut self.slots[phone.index()];
                slot.is_wanted = step.comes;
                match step.comes {
                    true if slot.line.is_none() => self.dial(phone, step.at),
                    // It has come back before its old connection was quite over: that will do.
                    true => {}
                    false => self.send_away(phone),
                }
            }
        }
    }

    /// A phone begins to connect, as was planned for a little while ago.
    pub(super) fn dial(&mut self, id: PhoneId, planned: Moment) {
        let slot = &mut self.slots[id.index()];
        slot.generation += 1;
        let (persona, party) = (slot.persona, slot.party(id));
        let record = &mut self.desk.record;
        record.dialled(persona);
        match &mut record.messenger {
            Some(messenger) => messenger.dialled(id, persona.is_sociable()),
            None if persona.is_hostile() => record.views.ignore(id),
            None => record.views.expect(id),
        }
        let to = self.target.address;
        match Line::dial(party, persona, to, planned, self.clock.now(), &self.registry) {
            Ok(line) => {
                slot.line = Some(Box::new(line));
                self.open += 1;
            }
            Err(error) => {
                let is_expected = persona.is_hostile();
                record.ended(persona, Ending::Unreachable(error.kind()), is_expected);
            }
        }
    }

    /// Messages whose time has come are sent, or were never possible.
    pub(super) fn send_what_is_due(&mut self, now: Moment) {
        for _ in 0..SENDS {
            let Some(planned) = self.schedule.next_send(now) else { return };
            let (slots, devices) = (&self.slots, self.devices);
            match self.peers.next(|id| are_ready(slots, devices, id)) {
                Some((sender, recipient)) => {
                    let now = self.clock.now();
                    self.send(sender, recipient, planned, now);
                }
                None => self.desk.record.skipped_sends += 1,
            }
        }
    }

    /// In the closed model: whoever has thought for long enough writes again.
    pub(super) fn take_turns(&mut self, now: Moment) {
        for _ in 0..SENDS {
            let Some(sender) = self.turns.next(now) else { return };
            let (slots, devices) = (&self.slots, self.devices);
            let is_over = now >= self.plan.timing.messages_end();
            if is_over || !are_ready(slots, devices, sender) {
                continue;
            }
            let Some(recipient) = self.peers.recipient(sender, |id| are_ready(slots, devices, id))
            else {
                self.desk.record.skipped_sends += 1;
                self.turns.add(sender, now + self.plan.settle);
                continue;
            };
            let now = self.clock.now();
            let number = self.send(sender, recipient, now, now);
            self.turns.wait(sender, number);
            let party = self.slots[sender.index()].party(sender);
            self.plan(Task::new(party, now + self.plan.settle, Deed::StopWaiting(number)));
        }
    }

    /// In the closed model: this phone's message has arrived, or will not. It thinks, and writes again.
    pub(super) fn think(&mut self, id: PhoneId, now: Moment) {
        let mean = self.think;
        let time = match self.plan.timing.arrivals {
            Arrivals::Constant => mean,
            Arrivals::Exponential => mean.mul_f64(-(1.0 - self.random.f64()).ln()),
        };
        self.turns.add(id, now + time);
    }

    fn send(&mut self, from: PhoneId, to: PhoneId, planned: Moment, now: Moment) -> u64 {
        match self.plan.settings.protocol {
            Protocol::Sca => self.send_message(from, to, planned, now),
            Protocol::Session => self.send_letter(from, to, planned, now),
        }
    }

    fn send_message(&mut self, from: PhoneId, to: PhoneId, planned: Moment, now: Moment) -> u64 {
        let (sender, recipient) =
            (self.slots[from.index()].party(from), self.slots[to.index()].party(to));
        let Desk { record, texts, numbers, .. } = &mut self.desk;
        let stamp = record.books.send(sender, recipient, planned, now);
        texts.write(&stamp, &mut self.text);
        let mut digits = [0; Numbers::DIGITS];
        let number = numbers.digits(to, &mut digits);
        let text = str::from_utf8(&self.text).expect("a text is ASCII");
        if let Some(line) = &self.slots[from.index()].line
            && let Some(phone) = &line.phone
        {
            phone.say(number, text, &mut self.pen, &mut self.out);
        }
        record.sent(stamp.number, planned, now, self.slots[to.index()].persona.is_sociable());
        self.write(from);
        stamp.number
    }

    /// Hangs up, some phones in each turn; the stage that comes of it.
    pub(super) fn hang_up(&mut self, next: usize, deadline: Moment, now: Moment) -> Stage {
        let last = self.slots.len().min(next + HANG_UPS);
        for index in next..last {
            self.send_away(PhoneId(u32::try_from(index).expect("phones have 32 bits")));
        }
        // The time for the answers counts from the last close frame.
        let deadline = if next < last { now + GOODBYE } else { deadline };
        if last < self.slots.len() || (self.open > 0 && now < deadline) {
            return Stage::HangingUp { next: last, deadline };
        }
        for index in 0..self.slots.len() {
            if self.slots[index].line.is_some() {
                let id = PhoneId(u32::try_from(index).expect("phones have 32 bits"));
                self.end(id, Ending::Unanswered);
            }
        }
        Stage::Over
    }

    /// A phone is to leave: in good order, if it can.
    pub(super) fn send_away(&mut self, id: PhoneId) {
        let now = self.now();
        let slot = &mut self.slots[id.index()];
        let (persona, party) = (slot.persona, slot.party(id));
        let Some(line) = &mut slot.line else { return };
        if line.is_leaving() {
            return;
        }
        if let Some(begun) = line.silence() {
            let is_overdue = self.limit().is_some_and(|limit| now > begun.actual + limit);
            self.desk.record.unnoticed += u64::from(is_overdue);
            return self.end(id, Ending::LeftOpen);
        }
        if persona.is_hostile() {
            return self.end(id, Ending::LeftOpen);
        }
        let hangs_up = match &mut line.phone {
            Some(phone) => phone.hang_up(&mut self.pen, &mut self.out),
            None => false,
        };
        if !hangs_up {
            return self.end(id, Ending::NeverReady);
        }
        self.uncount(party, now);
        self.write(id);
    }

    /// How long the server may take to notice that somebody has fallen silent, if we know.
    pub(super) fn limit(&self) -> Option<Duration> {
        /// What the server's timers and ours may add.
        const SLACK: Duration = Duration::from_secs(2);
        let timeout = self.plan.ping_timeout?;
        Some(timeout + self.plan.sweep_interval + SLACK)
    }

    /// Whether all devices of a session are connected.
    pub(super) fn is_complete(&self, session: PhoneId) -> bool {
        are_ready(&self.slots, self.devices, session)
    }

    /// Whether this phone comes back by itself, once its connection has ended.
    pub(super) fn returns(persona: Persona) -> bool {
        persona.is_hostile() || persona == Persona::Flapper
    }
}

/// Whether a session's devices are all connected: then it writes, and is written to, and it is known
/// who is to hear of that.
fn are_ready(slots: &[Slot], devices: Devices, session: PhoneId) -> bool {
    devices.of(session).all(|device| slots[device.index()].is_ready())
}
