//! Roamers: phones that come back on another server while their old connection is half-open. With one server, the
//! phone comes back on the same. That server then closes the ghost by itself; another one can only find out by silence.

use std::time::Duration;

use switchboard::timer::Moment;

use super::exchange::TURN;
use super::ghost::Ghost;
use super::inbox::Read;
use super::line::Line;
use super::lines::Lines;
use super::run::Run;
use super::task::{Deed, Task};
use crate::client::{Ending, Event, Phone};
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
        let ghost = Ghost { party, server, is_elsewhere, begun, line };
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
        let Some(mut ghost) = self.lines.ghosts.remove(&party.phone) else { return };
        let ending = self.ending_of(&mut ghost.line).unwrap_or(Ending::Noticed);
        self.end_ghost(&ghost, ending, self.now());
    }

    /// The server has ended a ghost like this, at that moment.
    fn end_ghost(&mut self, ghost: &Ghost, ending: Ending, at: Moment) {
        let id = ghost.party.phone;
        if ghost.is_elsewhere {
            // It may be early: the new server may have told the old one.
            self.note_notice(ghost.begun, at);
        } else if self.lines.line(id).is_none() {
            // Until now the server had the phone online.
            self.desk.record.went(id, Persona::Roamer, at);
        }
        let is_right = self.may_end_ghost(ghost, ending, at);
        self.desk.record.ended(Persona::Roamer, ending, is_right);
    }

    /// Whether a server may end a ghost like this. If the phone is back on it, it says so. Otherwise it gives up the
    /// ghost as it would any silent phone, or it was told by another server.
    fn may_end_ghost(&self, ghost: &Ghost, ending: Ending, at: Moment) -> bool {
        let is_back = !ghost.is_elsewhere && self.lines.slot(ghost.party.phone).is_ready;
        let timeout = self.plan.ping_timeout.unwrap_or(USUAL_PING_TIMEOUT);
        let was_silent = at + TURN >= ghost.begun.actual + timeout;
        match ending.close_code() {
            Some(REPLACED) => true,
            Some(GOING_AWAY) if !is_back || was_silent => true,
            Some(_) | None => ending == Ending::Noticed || self.is_after_command(at),
        }
    }

    /// How the server has ended a ghost: its close frame stands behind everything that the phone has not read. `None`: it
    /// has not ended it, or there may have been no room for a close frame.
    fn ending_of(&mut self, line: &mut Line) -> Option<Ending> {
        let Lines { inbox, halves, pen, out, .. } = &mut self.lines;
        let mut unread = 0;
        let ending = loop {
            let read = line.read(inbox, usize::MAX);
            let phone = line.phone.as_mut()?;
            let count = match read {
                Ok(Some(Read::Bytes { count, .. })) => count,
                Ok(None) => return None,
                Ok(Some(Read::End)) | Err(_) => break phone.hear_the_end(),
            };
            unread += count;
            let arrived = inbox.arrived;
            let mut input = &mut inbox.bytes[..count];
            let mut events =
                std::iter::from_fn(|| phone.read(arrived, &mut input, halves, pen, out));
            let ended = events.find_map(|event| match event {
                Event::Ended(ending) => Some(ending),
                _ => None,
            });
            // Nothing is sent over a half-open connection.
            out.clear();
            if let Some(ending) = ended {
                break ending;
            }
        };
        (unread < CROWDED || ending.close_code().is_some()).then_some(ending)
    }

    /// The phone leaves, and so does its ghost, if it has one.
    pub(super) fn leave_ghost(&mut self, id: PhoneId) {
        let Some(mut ghost) = self.lines.ghosts.remove(&id) else { return };
        // A server may wait for the answer to its close frame before it closes the socket.
        if let Some(ending) = self.ending_of(&mut ghost.line) {
            return self.end_ghost(&ghost, ending, self.lines.inbox.arrived);
        }
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

/// The code of a close frame that says that the phone has come back over a newer connection.
const REPLACED: u16 = 4000;

/// The code for a phone from which nothing was heard (RFC 6455 §7.4.1).
const GOING_AWAY: u16 = 1001;

/// After this time without a word a server gives up a phone, if it is not set to another.
const USUAL_PING_TIMEOUT: Duration = Duration::from_secs(60);

/// The socket of a ghost with this many unread bytes may have been full. It has room for a mebibyte, in which the kernel
/// counts more than the bytes.
const CROWDED: usize = 256 * 1024;
