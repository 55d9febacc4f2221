//! What the plan has for this moment: phones to dial, messages to send, and in the end phones that hang up.
//!
//! Each has its budget for one turn of the loop. What a budget cuts off is due at once in the next turn,
//! which then does not sleep.

use std::time::Duration;

use switchboard::timer::Moment;

use super::cursor::Stage;
use super::lines::Lines;
use super::run::Run;
use super::task::{Deed, Task};
use crate::client::{Ending, Realm};
use crate::phone_id::PhoneId;

/// The most connections that are begun, messages that are sent, and phones that hang up in one turn.
const DIALS: usize = 64;
const SENDS: usize = 256;
const HANG_UPS: usize = 128;

/// How long the server may take to answer the last close frame.
const GOODBYE: Duration = Duration::from_secs(10);

impl Run<'_> {
    /// Phones whose moment has come begin to connect, or leave.
    pub(super) fn take_steps(&mut self, now: Moment) {
        for _ in 0..DIALS {
            let Some(step) = self.cursor.next_step(now) else { return };
            if self.plan.shard.is_some_and(|shard| !shard.has(step.phone)) {
                continue;
            }
            for phone in self.lines.devices.of(step.phone) {
                let slot = &mut self.lines.slots[phone.index()];
                slot.is_wanted = step.comes;
                match step.comes {
                    true if slot.line.is_none() => self.dial(phone, step.at),
                    // It has come back before its old connection was over, and keeps that one.
                    true => {}
                    false => self.send_away(phone),
                }
            }
        }
    }

    /// A phone begins to connect. `planned` is the planned moment, which may be a little earlier.
    pub(super) fn dial(&mut self, id: PhoneId, planned: Moment) {
        let persona = self.lines.slot(id).persona;
        let server = self.lines.slot(id).server;
        self.desk.record.dialled(id, persona, server);
        if let Err(error) = self.lines.dial(id, planned, self.clock.now()) {
            let ending = Ending::Unreachable(error.kind());
            let is_effect = self.is_effect(id, ending, self.now());
            let record = &mut self.desk.record;
            record.ended(persona, ending, is_effect || persona.is_hostile());
            if is_effect && !persona.returns() {
                self.plan_recovery(id, self.lines.party(id), None, self.now());
            }
        }
    }

    /// Sends the messages whose moment has come. If no two phones are ready, a message is skipped.
    pub(super) fn send_what_is_due(&mut self, now: Moment) {
        for _ in 0..SENDS {
            let Some(planned) = self.cursor.next_send(now) else { return };
            if let Some(shard) = self.plan.shard {
                self.take_share(shard, planned);
                continue;
            }
            let lines = &self.lines;
            match self.cursor.peers.next(|id| lines.are_ready(id)) {
                Some((sender, recipient)) => {
                    let now = self.clock.now();
                    self.send(sender, recipient, planned, now);
                }
                None => self.desk.record.skipped_sends += 1,
            }
        }
    }

    /// In the closed model: phones that have thought for long enough write again.
    pub(super) fn take_turns(&mut self, now: Moment) {
        let settle = self.plan.settle;
        for _ in 0..SENDS {
            let Some(sender) = self.cursor.next_turn(now) else { return };
            let lines = &self.lines;
            let is_over = now >= self.plan.timing.messages_end();
            if is_over || !lines.are_ready(sender) {
                continue;
            }
            let Some(recipient) = self.cursor.peers.recipient(sender, |id| lines.are_ready(id))
            else {
                self.desk.record.skipped_sends += 1;
                self.cursor.try_again(sender, now + settle);
                continue;
            };
            let now = self.clock.now();
            let number = self.send(sender, recipient, now, now);
            self.cursor.wait(sender, number);
            let party = self.lines.party(sender);
            self.cursor.add(Task::new(party, now + settle, Deed::StopWaiting(number)));
        }
    }

    /// Sends a message, and returns its number.
    pub(super) fn send(&mut self, from: PhoneId, to: PhoneId, planned: Moment, now: Moment) -> u64 {
        match self.realm {
            Realm::Mobile(words) => self.send_message(words, (from, to), planned, now),
            Realm::Messenger(words) => self.send_letter(words, (from, to), planned, now),
            Realm::Account(words) => self.post(words, (from, to), planned, now),
        }
    }

    /// Some phones hang up in each turn. Returns the stage that follows.
    pub(super) fn hang_up(&mut self, next: usize, deadline: Moment, now: Moment) -> Stage {
        let phones = self.lines.slots.len();
        let last = phones.min(next + HANG_UPS);
        let phone = |index: usize| PhoneId(u32::try_from(index).expect("phones have 32 bits"));
        for id in (next..last).map(phone) {
            self.send_away(id);
        }
        // The time for the answers counts from the last close frame.
        let deadline = if next < last { now + GOODBYE } else { deadline };
        if last < phones || (self.lines.open > 0 && now < deadline) {
            return Stage::HangingUp { next: last, deadline };
        }
        for id in (0..phones).map(phone) {
            if self.lines.line(id).is_some() {
                self.end(id, Ending::Unanswered);
            }
        }
        Stage::Over
    }

    /// A phone leaves: in good order, if it can.
    pub(super) fn send_away(&mut self, id: PhoneId) {
        let now = self.now();
        let persona = self.lines.slot(id).persona;
        self.leave_ghost(id);
        let Some(line) = self.lines.line(id) else { return };
        if line.is_leaving() {
            return;
        }
        let dialled = line.dialled;
        if let Some(begun) = line.silence() {
            let is_overdue =
                self.plan.notice_limit().is_some_and(|limit| now > begun.actual + limit);
            self.desk.record.unnoticed += u64::from(is_overdue);
            return self.end(id, Ending::LeftOpen);
        }
        if persona.is_hostile() {
            return self.end(id, Ending::LeftOpen);
        }
        let Lines { slots, pen, out, .. } = &mut self.lines;
        let line = slots[id.index()].line.as_mut();
        let phone = line.and_then(|line| line.phone.as_mut());
        // For those sent later there was little time.
        let before = Moment::START + now.since(Moment::START).saturating_sub(self.plan.settle);
        let unanswered = phone.as_ref().map_or(0, |phone| phone.unanswered(before)) as u64;
        if !phone.is_some_and(|phone| phone.hang_up(pen, out)) {
            // The plan may send away a phone that has only just dialled.
            let is_new = now < dialled + self.plan.settle;
            let is_early = is_new && self.cursor.is_playing();
            return self.end(id, if is_early { Ending::LeftOpen } else { Ending::NeverReady });
        }
        self.desk.record.heard.unanswered += if persona.is_sociable() { unanswered } else { 0 };
        self.uncount(id, now);
        self.write(id);
    }
}
