//! The phase *readiness*: which sockets the network reports as ready, and whether that report is complete.
//!
//! The driver calls [`Turn::ready`] and [`Turn::listener_ready`] for each event of a poll, before the turn
//! begins. They only mark: reading and accepting are phases of their own.

use std::mem;

use crate::chat::ConnectionId;
use crate::session::Listener;
use crate::turn::{Readiness, Turn};

/// What the last poll reported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Polled {
    /// Every socket that was ready.
    Everybody,
    /// The event buffer was full with this many events (those of listeners included). More sockets may
    /// be ready.
    Part(usize),
    /// The poll was interrupted, or the loop woke up very late. Sockets may have become ready that the
    /// poll did not report.
    Disturbed,
}

/// The number of sources that are polled beside connections: two listeners, and the driver's own two
/// (signals, and the waker).
pub(in crate::turn) const OTHER_SOURCES: usize = 4;

impl Turn {
    /// Notes that connections wait at a listener.
    pub fn listener_ready(&mut self, listener: Listener) {
        self.events += 1;
        *self.waiting_listeners.at(listener) = true;
    }

    /// Notes what the network has reported of a connection. An id whose connection is gone is ignored:
    /// the event was on its way when the connection was closed.
    pub fn ready(&mut self, id: ConnectionId, readiness: Readiness) {
        self.events += 1;
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.closed |= readiness.closed;
        // A client that does not take its pages is not read (see `receive_one`). It may have sent more
        // meanwhile, and the edge that reported that is over.
        let was_left_unread = readiness.writable && !connection.session.is_websocket();
        if readiness.readable || readiness.closed || was_left_unread {
            self.mark_readable(id);
        }
        if readiness.writable {
            self.outboxes.unblock(id);
        }
    }

    /// The stall rule: only a turn that knows of all input that has arrived may judge silence.
    ///
    /// After a stop (SIGSTOP, a paused virtual machine) every clock has run on, and the clients'
    /// pings lie unread in socket buffers. A poll that returned fewer events than it had room for
    /// has reported every readable socket. Under a flood no poll does. But epoll reports ready sockets
    /// in turn. So we count: when the count begins there are N sources. After N further events, each
    /// source that was ready at the beginning has been reported once. Events from before a stop say
    /// nothing about input that came during it, so a disturbed wait begins the count anew.
    pub(in crate::turn) fn settle_readiness(&mut self, polled: Polled) {
        self.may_judge = match polled {
            Polled::Everybody => true,
            Polled::Part(events) => {
                self.events_unsettled = self.events_unsettled.saturating_sub(events);
                self.events_unsettled == 0
            }
            Polled::Disturbed => false,
        };
        let begins_anew = match polled {
            Polled::Everybody | Polled::Disturbed => true,
            Polled::Part(_) => self.may_judge,
        };
        if begins_anew {
            self.events_unsettled = self.connections.len() + OTHER_SOURCES;
        }
    }

    /// Appends a connection to the queue of those with something to read, unless it is in it. O(1).
    pub(in crate::turn) fn mark_readable(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if !mem::replace(&mut connection.readable, true) {
            self.readable.push_back(id);
        }
    }
}
