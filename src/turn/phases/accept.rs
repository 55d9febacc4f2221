//! The phase *accept*: who comes in.

use core::net::IpAddr;

use crate::limiter::{Block, Limit};
use crate::session::Listener;
use crate::turn::{Accepted, Sockets, Turn};

/// The listeners at which somebody may wait to be accepted. At the start both: no event tells of
/// those who came before there was a loop.
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
    /// Takes in whoever waits, up to a budget. Returns how many were taken in or turned away.
    pub(in crate::turn) fn accept(&mut self, sockets: &mut impl Sockets) -> usize {
        if self.accept_again.is_some_and(|again| self.now.monotonic < again) {
            return 0;
        }
        self.accept_again = None;
        let limits = &self.limits;
        let room = limits.max_connections + limits.spare_connections;
        let (accepts, admins) = (limits.budgets.accepts, limits.admin_connections);
        // The operator first: he has little room, and comes to see why there is none elsewhere.
        self.accept_by(Listener::Admin, admins, admins, sockets)
            + self.accept_by(Listener::Public, room, accepts, sockets)
    }

    /// Takes in whoever waits at one listener, while there is room there, up to a budget.
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
            let is_full = self.connections.by(listener) >= room;
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
                    }
                }
                Accepted::Taken(peer) => {
                    taken += 1;
                    self.take_in(listener, peer, sockets);
                }
                Accepted::Nobody => *self.waiting_listeners.at(listener) = false,
                Accepted::Exhausted => {
                    // Those who still wait make no new edge: come back after a pause, or as soon
                    // as a connection of ours has closed.
                    self.counters.exhausted += 1;
                    self.accept_again = Some(self.now.monotonic + self.limits.budgets.accept_pause);
                }
            }
        }
        taken
    }

    fn take_in(&mut self, listener: Listener, peer: IpAddr, sockets: &mut impl Sockets) {
        let now = self.now.monotonic;
        let id = self.connections.next_id();
        let counted = match self.judge_arrival(listener, peer) {
            Ok(counted) => counted,
            Err(refusal) => {
                self.counters.shed += 1;
                return sockets.turn_away(id, refusal);
            }
        };
        let timer = self.wheel.insert(now + self.limits.handshake_timeout, id);
        self.connections.insert(now, timer, listener, Block::of(peer), counted);
        self.outboxes.open(id);
        self.counters.accepted += 1;
    }
}
