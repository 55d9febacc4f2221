//! The operator's orders, carried out: [`Turn::operate`].
//!
//! An order about one person is done at once. One that looks at all connections is a [`walk`], in slices, and
//! its request is parked meanwhile. Each order is a line in the log: what, on what kind of name, by which
//! address, how many. The log has no name and no text of it.

mod bans;
mod census;
pub(in crate::turn) mod events;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::VecDeque;

use super::Turn;
use super::records::notes::OrderNote;
use super::tables::connections::Connection;
use crate::chat::account::Asker;
use crate::chat::{BackendMessage, ConnectionId, Name, Outcome, Reason};
use crate::dialects::operator::{LogLevel, Order, Target, json, too_many_readers, wire};
use crate::http::{Response, Status};
use crate::session::{End, Operated};
pub use bans::BanChange;
use census::List;
use events::Events;
use walk::{Notice, Task, Walk};

/// What the turn keeps for the operator.
#[derive(Debug, Default)]
pub(in crate::turn) struct Operator {
    /// The walks under way, oldest first. Each belongs to a parked request of the operator's listener, so
    /// there are as many as it may have connections.
    walks: VecDeque<Walk>,
    pub(in crate::turn) events: Events,
    /// What the driver has to do after this turn.
    wishes: VecDeque<Wish>,
    /// Whether there is a file that keeps bans.
    keeps_bans: bool,
    /// The changes that the file does not have yet: the driver takes them after each turn.
    ban_changes: Vec<BanChange>,
}

impl Operator {
    /// Whether a walk has slots left to look at.
    pub(in crate::turn) fn has_work(&self) -> bool {
        !self.walks.is_empty()
    }
}

/// What the operator wants of the driver, which has the log and the listeners.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wish {
    /// Log at this level from now on.
    Log(LogLevel),
    /// Drain, as after SIGTERM.
    Drain,
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
            Order::Status => self.walk(asker, Task::Count(Box::default()), 0),
            Order::Connections { filter, from, limit } => {
                self.walk(asker, Task::List(List::new(filter, limit)), from)
            }
            Order::Events => self.stream_events(id),
            Order::Presence(names) => self.presence_of(&names),
            Order::Disconnect { target, reason } => self.disconnect(asker, target, reason),
            Order::Notice(text) => self.walk(asker, Task::Notice(Notice::new(text)), 0),
            Order::Send { from, to, text, id } => self.send_for_backend(&BackendMessage {
                from,
                to,
                text: &text,
                id: id.as_deref(),
                asker,
            }),
            Order::Log(level) => {
                self.note_order(id, ("log-level", level.word()), 1);
                self.operator.wishes.push_back(Wish::Log(level));
                answered(&wire::Level { level: level.word().to_owned() })
            }
            Order::Drain => {
                self.note_order(id, ("drain", "everybody"), self.websockets);
                self.operator.wishes.push_back(Wish::Drain);
                Operated::Answer(json(Status::Accepted, &wire::Word { status: "draining" }))
            }
            Order::Bans => self.show_bans(),
            Order::Ban(ban) => self.order_ban(id, ban),
            Order::Unban(who) => self.order_unban(id, who),
        }
    }

    /// Sends connections away.
    fn disconnect(&mut self, asker: Asker, target: Target, reason: Box<str>) -> Operated {
        let on = target.kind();
        let ids = match target {
            Target::Person(name) => self.chat.connections_of(&name),
            Target::Connection(id) => vec![id],
            Target::Network(network) => {
                return self.walk(asker, Task::Disconnect { network, reason }, 0);
            }
        };
        let count = ids.into_iter().filter(|&id| self.send_away(id, &reason)).count();
        self.note_order(asker.id, ("disconnect", on), count);
        answered(&wire::Disconnected { disconnected: count })
    }

    /// Ends a WebSocket. Returns false if it is none, or has ended already.
    fn send_away(&mut self, id: ConnectionId, reason: &str) -> bool {
        let is_open = self.connections.get(id).is_some_and(open_websocket);
        if is_open {
            self.end_because(id, End::SentAway, reason);
        }
        is_open
    }

    /// Opens a stream of events.
    fn stream_events(&mut self, id: ConnectionId) -> Operated {
        if !self.listen(id) {
            return Operated::Answer(too_many_readers(self.operator.events.readers()));
        }
        self.note_order(id, ("events", "everybody"), 1);
        Operated::Stream(Response::new(Status::Ok).chunks("application/x-ndjson"))
    }

    /// Which of these people are online.
    fn presence_of(&self, names: &[Name<'_>]) -> Operated {
        let texts: Vec<_> = names.iter().map(Name::text).collect();
        let all = names.iter().zip(&texts);
        let presence = all
            .map(|(name, id)| wire::IsOnline { id, online: self.chat.is_online(name) })
            .collect();
        answered(&wire::Presence { presence })
    }

    /// Sends a message of the backend. The request waits until its fate is decided.
    fn send_for_backend(&mut self, message: &BackendMessage<'_>) -> Operated {
        let (chat, mut sink) = self.chat_and_sink();
        if chat.send_for_backend(message, &mut sink) {
            self.parked.park_order(message.asker);
            Operated::Later
        } else {
            answered(&fate(Outcome::Undelivered(Reason::Offline)))
        }
    }

    /// Answers the request with a message of the backend, whose fate is decided.
    pub(in crate::turn) fn tell_backend(&mut self, asker: Asker, outcome: Outcome) {
        self.parked.answer(asker, answer(&fate(outcome)));
    }

    /// What the driver has to do for the operator.
    pub fn next_wish(&mut self) -> Option<Wish> {
        self.operator.wishes.pop_front()
    }

    /// Begins a walk at a slot, and parks the request until its end.
    fn walk(&mut self, asker: Asker, task: Task, slot: usize) -> Operated {
        self.parked.park_order(asker);
        self.operator.walks.push_back(Walk::new(asker, task, slot));
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

/// Whether it is a WebSocket that has not ended.
fn open_websocket(connection: &Connection) -> bool {
    connection.is_open() && connection.session.is_websocket()
}

/// What became of a message, in the words of an acknowledgement.
fn fate(outcome: Outcome) -> wire::Word {
    let status = match outcome {
        Outcome::Delivered => "delivered",
        Outcome::Undelivered(Reason::Offline) => "offline",
        Outcome::Undelivered(Reason::Slow) => "slow",
    };
    wire::Word { status }
}

/// The order is done, with this result.
fn answered(result: &impl serde::Serialize) -> Operated {
    Operated::Answer(json(Status::Ok, result))
}

/// The same, for a request that was parked.
fn answer(result: &impl serde::Serialize) -> Response<'static> {
    json(Status::Ok, result)
}
