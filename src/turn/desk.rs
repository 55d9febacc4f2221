//! [`Desk`]: where the chat's events become frames in outboxes. It is the chat's [`Sink`].
//!
//! An event is put into the words of its receiver's dialect, framed, and queued; the text that it
//! carries is borrowed from the loop's read buffer until then. One scratch buffer serves all, and
//! is empty between calls: no early return may leave one person's bytes in front of another's.

use std::rc::Rc;

use super::ledger::Counters;
use super::outbox::Outboxes;
use super::parcel::{Content, Parcel};
use super::presence::Pacer;
use crate::chat::{ConnectionId, Event, PresenceNews, Receipt, Sink, messenger, mobile};
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
        let parcel = Parcel::new(self.scratch, self.scratch.len(), Content::Protocol);
        self.outboxes.queue(to, parcel);
        if self.scratch.capacity() > SCRATCH_KEPT {
            *self.scratch = Vec::new();
        }
    }
}

impl Sink for Desk<'_> {
    fn send(&mut self, to: ConnectionId, event: &Event<'_>) {
        let wrapping = Wrapping::of(event);
        if wrapping.is_fleeting && self.outboxes.is_blocked(to) {
            self.counters.typing_dropped += 1;
            return;
        }
        self.scratch.clear();
        if let Some(dialect) = self.outboxes.dialect(to) {
            dialect.frame(event, self.scratch);
        }
        let frame_len = self.scratch.len();
        self.scratch.extend_from_slice(wrapping.id.unwrap_or_default().as_bytes());
        self.outboxes.queue(to, Parcel::new(self.scratch, frame_len, wrapping.content));
    }

    fn fan_out(&mut self, to: &[ConnectionId], event: &Event<'_>) {
        let Wrapping { content, id, is_fleeting } = Wrapping::of(event);
        debug_assert!(id.is_none(), "a shared frame has no room for the sender's id behind it");
        // One encoding for each dialect, whatever the order of the receivers.
        let mut encoded: [Option<Rc<[u8]>>; Dialect::COUNT] = Default::default();
        for &to in to {
            if is_fleeting && self.outboxes.is_blocked(to) {
                self.counters.typing_dropped += 1;
                continue;
            }
            // Without a dialect the connection has ended: queueing accounts for what it misses.
            let Some(dialect) = self.outboxes.dialect(to) else {
                self.outboxes.queue(to, Parcel::new(&[], 0, content));
                continue;
            };
            let frame = encoded[dialect.place()].get_or_insert_with(|| {
                self.scratch.clear();
                dialect.frame(event, self.scratch);
                Rc::from(self.scratch.as_slice())
            });
            self.outboxes.queue(to, Parcel::shared(frame, content));
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

/// How an event is queued.
struct Wrapping<'e> {
    content: Content,
    /// The sender's id for the message in it, to be kept behind the frame.
    id: Option<&'e str>,
    /// Only worth something now; a reader who is behind is better off without. In the `session` realm,
    /// which sees to it that typing ends, the end is not: the beginning may be on its way already.
    is_fleeting: bool,
}

impl<'e> Wrapping<'e> {
    fn of(event: &Event<'e>) -> Self {
        let with = |content| Wrapping { content, id: None, is_fleeting: false };
        match *event {
            Event::Pong | Event::Error { .. } => with(Content::Protocol),
            Event::Mobile(event) => match event {
                mobile::Event::Message { from, to, id, .. } => {
                    Wrapping { id, ..with(Content::Message(Receipt::Mobile { from, to })) }
                }
                mobile::Event::Typing { .. } => {
                    Wrapping { is_fleeting: true, ..with(Content::Event) }
                }
                mobile::Event::Receipt { .. }
                | mobile::Event::Signal { .. }
                | mobile::Event::Ack { .. }
                | mobile::Event::Undelivered { .. } => with(Content::Event),
                mobile::Event::OnlineUsers(_) | mobile::Event::PresenceChanged { .. } => {
                    with(Content::Protocol)
                }
            },
            Event::Messenger(event) => match event {
                messenger::Event::Message { ticket: Some(ticket), .. } => {
                    with(Content::Message(Receipt::Messenger(ticket)))
                }
                messenger::Event::Typing { is_typing, .. } => {
                    Wrapping { is_fleeting: is_typing, ..with(Content::Event) }
                }
                messenger::Event::Message { ticket: None, .. }
                | messenger::Event::Authenticated { .. }
                | messenger::Event::InvitationReceived(_)
                | messenger::Event::InvitationAnswered(_)
                | messenger::Event::Status { .. }
                | messenger::Event::ContactOnline { .. }
                | messenger::Event::ContactOffline { .. } => with(Content::Event),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use super::*;
    use crate::turn::outbox::Caps;
    use crate::turn::presence;

    /// Where the first frame that waits for a connection begins in memory.
    fn first_frame(outboxes: &Outboxes, id: ConnectionId) -> *const u8 {
        let mut slices = [IoSlice::new(&[])];
        assert_eq!(outboxes.gather(id, &mut slices).0, 1, "a frame waits for {id:?}");
        slices[0].as_ptr()
    }

    #[test]
    fn a_fan_out_is_encoded_once_for_each_dialect_also_when_the_receivers_alternate() {
        let mut outboxes = Outboxes::new(Caps { each: 1000, echo: 1000, all: 1000 });
        let receivers: Vec<ConnectionId> = (0..6).map(|slot| ConnectionId::new(slot, 0)).collect();
        for (&id, dialect) in
            receivers.iter().zip([Dialect::Sca, Dialect::Messenger].iter().cycle())
        {
            outboxes.open(id);
            outboxes.sign_in(id, *dialect, false);
        }
        let mut desk = Desk {
            outboxes: &mut outboxes,
            pacer: &mut presence::Pacer::new(presence::Limits::default()),
            counters: &mut Counters::new(),
            scratch: &mut Vec::new(),
        };
        desk.fan_out(&receivers, &Event::Pong);
        let [sca, messenger] = [receivers[0], receivers[1]].map(|id| first_frame(&outboxes, id));
        assert_ne!(sca, messenger, "each dialect has its own frame");
        for pair in receivers.chunks(2) {
            assert_eq!(first_frame(&outboxes, pair[0]), sca, "shared by all who speak it");
            assert_eq!(first_frame(&outboxes, pair[1]), messenger, "shared by all who speak it");
        }
    }
}
