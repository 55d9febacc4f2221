//! [`Desk`]: where the chat's events become frames in outboxes. It is the chat's [`Sink`].
//!
//! An event is put into the words of its receiver's dialect, framed, and queued; the text that it
//! carries is borrowed from the loop's read buffer until then. One scratch buffer serves all, and
//! is empty between calls: no early return may leave one person's bytes in front of another's.

use super::ledger::Counters;
use super::outbox::Outboxes;
use super::parcel::{Content, Parcel};
use super::presence::Pacer;
use crate::chat::{ConnectionId, Event, PresenceMode, Sink};
use crate::session;

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
        let parcel = Parcel::new(self.scratch, self.scratch.len(), Content::Protocol);
        self.outboxes.queue(to, parcel);
        if self.scratch.capacity() > SCRATCH_KEPT {
            *self.scratch = Vec::new();
        }
    }
}

impl Sink for Desk<'_> {
    fn send(&mut self, to: ConnectionId, event: &Event<'_>) {
        let blocked = self.outboxes.is_blocked(to);
        let (content, id) = match event {
            // Only worth something now; a reader who is behind is better off without.
            Event::Typing { .. } if blocked => {
                self.counters.typing_dropped += 1;
                return;
            }
            Event::Message { from, to, id, .. } => (Content::Message { from: *from, to: *to }, *id),
            Event::Typing { .. }
            | Event::Receipt { .. }
            | Event::Signal { .. }
            | Event::Ack { .. }
            | Event::Undelivered { .. } => (Content::Event, None),
            Event::OnlineUsers(_)
            | Event::PresenceChanged { .. }
            | Event::Pong
            | Event::Error { .. } => (Content::Protocol, None),
        };
        self.scratch.clear();
        if let Some(dialect) = self.outboxes.dialect(to) {
            session::event_frame(dialect, event, self.scratch);
        }
        let frame_len = self.scratch.len();
        self.scratch.extend_from_slice(id.unwrap_or_default().as_bytes());
        self.outboxes.queue(to, Parcel::new(self.scratch, frame_len, content));
    }

    fn list_wanted(&mut self, by: ConnectionId) {
        self.pacer.asked(by);
    }

    fn presence_mode(&mut self, of: ConnectionId, mode: PresenceMode) {
        self.pacer.set_mode(of, mode);
    }
}
