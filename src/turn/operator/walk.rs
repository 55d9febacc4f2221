//! [`Walk`]: something that the operator wants to be done to all connections, or to know of them.
//!
//! It looks at the slots one after the other, as a drain does, and stops when the slice of the turn is used up.
//! So no order makes other clients wait, however many connections there are. A connection that comes while the
//! walk is under way is met if its slot is still ahead. When the walk is over, its request is answered. It
//! goes on if the request has been given up: an order that was begun is carried out.

use std::rc::Rc;

use super::census::{Census, List};
use super::{answer, open_websocket};
use crate::chat::account::Asker;
use crate::chat::{ConnectionId, Event, Kind};
use crate::dialects::Dialect;
use crate::dialects::operator::wire;
use crate::limiter::Network;
use crate::turn::Turn;
use crate::turn::tables::parcel::Parcel;

/// A walk that is under way.
#[derive(Debug)]
pub(super) struct Walk {
    asker: Asker,
    task: Task,
    /// The next slot.
    slot: usize,
    /// How many connections it has done something to.
    met: usize,
}

/// What is done at each open WebSocket.
#[derive(Debug)]
pub(super) enum Task {
    /// Send it away for this reason, if it comes from the network.
    Disconnect {
        /// The addresses.
        network: Network,
        /// The reason for the close frame.
        reason: Box<str>,
    },
    /// Tell it something.
    Notice(Box<Notice>),
    /// Count it.
    Count(Box<Census>),
    /// List it.
    List(Box<List>),
}

/// A notice on its way to everybody.
#[derive(Debug)]
pub(super) struct Notice {
    text: Box<str>,
    /// The frame in each dialect, made for the first connection that speaks it. Empty: it has no words.
    frames: [Option<Rc<[u8]>>; Dialect::COUNT],
    told: usize,
    without_words: usize,
}

impl Notice {
    pub(super) fn new(text: Box<str>) -> Box<Self> {
        Box::new(Notice { text, frames: Default::default(), told: 0, without_words: 0 })
    }
}

impl Walk {
    /// A walk that begins at this slot.
    pub(super) fn new(asker: Asker, task: Task, slot: usize) -> Self {
        Walk { asker, task, slot, met: 0 }
    }
}

impl Turn {
    /// Goes on with the oldest walk. Returns the number of connections that it has done something to.
    pub(in crate::turn) fn walk_slice(&mut self) -> usize {
        let Some(mut walk) = self.operator.walks.pop_front() else { return 0 };
        let budgets = &self.limits.budgets;
        let (end, most) = (walk.slot.saturating_add(budgets.walk_slots), budgets.walk_actions);
        let slots = self.connections.slots();
        let before = walk.met;
        while walk.slot < slots.min(end) && walk.met - before < most && !walk.task.is_full() {
            walk.met += usize::from(self.step(&mut walk.task, walk.slot));
            walk.slot += 1;
        }
        let done = walk.met - before;
        if walk.slot < slots && !walk.task.is_full() {
            self.operator.walks.push_front(walk);
        } else {
            self.end_walk(walk);
        }
        done
    }

    /// Does the task at one slot. Returns whether there was something to do.
    fn step(&mut self, task: &mut Task, slot: usize) -> bool {
        let Some(connection) = self.connections.in_slot(slot).filter(|one| open_websocket(one))
        else {
            return false;
        };
        let id = connection.id;
        match task {
            Task::Disconnect { network, reason } => {
                connection.block.is_in(*network) && self.send_away(id, reason)
            }
            Task::Notice(notice) => !connection.session.awaits_sign_in() && self.tell(notice, id),
            // To count is cheap: only the slots have a budget.
            Task::Count(census) => {
                self.count(census, id);
                false
            }
            Task::List(list) => self.list(list, id),
        }
    }

    /// Queues a notice for one connection. Returns whether it has words for it.
    fn tell(&mut self, notice: &mut Notice, id: ConnectionId) -> bool {
        let Some(dialect) = self.outboxes.dialect(id) else { return false };
        let frame = notice.frames[dialect.place()].get_or_insert_with(|| {
            let mut frame = Vec::new();
            dialect.frame(&Event::Notice(&notice.text), &self.limits.zone, &mut frame);
            Rc::from(frame)
        });
        if frame.is_empty() {
            notice.without_words += 1;
            return false;
        }
        self.outboxes.queue(id, Parcel::shared(frame, Kind::ForPerson));
        notice.told += 1;
        true
    }

    fn end_walk(&mut self, Walk { asker, task, met, .. }: Walk) {
        let response = match task {
            Task::Disconnect { .. } => {
                self.note_order(asker.id, ("disconnect", "address"), met);
                answer(&wire::Disconnected { disconnected: met })
            }
            Task::Notice(notice) => {
                let Notice { told, without_words, .. } = *notice;
                self.note_order(asker.id, ("notice", "everybody"), told);
                answer(&wire::Told { told, without_words })
            }
            Task::Count(census) => answer(&self.status_page(&census)),
            Task::List(list) => {
                self.note_order(asker.id, ("connections", "everybody"), met);
                answer(&list.page())
            }
        };
        self.parked.answer(asker, response);
    }
}

impl Task {
    /// Whether nothing more is wanted.
    fn is_full(&self) -> bool {
        match self {
            Task::List(list) => list.is_full(),
            Task::Disconnect { .. } | Task::Notice(_) | Task::Count(_) => false,
        }
    }
}
