//! What phones hear: a message, or that one of their own is stored. Each is looked at by itself here; what it is in the order
//! of its place is for `follow` to say.

use switchboard::timer::Moment;

use super::follow::Step;
use super::log::place_of;
use super::{Accounts, Arrival, Lapse, NOWHERE};
use crate::phone_id::PhoneId;
use crate::record::books::{Books, Fault, Receipt, Way};
use crate::record::measure::Begun;
use crate::workload::{Place, Stamp};

impl Accounts {
    /// A message has come to a phone, which may be its sender. Returns what it came to, if it is the right message at the
    /// right phone for the first time.
    pub(crate) fn hear(
        &mut self,
        by: PhoneId,
        stamp: &Stamp,
        books: &mut Books,
        now: Moment,
    ) -> Option<Arrival> {
        let number = self.begin_to_hear(by, stamp, books, now)?;
        match self.follow(by, stamp, number, now) {
            Step::Next => {}
            Step::Late => books.note(Fault::Reordered),
            Step::Again => {
                books.note(Fault::Duplicated);
                return None;
            }
            Step::Astray => {
                books.note(Fault::Misdelivered);
                return None;
            }
        }
        if by == stamp.sender {
            return Some(self.acknowledge(stamp, books, now));
        }
        let is_denied = self.is_due(by, stamp) && self.denied.contains(&number);
        self.lapses.add_many(Lapse::DeliveryDenied, u64::from(is_denied));
        let (receipt, _) = self.receive(by, stamp, books);
        self.counts.deliveries += 1;
        self.counts.notices += u64::from(self.seats[by.index()].hears_by_notice);
        Some(Arrival::Delivered(receipt))
    }

    /// The sender of a message is told that it is stored, in other words than those in which others hear it. When it is
    /// told so says nothing of the message's place among others.
    pub(crate) fn hear_stored(
        &mut self,
        by: PhoneId,
        stamp: &Stamp,
        books: &mut Books,
        now: Moment,
    ) -> Option<Arrival> {
        if by != stamp.sender {
            return self.hear(by, stamp, books, now);
        }
        let number = self.begin_to_hear(by, stamp, books, now)?;
        if self.position(number) == NOWHERE {
            self.place(stamp, number);
        }
        self.gaps.remove(by, number);
        Some(self.acknowledge(stamp, books, now))
    }

    /// The sender of a private message is told that no connection of its recipient was told of it. So it may not come
    /// to a phone that was there when it was sent.
    pub(crate) fn deny_delivery(&mut self, stamp: &Stamp) {
        let Place::Phone(to) = Place::of(stamp.recipient) else { return };
        let Some(number) = self.number(stamp).filter(|_| self.is_due(to, stamp)) else { return };
        let generation = self.seats[to.index()].generation;
        let has_it = self.position(number) != NOWHERE && !self.is_owed(to, generation, stamp);
        self.lapses.add_many(Lapse::DeliveryDenied, u64::from(has_it));
        self.denied.insert(number);
    }

    /// The number of a message that has come to a phone, if it was sent like this and this is the first time.
    fn begin_to_hear(
        &mut self,
        by: PhoneId,
        stamp: &Stamp,
        books: &mut Books,
        now: Moment,
    ) -> Option<u32> {
        let number = self.number(stamp).filter(|_| !books.was_left_out(stamp.number));
        let Some(number) = number.filter(|_| self.note_early(by, stamp)) else {
            books.note(Fault::Garbled);
            return None;
        };
        self.last_news = now;
        if self.has_heard_before(by, stamp, number) {
            books.note(Fault::Duplicated);
            return None;
        }
        Some(number)
    }

    /// The sender of a message knows that it is stored.
    fn acknowledge(&mut self, stamp: &Stamp, books: &mut Books, now: Moment) -> Arrival {
        let (receipt, sent) = self.receive(stamp.sender, stamp, books);
        let number = stamp.number as u32;
        self.counts.acknowledged += u64::from(!self.is_acknowledged(number));
        self.acknowledged[number as usize / 64] |= 1 << (number % 64);
        // A message of a connection that is gone is not timed.
        if let Some(actual) = sent {
            self.acknowledgement.add(Begun { planned: stamp.intended, actual }, now);
        }
        Arrival::Acknowledged(receipt)
    }

    /// A message is owed to one phone less. Returns also when it was sent, if that is still known.
    fn receive(
        &mut self,
        by: PhoneId,
        stamp: &Stamp,
        books: &mut Books,
    ) -> (Receipt, Option<Moment>) {
        let sent = self.pay(by, stamp, books);
        let Stamp { number, sender, intended, .. } = *stamp;
        let receipt = Receipt {
            number,
            sender,
            way: Way::Within,
            intended,
            sent: sent.unwrap_or(intended),
            is_of_another: self.is_of_another(sender),
        };
        (receipt, sent)
    }

    /// Whether a phone that has heard nothing yet on this connection has heard a message on the one before; or it is a
    /// message of its own, and it knows already that it is stored.
    fn has_heard_before(&self, by: PhoneId, stamp: &Stamp, number: u32) -> bool {
        if by == stamp.sender {
            return self.is_acknowledged(number);
        }
        let cursor = self.logs.at(place_of(stamp)).and_then(|log| log.at(by));
        cursor.is_some_and(|cursor| {
            cursor.generation != self.seats[by.index()].generation
                && (cursor.start..cursor.next).contains(&self.position(number))
                && !self.gaps.has(by, number)
        })
    }
}
