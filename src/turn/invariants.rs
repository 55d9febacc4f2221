//! What must hold between two turns: the counts of different rooms agree, and all work that is left stands
//! in a queue or has a timer. The simulator and the turn's tests check it after every turn.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::Turn;
use super::arrivals::Counted;
use super::tables::connections::Connection;
use crate::chat::{Audience, ConnectionId};
use crate::dialects::Dialect;
use crate::timer::Wheel;

impl Turn {
    /// Panics with a sentence that says what was forgotten, doubled or miscounted. O(connections).
    pub fn check_invariants(&self) {
        assert!(self.books().balances(), "the ledger does not balance: {:?}", self.books());
        let (queued, unsettled) = (self.outboxes.messages(), self.chat.unsettled());
        assert_eq!(
            queued, unsettled,
            "the realms and the outboxes count different messages in flight"
        );
        self.chat.check_invariants();
        self.outboxes.check_invariants();
        self.outboxes.check_end_of_turn();
        self.presence.check_invariants();
        self.check_sums();
        self.check_queues();
        self.check_parked();
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
        assert_eq!(self.held_bytes, held, "bytes of incomplete messages are miscounted");
        let ending = self.connections.iter().filter(|c| !c.is_open()).count();
        assert_eq!(self.ending, ending, "ending connections are miscounted");
    }

    /// A connection stands in a queue if and only if it is marked as a member, and stands there once.
    fn check_queues(&self) {
        assert!(self.leaving.is_empty(), "a connection has ended and is still in the chat");
        let queued = self.readable.iter().chain(&self.unheard);
        let queued = distinct(queued, "stands twice in the queues of the readable and the unheard");
        let closing = distinct(&self.closing, "is to be closed twice");
        let swept: HashSet<_> = self.sweep.listed().collect();
        for connection in self.connections.iter() {
            let id = connection.id;
            let is_dead = connection.is_dead();
            let Connection { readable: is_readable, marked, .. } = *connection;
            let is_queued = queued.contains(&id);
            assert_eq!(
                is_readable, is_queued,
                "{id:?}: marked as readable, and in no queue, or reverse"
            );
            assert_eq!(
                is_dead,
                closing.contains(&id),
                "{id:?}: dead and not to be closed, or reverse"
            );
            let is_silent = marked && connection.is_open();
            assert!(!is_silent || swept.contains(&id), "{id:?}: marked, and in no sweep");
        }
    }

    /// A request waits in its session if and only if it waits in the table.
    fn check_parked(&self) {
        assert!(!self.parked.any_resolved(), "a reply has come, and its request still waits");
        assert!(self.farewells.is_empty(), "the chat has ended a connection, and it is still open");
        let mut waiting = 0;
        for connection in self.connections.iter() {
            let (id, parked) = (connection.id, connection.session.parked());
            assert_eq!(self.parked.waiting_at(id), parked, "{id:?}: parked in one place only");
            waiting += usize::from(parked.is_some());
        }
        assert_eq!(self.parked.len(), waiting, "a request waits, and its connection is gone");
    }

    /// Each connection that is not dead has an outbox, and there is no other outbox.
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
            assert!(!is_blocked || has_deadline, "{id:?}: blocked, and without a deadline");
            assert!(!is_gated || first_owed.contains(&id), "{id:?}: gated, and owed no list");
        }
        assert_eq!(outboxes.len(), living, "as many outboxes as living connections");
    }

    /// Each receiver of presence is an open connection that speaks its audience's dialect, and the chat
    /// counts the same number of receivers.
    fn check_presence(&self) {
        let mut receivers = [0; Audience::ALL.len()];
        for receiver in self.presence.receivers() {
            receivers[receiver.audience] += 1;
            let id = receiver.id;
            let connection = self.connections.get(id);
            let Some(connection) = connection.filter(|connection| connection.is_open()) else {
                panic!("{id:?} is a receiver of presence, and not an open connection")
            };
            let dialect = Dialect::of(Audience::ALL[receiver.audience]);
            assert_eq!(self.outboxes.dialect(id), Some(dialect), "{id:?}: another dialect");
            let is_blocked = connection.blocked_since.is_some();
            let is_parked = receiver.is_parked;
            assert!(!is_parked || is_blocked, "{id:?} is parked, and its socket is not full");
        }
        let expected = Audience::ALL.map(|of| self.chat.audience_len(of));
        assert_eq!(receivers, expected, "as many receivers as connections in the audience");
    }

    /// Each connection with a deadline has one timer, which fires at the earliest deadline or before. A
    /// connection without a deadline is dead, or marked as silent (`check_queues` finds it in a sweep), or
    /// has last frames that the next send phase writes.
    fn check_timers(&self) {
        let slot = Wheel::<ConnectionId>::SLOT_WIDTH;
        let mut due = HashMap::new();
        for (timer, &id, moment) in self.wheel.check_invariants() {
            assert!(self.connections.get(id).is_some(), "{id:?} is gone, and its timer is not");
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
            assert_eq!(connection.timer, timer, "{id:?} has another timer");
            // The timer of a connection with unread input is set again, one slot later.
            let latest = deadline.max(self.now.monotonic + slot) + slot;
            let is_in_time = moment.is_some_and(|moment| moment <= latest);
            assert!(is_in_time, "{id:?}: the timer at {moment:?} is after {deadline:?}");
        }
    }
}

/// The members of a queue. Panics if a member is in it twice.
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
