//! [`Outboxes`]: the parcels that are queued for each connection and that the kernel has not taken yet.
//!
//! The parcels of all outboxes are in one pool, chained by index. So an idle outbox is a few integers, and
//! a busy one allocates nothing but its frames, once the pool is large enough. (A `VecDeque` in each outbox
//! was rejected: a busy moment would leave memory behind in every outbox.)
//!
//! An outbox has a cap in bytes: a client that does not read must not use up the server's memory. The cap
//! holds while the socket is full. An outbox that goes over it is reported, and its connection ended. A
//! client that reads may be sent any amount in one turn: the kernel takes it at the turn's end, or else
//! the cap holds from then on.
//!
//! An outbox knows neither sockets nor the chat. Handlers queue; only the send phase takes out.

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

/// An empty pool with room for more parcels than this gives its memory back. 16,384 parcels are 1 MiB.
const POOL_KEPT: usize = 16 * 1024;

/// The sending half of one connection.
#[derive(Debug)]
struct Outbox {
    owner: ConnectionId,
    /// The dialect in which events for this connection are written; `None` before the upgrade.
    dialect: Option<Dialect>,
    /// The parcels to send, in order.
    chain: Chain,
    /// The parcels that have to wait for the presence list (see `gated`).
    held: Chain,
    /// Bytes in both chains that the kernel has not taken, the rest of a begun parcel included.
    bytes: usize,
    /// The number of bytes of the first parcel that the kernel has taken already.
    begun: u32,
    /// The kernel took fewer bytes than it was given: nothing is sent until the socket is writable.
    blocked: bool,
    /// The gate. It is shut from the upgrade until the first presence list is queued, which no other frame
    /// may precede: parcels that are queued meanwhile go into `held`. The 101 is in `chain` already; it
    /// waits, too, so that the 101 and the list are one write.
    gated: bool,
    /// The connection is ending: no parcel is added any more.
    sealed: bool,
    /// The outbox went over a cap.
    overflowed: bool,
    /// Whether the connection stands in the queue `waiting`.
    waiting: bool,
}

impl Outbox {
    /// Whether its bytes and `more` exceed its cap. The list of those online does not count, since with many
    /// people it alone may be larger, and a client must not be cut off for the next message behind it. (At
    /// most one list waits.) O(1), or if the bytes exceed the cap with the list, O(parcels before the list).
    fn is_over(&self, caps: &Caps, pool: &Pool, more: usize) -> bool {
        let (cap, bytes) = (caps.of(self.dialect), self.bytes + more);
        if bytes <= cap {
            return false;
        }
        let list = self.chain.iter(pool).enumerate().find(|(_, parcel)| parcel.is_list());
        let taken = |place: usize| if place == 0 { self.begun as usize } else { 0 };
        bytes - list.map_or(0, |(place, list)| list.len() - taken(place)) > cap
    }
}

/// All outboxes, by the slot of their connection: 48 bytes for each slot, and 64 for each queued parcel. An
/// operation is O(1) where its comment does not say otherwise.
#[derive(Debug)]
pub(in crate::turn) struct Outboxes {
    caps: Caps,
    boxes: Vec<Option<Outbox>>,
    pool: Pool,
    /// Bytes in all outboxes. A shared frame counts once for each outbox that it is in.
    bytes: usize,
    /// Messages in all outboxes, in `delivered` and in `returned`: the ledger's "in outboxes".
    messages: u64,
    /// Connections that have something to send, oldest first. Some may be closed by now.
    waiting: VecDeque<ConnectionId>,
    /// Delivered messages whose senders are still to be told.
    delivered: VecDeque<Parcel>,
    /// Messages that came back, whose senders are still to be told.
    returned: VecDeque<(Parcel, Reason)>,
    /// Connections that went over a cap, and which one. They are ended in this turn.
    overflowed: Vec<(ConnectionId, Limit)>,
    /// Whether the last send phase ran out of its budget.
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

    /// Gives a new connection an empty outbox.
    pub(in crate::turn) fn open(&mut self, id: ConnectionId) {
        if self.boxes.len() <= id.index() {
            self.boxes.resize_with(id.index() + 1, || None);
        }
        debug_assert!(self.boxes[id.index()].is_none(), "the slot's former tenant has gone");
        self.boxes[id.index()] = Some(Outbox::new(id));
    }

    /// Changes the caps. They apply to the next parcel that is queued, or that a full socket leaves.
    pub(in crate::turn) fn set_caps(&mut self, caps: Caps) {
        self.caps = caps;
    }

    /// Sets the dialect of the connection. If `gated`, all parcels that are queued from now on wait for
    /// [`queue_list`](Self::queue_list).
    pub(in crate::turn) fn speak(&mut self, id: ConnectionId, dialect: Dialect, gated: bool) {
        if let Some(outbox) = self.get_mut(id) {
            outbox.dialect = Some(dialect);
            outbox.gated = gated;
        }
    }

    /// Changes the dialect of a connection. What is queued already stays as it was written.
    pub(in crate::turn) fn change_dialect(&mut self, id: ConnectionId, dialect: Dialect) {
        if let Some(outbox) = self.get_mut(id) {
            outbox.dialect = Some(dialect);
        }
    }

    /// The dialect of a connection that can be sent events; `None` before the upgrade, and after the end.
    pub(in crate::turn) fn dialect(&self, id: ConnectionId) -> Option<Dialect> {
        self.get(id).filter(|outbox| !outbox.sealed)?.dialect
    }

    /// Whether the kernel has refused bytes, and the socket has not become writable since.
    pub(in crate::turn) fn is_blocked(&self, id: ConnectionId) -> bool {
        self.get(id).is_some_and(|outbox| outbox.blocked)
    }

    /// Whether the outbox has no parcels.
    pub(in crate::turn) fn is_empty(&self, id: ConnectionId) -> bool {
        self.get(id).is_none_or(|outbox| outbox.chain.is_empty() && outbox.held.is_empty())
    }

    /// Bytes that wait for a connection.
    pub(in crate::turn) fn bytes_of(&self, id: ConnectionId) -> usize {
        self.get(id).map_or(0, |outbox| outbox.bytes)
    }

    /// Bytes in all outboxes.
    pub(in crate::turn) fn total_bytes(&self) -> usize {
        self.bytes
    }

    /// Messages in all outboxes, and those whose senders are still to be told.
    pub(in crate::turn) fn messages(&self) -> u64 {
        self.messages
    }

    /// Queues a parcel. If it cannot be queued and is a message, it comes back, so that no message is lost.
    pub(in crate::turn) fn queue(&mut self, id: ConnectionId, parcel: Parcel) {
        self.messages += u64::from(parcel.is_message());
        let Some(outbox) = get_mut(&mut self.boxes, id).filter(|outbox| !outbox.sealed) else {
            return self.give_back(parcel, Reason::Offline);
        };
        // One parcel always fits, however large. Otherwise a parcel over the cap could never be sent.
        let over_own = outbox.bytes > 0 && outbox.is_over(&self.caps, &self.pool, parcel.len());
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

    /// Queues a presence list, and opens the gate: the parcels that waited for the list follow it.
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

    /// Closes the outbox to new parcels: the connection is ending. With `recall`, the messages in it come
    /// back, except for one that the kernel has begun to take. O(parcels in the outbox).
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

    /// Moves the parcels for the person of `old`, except for a begun one, to the outbox of `new`. O(parcels
    /// in the outbox).
    pub(in crate::turn) fn hand_over(&mut self, old: ConnectionId, new: ConnectionId) {
        // Parcels that wait for a list move, too: `old` gets no list any more.
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

    /// Discards the outbox. Its messages come back for `reason`. O(parcels in the outbox).
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

    /// The next connection that has something to send, and is neither blocked nor gated.
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

    /// Whether the send phase has work left.
    pub(in crate::turn) fn any_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Notes at the end of the send phase whether its budget was too small.
    pub(in crate::turn) fn note_end_of_send(&mut self) {
        self.backlog = self.any_waiting();
    }

    /// Whether the last send phase ran out of its budget, so that some connections still wait.
    pub(in crate::turn) fn has_backlog(&self) -> bool {
        self.backlog
    }

    /// Appends the connection to the queue of those that have something to send, unless it is in it.
    pub(in crate::turn) fn mark_waiting(&mut self, id: ConnectionId) {
        let Some(outbox) = get_mut(&mut self.boxes, id) else { return };
        if !mem::replace(&mut outbox.waiting, true) {
            self.waiting.push_back(id);
        }
    }

    /// Fills `slices` with the next bytes to send, in order. Returns the number of slices and of bytes.
    /// O(slices).
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

    /// Removes the `written` bytes that the kernel has taken. A message in them is delivered when its last
    /// byte is taken. O(parcels taken).
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

    /// Blocks the outbox: the kernel has refused bytes. Nothing is sent until the socket is writable, and
    /// the caps hold.
    pub(in crate::turn) fn block(&mut self, id: ConnectionId) {
        let Some(outbox) = get_mut(&mut self.boxes, id) else { return };
        outbox.blocked = true;
        let over_own = outbox.is_over(&self.caps, &self.pool, 0) && !outbox.chain.is_single();
        if over_own || self.bytes > self.caps.all {
            let limit = if over_own { Limit::OutboxBytes } else { Limit::OutboxTotalBytes };
            self.overflow(id, limit);
        }
    }

    /// Unblocks the outbox: the socket is writable.
    pub(in crate::turn) fn unblock(&mut self, id: ConnectionId) {
        if let Some(outbox) = self.get_mut(id) {
            outbox.blocked = false;
            self.mark_waiting(id);
        }
    }

    /// Takes out the next delivered message.
    pub(in crate::turn) fn next_delivered(&mut self) -> Option<Parcel> {
        let delivered = self.delivered.pop_front();
        self.messages -= u64::from(delivered.is_some());
        delivered
    }

    /// Takes out the next message that came back, and why it did.
    pub(in crate::turn) fn next_returned(&mut self) -> Option<(Parcel, Reason)> {
        let returned = self.returned.pop_front();
        match returned {
            Some(_) => self.messages -= 1,
            None => self.returned = VecDeque::new(),
        }
        returned
    }

    /// Whether there are messages that came back and whose senders are still to be told.
    pub(in crate::turn) fn any_returned(&self) -> bool {
        !self.returned.is_empty()
    }

    /// Takes out the next connection that went over a cap, and which cap.
    pub(in crate::turn) fn next_overflowed(&mut self) -> Option<(ConnectionId, Limit)> {
        self.overflowed.pop()
    }

    /// Opens the gate without a list: it will not come any more.
    fn open_gate(&mut self, id: ConnectionId) {
        let Some(outbox) = get_mut(&mut self.boxes, id) else { return };
        outbox.gated = false;
        let held = mem::replace(&mut outbox.held, Chain::EMPTY);
        outbox.chain.append(&mut self.pool, held);
    }

    /// Takes out the parcels that are `wanted`, in order, except for a begun one.
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

    /// Reports, once, that the outbox went over a cap: its connection is to be ended.
    fn overflow(&mut self, id: ConnectionId, limit: Limit) {
        let Some(outbox) = self.get_mut(id) else { return };
        if !mem::replace(&mut outbox.overflowed, true) {
            self.overflowed.push((id, limit));
        }
    }

    /// Handles a parcel that will not be sent: a message comes back, any other parcel is dropped.
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

/// A function of the one field and not of `Outboxes`, so that the pool can be used while an outbox is
/// borrowed.
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
