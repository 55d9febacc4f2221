//! [`Slot`]: the place of a phone. It stays, while the phone's connections come and go.

use super::line::Line;
use crate::phone_id::PhoneId;
use crate::record::Party;
use crate::workload::{Persona, ServerId};

/// The place of a phone.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) persona: Persona,
    /// The server that it is on, or calls.
    pub(super) server: ServerId,
    /// Whether the plan wants it to be online.
    pub(super) is_wanted: bool,
    /// Whether its phone may write, and others may write to it. It is here and not in the line, since it is asked for
    /// each message that is drawn.
    pub(super) is_ready: bool,
    /// Counts its connections: the number of the present one, or of the last. 0 if it has had none.
    pub(super) generation: u32,
    /// Whether the session has invited its circle. Used in the slot of its first device.
    pub(super) has_invited: bool,
    /// How often it has tried to come back since it lost its connection after a command of `--at`.
    pub(super) attempts: u32,
    pub(super) line: Option<Box<Line>>,
}

impl Slot {
    pub(super) fn new(persona: Persona, server: ServerId) -> Self {
        Slot {
            persona,
            server,
            is_wanted: false,
            is_ready: false,
            generation: 0,
            has_invited: false,
            attempts: 0,
            line: None,
        }
    }

    /// A phone on the connection that it has.
    pub(super) fn party(&self, phone: PhoneId) -> Party {
        Party { phone, generation: self.generation }
    }
}
