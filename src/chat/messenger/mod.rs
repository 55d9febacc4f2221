//! [`Realm`]: the `session` realm, where one is known by an id that only one's friends know.
mod command;
mod event;

use std::time::Duration;

use super::{ConnectionId, Outcome, Sink};
use crate::timer::{Moment, Now};

pub use command::{Command, Invite, Message, Name, NotAName, SignIn};
pub use event::{Answer, Event, Invitation, Status};

/// A message that is on its way to somebody's devices.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Ticket {
    index: u32,
    generation: u32,
}

/// How much the realm puts up with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Time for an invitation to be answered.
    pub invitation_ttl: Duration,
    /// Time for a contact to come back before his friends hear that he is gone.
    pub contact_grace: Duration,
    /// Whether one may write only to contacts.
    pub require_invitation: bool,
}

/// Everybody with a session id.
#[derive(Debug)]
pub struct Realm {
    counters: Counters,
}

/// Why somebody may not do what he asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// As many devices as may be are signed in to the session.
    TooManyDevices,
}

impl Refusal {
    /// One clear sentence for whoever asked.
    pub fn sentence(self) -> &'static str {
        match self {
            Refusal::TooManyDevices => "too many devices are signed in to this session",
        }
    }
}

/// What the realm has done since it began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Messages that people asked to have delivered; one that made no sense never gets here.
    pub messages_received: u64,
    /// Messages of which the kernel took the first copy.
    pub messages_delivered: u64,
    /// Messages to somebody who was offline, or whose devices went before it reached one.
    pub undelivered_offline: u64,
    /// Messages whose recipient read too slowly.
    pub undelivered_slow: u64,
    /// Messages refused because the two are no contacts.
    pub refused_not_invited: u64,
    /// Invitations taken.
    pub invitations_sent: u64,
}

impl Realm {
    pub fn new(_limits: Limits, _now: Moment) -> Self {
        Realm { counters: Counters::default() }
    }

    pub fn sign_in(
        &mut self,
        _now: Now,
        _id: ConnectionId,
        _who: &SignIn<'_>,
        _sink: &mut impl Sink,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    pub fn leave(&mut self, _now: Now, _id: ConnectionId, _sink: &mut impl Sink) -> bool {
        false
    }

    pub fn handle(
        &mut self,
        _now: Now,
        _from: ConnectionId,
        _command: &Command<'_>,
        _sink: &mut impl Sink,
    ) {
    }

    pub fn settle(&mut self, _now: Now, _ticket: Ticket, _outcome: Outcome, _sink: &mut impl Sink) {
    }

    pub fn expire(&mut self, _now: Now, _budget: usize, _sink: &mut impl Sink) {}

    pub fn next_deadline(&self) -> Option<Moment> {
        None
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Messages that are on their way to somebody's devices, none of which has one yet.
    pub fn in_flight(&self) -> u64 {
        0
    }

    /// Copies of messages that the sink was handed and that are not settled.
    pub fn copies_in_flight(&self) -> u64 {
        0
    }

    /// Sessions with at least one device.
    pub fn online(&self) -> impl ExactSizeIterator<Item = &str> {
        std::iter::empty()
    }

    /// Invitations that wait for an answer.
    pub fn pending_invitations(&self) -> usize {
        0
    }

    /// Invitations in memory: pending ones, and answers that wait for their sender.
    pub fn invitations(&self) -> usize {
        0
    }

    /// Pairs of contacts.
    pub fn conversations(&self) -> usize {
        0
    }

    pub fn check_invariants(&self) {}
}
