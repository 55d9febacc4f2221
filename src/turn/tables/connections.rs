//! [`Connections`]: the table of all connections, by slot.
//!
//! A slot is reused as soon as it is free, while an event, a timer or a reply for its former connection
//! may still be on its way. So an id is a slot and a generation, and each connection has a generation of
//! its own (they repeat after four billion). A lookup with an outdated id finds no connection. The table
//! knows no socket.

use slab::Slab;

use crate::chat::ConnectionId;
use crate::limiter::Block;
use crate::session::{Listener, Session};
use crate::timer::{Moment, TimerId};
use crate::turn::arrivals::Counted;
use crate::turn::records::notes::Tally;

/// The stage of a connection's life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::turn) enum Life {
    /// The connection is read and written.
    Open,
    /// The connection has ended. Its outbox is still sent, then our half is closed (a half-close).
    Finishing,
    /// All is sent and our half is closed. Input is read and discarded until the peer closes, too. A
    /// full close with unread input would make the kernel send a reset (RFC 1122 §4.2.2.13), and the reset
    /// could overtake our last frames.
    Lingering {
        /// How many more bytes are read and discarded before the connection is closed all the same.
        left: u32,
    },
    /// The close phase closes and frees the connection, in this turn if its budget lasts.
    Dead {
        /// Whether the bytes that the kernel still holds are discarded, too: the peer does not read.
        abort: bool,
    },
}

/// The receiving half of one connection, and the state of its life.
#[derive(Debug)]
pub(in crate::turn) struct Connection {
    pub(in crate::turn) id: ConnectionId,
    /// The listener that accepted the connection.
    pub(in crate::turn) listener: Listener,
    /// The address block that the connection is counted against; `counted` says how.
    pub(in crate::turn) block: Block,
    pub(in crate::turn) counted: Counted,
    pub(in crate::turn) session: Session,
    pub(in crate::turn) life: Life,
    /// The connection's only timer. It fires at the earliest deadline, or before.
    pub(in crate::turn) timer: TimerId,
    /// What the log will say of the connection when it has ended.
    pub(in crate::turn) tally: Tally,
    /// When bytes were last read; later if the ping that followed was late.
    pub(in crate::turn) heard: Moment,
    /// When the deadline of the present stage started: that of a request, of a sign-in, of the rest of a
    /// frame, or of the peer's close (see `deadlines.rs`).
    pub(in crate::turn) waiting_since: Option<Moment>,
    /// While the socket is full: when the kernel last took bytes, or refused them for the first time.
    pub(in crate::turn) blocked_since: Option<Moment>,
    /// Bytes that the session keeps of an incomplete request or message.
    pub(in crate::turn) held_bytes: usize,
    /// No bytes came for the ping timeout. The next sweep ends the connection, unless bytes come before.
    pub(in crate::turn) marked: bool,
    /// A ping was sent, and nothing has come since.
    pub(in crate::turn) pinged: bool,
    /// Whether the connection stands in the queue of those with something to read.
    pub(in crate::turn) readable: bool,
    /// The peer has closed or reset the connection: the end of the input is coming, and no edge will
    /// report it again.
    pub(in crate::turn) closed: bool,
    /// Whether the end of the input has been read.
    pub(in crate::turn) input_over: bool,
}

impl Connection {
    /// Whether the connection has not ended.
    pub(in crate::turn) fn is_open(&self) -> bool {
        self.life == Life::Open
    }

    /// Whether the connection only waits for the close phase.
    pub(in crate::turn) fn is_dead(&self) -> bool {
        matches!(self.life, Life::Dead { .. })
    }
}

/// All connections, in a slab: an array with a list of its free slots. Insertion, lookup and removal are
/// O(1); a slot has 144 bytes. (A hash map by id was rejected: it would hash for each event, and the ids
/// of the other tables are slots anyway.)
#[derive(Debug)]
pub(in crate::turn) struct Connections {
    slab: Slab<Connection>,
    /// The generation of the next connection: the number of all connections up to now, modulo 2³².
    tenants: u32,
    /// The present connections that came by the operator's listener: a few.
    admins: Vec<ConnectionId>,
}

impl Connections {
    pub(in crate::turn) fn new() -> Self {
        Connections { slab: Slab::new(), tenants: 0, admins: Vec::new() }
    }

    /// The number of connections, with those that are ending.
    pub(in crate::turn) fn len(&self) -> usize {
        self.slab.len()
    }

    /// The number of connections that came by this listener.
    pub(in crate::turn) fn by(&self, listener: Listener) -> usize {
        match listener {
            Listener::Public => self.slab.len() - self.admins.len(),
            Listener::Admin => self.admins.len(),
        }
    }

    /// The connections that came by the operator's listener. O(their number).
    pub(in crate::turn) fn admins(&self) -> impl Iterator<Item = &Connection> {
        self.admins.iter().filter_map(|&id| self.get(id))
    }

    /// The id that the next connection will have.
    pub(in crate::turn) fn next_id(&self) -> ConnectionId {
        let index = u32::try_from(self.slab.vacant_key()).expect("the cap is below 4 billion");
        ConnectionId::new(index, self.tenants)
    }

    /// Inserts a new connection under the id that [`next_id`](Self::next_id) has promised.
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
        if listener == Listener::Admin {
            self.admins.push(id);
        }
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
            pinged: false,
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

    /// Removes a connection, and so frees its slot for the next one.
    pub(in crate::turn) fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        self.get(id)?;
        let connection = self.slab.remove(id.index());
        if connection.listener == Listener::Admin {
            self.admins.retain(|&admin| admin != id);
        }
        Some(connection)
    }

    /// The connection in a slot, if there is one.
    pub(in crate::turn) fn in_slot(&self, slot: usize) -> Option<&Connection> {
        self.slab.get(slot)
    }

    /// The number of slots that there is memory for; no slot in use is higher.
    pub(in crate::turn) fn slots(&self) -> usize {
        self.slab.capacity()
    }

    /// All connections. O(slots).
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
