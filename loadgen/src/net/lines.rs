//! [`Lines`]: the slots of all phones, their connections, and the buffers that the connections share. Knows
//! sockets; of the plan it knows only which phones there are.

use std::io;

use mio::Registry;
use switchboard::timer::Moment;

use super::clock::Clock;
use super::inbox::Inbox;
use super::line::Line;
use super::slot::Slot;
use crate::client::Pen;
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::record::Party;
use crate::target::Target;
use crate::workload::{Cast, Devices};

/// The phones of a plan.
pub(super) struct Lines<'p> {
    pub(super) target: &'p Target,
    registry: Registry,
    /// Which phones are devices of one session.
    pub(super) devices: Devices,
    /// By phone.
    pub(super) slots: Vec<Slot>,
    /// Buffers that all phones share: the bytes that were read, the bytes that are to be written, a text.
    pub(super) inbox: Inbox,
    pub(super) out: Vec<u8>,
    pub(super) text: Vec<u8>,
    pub(super) pen: Pen,
    /// Phones that had more to read than one turn allows.
    pub(super) again: Vec<Party>,
    /// How many connections are open, how many are ready, and the most that were ready at the same time.
    pub(super) open: u64,
    pub(super) ready: u64,
    pub(super) peak: u64,
    /// Silent phones that the server has not given up.
    pub(super) silent: u64,
    /// The moment at which the server should have given up all of them.
    pub(super) silence_ends: Moment,
}

impl<'p> Lines<'p> {
    /// The phones of this plan. None is connected.
    pub(super) fn new(
        plan: &Plan,
        cast: &Cast,
        target: &'p Target,
        clock: Clock,
        registry: Registry,
    ) -> Self {
        let devices = plan.devices();
        let ids = (0..devices.phones()).map(PhoneId);
        Lines {
            target,
            registry,
            devices,
            slots: ids.map(|id| Slot::new(cast.of(devices.session(id)))).collect(),
            inbox: Inbox::new(clock),
            out: Vec::new(),
            text: Vec::new(),
            pen: Pen::new(plan.timing.seed),
            again: Vec::new(),
            open: 0,
            ready: 0,
            peak: 0,
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

    /// Whether the phone is still on that connection.
    pub(super) fn is_current(&self, party: Party) -> bool {
        self.slots[party.phone.index()].generation == party.generation
    }

    /// Whether all devices of a session are ready. Only then it writes, and is written to: it is known then
    /// which devices are to hear of it.
    pub(super) fn are_ready(&self, session: PhoneId) -> bool {
        self.devices.of(session).all(|device| self.slots[device.index()].is_ready())
    }

    /// Whether no phone is connected, and none comes back by itself.
    pub(super) fn is_deserted(&self) -> bool {
        let returns = |slot: &Slot| slot.is_wanted && (slot.persona.returns() || slot.attempts > 0);
        self.open == 0 && !self.slots.iter().any(returns)
    }

    /// A phone gets its next connection, and begins to connect.
    pub(super) fn dial(&mut self, id: PhoneId, planned: Moment, now: Moment) -> io::Result<()> {
        let slot = &mut self.slots[id.index()];
        slot.generation += 1;
        let party = slot.party(id);
        let line = Line::dial(party, slot.persona, self.target, planned, now, &self.registry)?;
        slot.line = Some(Box::new(line));
        self.open += 1;
        Ok(())
    }

    /// A phone is ready: it is counted among those that are.
    pub(super) fn count_ready(&mut self, id: PhoneId) {
        if let Some(line) = self.line_mut(id) {
            line.is_counted = true;
            self.ready += 1;
            self.peak = self.peak.max(self.ready);
        }
    }

    /// It is no longer counted, if it was.
    pub(super) fn uncount_ready(&mut self, id: PhoneId) {
        if let Some(line) = self.line_mut(id) {
            let was_counted = std::mem::take(&mut line.is_counted);
            self.ready -= u64::from(was_counted);
        }
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
