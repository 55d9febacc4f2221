//! [`Walk`]: something that the operator wants to be done to, or known of, all connections.
//!
//! It looks at the slots one after the other, as a drain does, and stops when the slice of the turn is used up.
//! So no order makes other clients wait, however many connections there are. A connection that comes while the
//! walk is under way is met if its slot is still ahead. When the walk is over, its request is answered. It
//! goes on if the request has been given up: an order that was begun is carried out.

use super::answer;
use crate::chat::account::Asker;
use crate::dialects::operator::wire;
use crate::limiter::Network;
use crate::turn::Turn;

/// A walk that is under way.
#[derive(Debug)]
pub(super) struct Walk {
    asker: Asker,
    task: Task,
    /// The next slot.
    slot: usize,
    /// How many connections it has met.
    met: usize,
}

/// What is done at each connection.
#[derive(Debug)]
pub(super) enum Task {
    /// Send it away for this reason, if it comes from the network.
    Disconnect {
        /// The addresses.
        network: Network,
        /// The reason for the close frame.
        reason: Box<str>,
    },
}

impl Walk {
    pub(super) fn new(asker: Asker, task: Task) -> Self {
        Walk { asker, task, slot: 0, met: 0 }
    }
}

impl Turn {
    /// Goes on with the oldest walk. Returns the number of connections that it has done something to.
    pub(in crate::turn) fn walk_slice(&mut self) -> usize {
        let Some(mut walk) = self.operator.walks.pop_front() else { return 0 };
        let budgets = &self.limits.budgets;
        let (end, most) = (walk.slot + budgets.walk_slots, budgets.walk_actions);
        let slots = self.connections.slots();
        let before = walk.met;
        while walk.slot < slots.min(end) && walk.met - before < most {
            walk.met += usize::from(self.step(&walk.task, walk.slot));
            walk.slot += 1;
        }
        let done = walk.met - before;
        if walk.slot < slots {
            self.operator.walks.push_front(walk);
        } else {
            self.end_walk(walk);
        }
        done
    }

    /// Does the task at one slot. Returns whether there was something to do.
    fn step(&mut self, task: &Task, slot: usize) -> bool {
        let Some(connection) = self.connections.in_slot(slot) else { return false };
        let (id, block) = (connection.id, connection.block);
        match task {
            Task::Disconnect { network, reason } => {
                block.is_in(*network) && self.send_away(id, reason)
            }
        }
    }

    fn end_walk(&mut self, Walk { asker, task, met, .. }: Walk) {
        let response = match task {
            Task::Disconnect { .. } => {
                self.note_order(asker.id, ("disconnect", "address"), met);
                answer(&wire::Disconnected { disconnected: met })
            }
        };
        self.parked.answer(asker, response);
    }
}
