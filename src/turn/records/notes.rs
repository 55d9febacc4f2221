//! [`Note`]: what the log may say of a connection that has ended, or of a request that was refused.
//!
//! An [`EndNote`] has counts, a word for how the connection ended, and a *tag* in place of the person's
//! number or id. The tag is a keyed hash, whose key is made at the start and never leaves the process. So the lines
//! of one person in one run have the same tag, and the tag does not tell which person it is. A note has no
//! text and no address, nor has a [`Refused`]. The driver takes the notes out after each turn; those beyond a limit are only
//! counted.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use crate::chat::{ConnectionId, Person};
use crate::limiter::Block;
use crate::session::{End, Refused};
use crate::timer::Moment;
use crate::turn::Turn;

/// The most notes that are kept until the driver takes them out.
const NOTES: usize = 256;

/// The most refusals that are noted in a second. One connection can cause thousands: they must not take the
/// place of other lines. The metrics count all.
const REFUSALS_PER_SECOND: u32 = 25;

const SECOND: Duration = Duration::from_secs(1);

/// A line for the log.
#[derive(Clone, Copy, Debug)]
pub enum Note {
    /// A connection has ended.
    Ended(EndNote),
    /// A request was refused, or a connection before its request was read.
    Refused(Refused),
    /// The operator has done something.
    Order(OrderNote),
    /// A request for the operator's API from this address had not the operator's token.
    Stranger(Block),
}

/// A note of one connection that has ended.
#[derive(Clone, Copy, Debug)]
pub struct EndNote {
    /// How it ended, in the word of the metrics.
    pub outcome: &'static str,
    /// Whether it was a WebSocket.
    pub was_websocket: bool,
    /// The tag of its person; `None` if it was not signed in.
    pub tag: Option<u32>,
    /// The time for which it was open.
    pub lasted: Duration,
    /// Bytes read from it. [`u32::MAX`] stands for that many or more.
    pub bytes_in: u32,
    /// Bytes written to it. [`u32::MAX`] stands for that many or more. The last frames of a WebSocket are
    /// not included: they are written after the note.
    pub bytes_out: u32,
    /// The number of messages that it sent.
    pub messages_in: u32,
    /// The number of messages that were delivered to it.
    pub messages_out: u32,
}

/// What the log says of an order.
#[derive(Clone, Copy, Debug)]
pub struct OrderNote {
    /// What was done, in the word of the API.
    pub action: &'static str,
    /// The kind of name that it was done to.
    pub on: &'static str,
    /// The address that the order came from.
    pub by: Block,
    /// How many connections, people or messages it concerned.
    pub count: usize,
}

/// The counts of one connection that is still open. Each connection has one, so it is small: 24 bytes. Its
/// numbers stop at four billion, and its time is in steps of [`TICK`].
#[derive(Clone, Copy, Debug)]
pub(in crate::turn) struct Tally {
    /// When it was accepted, in ticks since the start.
    opened: u32,
    bytes_in: u32,
    bytes_out: u32,
    messages_in: u32,
    messages_out: u32,
    /// How it ended, as an index of [`End::OUTCOMES`], if that is not noted yet.
    unnoted: Option<u8>,
}

/// The unit of time of a tally. A `u32` of these ticks wraps after 16 months; a duration is computed with
/// `wrapping_sub`, so it is right as long as it is shorter than that.
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

    /// The time since the connection was accepted.
    pub(in crate::turn) fn age(&self, now: Moment) -> Duration {
        TICK * ticks(now).wrapping_sub(self.opened)
    }

    /// The number of messages that it has sent, and of those delivered to it.
    pub(in crate::turn) fn messages(&self) -> (u32, u32) {
        (self.messages_in, self.messages_out)
    }

    fn note(&self, now: Moment, outcome: u8, was_websocket: bool, tag: Option<u32>) -> EndNote {
        EndNote {
            outcome: End::OUTCOMES[usize::from(outcome)],
            was_websocket,
            tag,
            lasted: self.age(now),
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

/// The notes that the driver has not taken out yet.
#[derive(Debug)]
pub(in crate::turn) struct Notes {
    queue: VecDeque<Note>,
    /// The number of notes for which there was no room in `queue`.
    left_out: u64,
    /// When that number may be told again.
    tell_left_out: Moment,
    /// The refusals noted in the present second, and when it ends.
    refusals: (u32, Moment),
    /// The key of the tags.
    key: RandomState,
}

impl Notes {
    pub(in crate::turn) fn new() -> Self {
        let (left_out, tell_left_out, refusals) = (0, Moment::START, (0, Moment::START));
        let (queue, key) = (VecDeque::new(), RandomState::new());
        Notes { queue, left_out, tell_left_out, refusals, key }
    }

    fn tag(&self, who: Person<'_>) -> u32 {
        (self.key.hash_one(who) >> 32) as u32
    }

    fn refused(&mut self, now: Moment, refused: Refused) {
        if now >= self.refusals.1 {
            self.refusals = (0, now + SECOND);
        }
        if self.refusals.0 < REFUSALS_PER_SECOND {
            self.refusals.0 += 1;
            self.push(Note::Refused(refused));
        } else {
            self.left_out += 1;
        }
    }

    fn push(&mut self, note: Note) {
        if self.queue.len() < NOTES { self.queue.push_back(note) } else { self.left_out += 1 }
    }
}

impl Turn {
    /// Takes out the next note.
    pub fn next_note(&mut self) -> Option<Note> {
        self.notes.queue.pop_front()
    }

    /// Takes the number of notes that were left out, once a second: 0 in between.
    pub fn take_left_out(&mut self) -> u64 {
        let (now, notes) = (self.now.monotonic, &mut self.notes);
        if notes.left_out == 0 || now < notes.tell_left_out {
            return 0;
        }
        notes.tell_left_out = now + SECOND;
        std::mem::take(&mut notes.left_out)
    }

    /// The tag of a connection's person; `None` if the connection is not signed in.
    pub(in crate::turn) fn tag_of(&self, id: ConnectionId) -> Option<u32> {
        self.chat.person_at(id).map(|person| self.notes.tag(person))
    }

    /// Notes that a connection of the person with this tag ends. A plain HTTP connection is noted only when
    /// it is freed: its answer is still to be written, and counts.
    pub(in crate::turn) fn note_end(&mut self, id: ConnectionId, end: End, tag: Option<u32>) {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get_mut(id) else { return };
        let outcome = u8::try_from(end.outcome()).expect("there are few outcomes");
        if !connection.session.is_websocket() {
            connection.tally.unnoted = Some(outcome);
            return;
        }
        let tally = connection.tally;
        self.notes.push(Note::Ended(tally.note(now, outcome, true, tag)));
    }

    /// Notes a freed connection, unless it was noted when it ended.
    pub(in crate::turn) fn note_freed(&mut self, tally: &Tally) {
        if let Some(outcome) = tally.unnoted {
            self.notes.push(Note::Ended(tally.note(self.now.monotonic, outcome, false, None)));
        }
    }

    /// Notes what the operator has done.
    pub(in crate::turn) fn note_operator(&mut self, note: OrderNote) {
        self.notes.push(Note::Order(note));
    }

    /// Notes a request to the operator's API without the operator's token.
    pub(in crate::turn) fn note_stranger(&mut self, by: Block) {
        self.notes.push(Note::Stranger(by));
    }

    /// Counts and notes a request that was refused, or a connection before its request was read.
    pub(in crate::turn) fn count_refused(&mut self, refused: Refused) {
        if refused.is_upgrade {
            self.counters.upgrades_refused[refused.reason as usize] += 1;
        }
        self.notes.refused(self.now.monotonic, refused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Mobile;
    use crate::session::DoorRefusal;

    #[test]
    fn a_number_has_one_tag_in_a_run_and_another_in_the_next() {
        let mobile = |text: &str| Person::Mobile(Mobile::parse(text.as_bytes()).expect("valid"));
        let notes = Notes::new();
        let tag = notes.tag(mobile("1234567890"));
        assert_eq!(notes.tag(mobile("1234567890")), tag);
        // Two tags can be equal by chance, once in four billion times. Sixteen pairs cannot.
        let runs: Vec<Notes> = (0..16).map(|_| Notes::new()).collect();
        assert!(runs.iter().any(|run| run.tag(mobile("1234567890")) != tag));
        assert!((0..16).any(|n| notes.tag(mobile(&format!("12345678{n:02}"))) != tag));
    }

    #[test]
    fn refusals_are_noted_up_to_a_rate_and_the_rest_is_counted() {
        let refused = Refused::unread(DoorRefusal::Full);
        let (mut notes, later) = (Notes::new(), Moment::START + SECOND);
        (0..200).for_each(|_| notes.refused(Moment::START, refused));
        assert_eq!((notes.queue.len(), notes.left_out), (25, 175));
        notes.refused(later, refused);
        assert_eq!((notes.queue.len(), notes.left_out), (26, 175));
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
