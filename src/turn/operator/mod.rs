//! The operator's orders, carried out: [`Turn::operate`].
//!
//! An order about one person is done at once. One that looks at all connections is a [`walk`], in slices, and
//! its request is parked meanwhile. Each order is a line in the log: what, on what kind of name, by which
//! address, how many. The log has no name and no text of it.

mod walk;

use std::collections::VecDeque;

use super::Turn;
use crate::chat::ConnectionId;
use crate::chat::account::Asker;
use crate::dialects::operator::{Order, Target, json, wire};
use crate::http::{Response, Status};
use crate::limiter::Block;
use crate::session::{End, Operated};
use walk::{Task, Walk};

/// What the turn keeps for the operator.
#[derive(Debug, Default)]
pub(in crate::turn) struct Operator {
    /// The walks under way, oldest first. Each belongs to a parked request of the operator's listener, so
    /// there are as many as it may have connections.
    walks: VecDeque<Walk>,
}

impl Operator {
    /// Whether a walk has slots left to look at.
    pub(in crate::turn) fn has_work(&self) -> bool {
        !self.walks.is_empty()
    }
}

/// What the log says of an order.
#[derive(Clone, Copy, Debug)]
pub struct OrderNote {
    /// What was done, in the word of the API.
    pub action: &'static str,
    /// The kind of name that it was done to.
    pub on: &'static str,
    /// The address that the order came from.
    pub by: Block,
    /// How many connections, people or messages it concerned.
    pub count: usize,
}

impl Turn {
    /// Carries out an order that came over the connection `id`, as its request number `request`.
    pub(in crate::turn) fn operate(
        &mut self,
        id: ConnectionId,
        order: Order,
        request: u16,
    ) -> Operated {
        let asker = Asker { id, request };
        match order {
            Order::Disconnect { target, reason } => self.disconnect(asker, target, reason),
        }
    }

    /// Sends connections away.
    fn disconnect(&mut self, asker: Asker, target: Target, reason: Box<str>) -> Operated {
        let on = target.kind();
        let ids = match target {
            Target::Person(name) => self.chat.connections_of(&name),
            Target::Connection(id) => vec![id],
            Target::Network(network) => {
                return self.walk(asker, Task::Disconnect { network, reason });
            }
        };
        let count = ids.into_iter().filter(|&id| self.send_away(id, &reason)).count();
        self.note_order(asker.id, ("disconnect", on), count);
        answered(&wire::Disconnected { disconnected: count })
    }

    /// Ends a WebSocket. Returns false if it is none, or has ended already.
    fn send_away(&mut self, id: ConnectionId, reason: &str) -> bool {
        let is_open =
            self.connections.get(id).is_some_and(|one| one.is_open() && one.session.is_websocket());
        if is_open {
            self.end_because(id, End::SentAway, reason);
        }
        is_open
    }

    /// Begins a walk, and parks the request until its end.
    fn walk(&mut self, asker: Asker, task: Task) -> Operated {
        self.parked.park_order(asker);
        self.operator.walks.push_back(Walk::new(asker, task));
        Operated::Later
    }

    /// Notes for the log that the operator has done something.
    fn note_order(
        &mut self,
        id: ConnectionId,
        (action, on): (&'static str, &'static str),
        count: usize,
    ) {
        let by = self.block_of(id);
        self.note_operator(OrderNote { action, on, by, count });
    }
}

/// The order is done, with this result.
fn answered(result: &impl serde::Serialize) -> Operated {
    Operated::Answer(json(Status::Ok, result))
}

/// The same, for a request that was parked.
fn answer(result: &impl serde::Serialize) -> Response<'static> {
    json(Status::Ok, result)
}
