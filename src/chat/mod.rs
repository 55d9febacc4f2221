//! The chat itself: who is here, and who says what to whom. Commands in, events out.
//!
//! The chat knows no bytes, no JSON, no socket and no clock: a [`Command`] arrives already
//! understood, the time is an argument, and what follows is handed to a [`Sink`] as [`Event`]s.
//! It refuses, but it never fails, and nothing that it calls comes back into it.
//!
//! A *realm* is a directory of people of its own: nobody in one sees, or can write to, another.
//! [`mobile`] is where one is known by a phone number, [`messenger`] (the `session` realm of the
//! protocols) where one is known by an id that only one's friends know. They share no state.

mod ids;
pub mod messenger;
pub mod mobile;
mod seats;
mod sink;

use crate::timer::{Moment, Now};

pub use ids::{ConnectionId, ItemId, Mobile, NotAMobile, NotAnId, SessionId};
pub use sink::{Event, Outcome, Reason, Sink};

/// What somebody asks of the realm that he is in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command<'a> {
    /// Of the `mobile` realm.
    Mobile(mobile::Command<'a>),
    /// Of the `session` realm.
    Messenger(messenger::Command<'a>),
}

/// How much each realm puts up with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// The `mobile` realm.
    pub mobile: mobile::Limits,
    /// The `session` realm.
    pub messenger: messenger::Limits,
}

/// All realms.
#[derive(Debug)]
pub struct Chat {
    /// Where one is known by a phone number.
    pub mobile: mobile::Realm,
    /// Where one is known by an id that only one's friends know.
    pub messenger: messenger::Realm,
}

impl Chat {
    /// A chat with nobody in it. It begins `now`.
    pub fn new(limits: Limits, now: Now) -> Self {
        Chat {
            mobile: mobile::Realm::new(limits.mobile),
            messenger: messenger::Realm::new(limits.messenger, now.monotonic),
        }
    }

    /// Does what somebody asks. Whoever is not signed in to that realm asks in vain.
    pub fn handle(
        &mut self,
        now: Now,
        from: ConnectionId,
        command: &Command<'_>,
        sink: &mut impl Sink,
    ) {
        match command {
            Command::Mobile(command) => self.mobile.handle(from, command, sink),
            Command::Messenger(command) => self.messenger.handle(now, from, command, sink),
        }
    }

    /// Does what is due: see [`messenger::Realm::expire`]. At most `budget` deadlines are looked at.
    pub fn expire(&mut self, now: Now, budget: usize, sink: &mut impl Sink) {
        self.messenger.expire(now, budget, sink);
    }

    /// When there is something to [`expire`](Chat::expire).
    pub fn next_deadline(&self) -> Option<Moment> {
        self.messenger.next_deadline()
    }

    /// How many deadlines there are.
    pub fn timers(&self) -> usize {
        self.messenger.timers()
    }

    /// Checks everything that must hold between two calls, and panics with a clear sentence if it
    /// does not. Looks at everybody: for tests and the simulator.
    ///
    /// # Panics
    ///
    /// If there is a bug in this room.
    pub fn check_invariants(&self) {
        self.mobile.check_invariants();
        self.messenger.check_invariants();
    }
}
