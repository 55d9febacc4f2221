//! [`Shared`]: what one process knows of the messages of other processes, which play other shards of the same plan.
//!
//! All shards draw the same messages. So each knows who should write what, where and when, and to which of its own
//! phones that is owed. Whether it was sent, only the sender's shard knows. So what is still owed in the end is
//! *overdue*, and `merge` tells whether it was lost (`record/books/crossing.rs`). Typing of others, and what their
//! messages answer, is not known here.
//!
//! Another process may be behind with sending, and this one with connecting. So a message of another shard is owed
//! only to phones that were there before the moment for which it was planned: it cannot have been sent earlier.

use std::collections::{BTreeMap, BTreeSet};

use switchboard::timer::Moment;

use super::{Accounts, Owed, Seat};
use crate::phone_id::PhoneId;
use crate::record::books::{Books, Crossing, Fault, Overdue};
use crate::workload::{Place, Shard, Stamp};

/// A message that has come before it was drawn here has at most this many before it that were not drawn either. Their
/// places in the logs take 4 bytes each.
pub(super) const MOST_EARLY: u64 = 1_000_000;

/// What is known of other shards.
#[derive(Debug)]
pub(super) struct Shared {
    shard: Shard,
    /// A hash of the names of all users, which must be the same in all shards.
    users: u64,
    /// Messages sent to phones of other shards, and messages of other shards that some phone here should get.
    sent: u64,
    due: u64,
    /// When the last phone came.
    pub(super) last_came: Moment,
    /// Messages that have come before they were drawn here, by number.
    early: BTreeMap<u64, Early>,
}

/// A message that has come before it was drawn here, and the phones that have it.
#[derive(Debug)]
struct Early {
    stamp: Stamp,
    by: BTreeSet<PhoneId>,
}

impl Accounts {
    /// This process plays a shard. `users` is a hash of the names of all users.
    pub(crate) fn share(&mut self, shard: Shard, users: u64) {
        self.shared = Some(Box::new(Shared {
            shard,
            users,
            sent: 0,
            due: 0,
            last_came: Moment::START,
            early: BTreeMap::new(),
        }));
    }

    /// The hash of the names of all users, if this is a shard.
    pub(super) fn users(&self) -> u64 {
        self.shared.as_ref().map_or(0, |shared| shared.users)
    }

    /// Whether a phone belongs to another shard.
    pub(super) fn is_of_another(&self, phone: PhoneId) -> bool {
        self.shared.as_ref().is_some_and(|shared| !shared.shard.has(phone))
    }

    /// A message of the plan is not sent.
    pub(crate) fn pass(&mut self, stamp: &Stamp, books: &mut Books) {
        self.draw(Owed::of_another(stamp, 0));
        self.tidy(books);
    }

    /// A phone of another shard should have sent this message by now.
    pub(crate) fn expect(&mut self, stamp: &Stamp, books: &mut Books) {
        let early = self.shared.as_mut().and_then(|shared| shared.early.remove(&stamp.number));
        if early.as_ref().is_some_and(|early| early.stamp != *stamp) {
            books.note(Fault::Garbled);
        }
        let early = early.filter(|early| early.stamp == *stamp);
        let have_it = early.map(|early| early.by).unwrap_or_default();
        let receivers = self.receivers(stamp);
        let paid = have_it.into_iter().filter(|&by| self.is_due(by, stamp)).count() as u32;
        if let Some(shared) = &mut self.shared {
            shared.due += u64::from(receivers > 0);
        }
        self.draw(Owed::of_another(stamp, receivers - paid));
        self.tidy(books);
    }

    /// How many phones of this process a message of another one is owed to.
    pub(super) fn receivers(&self, stamp: &Stamp) -> u32 {
        match Place::of(stamp.recipient) {
            Place::Everyone if self.all_were_there(stamp.intended) => self.present,
            Place::Everyone => {
                let phones = u32::try_from(self.seats.len()).expect("phones have 32 bits");
                (0..phones).filter(|&phone| self.is_due(PhoneId(phone), stamp)).count() as u32
            }
            Place::Phone(phone) => u32::from(self.is_due(phone, stamp)),
            // Its members are all of one shard.
            Place::Room(_) => 0,
        }
    }

    /// Whether no phone has come since a message was sent that was planned for this moment.
    fn all_were_there(&self, intended: Moment) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.last_came + Shard::APART <= intended)
    }

    /// Whether a message is owed to a phone of its place: the phone is there, and was when the message was sent.
    pub(super) fn is_due(&self, phone: PhoneId, stamp: &Stamp) -> bool {
        let seat = self.seats.get(phone.index()).filter(|seat| seat.is_present);
        seat.is_some_and(|seat| self.was_there(seat, stamp))
    }

    /// Whether a phone came before a message was sent.
    pub(super) fn was_there(&self, seat: &Seat, stamp: &Stamp) -> bool {
        match self.is_of_another(stamp.sender) {
            false => stamp.number >= u64::from(seat.since),
            true => !is_before(stamp, seat),
        }
    }

    /// A message is sent: notes whether it comes to phones of other shards.
    pub(super) fn count_sent(&mut self, stamp: &Stamp) {
        let Some(shared) = &mut self.shared else { return };
        let goes_to_others = match Place::of(stamp.recipient) {
            Place::Everyone => shared.shard.of > 1,
            Place::Phone(phone) => !shared.shard.has(phone),
            Place::Room(_) => false,
        };
        shared.sent += u64::from(goes_to_others);
    }

    /// Whether a message that was not drawn yet may have come all the same.
    pub(super) fn may_be_early(&self, stamp: &Stamp) -> bool {
        self.is_of_another(stamp.sender) && stamp.number < self.next_number() + MOST_EARLY
    }

    /// A message has come to a phone. If it was not drawn yet, that is noted. Returns whether it may be the one that will
    /// be drawn.
    pub(super) fn note_early(&mut self, by: PhoneId, stamp: &Stamp) -> bool {
        if stamp.number < self.next_number() {
            return true;
        }
        let Some(shared) = &mut self.shared else { return false };
        let new = || Early { stamp: *stamp, by: BTreeSet::new() };
        let early = shared.early.entry(stamp.number).or_insert_with(new);
        if early.stamp != *stamp {
            return false;
        }
        if matches!(Place::of(stamp.recipient), Place::Everyone) || stamp.recipient == by {
            early.by.insert(by);
        }
        self.grow(stamp.number as usize + 1);
        true
    }

    /// The run is over: what came early and was never due was sent by nobody.
    pub(super) fn end_early(&self, books: &mut Books) {
        let early = self.shared.iter().flat_map(|shared| &shared.early);
        early.for_each(|_| books.note(Fault::Garbled));
    }

    /// Enters what was between shards, once the run is over.
    pub(in crate::record) fn enter_crossing(&self, crossing: &mut Crossing) {
        let Some(shared) = &self.shared else { return };
        let is_overdue = |owed: &&Owed| !owed.is_ours && owed.to > 0;
        let overdue = self.under_way.iter().filter(is_overdue).map(|owed| {
            let Owed { stamp, to, .. } = *owed;
            let is_notice = self.is_notice(stamp.recipient);
            let overdue =
                Overdue { sender: stamp.sender.0, in_doubt: false, phones: to, is_notice };
            (stamp.number, overdue)
        });
        crossing.overdue.extend(overdue);
        let arrived = shared.due - crossing.overdue.len() as u64;
        (crossing.sent, crossing.arrived) = (shared.sent, arrived);
    }

    /// A phone of this process that may read a place, for which of two ends is asked first.
    pub(super) fn own_reader(&self, one: PhoneId, other: PhoneId) -> (PhoneId, PhoneId) {
        if self.is_of_another(one) { (other, one) } else { (one, other) }
    }

    /// The first phone of this process.
    pub(super) fn first_phone(&self) -> PhoneId {
        PhoneId(self.shared.as_ref().map_or(0, |shared| shared.shard.number - 1))
    }
}

/// Whether a message was planned for a moment at which this phone had not come yet, perhaps by the clock of another
/// process.
pub(super) fn is_before(stamp: &Stamp, seat: &Seat) -> bool {
    stamp.intended < seat.came + Shard::APART
}
