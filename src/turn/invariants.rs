//! What must hold between two turns: the books of different rooms agree, and whatever is left to do
//! stands in a queue or has a timer. For the simulator, which looks after every turn.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::Turn;
use super::arrivals::Counted;
use super::tables::connections::Connection;
use crate::chat::{Audience, ConnectionId};
use crate::dialects::Dialect;
use crate::timer::Wheel;

impl Turn {
    /// Panics with a clear sentence if anything is forgotten, doubled or miscounted.
    pub fn check_invariants(&self) {
        assert!(self.books().balances(), "the ledger does not balance: {:?}", self.books());
        let (queued, unsettled) = (self.outboxes.messages(), self.chat.unsettled());
        assert_eq!(queued, unsettled, "a realm waits for what is in no outbox, or otherwise");
        self.chat.check_invariants();
        self.outboxes.check_invariants();
        self.outboxes.check_end_of_turn();
        self.presence.check_invariants();
        self.check_sums();
        self.check_queues();
        self.check_outboxes();
        self.check_presence();
        self.check_timers();
    }

    fn check_sums(&self) {
        self.addresses.check_invariants();
        let count =
            |is: fn(Counted) -> bool| self.connections.iter().filter(|c| is(c.counted)).count();
        let entered = count(|it| matches!(it, Counted::Entered | Counted::Forwarded));
        let told = count(|it| it == Counted::ToBeTold);
        assert_eq!(self.addresses.connections(), (entered, told), "addresses are miscounted");
        let open = self.connections.iter().filter(|c| c.session.is_websocket()).count();
        assert_eq!(self.websockets, open, "open WebSockets are miscounted");
        let held: usize = self.connections.iter().map(|c| c.session.held_bytes()).sum();
        assert_eq!(self.held_bytes, held, "bytes of what has not arrived in full are miscounted");
        let ending = self.connections.iter().filter(|c| !c.is_open()).count();
        assert_eq!(self.ending, ending, "ending connections are miscounted");
    }

    /// Whoever is marked as being in a queue is in it, once.
    fn check_queues(&self) {
        assert!(self.leaving.is_empty(), "somebody has ended and is still in the chat");
        let readable = distinct(&self.readable, "stands twice among the readable");
        let closing = distinct(&self.closing, "is closed twice");
        let swept: HashSet<_> = self.sweep.listed().collect();
        for connection in self.connections.iter() {
            let id = connection.id;
            let is_dead = connection.is_dead();
            let Connection { readable: is_readable, marked, .. } = *connection;
            let is_queued = readable.contains(&id);
            assert_eq!(is_readable, is_queued, "{id:?}: readable, and in no queue, or otherwise");
            assert_eq!(is_dead, closing.contains(&id), "{id:?}: dead, and not to be closed");
            let is_silent = marked && connection.is_open();
            assert!(!is_silent || swept.contains(&id), "{id:?}: marked, and no sweep knows");
        }
    }

    /// Every connection that can still be written to has an outbox, and nobody else.
    fn check_outboxes(&self) {
        let outboxes: HashMap<_, _> =
            self.outboxes.owners().map(|(id, blocked, gated)| (id, (blocked, gated))).collect();
        let first_owed: HashSet<_> =
            self.presence.receivers().filter(|it| it.is_owed_first).map(|it| it.id).collect();
        let mut living = 0;
        for connection in self.connections.iter().filter(|connection| !connection.is_dead()) {
            living += 1;
            let id = connection.id;
            let Some(&(is_blocked, is_gated)) = outboxes.get(&id) else {
                panic!("{id:?} has no outbox")
            };
            let has_deadline = connection.blocked_since.is_some();
            assert!(!is_blocked || has_deadline, "{id:?}: blocked, and may be so for ever");
            assert!(!is_gated || first_owed.contains(&id), "{id:?}: a gate that nobody will open");
        }
        assert_eq!(outboxes.len(), living, "as many outboxes as living connections");
    }

    /// Every connection in an audience is open, speaks its dialect, and is shown its list.
    fn check_presence(&self) {
        let mut receivers = [0; Audience::ALL.len()];
        for receiver in self.presence.receivers() {
            receivers[receiver.audience] += 1;
            let id = receiver.id;
            let connection = self.connections.get(id);
            let Some(connection) = connection.filter(|connection| connection.is_open()) else {
                panic!("{id:?} is shown presence, and is not there")
            };
            let dialect = Dialect::of(Audience::ALL[receiver.audience]);
            assert_eq!(self.outboxes.dialect(id), Some(dialect), "{id:?}: not in these words");
            let is_blocked = connection.blocked_since.is_some();
            let is_parked = receiver.is_parked;
            assert!(!is_parked || is_blocked, "{id:?} waits for a socket to drain that is empty");
        }
        let expected = Audience::ALL.map(|of| self.chat.audience_len(of));
        assert_eq!(receivers, expected, "as many receivers as connections in the audience");
    }

    /// Every connection with a deadline has one timer, which fires at the earliest of them at the
    /// latest. Those without are dead, or marked as silent (their queues are checked above), or their
    /// last words are about to be written.
    fn check_timers(&self) {
        let slot = Wheel::<ConnectionId>::SLOT_WIDTH;
        let mut due = HashMap::new();
        for (timer, &id, moment) in self.wheel.check_invariants() {
            assert!(self.connections.get(id).is_some(), "a timer of {id:?}, who has gone");
            assert!(due.insert(id, (timer, moment)).is_none(), "{id:?} has two timers");
        }
        for connection in self.connections.iter() {
            let id = connection.id;
            let Some((deadline, _)) = self.next_deadline(connection) else {
                let is_served = self.outboxes.is_waiting(id) && !connection.is_open();
                let has_none = connection.is_dead() || connection.marked || is_served;
                assert!(has_none, "{id:?} has no deadline");
                continue;
            };
            let Some(&(timer, moment)) = due.get(&id) else { panic!("{id:?} has no timer") };
            assert_eq!(connection.timer, timer, "{id:?} does not know its timer");
            // Who has said something that is unread is looked at again a slot later.
            let latest = deadline.max(self.now.monotonic + slot) + slot;
            let is_in_time = moment.is_some_and(|moment| moment <= latest);
            assert!(is_in_time, "{id:?}: the timer at {moment:?} is after {deadline:?}");
        }
    }
}

/// The members of a queue, none of which may be there twice.
fn distinct<'q, T: Copy + Eq + Hash + std::fmt::Debug + 'q>(
    queue: impl IntoIterator<Item = &'q T>,
    what: &str,
) -> HashSet<T> {
    let mut members = HashSet::new();
    for &member in queue {
        assert!(members.insert(member), "{member:?} {what}");
    }
    members
}
