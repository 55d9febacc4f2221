//! [`EndNote`]: what the log may know of a connection that has ended.
//!
//! Counts, a word for how it ended, and a *tag* in place of the number: a keyed hash whose key is made
//! at the start and never leaves. The lines of one number can be told to belong together, within one
//! run; which number it is, nobody can tell. No text and no address. Whoever runs the turn takes the
//! notes out after each turn; what does not fit until then is counted.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use super::Turn;
use crate::chat::{ConnectionId, Mobile};
use crate::session::End;
use crate::timer::Moment;

/// Notes that are kept for whoever takes them out.
const NOTES: usize = 256;

/// How a connection ended.
#[derive(Clone, Copy, Debug)]
pub struct EndNote {
    /// As in the metrics.
    pub outcome: &'static str,
    /// Whether it was a WebSocket.
    pub was_websocket: bool,
    /// What stands for the number, if it had one.
    pub tag: Option<u32>,
    /// How long it was open.
    pub lasted: Duration,
    /// Bytes read from it and written to it until it ended.
    pub bytes_in: u64,
    /// Bytes written to it.
    pub bytes_out: u64,
    /// Messages that it sent.
    pub messages_in: u32,
    /// Messages that were delivered to it.
    pub messages_out: u32,
}

/// What a connection has brought and taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    pub(super) opened: Moment,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) messages_in: u32,
    pub(super) messages_out: u32,
}

impl Tally {
    pub(super) fn new(opened: Moment) -> Self {
        Tally { opened, bytes_in: 0, bytes_out: 0, messages_in: 0, messages_out: 0 }
    }
}

/// Notes that nobody has taken out yet.
#[derive(Debug)]
pub(super) struct Notes {
    queue: VecDeque<EndNote>,
    left_out: u64,
    key: RandomState,
}

impl Notes {
    pub(super) fn new() -> Self {
        Notes { queue: VecDeque::new(), left_out: 0, key: RandomState::new() }
    }

    fn tag(&self, mobile: Mobile) -> u32 {
        (self.key.hash_one(mobile) >> 32) as u32
    }

    fn push(&mut self, note: EndNote) {
        if self.queue.len() < NOTES { self.queue.push_back(note) } else { self.left_out += 1 }
    }
}

impl Turn {
    /// The next connection that has ended and was not told of yet.
    pub fn next_note(&mut self) -> Option<EndNote> {
        self.notes.queue.pop_front()
    }

    /// How many ended, since this was last asked, of which there is no note.
    pub fn take_left_out(&mut self) -> u64 {
        std::mem::take(&mut self.notes.left_out)
    }

    /// A connection ends, and with it the use of `mobile`, if it had that.
    pub(super) fn note_end(&mut self, id: ConnectionId, end: End, mobile: Option<Mobile>) {
        let Some(connection) = self.connections.get(id) else { return };
        let tally = connection.tally;
        self.notes.push(EndNote {
            outcome: End::OUTCOMES[end.outcome()],
            was_websocket: connection.session.is_websocket(),
            tag: mobile.map(|mobile| self.notes.tag(mobile)),
            lasted: self.now.monotonic.since(tally.opened),
            bytes_in: tally.bytes_in,
            bytes_out: tally.bytes_out,
            messages_in: tally.messages_in,
            messages_out: tally.messages_out,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_tag_in_a_run_and_another_in_the_next() {
        let mobile = |text: &str| Mobile::parse(text.as_bytes()).expect("valid");
        let notes = Notes::new();
        let tag = notes.tag(mobile("1234567890"));
        assert_eq!(notes.tag(mobile("1234567890")), tag);
        // By chance two tags are equal once in four billion times; sixteen pairs are not.
        let runs: Vec<Notes> = (0..16).map(|_| Notes::new()).collect();
        assert!(runs.iter().any(|run| run.tag(mobile("1234567890")) != tag));
        assert!((0..16).any(|n| notes.tag(mobile(&format!("12345678{n:02}"))) != tag));
    }
}
