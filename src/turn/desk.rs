//! [`Desk`]: where the chat's events become frames in outboxes. It is the chat's [`Sink`].
//!
//! An event is put into the words of its receiver's dialect, framed, and queued; the text that it
//! carries is borrowed from the loop's read buffer until then. One scratch buffer serves all, and
//! is empty between calls: no early return may leave one person's bytes in front of another's.

use std::rc::Rc;

use super::ledger::Counters;
use super::outbox::Outboxes;
use super::parcel::Parcel;
use super::presence::Pacer;
use crate::chat::{ConnectionId, Event, Handling, Kind, PresenceNews, Sink};
use crate::dialects::Dialect;

/// A scratch buffer that has grown beyond this, in bytes, gives its memory back: a trace is some
/// megabytes.
const SCRATCH_KEPT: usize = 1 << 20;

/// The chat's way out: outboxes, and the queues of those who want the presence list.
pub(super) struct Desk<'t> {
    pub(super) outboxes: &'t mut Outboxes,
    pub(super) pacer: &'t mut Pacer,
    pub(super) counters: &'t mut Counters,
    pub(super) scratch: &'t mut Vec<u8>,
}

impl Desk<'_> {
    /// Queues what `fill` appends, as part of the protocol.
    pub(super) fn write(&mut self, to: ConnectionId, fill: impl FnOnce(&mut Vec<u8>)) {
        self.scratch.clear();
        fill(self.scratch);
        let parcel = Parcel::new(self.scratch, self.scratch.len(), Kind::ForConnection);
        self.outboxes.queue(to, parcel);
        if self.scratch.capacity() > SCRATCH_KEPT {
            *self.scratch = Vec::new();
        }
    }
}

impl Sink for Desk<'_> {
    fn send(&mut self, to: ConnectionId, event: &Event<'_>) {
        let Handling { kind, id, may_be_dropped } = event.handling();
        if may_be_dropped && self.outboxes.is_blocked(to) {
            self.counters.typing_dropped += 1;
            return;
        }
        self.scratch.clear();
        if let Some(dialect) = self.outboxes.dialect(to) {
            dialect.frame(event, self.scratch);
        }
        let frame_len = self.scratch.len();
        self.scratch.extend_from_slice(id.unwrap_or_default().as_bytes());
        self.outboxes.queue(to, Parcel::new(self.scratch, frame_len, kind));
    }

    fn fan_out(&mut self, to: &[ConnectionId], event: &Event<'_>) {
        let Handling { kind, id, may_be_dropped } = event.handling();
        debug_assert!(id.is_none(), "a shared frame has no room for the sender's id behind it");
        // One encoding for each dialect, whatever the order of the receivers.
        let mut encoded: [Option<Rc<[u8]>>; Dialect::COUNT] = Default::default();
        for &to in to {
            if may_be_dropped && self.outboxes.is_blocked(to) {
                self.counters.typing_dropped += 1;
                continue;
            }
            // Without a dialect the connection has ended: queueing accounts for what it misses.
            let Some(dialect) = self.outboxes.dialect(to) else {
                self.outboxes.queue(to, Parcel::new(&[], 0, kind));
                continue;
            };
            let frame = encoded[dialect.place()].get_or_insert_with(|| {
                self.scratch.clear();
                dialect.frame(event, self.scratch);
                Rc::from(self.scratch.as_slice())
            });
            self.outboxes.queue(to, Parcel::shared(frame, kind));
        }
    }

    fn presence(&mut self, news: PresenceNews) {
        match news {
            PresenceNews::Joined { id, mobile, mode } => self.pacer.join(id, mobile, mode),
            PresenceNews::Replaced { old, new, mode } => self.pacer.replaced(old, new, mode),
            PresenceNews::Left { id, mobile } => self.pacer.leave(id, mobile),
            PresenceNews::ListWanted { by } => self.pacer.asked(by),
            PresenceNews::Mode { of, mode } => self.pacer.set_mode(of, mode),
        }
    }
}
