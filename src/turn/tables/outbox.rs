//! [`Outboxes`]: what is queued for every connection, and not yet taken by the kernel.
//!
//! The parcels of all outboxes live in one pool and are chained by index, so an idle outbox is a
//! few integers and a busy one allocates nothing but its frames. An outbox has a cap in bytes; one
//! that goes over it is reported, and its connection given up: that is what protects everybody
//! else's memory from a reader that does not read. Whoever does read may be sent any amount in one
//! turn: at its end the kernel takes it, or else the cap holds from then on.
//!
//! An outbox knows no socket and no chat. Handlers queue; only the send phase takes out.

mod caps;
mod chain;
mod invariants;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::IoSlice;
use std::mem;

use super::parcel::Parcel;
use crate::chat::{ConnectionId, Kind, Reason};
use crate::dialects::Dialect;
use crate::limiter::Limit;
pub use caps::Caps;
use chain::{Chain, Pool};

/// An empty pool with room for more parcels than this gives its memory back.
const POOL_KEPT: usize = 16 * 1024;

/// The sending half of one connection.
#[derive(Debug)]
struct Outbox {
    owner: ConnectionId,
    /// How to put events into words for this one; none before the upgrade.
    dialect: Option<Dialect>,
    /// Parcels in order.
    chain: Chain,
    /// Parcels that have to wait for the presence list (see `gated`).
    held: Chain,
    /// Bytes queued and not yet taken, the rest of a begun parcel included.
    bytes: usize,
    /// How many bytes of the first parcel the kernel has taken already.
    begun: u32,
    /// The kernel took less than it was given: nothing is sent until it says "writable".
    blocked: bool,
    /// Its owner has just signed in and is owed the presence list, which nothing may precede: what
    /// is queued meanwhile is held back, and even the 101 waits so that both are one write.
    gated: bool,
    /// The connection is ending: what is in the chain is the last of it.
    sealed: bool,
    /// Went over a cap.
    overflowed: bool,
    /// Stands in the queue of those who have something to send.
    waiting: bool,
}

/// All outboxes, by the slot of their connection.
#[derive(Debug)]
pub(in crate::turn) struct Outboxes {
    caps: Caps,
    boxes: Vec<Option<Outbox>>,
    pool: Pool,
    /// Bytes in all of them.
    bytes: usize,
    /// Messages in all of them and among the returned: the ledger's "in outboxes".
    messages: u64,
    /// Who has something to send, oldest first; may hold ids of those who have left.
    waiting: VecDeque<ConnectionId>,
    /// Messages that were delivered, whose senders are still to be told.
    delivered: VecDeque<Parcel>,
    /// Messages that will not be delivered, whose senders are still to be told.
    returned: VecDeque<(Parcel, Reason)>,
    /// Who went over a cap and is to be given up in this turn.
    overflowed: Vec<(ConnectionId, Limit)>,
    /// The last send phase ran out of its budget.
    backlog: bool,
}

impl Outboxes {
    pub(in crate::turn) fn new(caps: Caps) -> Self {
        Outboxes {
            caps,
            boxes: Vec::new(),
            pool: Pool::new(),
            bytes: 0,
            messages: 0,
            waiting: VecDeque::new(),
            delivered: VecDeque::new(),
            returned: VecDeque::new(),
            overflowed: Vec::new(),
            backlog: false,
        }
    }

    /// Gives a new connection its outbox.
    pub(in crate::turn) fn open(&mut self, id: ConnectionId) {
        if self.boxes.len() <= id.index() {
            self.boxes.resize_with(id.index() + 1, || None);
        }
        debug_assert!(self.boxes[id.index()].is_none(), "the slot's former tenant has gone");
        self.boxes[id.index()] = Some(Outbox::new(id));
    }

    /// The connection speaks `dialect` from now on. If `gated`, whatever is queued from here on
    /// waits for [`queue_list`](Self::queue_list).
    pub(in crate::turn) fn speak(&mut self, id: ConnectionId, dialect: Dialect, gated: bool) {
        if let Some(outbox) = self.get_mut(id) {
            outbox.dialect = Some(dialect);
            outbox.gated = gated;
        }
    }

    /// The dialect of a connection that is open for events; none if it has ended or not begun.
    pub(in crate::turn) fn dialect(&self, id: ConnectionId) -> Option<Dialect> {
        self.get(id).filter(|outbox| !outbox.sealed)?.dialect
    }

    /// Whether the kernel has refused bytes and not yet asked for more.
    pub(in crate::turn) fn is_blocked(&self, id: ConnectionId) -> bool {
        self.get(id).is_some_and(|outbox| outbox.blocked)
    }

    /// Whether nothing waits to be sent.
    pub(in crate::turn) fn is_empty(&self, id: ConnectionId) -> bool {
        self.get(id).is_none_or(|outbox| outbox.chain.is_empty() && outbox.held.is_empty())
    }

    /// Bytes queued in all outboxes.
    pub(in crate::turn) fn total_bytes(&self) -> usize {
        self.bytes
    }

    /// Messages queued, and returned ones whose senders are not yet told.
    pub(in crate::turn) fn messages(&self) -> u64 {
        self.messages
    }

    /// Queues a parcel. What cannot be queued is accounted for: a message comes back as returned.
    pub(in crate::turn) fn queue(&mut self, id: ConnectionId, parcel: Parcel) {
        self.messages += u64::from(parcel.is_message());
        let Some(outbox) = get_mut(&mut self.boxes, id).filter(|outbox| !outbox.sealed) else {
            return self.give_back(parcel, Reason::Offline);
        };
        // One parcel always fits, however large: else nobody could ever be sent it.
        let bytes = outbox.bytes + parcel.len();
        let over_own = outbox.bytes > 0 && bytes > self.caps.of(outbox.dialect);
        let over_all = self.bytes + parcel.len() > self.caps.all;
        if outbox.overflowed || outbox.blocked && (over_own || over_all) {
            let limit = if over_own { Limit::OutboxBytes } else { Limit::OutboxTotalBytes };
            self.overflow(id, limit);
            return self.give_back(parcel, Reason::Slow);
        }
        outbox.bytes += parcel.len();
        self.bytes += parcel.len();
        let chain = if outbox.gated { &mut outbox.held } else { &mut outbox.chain };
        chain.push(&mut self.pool, parcel);
        self.mark_waiting(id);
    }

    /// Queues a presence list, in front of all that was held back for it.
    pub(in crate::turn) fn queue_list(&mut self, id: ConnectionId, list: Parcel) {
        let held = match self.get_mut(id) {
            Some(outbox) => {
                outbox.gated = false;
                mem::replace(&mut outbox.held, Chain::EMPTY)
            }
            None => return,
        };
        self.queue(id, list);
        if let Some(outbox) = get_mut(&mut self.boxes, id) {
            outbox.chain.append(&mut self.pool, held);
        }
        self.mark_waiting(id);
    }

    /// The connection is ending. Nothing more can be queued; with `recall`, the messages in it
    /// that are not yet begun come back as returned.
    pub(in crate::turn) fn seal(&mut self, id: ConnectionId, recall: bool) {
        self.open_gate(id);
        if recall {
            for parcel in self.take_out(id, Parcel::is_message) {
                self.give_back(parcel, Reason::Offline);
            }
        }
        if let Some(outbox) = self.get_mut(id) {
            outbox.sealed = true;
        }
        self.mark_waiting(id);
    }

    /// Moves what `old` was told and has not begun to receive behind what `new` is told.
    pub(in crate::turn) fn hand_over(&mut self, old: ConnectionId, new: ConnectionId) {
        // What `old` was to be told after a list that it will not get any more is part of it.
        self.open_gate(old);
        let moved = self.take_out(old, |parcel| match parcel.kind {
            Kind::Message(_) | Kind::ForPerson => true,
            Kind::ForConnection => false,
        });
        for parcel in moved {
            self.messages -= u64::from(parcel.is_message());
            self.queue(new, parcel);
        }
    }

    /// Throws the outbox away; its messages come back as returned for `reason`.
    pub(in crate::turn) fn close(&mut self, id: ConnectionId, reason: Reason) {
        self.open_gate(id);
        let Some(slot) = self.boxes.get_mut(id.index()) else { return };
        let Some(mut outbox) = slot.take_if(|outbox| outbox.owner == id) else { return };
        self.bytes -= outbox.bytes;
        while let Some(parcel) = outbox.chain.pop(&mut self.pool) {
            self.give_back(parcel, reason);
        }
        if self.pool.is_empty() && self.pool.capacity() > POOL_KEPT {
            self.pool = Pool::new();
        }
    }

    /// The next connection that has something to send and may.
    pub(in crate::turn) fn next_waiting(&mut self) -> Option<ConnectionId> {
        while let Some(id) = self.waiting.pop_front() {
            let Some(outbox) = get_mut(&mut self.boxes, id) else { continue };
            outbox.waiting = false;
            if !outbox.blocked && !outbox.gated {
                return Some(id);
            }
        }
        None
    }

    /// Whether the send phase has work.
    pub(in crate::turn) fn any_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The send phase is over; whoever still waits has to wait for the next one.
    pub(in crate::turn) fn note_end_of_send(&mut self) {
        self.backlog = self.any_waiting();
    }

    /// Whether the last send phase could not serve everybody.
    pub(in crate::turn) fn has_backlog(&self) -> bool {
        self.backlog
    }

    /// Puts the connection (back) into the queue of those who have something to send.
    pub(in crate::turn) fn mark_waiting(&mut self, id: ConnectionId) {
        let Some(outbox) = get_mut(&mut self.boxes, id) else { return };
        if !mem::replace(&mut outbox.waiting, true) {
            self.waiting.push_back(id);
        }
    }

    /// Fills `slices` with the next bytes to send, in order. Returns how many slices and bytes.
    pub(in crate::turn) fn gather<'s>(
        &'s self,
        id: ConnectionId,
        slices: &mut [IoSlice<'s>],
    ) -> (usize, usize) {
        let Some(outbox) = self.get(id) else { return (0, 0) };
        let (mut count, mut bytes) = (0, 0);
        let mut skip = outbox.begun as usize;
        for (slice, parcel) in slices.iter_mut().zip(outbox.chain.iter(&self.pool)) {
            let rest = &parcel.frame()[mem::take(&mut skip)..];
            *slice = IoSlice::new(rest);
            count += 1;
            bytes += rest.len();
        }
        (count, bytes)
    }

    /// The kernel has taken `written` bytes: takes out what is finished. Messages are delivered.
    pub(in crate::turn) fn advance(&mut self, id: ConnectionId, written: usize) {
        let Some(outbox) = get_mut(&mut self.boxes, id) else { return };
        outbox.bytes -= written;
        self.bytes -= written;
        let mut left = written + outbox.begun as usize;
        while let Some(first) = outbox.chain.first(&self.pool) {
            if left < first.len() {
                break;
            }
            left -= first.len();
            let parcel = outbox.chain.pop(&mut self.pool).expect("there is a first one");
            if parcel.is_message() {
                self.delivered.push_back(parcel);
            }
        }
        outbox.begun = u32::try_from(left).expect("less than one frame, which is below 4 GiB");
    }

    /// The kernel has refused bytes: nothing is sent until it asks for more, and the caps hold.
    pub(in crate::turn) fn block(&mut self, id: ConnectionId) {
        let Some(outbox) = get_mut(&mut self.boxes, id) else { return };
        outbox.blocked = true;
        let over_own = outbox.bytes > self.caps.of(outbox.dialect) && !outbox.chain.is_single();
        if over_own || self.bytes > self.caps.all {
            let limit = if over_own { Limit::OutboxBytes } else { Limit::OutboxTotalBytes };
            self.overflow(id, limit);
        }
    }

    /// The kernel asks for more.
    pub(in crate::turn) fn unblock(&mut self, id: ConnectionId) {
        if let Some(outbox) = self.get_mut(id) {
            outbox.blocked = false;
            self.mark_waiting(id);
        }
    }

    /// The next message that was delivered.
    pub(in crate::turn) fn next_delivered(&mut self) -> Option<Parcel> {
        let delivered = self.delivered.pop_front();
        self.messages -= u64::from(delivered.is_some());
        delivered
    }

    /// The next message that will not be delivered, and why.
    pub(in crate::turn) fn next_returned(&mut self) -> Option<(Parcel, Reason)> {
        let returned = self.returned.pop_front();
        match returned {
            Some(_) => self.messages -= 1,
            None => self.returned = VecDeque::new(),
        }
        returned
    }

    /// Whether senders are still to be told of returned messages.
    pub(in crate::turn) fn any_returned(&self) -> bool {
        !self.returned.is_empty()
    }

    /// The next connection that went over a cap, and which.
    pub(in crate::turn) fn next_overflowed(&mut self) -> Option<(ConnectionId, Limit)> {
        self.overflowed.pop()
    }

    /// Lets what was held back follow, without the list: it will not come any more.
    fn open_gate(&mut self, id: ConnectionId) {
        let Some(outbox) = get_mut(&mut self.boxes, id) else { return };
        outbox.gated = false;
        let held = mem::replace(&mut outbox.held, Chain::EMPTY);
        outbox.chain.append(&mut self.pool, held);
    }

    /// Takes out the parcels that are not yet begun and that `wanted` says yes to, in order.
    fn take_out(&mut self, id: ConnectionId, wanted: impl Fn(&Parcel) -> bool) -> Vec<Parcel> {
        let mut taken = Vec::new();
        let Some(outbox) = get_mut(&mut self.boxes, id) else { return taken };
        let mut kept = Chain::EMPTY;
        let mut first_is_begun = outbox.begun > 0;
        while let Some(parcel) = outbox.chain.pop(&mut self.pool) {
            if !mem::take(&mut first_is_begun) && wanted(&parcel) {
                outbox.bytes -= parcel.len();
                self.bytes -= parcel.len();
                taken.push(parcel);
            } else {
                kept.push(&mut self.pool, parcel);
            }
        }
        outbox.chain = kept;
        taken
    }

    /// The outbox has gone over a cap: its connection is to be given up.
    fn overflow(&mut self, id: ConnectionId, limit: Limit) {
        let Some(outbox) = self.get_mut(id) else { return };
        if !mem::replace(&mut outbox.overflowed, true) {
            self.overflowed.push((id, limit));
        }
    }

    /// A parcel that will not be sent: a message's sender is to be told, the rest is nothing.
    fn give_back(&mut self, parcel: Parcel, reason: Reason) {
        if parcel.is_message() {
            self.returned.push_back((parcel, reason));
        }
    }

    fn get(&self, id: ConnectionId) -> Option<&Outbox> {
        self.boxes.get(id.index())?.as_ref().filter(|outbox| outbox.owner == id)
    }

    fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Outbox> {
        get_mut(&mut self.boxes, id)
    }
}

/// As a function of the one field, so that the pool can be used while an outbox is borrowed.
fn get_mut(boxes: &mut [Option<Outbox>], id: ConnectionId) -> Option<&mut Outbox> {
    boxes.get_mut(id.index())?.as_mut().filter(|outbox| outbox.owner == id)
}

impl Outbox {
    fn new(owner: ConnectionId) -> Self {
        Outbox {
            owner,
            dialect: None,
            chain: Chain::EMPTY,
            held: Chain::EMPTY,
            bytes: 0,
            begun: 0,
            blocked: false,
            gated: false,
            sealed: false,
            overflowed: false,
            waiting: false,
        }
    }
}
