//! The phase *accept*: takes new connections from the listeners.
//!
//! Readiness of listeners is edge-triggered, too. A listener stays marked as waiting until an accept finds
//! its backlog empty.

use crate::chat::ConnectionId;
use crate::limiter::{Block, Limit, Peer};
use crate::session::{DoorRefusal, End, Listener, Refused, Session};
use crate::turn::{Accepted, Sockets, Turn};

/// The listeners at which connections may wait to be accepted. At the start these are both listeners: no
/// event reports connections that came before the first poll.
#[derive(Debug)]
pub(in crate::turn) struct WaitingListeners {
    public: bool,
    admin: bool,
}

impl WaitingListeners {
    pub(in crate::turn) fn everywhere() -> Self {
        WaitingListeners { public: true, admin: true }
    }

    pub(in crate::turn) fn any(&self) -> bool {
        self.public || self.admin
    }

    pub(in crate::turn) fn at(&mut self, listener: Listener) -> &mut bool {
        match listener {
            Listener::Public => &mut self.public,
            Listener::Admin => &mut self.admin,
        }
    }
}

impl Turn {
    /// Accepts the connections that wait, up to a budget. Returns the number of those that were taken in
    /// or turned away.
    pub(in crate::turn) fn accept(&mut self, sockets: &mut impl Sockets) -> usize {
        if self.accept_again.is_some_and(|again| self.now.monotonic < again) {
            return 0;
        }
        self.accept_again = None;
        let limits = &self.limits;
        let room = limits.max_connections + limits.spare_connections;
        let (accepts, admins) = (limits.budgets.accepts, limits.admin_connections);
        // The operator's listener comes first: an operator who looks for the cause of a flood must not
        // wait behind it.
        self.accept_by(Listener::Admin, admins, admins, sockets)
            + self.accept_by(Listener::Public, room, accepts, sockets)
    }

    /// Accepts the connections that wait at one listener, up to a budget. Beyond `room` they are closed
    /// at once, unless another connection yields its place.
    fn accept_by(
        &mut self,
        listener: Listener,
        room: usize,
        budget: usize,
        sockets: &mut impl Sockets,
    ) -> usize {
        let mut taken = 0;
        while *self.waiting_listeners.at(listener) && self.accept_again.is_none() && taken < budget
        {
            let yields = match listener {
                Listener::Public => None,
                // A connection that has yielded its place is closed at the end of the turn. Descriptors are
                // reserved for one connection more than there are places, so the next one waits until then.
                Listener::Admin if self.connections.by(listener) > room => break,
                Listener::Admin if self.connections.by(listener) == room => self.idlest_operator(),
                Listener::Admin => None,
            };
            let is_full = yields.is_none() && self.connections.by(listener) >= room;
            let accepted = match is_full {
                true => sockets.shed(listener),
                false => sockets.accept(listener, self.connections.next_id()),
            };
            match accepted {
                Accepted::Taken(_) if is_full => {
                    taken += 1;
                    self.counters.shed += 1;
                    if listener == Listener::Public {
                        self.counters.limits_hit.count(Limit::Connections);
                        self.count_refused(Refused::unread(DoorRefusal::Full));
                    }
                }
                Accepted::Taken(peer) => {
                    taken += 1;
                    self.take_in(listener, peer, sockets);
                    if let Some(idlest) = yields {
                        self.end(idlest, End::Http);
                        self.abandon(idlest);
                    }
                }
                Accepted::Nobody => *self.waiting_listeners.at(listener) = false,
                Accepted::Exhausted => {
                    // No new edge will report the connections that still wait. So the turn tries again
                    // by itself: after a pause, or as soon as it has closed a connection.
                    self.counters.exhausted += 1;
                    self.accept_again = Some(self.now.monotonic + self.limits.budgets.accept_pause);
                }
            }
        }
        taken
    }

    /// The connection of the operator's listener that has stood still for the longest time: its request has not
    /// come, or it does not read its answer, or its client does not close it. `None` if none stands still.
    ///
    /// Without it a few programs that connect and say nothing would shut the operator out until their
    /// deadlines: ten seconds for a request, and a minute for an answer.
    fn idlest_operator(&self) -> Option<ConnectionId> {
        let still = self.connections.admins().filter_map(|connection| {
            let is_served = connection.session.parked().is_some() || connection.session.is_stream();
            if is_served || connection.readable || connection.is_dead() {
                return None;
            }
            Some((connection.blocked_since.or(connection.waiting_since)?, connection.id))
        });
        still.min_by_key(|(since, _)| *since).map(|(_, id)| id)
    }

    /// Gives an accepted connection its slot, its outbox and its timer; or refuses it because of its
    /// address.
    fn take_in(&mut self, listener: Listener, peer: Peer, sockets: &mut impl Sockets) {
        let now = self.now.monotonic;
        let id = self.connections.next_id();
        let counted = match self.judge_arrival(listener, peer) {
            Ok(counted) => counted,
            Err(refusal) => {
                self.counters.shed += 1;
                self.count_refused(Refused::unread(refusal));
                return sockets.turn_away(id, refusal);
            }
        };
        let timer = self.wheel.insert(now + self.limits.handshake_timeout, id);
        self.connections.insert(now, timer, listener, Block::of(peer.address()), counted);
        if self.limits.session.proxy_protocol && counted.is_from_proxy() {
            self.with_session(id, |session, _| *session = Session::behind_proxy());
        }
        self.outboxes.open(id);
        self.counters.accepted += 1;
    }
}
