//! [`Lines`]: the slots of all phones, their connections, and the buffers that the connections share. Knows
//! sockets; of the plan it knows only which phones there are.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use mio::Registry;
use switchboard::timer::Moment;

use super::clock::Clock;
use super::ghost::Ghost;
use super::inbox::Inbox;
use super::line::Line;
use super::slot::Slot;
use crate::client::{Halves, Pen, Phone};
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::record::{Party, Way};
use crate::target::{Server, Target};
use crate::workload::{Cast, Devices, Homes};

/// The phones of a plan.
pub(super) struct Lines<'p> {
    /// By their places in [`Homes`].
    servers: &'p [Server],
    /// Which session was on which server at first.
    pub(super) homes: Rc<Homes>,
    registry: Registry,
    /// Which phones are devices of one session.
    pub(super) devices: Devices,
    /// By phone.
    pub(super) slots: Vec<Slot>,
    /// Buffers that all phones share: the bytes that were read, the bytes that are to be written, a text.
    pub(super) inbox: Inbox,
    /// What has come to phones of long texts whose end is still on its way.
    pub(super) halves: Halves,
    pub(super) out: Vec<u8>,
    pub(super) text: String,
    pub(super) pen: Pen,
    /// Phones that had more to read than one turn allows.
    pub(super) again: Vec<Party>,
    /// How many connections are open, how many are ready, and the most that were ready at the same time.
    pub(super) open: u64,
    pub(super) ready: u64,
    pub(super) peak: u64,
    /// The half-open connections that roamers have left. They count neither as open nor as ready.
    pub(super) ghosts: HashMap<PhoneId, Ghost>,
    /// Silent phones that their server has not given up, and ghosts that it has to find out about.
    pub(super) silent: u64,
    /// The moment at which the server should have given up all of them.
    pub(super) silence_ends: Moment,
}

impl<'p> Lines<'p> {
    /// The phones of this plan. None is connected.
    pub(super) fn new(
        plan: &Plan,
        cast: &Cast,
        (servers, homes): (&'p [Server], Rc<Homes>),
        clock: Clock,
        registry: Registry,
    ) -> Self {
        let devices = plan.devices();
        let ids = (0..devices.phones()).map(PhoneId);
        let slot = |session| Slot::new(cast.of(session), homes.of(session));
        let slots = ids.map(|id| slot(devices.session(id))).collect();
        Lines {
            servers,
            homes,
            registry,
            devices,
            slots,
            inbox: Inbox::new(clock),
            halves: Halves::default(),
            out: Vec::new(),
            text: String::new(),
            pen: Pen::new(plan.timing.seed),
            again: Vec::new(),
            open: 0,
            ready: 0,
            peak: 0,
            ghosts: HashMap::new(),
            silent: 0,
            silence_ends: Moment::START,
        }
    }

    pub(super) fn slot(&self, id: PhoneId) -> &Slot {
        &self.slots[id.index()]
    }

    /// Its connection, if it has one.
    pub(super) fn line(&self, id: PhoneId) -> Option<&Line> {
        self.slots[id.index()].line.as_deref()
    }

    /// The same, to change it.
    pub(super) fn line_mut(&mut self, id: PhoneId) -> Option<&mut Line> {
        self.slots[id.index()].line.as_deref_mut()
    }

    /// A phone on the connection that it has.
    pub(super) fn party(&self, id: PhoneId) -> Party {
        self.slots[id.index()].party(id)
    }

    /// Where a phone calls, or has called.
    pub(super) fn target(&self, id: PhoneId) -> &'p Target {
        &self.servers[self.slot(id).server.index()].target
    }

    /// Whether two phones are on the same server.
    pub(super) fn way(&self, from: PhoneId, to: PhoneId) -> Way {
        match self.slot(from).server == self.slot(to).server {
            true => Way::Within,
            false => Way::Across,
        }
    }

    /// The connection to which a message of one phone to another goes, as far as the sender's server knows: a ghost
    /// there takes what is meant for the phone.
    pub(super) fn recipient(&self, from: PhoneId, to: PhoneId) -> Party {
        let server = self.slot(from).server;
        match self.ghosts.get(&to) {
            Some(ghost) if ghost.is_elsewhere && ghost.server == server => ghost.party,
            Some(_) | None => self.party(to),
        }
    }

    /// Whether a phone has a ghost on the server that it calls: that server has the phone online, with or without its
    /// new connection.
    pub(super) fn has_ghost_here(&self, id: PhoneId) -> bool {
        self.ghosts.get(&id).is_some_and(|ghost| !ghost.is_elsewhere)
    }

    /// Whether the heartbeats of all well-behaved phones are answered. Looks at every phone.
    pub(super) fn are_all_answered(&self) -> bool {
        let well_behaved = self.slots.iter().filter(|slot| slot.persona.is_sociable());
        let phones = well_behaved.filter_map(|slot| slot.line.as_ref()?.phone.as_ref());
        phones.filter(|phone| phone.is_ready()).all(Phone::is_answered)
    }

    /// Whether the phone is still on that connection.
    pub(super) fn is_current(&self, party: Party) -> bool {
        self.slots[party.phone.index()].generation == party.generation
    }

    /// Whether all devices of a session are ready. Only then it writes, and is written to: it is known then
    /// which devices are to hear of it.
    pub(super) fn are_ready(&self, session: PhoneId) -> bool {
        self.devices.of(session).all(|device| self.slots[device.index()].is_ready)
    }

    /// Whether no phone is connected, and none comes back by itself.
    pub(super) fn is_deserted(&self) -> bool {
        let returns = |slot: &Slot| slot.is_wanted && (slot.persona.returns() || slot.attempts > 0);
        self.open == 0 && !self.slots.iter().any(returns)
    }

    /// A phone gets its next connection, and begins to connect.
    pub(super) fn dial(&mut self, id: PhoneId, planned: Moment, now: Moment) -> io::Result<()> {
        self.slots[id.index()].generation += 1;
        let (party, target) = (self.party(id), self.target(id));
        let persona = self.slot(id).persona;
        let line = Line::dial(party, persona, target, planned, now, &self.registry)?;
        let slot = &mut self.slots[id.index()];
        slot.line = Some(Box::new(line));
        self.open += 1;
        Ok(())
    }

    /// A phone is ready, and is counted among those that are.
    pub(super) fn count_ready(&mut self, id: PhoneId) {
        self.slots[id.index()].is_ready = true;
        self.ready += 1;
        self.peak = self.peak.max(self.ready);
    }

    /// It is no longer ready, if it was.
    pub(super) fn uncount_ready(&mut self, id: PhoneId) {
        let was_ready = std::mem::take(&mut self.slots[id.index()].is_ready);
        self.ready -= u64::from(was_ready);
    }

    /// Nothing more will be sent over its connection.
    pub(super) fn say_goodbye(&mut self, id: PhoneId) {
        if let Some(line) = &mut self.slots[id.index()].line {
            self.out.clear();
            line.say_goodbye(&mut self.out);
        }
    }

    /// Its connection is over. Dropping the line closes the socket.
    pub(super) fn remove(&mut self, id: PhoneId) {
        self.slots[id.index()].line = None;
        self.open -= 1;
    }
}
