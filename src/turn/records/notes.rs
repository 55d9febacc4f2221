//! [`EndNote`]: what the log may know of a connection that has ended.
//!
//! Counts, a word for how it ended, and a *tag* in place of the number or the session: a keyed hash
//! whose key is made at the start and never leaves. The lines of one person can be told to belong
//! together, within one run; who it is, nobody can tell. No text and no address. Whoever runs the turn
//! takes the notes out after each turn; what does not fit until then is counted.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use crate::chat::{ConnectionId, Person};
use crate::session::End;
use crate::timer::Moment;
use crate::turn::Turn;

/// Notes that are kept for whoever takes them out.
const NOTES: usize = 256;

/// How a connection ended.
#[derive(Clone, Copy, Debug)]
pub struct EndNote {
    /// As in the metrics.
    pub outcome: &'static str,
    /// Whether it was a WebSocket.
    pub was_websocket: bool,
    /// What stands for the number or the session, if it had one.
    pub tag: Option<u32>,
    /// How long it was open.
    pub lasted: Duration,
    /// Bytes read from it; [`u32::MAX`] are that many or more.
    pub bytes_in: u32,
    /// Bytes written to it, likewise: by the end of a WebSocket, the last words of which are still to
    /// come, or in all.
    pub bytes_out: u32,
    /// Messages that it sent.
    pub messages_in: u32,
    /// Messages that were delivered to it.
    pub messages_out: u32,
}

/// What a connection has brought and taken. There is one for each, so it counts to four billion and
/// no further, and time in steps of [`TICK`].
#[derive(Clone, Copy, Debug)]
pub(in crate::turn) struct Tally {
    opened: u32,
    bytes_in: u32,
    bytes_out: u32,
    messages_in: u32,
    messages_out: u32,
    /// How it ended, as an index of [`End::OUTCOMES`], until that is noted.
    unnoted: Option<u8>,
}

/// At which four billion are sixteen months: after those, counting begins anew.
const TICK: Duration = Duration::from_millis(10);

impl Tally {
    pub(in crate::turn) fn new(opened: Moment) -> Self {
        let opened = ticks(opened);
        Tally { opened, bytes_in: 0, bytes_out: 0, messages_in: 0, messages_out: 0, unnoted: None }
    }

    pub(in crate::turn) fn read(&mut self, bytes: usize) {
        self.bytes_in = add(self.bytes_in, bytes);
    }

    pub(in crate::turn) fn wrote(&mut self, bytes: usize) {
        self.bytes_out = add(self.bytes_out, bytes);
    }

    pub(in crate::turn) fn sent_message(&mut self) {
        self.messages_in = self.messages_in.saturating_add(1);
    }

    pub(in crate::turn) fn got_messages(&mut self, count: usize) {
        self.messages_out = add(self.messages_out, count);
    }

    fn note(&self, now: Moment, outcome: u8, was_websocket: bool, tag: Option<u32>) -> EndNote {
        EndNote {
            outcome: End::OUTCOMES[usize::from(outcome)],
            was_websocket,
            tag,
            lasted: TICK * ticks(now).wrapping_sub(self.opened),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            messages_in: self.messages_in,
            messages_out: self.messages_out,
        }
    }
}

fn ticks(moment: Moment) -> u32 {
    (u128::from(moment.as_nanos()) / TICK.as_nanos()) as u32
}

fn add(sum: u32, more: usize) -> u32 {
    sum.saturating_add(u32::try_from(more).unwrap_or(u32::MAX))
}

/// Notes that nobody has taken out yet.
#[derive(Debug)]
pub(in crate::turn) struct Notes {
    queue: VecDeque<EndNote>,
    left_out: u64,
    key: RandomState,
}

impl Notes {
    pub(in crate::turn) fn new() -> Self {
        Notes { queue: VecDeque::new(), left_out: 0, key: RandomState::new() }
    }

    fn tag(&self, who: Person<'_>) -> u32 {
        (self.key.hash_one(who) >> 32) as u32
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

    /// What stands in the log for the person that a connection belongs to; None if it belongs to nobody.
    pub(in crate::turn) fn tag_of(&self, id: ConnectionId) -> Option<u32> {
        self.chat.person_at(id).map(|person| self.notes.tag(person))
    }

    /// A connection of the person with this tag ends. A WebSocket is noted now; the answer to a plain
    /// request is still to be written.
    pub(in crate::turn) fn note_end(&mut self, id: ConnectionId, end: End, tag: Option<u32>) {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get_mut(id) else { return };
        let outcome = u8::try_from(end.outcome()).expect("there are few outcomes");
        if !connection.session.is_websocket() {
            connection.tally.unnoted = Some(outcome);
            return;
        }
        let tally = connection.tally;
        self.notes.push(tally.note(now, outcome, true, tag));
    }

    /// A connection is freed: what was not noted of it is now.
    pub(in crate::turn) fn note_freed(&mut self, tally: &Tally) {
        if let Some(outcome) = tally.unnoted {
            self.notes.push(tally.note(self.now.monotonic, outcome, false, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Mobile;

    #[test]
    fn a_number_has_one_tag_in_a_run_and_another_in_the_next() {
        let mobile = |text: &str| Person::Mobile(Mobile::parse(text.as_bytes()).expect("valid"));
        let notes = Notes::new();
        let tag = notes.tag(mobile("1234567890"));
        assert_eq!(notes.tag(mobile("1234567890")), tag);
        // By chance two tags are equal once in four billion times; sixteen pairs are not.
        let runs: Vec<Notes> = (0..16).map(|_| Notes::new()).collect();
        assert!(runs.iter().any(|run| run.tag(mobile("1234567890")) != tag));
        assert!((0..16).any(|n| notes.tag(mobile(&format!("12345678{n:02}"))) != tag));
    }

    #[test]
    fn a_tally_counts_as_far_as_it_can_and_times_over_the_end_of_its_clock() {
        assert_eq!(size_of::<Tally>(), 24);
        let years = |years: u64| Moment::START + Duration::from_secs(years * 365 * 86_400);
        let opened = years(1);
        let mut tally = Tally::new(opened);
        (0..3).for_each(|_| tally.read(1 << 31));
        tally.wrote(7);
        tally.sent_message();
        tally.got_messages(2);
        let note = tally.note(years(2), 0, true, Some(1));
        assert_eq!(note.lasted, years(2).since(opened));
        assert_eq!((note.bytes_in, note.bytes_out), (u32::MAX, 7));
        assert_eq!((note.messages_in, note.messages_out), (1, 2));
    }
}
