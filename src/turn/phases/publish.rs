//! The phase *publish*: queues presence lists and deltas, as far as the budgets allow.
//!
//! `Presence` says which receiver is next, the chat what is in the list, and the
//! audience's dialect how it is written. Here the list is encoded, at most once a turn for each
//! audience however many receivers get it, and queued by reference.

use std::rc::Rc;

use crate::chat::{Audience, Kind};
use crate::dialects::Dialect;
use crate::turn::Turn;
use crate::turn::tables::parcel::Parcel;
use crate::turn::tables::presence::{Serving, What};

/// Encoded presence, shared by all receivers of one audience.
#[derive(Debug, Default)]
pub(in crate::turn) struct Frames {
    /// The frame (or frames) of the list, and what it shows.
    list: Option<(Shown, Rc<[u8]>)>,
    /// The frame (or frames) of the current delta.
    delta: Option<Rc<[u8]>>,
}

/// What the frame of a list shows. Two receivers for which this is equal get the same frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Shown {
    /// The version of the membership.
    version: u64,
    /// How many of the last changes are told.
    news: usize,
}

impl Turn {
    /// Queues lists and deltas. Returns their number.
    pub(in crate::turn) fn publish(&mut self) -> usize {
        if self.drain.is_some() {
            return 0; // Every client is told to leave: a list would be outdated when it arrives.
        }
        let now = self.now.monotonic;
        // The ring is held in two cases. During a sweep: it removes connections in slices, and one list
        // after the last slice is enough. And if the last send phase ran out of its budget: some outboxes
        // may still hold the last list, and a second one must not queue behind it.
        let hold_ring = self.sweep.is_under_way() || self.outboxes.has_backlog();
        for audience in Audience::ALL {
            if !hold_ring && self.presence.begin_delta(audience.index(), now) {
                self.encode_delta(audience);
            }
        }
        let mut lists = self.limits.budgets.lists;
        let mut bytes = self.limits.budgets.list_bytes;
        while lists > 0 && bytes > 0 {
            let Some(serving) = self.presence.next(now, hold_ring) else { break };
            lists -= 1;
            let size = self.serve(serving);
            self.counters.presence_bytes += size as u64;
            bytes = bytes.saturating_sub(size);
        }
        self.limits.budgets.lists - lists
    }

    /// Queues a list or a delta for a receiver. Returns its size in bytes.
    fn serve(&mut self, Serving { audience, to, what }: Serving) -> usize {
        match what {
            What::List => {
                let unseen = self.presence.unseen(to);
                let frame = self.current_list(Audience::ALL[audience], unseen);
                self.outboxes.queue_list(to, Parcel::list(&frame));
                self.presence.served_list(to, frame.len());
                self.counters.lists += 1;
                frame.len()
            }
            What::Delta => {
                self.presence.served_delta(to);
                let Some(frame) = &self.frames[audience].delta else { return 0 };
                self.outboxes.queue(to, Parcel::shared(frame, Kind::ForConnection));
                self.counters.deltas += 1;
                frame.len()
            }
        }
    }

    /// The frame of an audience's list as it is now, for a receiver that has not been told of this many
    /// changes. It is encoded only if the list has changed since the last call, or if this receiver is to
    /// be told of another number of changes; that costs O(members). Otherwise the call is O(1).
    fn current_list(&mut self, of: Audience, unseen: u64) -> Rc<[u8]> {
        let news = self.chat.news(of, unseen);
        let shows = Shown { version: self.presence.version(of.index()), news };
        if let Some((shown, frame)) = &self.frames[of.index()].list
            && *shown == shows
        {
            return Rc::clone(frame);
        }
        let Turn { chat, scratch, now, limits, .. } = self;
        scratch.clear();
        let zone = &limits.zone;
        chat.publication(of, news, *now, |event| Dialect::of(of).frame(event, zone, scratch));
        let frame: Rc<[u8]> = self.scratch.as_slice().into();
        self.frames[of.index()].list = Some((shows, Rc::clone(&frame)));
        self.counters.presence_encoded += 1;
        frame
    }

    /// Encodes the changes of an audience's list since its last delta. O(changes).
    fn encode_delta(&mut self, of: Audience) {
        let Turn { chat, scratch, limits, .. } = self;
        scratch.clear();
        chat.changes(of, |event| Dialect::of(of).frame(event, &limits.zone, scratch));
        self.frames[of.index()].delta = Some(self.scratch.as_slice().into());
        self.counters.presence_encoded += 1;
    }
}
