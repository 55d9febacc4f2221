//! [`Connections`]: the slab of connections, each slot with the id of its present tenant.
//!
//! A slot is reused as soon as it is free, so an event, a timer or a reply that was meant for the
//! former tenant may still be on its way. Ids carry a generation that no two tenants of the process
//! share; a lookup with an outdated id finds nobody. Knows no socket.

use slab::Slab;

use crate::chat::ConnectionId;
use crate::limiter::Block;
use crate::session::{Listener, Session};
use crate::timer::{Moment, TimerId};
use crate::turn::arrivals::Counted;
use crate::turn::records::notes::Tally;

/// How far a connection's life has got.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::turn) enum Life {
    /// Its input is read, its output written.
    Open,
    /// It has ended; what is in its outbox still goes out, then the writing half is closed.
    Finishing,
    /// Everything is written. Its input is read and thrown away until the peer closes too: closing
    /// now would reset the connection, and the reset could overtake our last words (RFC 1122
    /// §4.2.2.13: unread input turns a close into a RST).
    Lingering {
        /// Bytes that may still be thrown away before patience ends.
        left: u32,
    },
    /// To be closed and freed by the close phase of this turn.
    Dead {
        /// What the kernel still holds for it is thrown away as well: it would not be read.
        abort: bool,
    },
}

/// The receiving half of one connection, and the state of its life.
#[derive(Debug)]
pub(in crate::turn) struct Connection {
    pub(in crate::turn) id: ConnectionId,
    /// The listener that accepted it.
    pub(in crate::turn) listener: Listener,
    /// The address block that it is counted against; `counted` says how.
    pub(in crate::turn) block: Block,
    pub(in crate::turn) counted: Counted,
    pub(in crate::turn) session: Session,
    pub(in crate::turn) life: Life,
    /// The one timer; it fires at the earliest of the connection's deadlines, or before.
    pub(in crate::turn) timer: TimerId,
    /// For the log, when it has ended.
    pub(in crate::turn) tally: Tally,
    /// When something was last heard.
    pub(in crate::turn) heard: Moment,
    /// Since when the deadline of the present stage runs (see `deadlines.rs`): for a request, a
    /// sign-in, the rest of a frame, or the peer's close.
    pub(in crate::turn) waiting_since: Option<Moment>,
    /// While the kernel refuses bytes: when it last took some, or refused for the first time.
    pub(in crate::turn) blocked_since: Option<Moment>,
    /// Bytes that its session keeps of what has not arrived in full.
    pub(in crate::turn) held_bytes: usize,
    /// Nothing was heard for the ping timeout. The next sweep removes the connection.
    pub(in crate::turn) marked: bool,
    /// It stands in the queue of those with something to read.
    pub(in crate::turn) readable: bool,
    /// The peer has closed or reset: its input ends soon, and no edge will announce that again.
    pub(in crate::turn) closed: bool,
    /// The end of the input has been read.
    pub(in crate::turn) input_over: bool,
}

impl Connection {
    /// Whether it goes on, as far as anybody knows.
    pub(in crate::turn) fn is_open(&self) -> bool {
        self.life == Life::Open
    }

    /// Whether it is only waiting to be freed.
    pub(in crate::turn) fn is_dead(&self) -> bool {
        matches!(self.life, Life::Dead { .. })
    }
}

/// All connections.
#[derive(Debug)]
pub(in crate::turn) struct Connections {
    slab: Slab<Connection>,
    /// Tenants so far; the next one's generation.
    tenants: u32,
    /// Of those that there are, how many came by the operator's listener.
    admins: usize,
}

impl Connections {
    pub(in crate::turn) fn new() -> Self {
        Connections { slab: Slab::new(), tenants: 0, admins: 0 }
    }

    /// How many there are, the ending ones included.
    pub(in crate::turn) fn len(&self) -> usize {
        self.slab.len()
    }

    /// How many of them came by this listener.
    pub(in crate::turn) fn by(&self, listener: Listener) -> usize {
        match listener {
            Listener::Public => self.slab.len() - self.admins,
            Listener::Admin => self.admins,
        }
    }

    /// The id that the next connection will have.
    pub(in crate::turn) fn next_id(&self) -> ConnectionId {
        let index = u32::try_from(self.slab.vacant_key()).expect("the cap is below 4 billion");
        ConnectionId::new(index, self.tenants)
    }

    /// Takes in the connection that was promised [`next_id`](Self::next_id).
    pub(in crate::turn) fn insert(
        &mut self,
        now: Moment,
        timer: TimerId,
        listener: Listener,
        block: Block,
        counted: Counted,
    ) {
        let id = self.next_id();
        self.tenants = self.tenants.wrapping_add(1);
        self.admins += usize::from(listener == Listener::Admin);
        self.slab.insert(Connection {
            id,
            listener,
            block,
            counted,
            session: Session::new(),
            life: Life::Open,
            timer,
            tally: Tally::new(now),
            heard: now,
            waiting_since: Some(now),
            blocked_since: None,
            held_bytes: 0,
            marked: false,
            readable: false,
            closed: false,
            input_over: false,
        });
    }

    pub(in crate::turn) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.slab.get(id.index()).filter(|connection| connection.id == id)
    }

    pub(in crate::turn) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.slab.get_mut(id.index()).filter(|connection| connection.id == id)
    }

    /// Frees the slot for its next tenant.
    pub(in crate::turn) fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        self.get(id)?;
        let connection = self.slab.remove(id.index());
        self.admins -= usize::from(connection.listener == Listener::Admin);
        Some(connection)
    }

    /// Who lives in a slot, if anybody does.
    pub(in crate::turn) fn in_slot(&self, slot: usize) -> Option<&Connection> {
        self.slab.get(slot)
    }

    /// One more than the highest slot that may be in use.
    pub(in crate::turn) fn slots(&self) -> usize {
        self.slab.capacity()
    }

    /// All of them.
    pub(in crate::turn) fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.slab.iter().map(|(_, connection)| connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_takes_144_bytes_of_the_slab() {
        assert_eq!(size_of::<Option<Connection>>(), 144);
    }
}
