//! The phase *close*: closes sockets and frees slots. It is the only phase that frees.

use crate::turn::tables::connections::Life;
use crate::turn::{Sockets, Turn};

impl Turn {
    /// Closes and frees dead connections, up to a budget. Returns their number.
    pub(in crate::turn) fn close(&mut self, sockets: &mut impl Sockets) -> usize {
        // A connection that broke in the send phase is still in the chat. It has to leave the chat before
        // its slot is given to a new connection. When it leaves, its contacts are told, and that can
        // overflow the outbox of one of them. No later event would report the overflow, so it is handled
        // here, and so on until no connection is left to leave.
        while !self.leaving.is_empty() {
            self.take_out_of_the_chat();
            self.end_the_overflowed();
        }
        for closed in 0..self.limits.budgets.closes {
            let Some(id) = self.closing.pop_front() else { return closed };
            let Some(connection) = self.connections.remove(id) else { continue };
            self.note_freed(&connection.tally);
            self.wheel.cancel(connection.timer);
            self.depart(connection.block, connection.counted);
            match connection.life {
                Life::Dead { abort: true } => sockets.abort(id),
                Life::Dead { abort: false }
                | Life::Open
                | Life::Finishing
                | Life::Lingering { .. } => sockets.close(id),
            }
            self.ending -= 1;
            // A descriptor is free again: accepting may succeed now.
            self.accept_again = None;
        }
        self.limits.budgets.closes
    }
}
