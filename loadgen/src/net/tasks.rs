//! What phones do by themselves when their timer says so: heartbeats, requests for the list, and what the
//! less ordinary personas are named after.

use std::collections::VecDeque;
use std::time::Duration;

use switchboard::timer::{Moment, Wheel};

use super::act::Act;
use super::cursor::Stage;
use super::lines::Lines;
use super::run::Run;
use super::task::{Deed, Task};
use crate::client::{Ending, Realm};
use crate::phone_id::PhoneId;
use crate::record::{Begun, Party};
use crate::workload::{Persona, conduct};

/// The most tasks that are done in one turn.
const TASKS: usize = 256;
/// Bytes that a slow reader reads at once, unless it would take longer for them than the time below.
const SIP: u32 = 2048;
/// The time between two reads of a slow reader, unless it is so slow that a byte takes longer.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

impl Run<'_> {
    /// Does the tasks that are due.
    pub(super) fn do_tasks(&mut self, now: Moment) {
        for _ in 0..TASKS {
            let Some(task) = self.cursor.next_task(now) else { return };
            let id = task.party.phone;
            if !self.lines.is_current(task.party) {
                continue;
            }
            match (self.lines.line(id), task.deed) {
                (None, Deed::Return) => self.come_back(id, task.due),
                (None, _) | (_, Deed::Return) => {}
                // A silent phone does nothing any more.
                (Some(line), _) if line.silence().is_some() => {}
                (Some(_), _) => self.do_task(task),
            }
        }
    }

    /// A phone has become ready: plans what it does by itself.
    pub(super) fn begin(&mut self, party: Party, now: Moment) {
        let plan = self.plan;
        let (settings, timing) = (&plan.settings, &plan.timing);
        let (conduct, seed) = (settings.conduct, timing.seed);
        let id = party.phone;
        let persona = self.lines.slot(id).persona;
        if let Some(interval) = settings.heartbeat.filter(|_| has_heartbeat(persona)) {
            let phase = conduct::heartbeat_phase(id, interval, seed);
            self.cursor.add(Task::new(party, now + phase, Deed::Ping));
        }
        // At once and then regularly, as the original app does.
        if settings.refresh_of(persona).is_some() {
            self.cursor.add(Task { party, due: now, deed: Deed::Refresh });
        }
        match persona {
            Persona::Flapper => {
                let time = conduct::flap(id, party.generation, conduct.flap_up, true, seed);
                self.cursor.add(Task::new(party, now + time, Deed::Vanish));
            }
            Persona::Roamer => {
                let time = conduct::flap(id, party.generation, conduct.flap_up, true, seed);
                self.cursor.add(Task::new(party, now + time, Deed::Roam));
            }
            Persona::SilentDrop => {
                let at = timing.messages_begin() + conduct::silence(id, timing.duration, seed);
                self.cursor.add(Task::new(party, at.max(now), Deed::FallSilent));
            }
            Persona::Flood => self.cursor.add(Task { party, due: now, deed: Deed::Flood }),
            Persona::QuotaHog => self.cursor.add(Task { party, due: now, deed: Deed::Hog }),
            Persona::Garbage => self.cursor.add(Task::new(party, now, Deed::SendGarbage)),
            Persona::Drip if !is_odd(party) => {
                self.act(id, Act::Drip(VecDeque::new()));
                self.cursor.add(Task::new(party, now, Deed::Drip));
            }
            Persona::Lurker
            | Persona::Chatter
            | Persona::Refresher
            | Persona::SlowReader
            | Persona::Drip
            | Persona::HalfOpen => {}
        }
    }

    /// The TCP connection stands, and the request is in `out`. Some personas spoil it, or do not send it at
    /// once.
    pub(super) fn corrupt_the_request(&mut self, party: Party, now: Moment) {
        let id = party.phone;
        match self.lines.slot(id).persona {
            Persona::HalfOpen => {
                let out = &mut self.lines.out;
                out.truncate(out.len() / 2);
                self.write(id);
                self.act(id, Act::HalfOpen);
            }
            Persona::Drip if is_odd(party) => {
                self.act(id, Act::Drip(VecDeque::new()));
                self.cursor.add(Task::new(party, now, Deed::Drip));
            }
            // One connection of three.
            Persona::Garbage if kind_of_garbage(party) == Garbage::Request => {
                self.lines.out.clear();
                self.cursor.add(Task::new(party, now, Deed::SendGarbage));
            }
            Persona::SlowReader => {
                self.act(id, Act::ReadSlowly);
                self.cursor.add(Task::new(party, now + LONGEST_PAUSE, Deed::Read));
            }
            Persona::Lurker
            | Persona::Chatter
            | Persona::Refresher
            | Persona::Flapper
            | Persona::Roamer
            | Persona::SilentDrop
            | Persona::Drip
            | Persona::Garbage
            | Persona::Flood
            | Persona::QuotaHog => {}
        }
    }

    /// A connection is over. Some personas come back.
    pub(super) fn plan_return(&mut self, party: Party, now: Moment) {
        let slot = self.lines.slot(party.phone);
        if !slot.is_wanted || !slot.persona.returns() || !self.cursor.is_playing() {
            return;
        }
        let (mean, seed) = (self.plan.settings.conduct.flap_down, self.plan.timing.seed);
        let pause = match slot.persona {
            Persona::Flapper | Persona::Roamer => {
                conduct::flap(party.phone, party.generation, mean, false, seed)
            }
            Persona::QuotaHog => conduct::HOG_PAUSE,
            _ => conduct::PAUSE,
        };
        self.cursor.add(Task::new(party, now + pause, Deed::Return));
    }

    fn come_back(&mut self, id: PhoneId, due: Moment) {
        if self.may_come_back(id) && self.lines.slot(id).is_wanted {
            self.dial(id, due);
        }
    }

    fn do_task(&mut self, task: Task) {
        let now = self.now();
        let Task { party, due, deed } = task;
        let id = party.phone;
        let plan = self.plan;
        let settings = &plan.settings;
        let again = |after: Duration| Some(Task::new(party, due.max(now) + after, deed));
        let Lines { slots, pen, out, .. } = &mut self.lines;
        let slot = &mut slots[id.index()];
        let Some(line) = &mut slot.line else { return };
        let next = match deed {
            Deed::Ping => {
                let Some(phone) = line.phone.as_mut().filter(|phone| phone.is_ready()) else {
                    return;
                };
                if !matches!(self.cursor.stage, Stage::Listening { .. }) {
                    phone.ping(due, now, pen, out);
                    self.desk.record.heard.pings += 1;
                    self.write(id);
                }
                // The plan counts from when this one was due, not from when it was sent.
                settings.heartbeat.map(|every| Task::new(party, due + every, deed))
            }
            Deed::Refresh => {
                let (Realm::Mobile(words), true) = (self.realm, slot.is_ready) else { return };
                words.ask_for_list(pen, out);
                let every = settings.refresh_of(slot.persona);
                self.write(id);
                every.and_then(again)
            }
            Deed::Vanish => {
                self.vanish(party);
                None
            }
            Deed::Roam => self.roam(party, due),
            Deed::FallSilent => {
                self.fall_silent(party, due);
                None
            }
            Deed::Read => Some(self.sip_a_little(party, due)),
            Deed::Drip => {
                self.drip(party);
                again(conduct::DRIP)
            }
            Deed::SendGarbage => {
                self.send_garbage(party);
                again(conduct::GARBAGE)
            }
            Deed::Flood => {
                let every = Wheel::<Task>::SLOT_WIDTH;
                let count = f64::from(settings.conduct.flood_rate) * every.as_secs_f64();
                // It waits for no answer, but it sends only as much as the kernel takes.
                if line.has_sent_all() {
                    pen.write_pings((count as u32).max(1), out);
                    self.write(id);
                }
                again(Duration::from_nanos(1))
            }
            Deed::Hog => {
                self.hog(party);
                Some(Task::new(party, now + conduct::HOG_STAY, Deed::Vanish))
            }
            Deed::StopWaiting(number) => {
                self.cursor.stop_waiting(id, number, now);
                None
            }
            Deed::Return => None,
        };
        // Its connection may have ended meanwhile.
        if let Some(next) = next.filter(|_| self.lines.line(id).is_some()) {
            self.cursor.add(next);
        }
    }

    /// A slow reader reads as much as it may until it reads again.
    fn sip_a_little(&mut self, party: Party, due: Moment) -> Task {
        let bytes = f64::from(self.plan.settings.conduct.slow_bytes);
        let seconds = (f64::from(SIP) / bytes)
            .clamp(Wheel::<Task>::SLOT_WIDTH.as_secs_f64(), LONGEST_PAUSE.as_secs_f64())
            .max(1.0 / bytes);
        let next = Task::new(party, due + Duration::from_secs_f64(seconds), Deed::Read);
        // The wheel has rounded the moment up.
        let sip = bytes * next.due.since(due).as_secs_f64();
        self.sip(party.phone, (sip as usize).max(1));
        next
    }

    /// The phone is in a tunnel: its connection ends with a FIN or with a reset, without a close frame. A
    /// quota hog sends no reset: the server might then not read the invitations.
    fn vanish(&mut self, party: Party) {
        if !self.cursor.is_playing() {
            return;
        }
        let Some(line) = self.lines.line(party.phone) else { return };
        if line.is_leaving() {
            return;
        }
        if self.lines.slot(party.phone).persona == Persona::Flapper && is_odd(party) {
            line.reset();
        }
        self.end(party.phone, Ending::Vanished);
    }

    /// From now on the phone neither reads nor writes. The last that it sends is a ping: so it is known
    /// when the server last heard of it.
    fn fall_silent(&mut self, party: Party, due: Moment) {
        let (id, now) = (party.phone, self.now());
        let Lines { slots, pen, out, .. } = &mut self.lines;
        let Some(line) = &mut slots[id.index()].line else { return };
        let Some(phone) = line.phone.as_mut().filter(|phone| phone.is_ready()) else { return };
        phone.ping(now, now, pen, out);
        self.write(id);
        if self.lines.line(id).is_none() {
            return;
        }
        self.act(id, Act::Silent(Begun { planned: due, actual: now }));
        self.lines.uncount_ready(id);
        self.desk.record.fell_silent(id);
        self.expect_notice(now);
    }

    fn drip(&mut self, party: Party) {
        let id = party.phone;
        let Lines { slots, pen, out, .. } = &mut self.lines;
        let Some(line) = &mut slots[id.index()].line else { return };
        let mut dripped = line.drip();
        if matches!(dripped, Ok(false)) {
            // A message that takes a quarter of an hour to arrive.
            pen.write_long_ping(out);
            dripped = line.write(out).and_then(|()| line.drip());
        }
        if dripped.is_err() {
            self.readable(id, true);
        }
    }

    fn send_garbage(&mut self, party: Party) {
        const BYTES: usize = 100;
        let Lines { pen, out, .. } = &mut self.lines;
        match kind_of_garbage(party) {
            Garbage::Request | Garbage::Frame => pen.write_garbage(BYTES, out),
            Garbage::Text => pen.write_nonsense(out),
        }
        self.write(party.phone);
    }

    fn act(&mut self, id: PhoneId, act: Act) {
        if let Some(line) = self.lines.line_mut(id) {
            line.act = Some(Box::new(act));
        }
    }
}

/// The kinds of garbage that a phone sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Garbage {
    /// In place of its request.
    Request,
    /// In place of a frame.
    Frame,
    /// In good frames.
    Text,
}

/// Each connection of a phone sends the next kind.
fn kind_of_garbage(party: Party) -> Garbage {
    match (party.phone.0 + party.generation) % 3 {
        0 => Garbage::Request,
        1 => Garbage::Frame,
        _ => Garbage::Text,
    }
}

/// Whether it is every other connection of a phone.
fn is_odd(party: Party) -> bool {
    (party.phone.0 + party.generation) % 2 == 1
}

fn has_heartbeat(persona: Persona) -> bool {
    persona.is_sociable() || matches!(persona, Persona::SilentDrop | Persona::SlowReader)
}
