//! Roamers: phones that come back on another server while their old connection is half-open. With one server, the
//! phone comes back on the same. That server then closes the ghost by itself; another one can only find out by silence.

use switchboard::timer::Moment;

use super::ghost::Ghost;
use super::lines::Lines;
use super::run::Run;
use super::task::{Deed, Task};
use crate::client::{Ending, Phone};
use crate::phone_id::PhoneId;
use crate::record::{Begun, Party};
use crate::workload::{Persona, conduct};

impl Run<'_> {
    /// The phone comes back on the next server. If its last ghost is still there, it waits for that to end: a server
    /// that has not found out would have the phone twice.
    pub(super) fn roam(&mut self, party: Party, due: Moment) -> Option<Task> {
        let (id, now) = (party.phone, self.now());
        if self.lines.ghosts.contains_key(&id) {
            return Some(Task::new(party, now + conduct::PAUSE, Deed::Roam));
        }
        let Lines { slots, pen, out, .. } = &mut self.lines;
        let phone = slots[id.index()].line.as_mut().and_then(|line| line.phone.as_mut());
        let phone = phone.filter(|phone| phone.is_ready() && self.cursor.is_playing())?;
        // The last that the old server hears is a ping: so it is known when it last heard of the phone.
        phone.ping(now, now, pen, out);
        self.write(id);
        let server = self.lines.slot(id).server;
        let next = self.lines.homes.after(server);
        let is_elsewhere = next != server;
        self.lines.uncount_ready(id);
        let line = self.lines.slots[id.index()].line.take()?;
        self.lines.open -= 1;
        let begun = Begun { planned: due, actual: now };
        let ghost = Ghost { party, server, is_elsewhere, begun, _line: line };
        self.lines.ghosts.insert(id, ghost);
        self.lines.slots[id.index()].server = next;
        self.desk.record.doubt(party);
        if is_elsewhere {
            self.expect_notice(now);
        }
        self.dial(id, now);
        None
    }

    /// One more phone is silent, and its server has to find out.
    pub(super) fn expect_notice(&mut self, since: Moment) {
        self.lines.silent += 1;
        if let Some(limit) = self.plan.notice_limit() {
            self.lines.silence_ends = self.lines.silence_ends.max(since + limit);
        }
    }

    /// The server has closed a ghost, if this is one.
    pub(super) fn ghost_is_closed(&mut self, party: Party) {
        let is_it = |ghost: &Ghost| ghost.party == party;
        if !self.lines.ghosts.get(&party.phone).is_some_and(is_it) {
            return;
        }
        let Some(ghost) = self.lines.ghosts.remove(&party.phone) else { return };
        let now = self.now();
        if ghost.is_elsewhere {
            // It may be early: the new server may have told the old one.
            self.note_notice(ghost.begun, now);
        } else if self.lines.line(party.phone).is_none() {
            // Until now the server had the phone online.
            self.desk.record.went(party.phone, Persona::Roamer, now);
        }
        self.desk.record.ended(Persona::Roamer, Ending::Noticed, true);
    }

    /// The phone leaves, and so does its ghost, if it has one.
    pub(super) fn leave_ghost(&mut self, id: PhoneId) {
        let Some(ghost) = self.lines.ghosts.remove(&id) else { return };
        let now = self.now();
        let is_overdue = match ghost.is_elsewhere {
            true => self.plan.notice_limit().is_some_and(|limit| now > ghost.begun.actual + limit),
            // The server has it since the phone is back.
            false => self.lines.line(id).is_some_and(|line| {
                let is_ready = line.phone.as_ref().is_some_and(Phone::is_ready);
                is_ready && now > line.ready + self.plan.settle
            }),
        };
        self.desk.record.unnoticed += u64::from(is_overdue);
        self.lines.silent -= u64::from(ghost.is_elsewhere);
        self.desk.record.ended(Persona::Roamer, Ending::LeftOpen, true);
    }
}
