//! The phase *send*: one vectored write (writev(2)) for each outbox that has something queued. It is the
//! only phase that writes.
//!
//! The loop asks the kernel for writability only while the kernel has refused bytes: a socket is writable
//! nearly always, and an event in every turn that says so would be noise.

use std::io::{ErrorKind, IoSlice};

use crate::chat::{ConnectionId, Outcome};
use crate::turn::tables::connections::Life;
use crate::turn::{Sockets, Turn};

/// The most parcels in one write. The kernel takes up to 1,024 (IOV_MAX, writev(2)); the array of 128
/// stands on the stack, 2 KiB.
const SLICES: usize = 128;

impl Turn {
    /// Writes, up to a budget. Frames that the phase itself causes (an `ack` for a delivered message) go
    /// out in it, too. Returns the number of outboxes that were served.
    pub(in crate::turn) fn send(&mut self, sockets: &mut impl Sockets) -> usize {
        // Bytes have a budget of their own: a write of a long presence list takes a hundred times as long
        // as a write of a message.
        let enough = self.counters.bytes_sent + self.limits.budgets.write_bytes;
        let mut writes = 0;
        while writes < self.limits.budgets.writes {
            if self.counters.bytes_sent >= enough {
                break;
            }
            let Some(id) = self.outboxes.next_waiting() else { break };
            self.send_one(id, sockets);
            writes += 1;
        }
        self.end_the_overflowed();
        self.outboxes.note_end_of_send();
        writes
    }

    fn send_one(&mut self, id: ConnectionId, sockets: &mut impl Sockets) {
        self.begin_to_close(id);
        let mut slices = [IoSlice::new(&[]); SLICES];
        let (count, bytes) = self.outboxes.gather(id, &mut slices);
        if bytes == 0 {
            return self.emptied(id, sockets);
        }
        let written = match sockets.write(id, &slices[..count]) {
            Ok(written) => written,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(_) => return self.broke(id),
        };
        self.counters.writes += u64::from(written > 0);
        self.counters.bytes_sent += written as u64;
        self.outboxes.advance(id, written);
        if let Some(connection) = self.connections.get_mut(id).filter(|_| written > 0) {
            connection.tally.wrote(written);
            if connection.blocked_since.is_some() {
                connection.blocked_since = Some(self.now.monotonic);
            }
        }
        let mut messages = 0;
        while let Some(parcel) = self.outboxes.next_delivered() {
            // "Delivered" means that the kernel has taken the last byte, not that the frame was queued.
            messages += usize::from(parcel.is_message());
            self.settle(&parcel, Outcome::Delivered);
        }
        if let Some(connection) = self.connections.get_mut(id) {
            connection.tally.got_messages(messages);
        }
        if written < bytes {
            self.write_fell_short(id, sockets);
        } else if self.outboxes.is_empty(id) {
            self.emptied(id, sockets);
        } else {
            self.outboxes.mark_waiting(id);
        }
    }

    /// Starts the close deadline of an ended connection when its last frames are about to be written.
    fn begin_to_close(&mut self, id: ConnectionId) {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.life == Life::Finishing && connection.waiting_since.is_none() {
            connection.waiting_since = Some(now);
            self.rearm(id);
        }
    }

    /// The kernel has not taken all bytes: the outbox is blocked until the socket is writable.
    fn write_fell_short(&mut self, id: ConnectionId, sockets: &mut impl Sockets) {
        self.outboxes.block(id);
        // Presence is told each time, also if the connection was blocked before. Its socket became writable
        // in between, and a list may have been queued for it then.
        self.presence.blocked(id);
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.blocked_since.is_none() {
            connection.blocked_since = Some(self.now.monotonic);
            sockets.want_write(id, true);
        }
        self.rearm(id);
    }

    /// The kernel has taken all bytes. If the connection has ended, our half is closed now.
    fn emptied(&mut self, id: ConnectionId, sockets: &mut impl Sockets) {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.blocked_since.take().is_some() {
            sockets.want_write(id, false);
            self.presence.drained(id);
            if connection.is_open() && !connection.session.is_websocket() {
                // The connection was not read while it was blocked: the time for its next request begins
                // now.
                connection.waiting_since = Some(now);
                self.rearm(id);
            }
        }
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.life == Life::Finishing {
            if connection.input_over {
                return self.abandon(id);
            }
            connection.life = Life::Lingering { left: self.limits.linger_bytes };
            sockets.finish_writing(id);
        }
    }
}
