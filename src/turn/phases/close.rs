//! The phase *close*: sockets are closed and slots freed.

use crate::turn::tables::connections::Life;
use crate::turn::{Sockets, Turn};

impl Turn {
    /// The phase *close*: sockets are closed and slots freed. Returns how many.
    pub(in crate::turn) fn close(&mut self, sockets: &mut impl Sockets) -> usize {
        // Whoever was found to be gone while writing has not left the chat yet, and must have
        // before his slot can have another tenant. His friends hear of it, which can be too much for
        // one of them; and nothing but this turn would notice.
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
            // A descriptor is free again: whoever could not be accepted may be now.
            self.accept_again = None;
        }
        self.limits.budgets.closes
    }
}
