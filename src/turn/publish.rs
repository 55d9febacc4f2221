//! The phase *publish*: presence, as much of it as the budget and the slice allow.
//!
//! The pacer says who is next; here the list is encoded, at most once a turn however many get it,
//! and queued by reference.

use std::rc::Rc;

use super::Turn;
use super::parcel::Parcel;
use super::presence::Serving;
use crate::chat::{Kind, Mobile};
use crate::dialects::Dialect;

/// Encoded presence, shared by all who get it.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The list, and the version of the membership that it shows.
    list: Option<(u64, Rc<[u8]>)>,
    delta: Option<Rc<[u8]>>,
}

impl Turn {
    /// Queues lists and deltas. Returns how many.
    pub(super) fn publish(&mut self) -> usize {
        if self.drain.is_some() {
            return 0; // They are all told to leave; who is still here is no news.
        }
        let now = self.now.monotonic;
        // A sweep is published once. And if the last turn could not write to everybody, some may
        // still hold the last list: they are not given a second one to wait with it.
        let hold_ring = self.sweep.is_under_way() || self.outboxes.has_backlog();
        if !hold_ring && let Some(touched) = self.pacer.begin_delta(now) {
            self.encode_delta(&touched);
        }
        let mut lists = self.limits.budgets.lists;
        let mut bytes = self.limits.budgets.list_bytes;
        while lists > 0 && bytes > 0 {
            let Some(serving) = self.pacer.next(now, hold_ring) else { break };
            lists -= 1;
            let size = match serving {
                Serving::List(id) => {
                    let frame = self.current_list();
                    self.outboxes.queue_list(id, Parcel::shared(&frame, Kind::ForConnection));
                    self.pacer.served_list(id, frame.len());
                    self.counters.lists += 1;
                    frame.len()
                }
                Serving::Delta(id) => {
                    self.pacer.served_delta(id);
                    let Some(frame) = &self.frames.delta else { continue };
                    self.outboxes.queue(id, Parcel::shared(frame, Kind::ForConnection));
                    self.counters.deltas += 1;
                    frame.len()
                }
            };
            self.counters.presence_bytes += size as u64;
            bytes = bytes.saturating_sub(size);
        }
        self.limits.budgets.lists - lists
    }

    /// The list as it is now; encoded only if somebody has come or gone since.
    fn current_list(&mut self) -> Rc<[u8]> {
        let version = self.pacer.version();
        match &self.frames.list {
            Some((of, frame)) if *of == version => Rc::clone(frame),
            _ => {
                self.scratch.clear();
                Dialect::Sca.frame(&self.chat.list(), &mut self.scratch);
                let frame: Rc<[u8]> = self.scratch.as_slice().into();
                self.frames.list = Some((version, Rc::clone(&frame)));
                self.counters.presence_encoded += 1;
                frame
            }
        }
    }

    /// Encodes the state, now, of everyone who was touched since the last delta.
    fn encode_delta(&mut self, touched: &[Mobile]) {
        let Turn { chat, scratch, .. } = self;
        scratch.clear();
        chat.with_changes(touched, |event| Dialect::Sca.frame(event, scratch));
        self.frames.delta = Some(self.scratch.as_slice().into());
        self.counters.presence_encoded += 1;
    }
}
