//! [`Wheel`]: a hashed timer wheel (Varghese and Lauck 1987, scheme 6), for tens of thousands of
//! timers of which nearly all are cancelled or moved before they fire.
//!
//! A *timer* is a value with a deadline. A *slot* is 16.8 ms of the clock, and a *tick* is the
//! number of such a piece of time since the clock's start. The wheel has 4096 slots: one
//! *revolution* takes 68.7 s, and then the same slots serve again, in the next *round*.
//!
//! It reads no clock, owns no budget and knows nothing of connections: the caller brings the time
//! and decides how many timers to take in one go. Called by `turn`.

mod invariants;
#[cfg(test)]
mod model;
mod occupancy;
#[cfg(test)]
mod properties;
mod rings;
#[cfg(test)]
mod tests;
mod tick;

use std::num::NonZeroU32;
use std::time::Duration;

use super::Moment;
use occupancy::Occupancy;
use rings::Rings;
use tick::{SLOT_NANOS, SLOTS, Tick};

/// Timers in slots, as on a clock face: the hand goes round, and what it passes is due.
///
/// ```text
///               the cursor: everything up to here has been taken
///               ▼
///   slot  0   1   2   3   4   5   6         4095
///       ┌───┬───┬───┬───┬───┬───┬───┬ ─ ─ ─ ┬───┐
///       │   │   │   │ ● │   │   │ ● │       │ ● │   … and round again to slot 0
///       └───┴───┴───┴─┼─┴───┴───┴─┼─┴ ─ ─ ─ ┴─┼─┘
///                     ●           ○           ●     ● due when the cursor comes by next
///                     ●                             ○ due in a later round: stays in its slot
/// ```
///
/// A sorted queue would put every timer in its exact place, at a cost that grows with their
/// number. A wheel does not sort: a timer is thrown into the slot of its deadline, which is a
/// division. So inserting, cancelling and moving a timer take the same few steps however many
/// there are. The price is precision, and a server's timeouts can afford it.
///
/// # What is promised
///
/// - A timer never fires early, and it fires once.
/// - It is due at its deadline rounded up to a whole [slot](Self::SLOT_WIDTH), so late by less
///   than one, and by as long as the caller takes to call [`next_due`](Self::next_due).
/// - A deadline that is not after the latest moment shown to `next_due` is due at the next call.
/// - Timers in different slots fire in the order of their deadlines, those in one slot in any
///   order. A timer inserted with a deadline in the past counts as one of the slot that is just
///   being taken. If the caller was away for more than a revolution, the rounds that were missed
///   are made up in a single one, and the order among them is lost.
/// - The last slot of the clock, 584 years on, is "never": such a timer can only be cancelled.
/// - Memory is allocated only when more timers are alive than ever before, and is kept.
///
/// # The lazy re-arm
///
/// A timeout that every message puts off need not touch the wheel at every message. Note the time
/// of the message, leave the timer alone, and when it fires look at the note: if the peer was
/// heard meanwhile, insert the timer again. One timer a minute, whatever the traffic, and no
/// allocation, since the new timer takes the place of the old one.
///
/// ```
/// use std::time::Duration;
/// use switchboard::timer::{Moment, Wheel};
///
/// const TIMEOUT: Duration = Duration::from_secs(60);
/// let at = |seconds| Moment::START + Duration::from_secs(seconds);
///
/// let mut wheel = Wheel::new(at(0));
/// wheel.insert(at(0) + TIMEOUT, "a phone");
/// let last_heard = at(45); // A ping came: all it costs is this note.
///
/// // A minute is over, and a slot's rounding. The phone was not silent for all of it.
/// let now = at(61);
/// let phone = wheel.next_due(now).expect("its minute is over");
/// assert!(now.since(last_heard) < TIMEOUT);
/// wheel.insert(last_heard + TIMEOUT, phone);
///
/// // This time nothing came, and it is.
/// let now = at(106);
/// assert_eq!(wheel.next_due(now), Some("a phone"));
/// assert!(now.since(last_heard) >= TIMEOUT);
/// ```
pub struct Wheel<T> {
    /// All timers there are or were; what is free waits in the ring [`FREE`].
    entries: Vec<Entry<T>>,
    /// Which entries belong together: one ring for each slot, then [`DUE`] and [`FREE`].
    rings: Rings,
    /// Which slots have a timer in them. Every ring of a slot that fills or empties is noted here:
    /// in `put`, `lift` and `take_next_slot`.
    occupancy: Occupancy,
    /// The tick whose slot was taken last. What belongs to a later one is in its slot. What belongs
    /// to it or to an earlier one is in [`DUE`] or gone; or, if the cursor has skipped revolutions,
    /// in a slot that it takes on its way to the present.
    cursor: Tick,
    /// The latest moment that the caller has shown us.
    now: Moment,
    /// How many entries are timers.
    live: usize,
}

/// One timer, and never its successor in the same place of memory.
///
/// Once its timer has fired or was cancelled, an id means nothing any more, and stays harmless.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TimerId {
    index: u32,
    /// Not zero, so that an `Option<TimerId>` is no bigger than a `TimerId`: 8 bytes.
    generation: NonZeroU32,
}

/// A timer, or the place for one. Every connection has one of these: it is kept small.
struct Entry<T> {
    /// `None` if the entry is free.
    value: Option<T>,
    /// The round in which the timer is due. Its slot is not noted: the ring it is in says that.
    /// (The 1987 paper counts down the rounds that are left. A round's own number need not be
    /// touched until it matters.)
    round: u32,
    /// How many timers have lived here, this one included.
    generation: NonZeroU32,
}

/// Timers that have left their slot to be fired, one at each call of `next_due`.
const DUE: u32 = SLOTS;
/// Entries that are no timers at present.
const FREE: u32 = SLOTS + 1;
/// One ring for each slot, and the two above.
const RINGS: u32 = SLOTS + 2;

impl<T> Wheel<T> {
    /// How much of the clock falls into one slot, which is also how late a timer may be.
    pub const SLOT_WIDTH: Duration = Duration::from_nanos(SLOT_NANOS);

    /// A wheel without timers, whose clock stands at `start`.
    pub fn new(start: Moment) -> Self {
        Wheel {
            entries: Vec::new(),
            rings: Rings::new(RINGS),
            occupancy: Occupancy::new(),
            cursor: Tick::at_or_before(start),
            now: start,
            live: 0,
        }
    }

    /// Starts a timer: `value` comes back from [`next_due`](Self::next_due) once `deadline` has
    /// passed. Any deadline will do, a past one included. O(1).
    pub fn insert(&mut self, deadline: Moment, value: T) -> TimerId {
        // The entry that has been free for longest comes first, so that generations wear evenly:
        // no id comes round again before four billion timers have used the same place.
        let index = match self.rings.first(FREE) {
            Some(index) => {
                self.lift(index);
                index
            }
            None => self.grow(),
        };
        let entry = &mut self.entries[index as usize];
        entry.value = Some(value);
        let id = TimerId { index, generation: entry.generation };
        self.live += 1;
        self.put_by_deadline(index, deadline);
        id
    }

    /// Stops a timer and gives its value back; `None` if it has fired or was cancelled before. O(1).
    pub fn cancel(&mut self, id: TimerId) -> Option<T> {
        self.is_live(id).then(|| self.release(id.index))
    }

    /// Moves a timer to an earlier or later deadline, under the same id. O(1).
    ///
    /// Returns false, and does nothing, if it has fired or was cancelled before.
    pub fn rearm(&mut self, id: TimerId, deadline: Moment) -> bool {
        let live = self.is_live(id);
        if live {
            self.lift(id.index);
            self.put_by_deadline(id.index, deadline);
        }
        live
    }

    /// Ends one timer whose deadline has passed, and returns its value; `None` if there is no more.
    ///
    /// Call it in a loop. The loop is the caller's, so that the caller can stop when its budget is
    /// spent and go on in its next turn: nothing is lost or done twice. Between two calls the caller
    /// may insert, cancel and move timers. A timer inserted with a deadline in the past fires in the
    /// same loop, so a loop that inserts such timers without a budget need not end.
    ///
    /// A call takes O(1) for each occupied slot on its way to the next timer, and for each timer of
    /// a later round in there: none of them is passed more than once in a revolution.
    ///
    /// Time does not go back: a `now` that is earlier than one before counts as that one.
    pub fn next_due(&mut self, now: Moment) -> Option<T> {
        self.now = self.now.max(now);
        loop {
            if let Some(value) = self.end_next_of_this_round() {
                return Some(value);
            }
            if !self.take_next_slot() {
                return None;
            }
        }
    }

    /// When to call [`next_due`](Self::next_due) again; `None` if there is nothing to wait for.
    ///
    /// Never too late. It is in the past if something may be due already, and in the future once
    /// `next_due` has returned `None`. It may be too early by whole revolutions: a slot whose timers
    /// all belong to later rounds is called all the same, since to know better would mean to look
    /// at them. That costs one vain call for each such slot in a revolution. O(1).
    pub fn next_deadline(&self) -> Option<Moment> {
        if self.rings.first(DUE).is_some() {
            return self.cursor.moment();
        }
        self.next_occupied()?.moment()
    }

    /// How many timers are running.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether no timer is running.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Ends the first timer in [`DUE`] that is due in the cursor's round; those of later rounds
    /// that stand before it go back.
    fn end_next_of_this_round(&mut self) -> Option<T> {
        while let Some(index) = self.rings.first(DUE) {
            if self.entries[index as usize].round <= self.cursor.round() {
                return Some(self.release(index));
            }
            // It came along when its slot was taken. The cursor has passed that slot, and does not
            // return to it before a revolution is over: so this loop looks at it once.
            self.lift(index);
            self.put(index, self.cursor.slot());
        }
        None
    }

    /// Moves the cursor to the next occupied slot whose time has come, and what is in it to
    /// [`DUE`], which must be empty. False if there is none: then the cursor has caught up with
    /// the clock.
    fn take_next_slot(&mut self) -> bool {
        let now = Tick::at_or_before(self.now);
        // If the process was stopped for an hour, the cursor is many revolutions behind. To go
        // through them all would visit every slot again and again. One revolution is enough, if
        // it is the last: for its every slot it asks "what was due up to this round?".
        self.cursor = self.cursor.max(now.one_revolution_before());

        let next = self.next_occupied().filter(|&tick| tick <= now);
        self.cursor = next.unwrap_or(now);
        if next.is_some() {
            // The whole ring goes at once, without a look at its members. So the slot is empty
            // before the first of them fires, and a timer of the next round that is inserted into
            // this slot meanwhile cannot be mistaken for one of this round.
            let slot = self.cursor.slot();
            self.rings.move_all(slot, DUE);
            self.occupancy.clear(slot);
        }
        next.is_some()
    }

    /// The first tick after the cursor whose slot is occupied, at most one revolution ahead.
    fn next_occupied(&self) -> Option<Tick> {
        let slot = self.occupancy.next_after(self.cursor.slot())?;
        Some(self.cursor.next_with_slot(slot))
    }

    /// Puts an entry that is in no ring where its deadline belongs.
    fn put_by_deadline(&mut self, index: u32, deadline: Moment) {
        // Rounded up, a timer cannot fire early. But one whose deadline has passed cannot do so
        // anyhow, and would only wait in vain for the current slot to end.
        let tick = if deadline <= self.now {
            Tick::at_or_before(deadline)
        } else {
            Tick::at_or_after(deadline)
        };
        self.entries[index as usize].round = tick.round();
        // The cursor has been there: in its slot, the timer would wait for a whole revolution.
        let missed = tick <= self.cursor;
        self.put(index, if missed { DUE } else { tick.slot() });
    }

    /// Puts an entry into a ring.
    fn put(&mut self, index: u32, ring: u32) {
        self.rings.append(ring, index);
        if ring < SLOTS {
            self.occupancy.set(ring);
        }
    }

    /// Takes an entry out of the ring it is in, whichever that is.
    fn lift(&mut self, index: u32) {
        if let Some(emptied) = self.rings.remove(index)
            && emptied < SLOTS
        {
            self.occupancy.clear(emptied);
        }
    }

    /// Makes a timer a free entry, and so its id stale.
    fn release(&mut self, index: u32) -> T {
        self.lift(index);
        self.put(index, FREE);
        self.live -= 1;
        let entry = &mut self.entries[index as usize];
        entry.generation = entry.generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        entry.value.take().expect("only a timer is released, and a timer has its value")
    }

    /// Makes room for one more timer than there ever were.
    fn grow(&mut self) -> u32 {
        self.entries.push(Entry { value: None, round: 0, generation: NonZeroU32::MIN });
        self.rings.grow()
    }

    /// Whether the timer neither fired nor was cancelled.
    fn is_live(&self, id: TimerId) -> bool {
        self.entries
            .get(id.index as usize)
            .is_some_and(|entry| entry.generation == id.generation && entry.value.is_some())
    }
}
