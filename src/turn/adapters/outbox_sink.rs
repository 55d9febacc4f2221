//! [`OutboxSink`]: writes the chat's events as frames into outboxes. It is the chat's [`Sink`].
//!
//! An event is written in its receiver's dialect, as a frame, and queued. Until then its text is borrowed
//! from the input buffer of the turn. All frames are encoded in one scratch buffer. Each use of the buffer
//! begins by clearing it: otherwise an early return could leave bytes for one person in front of the frame
//! for another.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use crate::chat::account::{Asker, Job, Reply};
use crate::chat::{
    Audience, ConnectionId, Event, Farewell, Handling, Kind, Name, Reason, Sink, Watch,
};
use crate::dialects::Dialect;
use crate::timer::Zone;
use crate::turn::operator::events::Events;
use crate::turn::records::counters::Counters;
use crate::turn::tables::outbox::Outboxes;
use crate::turn::tables::parcel::Parcel;
use crate::turn::tables::parked::ParkedRequests;
use crate::turn::tables::presence::Presence;

/// A scratch buffer that has grown beyond this number of bytes gives its memory back. A trace is some
/// megabytes, and is rarely asked for.
const SCRATCH_KEPT: usize = 1 << 20;

/// The parts of the turn that the chat's events go to.
pub(in crate::turn) struct OutboxSink<'t> {
    pub(in crate::turn) outboxes: &'t mut Outboxes,
    pub(in crate::turn) presence: &'t mut Presence,
    pub(in crate::turn) counters: &'t mut Counters,
    pub(in crate::turn) scratch: &'t mut Vec<u8>,
    pub(in crate::turn) parked: &'t mut ParkedRequests,
    pub(in crate::turn) asked: &'t mut Vec<Job>,
    pub(in crate::turn) farewells: &'t mut VecDeque<(ConnectionId, Farewell)>,
    /// Counts the events that are queued, once for each receiver.
    pub(in crate::turn) copies: &'t mut usize,
    pub(in crate::turn) events: &'t mut Events,
    /// The time of the turn since the Unix epoch, and the most bytes of events that are kept.
    pub(in crate::turn) events_room: (Duration, usize),
    pub(in crate::turn) zone: &'t Zone,
}

impl OutboxSink<'_> {
    /// Queues the bytes that `fill` appends, if it appends any: a control frame or an HTTP response.
    pub(in crate::turn) fn write(&mut self, to: ConnectionId, fill: impl FnOnce(&mut Vec<u8>)) {
        self.scratch.clear();
        fill(self.scratch);
        if self.scratch.is_empty() {
            return;
        }
        let parcel = Parcel::new(self.scratch, self.scratch.len(), Kind::ForConnection);
        self.outboxes.queue(to, parcel);
        if self.scratch.capacity() > SCRATCH_KEPT {
            *self.scratch = Vec::new();
        }
    }
}

impl Sink for OutboxSink<'_> {
    fn send(&mut self, to: ConnectionId, event: &Event<'_>) {
        let Handling { kind, id, may_be_dropped } = event.handling();
        if may_be_dropped && self.outboxes.is_blocked(to) {
            self.counters.typing_dropped += 1;
            return;
        }
        *self.copies += 1;
        self.scratch.clear();
        if let Some(dialect) = self.outboxes.dialect(to) {
            dialect.frame(event, self.zone, self.scratch);
        }
        let frame_len = self.scratch.len();
        self.scratch.extend_from_slice(id.unwrap_or_default().as_bytes());
        self.outboxes.queue(to, Parcel::new(self.scratch, frame_len, kind));
    }

    fn fan_out(&mut self, to: &[ConnectionId], event: &Event<'_>) {
        let Handling { kind, id, may_be_dropped } = event.handling();
        debug_assert!(id.is_none(), "a shared frame has no room for the sender's id behind it");
        *self.copies += to.len();
        // The event is encoded once for each dialect among the receivers, whatever their order.
        let mut encoded: [Option<Rc<[u8]>>; Dialect::COUNT] = Default::default();
        for &to in to {
            if may_be_dropped && self.outboxes.is_blocked(to) {
                self.counters.typing_dropped += 1;
                continue;
            }
            // A connection without a dialect has ended. An empty parcel is queued all the same: if it stands
            // for a message, `queue` lets it come back.
            let Some(dialect) = self.outboxes.dialect(to) else {
                self.outboxes.queue(to, Parcel::new(&[], 0, kind));
                continue;
            };
            let frame = encoded[dialect.place()].get_or_insert_with(|| {
                self.scratch.clear();
                dialect.frame(event, self.zone, self.scratch);
                Rc::from(self.scratch.as_slice())
            });
            self.outboxes.queue(to, Parcel::shared(frame, kind));
        }
    }

    fn watch(&mut self, by: ConnectionId, what: Watch) {
        self.presence.watch(by, what);
    }

    fn list_changed(&mut self, of: Audience) -> bool {
        self.presence.changed(of.index())
    }

    fn ask(&mut self, job: Job) {
        self.asked.push(job);
    }

    fn reply(&mut self, to: Asker, reply: &Reply<'_>) {
        self.parked.resolve(to, reply, self.zone);
    }

    fn undelivered(&mut self, from: &Name<'_>, to: &Name<'_>, reason: Reason) {
        if self.events.is_on() {
            self.events.undelivered(self.events_room, from, to, reason);
        }
    }

    fn end(&mut self, id: ConnectionId, why: Farewell) {
        self.farewells.push_back((id, why));
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use super::*;
    use crate::turn::tables::outbox::Caps;
    use crate::turn::tables::presence;

    /// The address of the first frame that waits for a connection.
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
            outboxes.speak(id, *dialect, false);
        }
        let limits = presence::Limits::default();
        let mut sink = OutboxSink {
            outboxes: &mut outboxes,
            presence: &mut Presence::new(limits, Audience::ALL.len()),
            counters: &mut Counters::new(),
            scratch: &mut Vec::new(),
            parked: &mut ParkedRequests::new(1),
            asked: &mut Vec::new(),
            farewells: &mut VecDeque::new(),
            copies: &mut 0,
            events: &mut Events::default(),
            events_room: (Duration::ZERO, 0),
            zone: &Zone::default(),
        };
        sink.fan_out(&receivers, &Event::Pong);
        assert_eq!(*sink.copies, receivers.len());
        let [sca, messenger] = [receivers[0], receivers[1]].map(|id| first_frame(&outboxes, id));
        assert_ne!(sca, messenger, "each dialect has its own frame");
        for pair in receivers.chunks(2) {
            assert_eq!(first_frame(&outboxes, pair[0]), sca, "shared by all who speak it");
            assert_eq!(first_frame(&outboxes, pair[1]), messenger, "shared by all who speak it");
        }
    }
}
