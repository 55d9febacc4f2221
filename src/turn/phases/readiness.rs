//! The phase *readiness*: what the network has noticed, and whether that is all that there is to notice.

use std::mem;

use crate::chat::ConnectionId;
use crate::session::Listener;
use crate::turn::{Readiness, Turn};

/// What has come of waiting for the network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Polled {
    /// Whoever is ready was named.
    Everybody,
    /// So many were named, listeners among them, and there was room for no more.
    Part(usize),
    /// The wait was disturbed, or was over long ago: whoever has become ready since was not named.
    Disturbed,
}

/// What is polled beside connections: the listeners, and the driver's own (signals, and what wakes it up).
pub(in crate::turn) const OTHER_SOURCES: usize = 4;

impl Turn {
    /// A listener has somebody waiting.
    pub fn listener_ready(&mut self, listener: Listener) {
        self.events += 1;
        *self.waiting_listeners.at(listener) = true;
    }

    /// The network has noticed something about a connection. Ids of the departed are ignored.
    pub fn ready(&mut self, id: ConnectionId, readiness: Readiness) {
        self.events += 1;
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.closed |= readiness.closed;
        // Whoever asks for pages was not read while he did not take them.
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

    /// Puts a connection into the queue of those with something to read.
    pub(in crate::turn) fn mark_readable(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if !mem::replace(&mut connection.readable, true) {
            self.readable.push_back(id);
        }
    }
}
