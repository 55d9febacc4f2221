//! What is due: phones to dial, messages to send, heartbeats, and in the end good manners.
//!
//! Each has its budget for one turn of the loop. What it cuts off is due at once in the next, which
//! then does not sleep.

use std::time::Duration;

use switchboard::timer::Moment;

use super::desk::Desk;
use super::line::Line;
use super::run::{Run, Slot, Stage, Task};
use crate::client::Ending;
use crate::phone_id::PhoneId;
use crate::workload::Numbers;

/// Connections begun in one turn, messages sent, heartbeats and requests sent, phones hung up.
const DIALS: usize = 64;
const SENDS: usize = 256;
const TASKS: usize = 256;
const HANG_UPS: usize = 128;

/// How long the server may take to answer the last close frame.
const GOODBYE: Duration = Duration::from_secs(10);

impl Run<'_> {
    /// Phones whose time has come begin to connect.
    pub(super) fn dial_who_is_due(&mut self, now: Moment) {
        for _ in 0..DIALS {
            let Some((id, planned)) = self.schedule.next_connect(now) else { return };
            let to = self.target.address;
            match Line::dial(id, to, planned, self.clock.now(), &self.registry) {
                Ok(line) => {
                    self.slots[id.index()] = Slot::Taken(Box::new(line));
                    self.open += 1;
                }
                Err(error) => {
                    self.slots[id.index()] = Slot::EndedBadly;
                    self.desk.record.ended(Ending::Unreachable(error.kind()));
                }
            }
        }
    }

    /// Messages whose time has come are sent, or were never possible.
    pub(super) fn send_what_is_due(&mut self, now: Moment) {
        for _ in 0..SENDS {
            let Some(planned) = self.schedule.next_send(now) else { return };
            let slots = &self.slots;
            let Some((sender, recipient)) = self.pairs.next(|id| slots[id.index()].is_ready())
            else {
                self.desk.record.skipped_sends += 1;
                continue;
            };
            let Slot::Taken(line) = &mut self.slots[sender.index()] else { continue };
            let Some(phone) = &mut line.phone else { continue };
            let now = self.clock.now();
            let Desk { record, texts, numbers, .. } = &mut self.desk;
            let stamp = record.books.send(sender, recipient, planned, now);
            texts.write(&stamp, &mut self.text);
            let mut digits = [0; Numbers::DIGITS];
            let to = numbers.digits(recipient, &mut digits);
            let text = str::from_utf8(&self.text).expect("a text is ASCII");
            phone.say(to, text, &mut self.pen, &mut self.out);
            record.sent(planned, now);
            self.write(sender);
        }
    }

    /// Heartbeats and requests for the list, and when to do it again.
    pub(super) fn do_tasks(&mut self, now: Moment) {
        for _ in 0..TASKS {
            let Some(task) = self.wheel.next_due(now) else { return };
            let (Task::Ping(id) | Task::Refresh(id)) = task;
            let Slot::Taken(line) = &mut self.slots[id.index()] else { continue };
            let Some(phone) = line.phone.as_mut().filter(|phone| phone.is_ready()) else {
                continue;
            };
            let settings = &self.options.settings;
            let every = match task {
                Task::Ping(_) => {
                    phone.ping(now, &mut self.pen, &mut self.out);
                    self.desk.record.heard.pings += 1;
                    settings.heartbeat
                }
                Task::Refresh(_) => {
                    phone.refresh(&mut self.pen, &mut self.out);
                    settings.refresh
                }
            };
            if let Some(every) = every {
                self.wheel.insert(now + every, task);
            }
            self.write(id);
        }
    }

    /// Hangs up, some phones in each turn; the stage that comes of it.
    pub(super) fn hang_up(&mut self, next: usize, deadline: Moment, now: Moment) -> Stage {
        let last = self.slots.len().min(next + HANG_UPS);
        for index in next..last {
            let id = PhoneId(u32::try_from(index).expect("phones have 32 bits"));
            let Slot::Taken(line) = &mut self.slots[index] else { continue };
            let hangs_up = match &mut line.phone {
                Some(phone) => phone.hang_up(&mut self.pen, &mut self.out),
                None => false,
            };
            if hangs_up {
                self.ready -= 1;
                self.write(id);
            } else {
                self.end(id, Ending::NeverReady);
            }
        }
        // The time for the answers counts from the last close frame.
        let deadline = if next < last { now + GOODBYE } else { deadline };
        if last < self.slots.len() || (self.open > 0 && now < deadline) {
            return Stage::HangingUp { next: last, deadline };
        }
        for index in 0..self.slots.len() {
            if matches!(self.slots[index], Slot::Taken(_)) {
                let id = PhoneId(u32::try_from(index).expect("phones have 32 bits"));
                self.end(id, Ending::Unanswered);
            }
        }
        Stage::Over
    }
}
