//! [`Copies`]: what each device was given of each message. The recipient's devices get copies, the sender's
//! other devices get mirrors, and all devices of the sender are told the message's status.
//!
//! The first copy goes on into the [`Books`](super::super::Books), which know nothing of devices. A device
//! is one bit here, by its place. Entries are dropped from the front once nothing more is to come. Knows
//! neither frames nor ids.

use std::collections::{HashMap, VecDeque};
use std::mem;

use serde::{Deserialize, Serialize};
use switchboard::timer::Moment;

use super::breach::{Breach, Breaches};
use crate::client::Status;
use crate::phone_id::PhoneId;
use crate::record::{Begun, Party};
use crate::workload::{Devices, Stamp};

/// What each device was given of each message.
#[derive(Debug)]
pub(crate) struct Copies {
    devices: Devices,
    /// Whether senders are told what becomes of messages.
    receipts: bool,
    /// Messages from number `first` on.
    entries: VecDeque<Entry>,
    first: u64,
    /// By sender and device: the latest message that has come. For the first copy the books check the
    /// order.
    latest: HashMap<(PhoneId, PhoneId), u64>,
    /// Recipients of messages that the server called undelivered.
    pub(super) returned: Vec<Party>,
    pub(super) tally: Tally,
}

/// How many frames of each kind have come.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Tally {
    /// Copies for the recipient's devices, and mirrors for the sender's other devices.
    pub(crate) copies: u64,
    pub(crate) mirrors: u64,
    /// Statuses of messages.
    pub(crate) statuses: u64,
    /// Messages that were read, as their sender was told.
    pub(crate) read: u64,
}

impl Tally {
    /// Adds the frames of another process.
    pub(super) fn absorb(&mut self, other: Tally) {
        let Tally { copies, mirrors, statuses, read } = other;
        self.copies += copies;
        self.mirrors += mirrors;
        self.statuses += statuses;
        self.read += read;
    }
}

/// A message on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posted {
    pub(crate) from: Party,
    pub(crate) to: Party,
    pub(crate) begun: Begun,
    /// The place of the device that wrote it; and the place of the one on which it is read, if it is.
    pub(crate) written_on: u32,
    pub(crate) read_on: Option<u32>,
}

#[derive(Debug)]
struct Entry {
    posted: Posted,
    /// Devices of the recipient that have no copy yet, and devices of the sender that have no mirror yet.
    copies: u16,
    mirrors: u16,
    /// Devices of the recipient that have not been told that the message was read on another.
    readers: u16,
    /// What the sender's devices have been told: four bits for each.
    heard: u64,
    is_undelivered: bool,
    has_been_read: bool,
}

/// The bits of what one device can be told of a message.
const SENT: u64 = 1;
const DECIDED: u64 = 2;
const READ: u64 = 4;
const BITS: u32 = 4;
/// The lowest bit of every device.
const EACH: u64 = u64::MAX / 15;

/// What a copy of a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Copy {
    /// The first copy.
    First,
    /// The first copy on another device.
    Another,
    /// The same, but a later message has come to that device before it.
    Late,
    /// The device has a copy already.
    Twice,
}

impl Copies {
    pub(super) fn new(devices: Devices, receipts: bool) -> Self {
        Copies {
            devices,
            receipts,
            entries: VecDeque::new(),
            first: 0,
            latest: HashMap::new(),
            returned: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// The next message is on its way. Its number is the one that the books have given it.
    pub(crate) fn send(&mut self, posted: Posted) {
        let all = self.all();
        self.entries.push_back(Entry {
            copies: all,
            mirrors: all & !bit(posted.written_on),
            readers: posted.read_on.map_or(0, |place| all & !bit(place)),
            heard: 0,
            is_undelivered: false,
            has_been_read: false,
            posted,
        });
    }

    /// In a shard: the next message is none of this process. Nothing is to come of it.
    pub(crate) fn pass(&mut self) {
        let nobody = Party { phone: PhoneId(u32::MAX), generation: 0 };
        let begun = Begun::at(Moment::START);
        self.entries.push_back(Entry {
            posted: Posted { from: nobody, to: nobody, begun, written_on: 0, read_on: None },
            copies: 0,
            mirrors: 0,
            readers: 0,
            heard: u64::MAX,
            is_undelivered: false,
            has_been_read: false,
        });
        self.tidy(self.first);
    }

    /// Messages of which something is still to come.
    pub(crate) fn under_way(&self) -> u64 {
        self.entries.len() as u64
    }

    /// A device of the recipient has a copy. The stamp is that of a message that was sent.
    pub(super) fn receive(&mut self, by: PhoneId, stamp: &Stamp, breaches: &mut Breaches) -> Copy {
        self.tally.copies += 1;
        let (all, mask) = (self.all(), bit(self.devices.place(by)));
        let has_others = self.devices.each() > 1;
        let Some(entry) = self.entry(stamp.number) else { return Copy::Twice };
        if entry.copies & mask == 0 && !entry.is_undelivered {
            return Copy::Twice;
        }
        if entry.is_undelivered {
            breaches.add(Breach::WronglyUndelivered);
        }
        // One that was read elsewhere before it was there.
        if entry.posted.read_on.is_some_and(|on| bit(on) != mask) && entry.readers & mask == 0 {
            breaches.add(Breach::StatusOutOfOrder);
        }
        let is_first = entry.copies == all || entry.is_undelivered;
        entry.copies &= !mask;
        self.tidy(stamp.number);
        let mut is_late = false;
        if has_others {
            let latest = self.latest.entry((stamp.sender, by)).or_default();
            is_late = *latest > stamp.number;
            *latest = stamp.number.max(*latest);
        }
        match (is_first, is_late) {
            (true, _) => Copy::First,
            (false, false) => Copy::Another,
            (false, true) => Copy::Late,
        }
    }

    /// A device of the sender has a copy.
    pub(super) fn mirror(
        &mut self,
        by: PhoneId,
        stamp: &Stamp,
        is_outgoing: bool,
        breaches: &mut Breaches,
    ) {
        self.tally.mirrors += 1;
        let place = self.devices.place(by);
        let Some(entry) = self.entry(stamp.number) else {
            return breaches.add(Breach::MirrorTwice);
        };
        if !is_outgoing || entry.posted.written_on == place {
            breaches.add(Breach::MirrorWrong);
        } else if entry.mirrors & bit(place) == 0 {
            breaches.add(Breach::MirrorTwice);
        }
        entry.mirrors &= !bit(place);
        self.tidy(stamp.number);
    }

    /// A device is told what has become of a message. Returns what the record learns from it, if anything.
    pub(super) fn hear(
        &mut self,
        by: PhoneId,
        number: u64,
        status: Status,
        breaches: &mut Breaches,
    ) -> Option<News> {
        self.tally.statuses += 1;
        let (session, place) = (self.devices.session(by), self.devices.place(by));
        if !self.receipts || number >= self.first + self.entries.len() as u64 {
            breaches.add(Breach::StatusUncalled);
            return None;
        }
        let all = self.all();
        let Some(entry) = self.entry(number) else {
            breaches.add(Breach::StatusTwice);
            return None;
        };
        let news = if session == entry.posted.from.phone {
            entry.tell_sender(place, status, all, breaches)
        } else if session == entry.posted.to.phone && status == Status::Read {
            entry.tell_reader(place, breaches);
            None
        } else {
            breaches.add(Breach::StatusUncalled);
            None
        };
        let to = entry.posted.to;
        match news {
            Some(News::Read(_)) => self.tally.read += 1,
            Some(News::Undelivered) => self.returned.push(to),
            None => {}
        }
        self.tidy(number);
        news
    }

    /// Counts what should have come and has not, unless either side may have missed what was sent at that moment.
    pub(super) fn close(&self, missed: impl Fn(Party, Moment) -> bool, breaches: &mut Breaches) {
        let all = self.all();
        for entry in &self.entries {
            let Posted { from, to, begun, read_on, .. } = entry.posted;
            // A message without any copy is lost, and the books count it.
            let is_lost = entry.copies == all && !entry.is_undelivered;
            if is_lost || missed(from, begun.actual) || missed(to, begun.actual) {
                continue;
            }
            breaches.add_many(Breach::CopyLost, entry.copies.count_ones().into());
            breaches.add_many(Breach::MirrorLost, entry.mirrors_due().count_ones().into());
            // If the copy is missing on the device that reads, the message could not be marked as read.
            let is_readable = read_on.is_some_and(|place| entry.copies & bit(place) == 0);
            if is_readable {
                breaches.add_many(Breach::StatusLost, entry.readers.count_ones().into());
            }
            for place in 0..self.devices.each() * u32::from(self.receipts) {
                let due = entry.due() & if is_readable { u64::MAX } else { !READ };
                let missing = due & !entry.heard_by(place);
                breaches.add_many(Breach::StatusLost, missing.count_ones().into());
            }
        }
    }

    fn all(&self) -> u16 {
        u16::MAX >> (Devices::MOST - self.devices.each())
    }

    /// `None`: nothing more was to come of this message.
    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get_mut(place)
    }

    /// Something has come of a message. If it was the last, the entry is dropped.
    fn tidy(&mut self, number: u64) {
        if number != self.first {
            return;
        }
        let (receipts, devices) = (self.receipts, self.devices.each());
        while self.entries.front().is_some_and(|entry| entry.is_done(receipts, devices)) {
            self.entries.pop_front();
            self.first += 1;
        }
    }
}

/// What the record learns from a status.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum News {
    /// The message was read. The moments at which it was sent.
    Read(Begun),
    /// It will not arrive.
    Undelivered,
}

impl Entry {
    fn tell_sender(
        &mut self,
        place: u32,
        status: Status,
        all: u16,
        breaches: &mut Breaches,
    ) -> Option<News> {
        let heard = self.heard_by(place);
        let word = match status {
            Status::Sent => SENT,
            Status::Delivered | Status::Undelivered => DECIDED,
            Status::Read => READ,
        };
        let is_undelivered = status == Status::Undelivered;
        let was_decided = self.heard & (DECIDED * EACH) != 0;
        let contradicts = match status {
            Status::Delivered => self.is_undelivered,
            Status::Undelivered => was_decided && !self.is_undelivered,
            Status::Sent | Status::Read => false,
        };
        if heard & word != 0 && !contradicts {
            breaches.add(Breach::StatusTwice);
            return None;
        }
        if contradicts || heard > word {
            breaches.add(Breach::StatusOutOfOrder);
        }
        if status == Status::Read && self.posted.read_on.is_none() {
            breaches.add(Breach::StatusUncalled);
        }
        self.heard |= word << (place * BITS);
        if is_undelivered && !was_decided {
            self.is_undelivered = true;
            if self.copies != all {
                breaches.add(Breach::WronglyUndelivered);
            }
            (self.copies, self.readers) = (0, 0);
            return Some(News::Undelivered);
        }
        let is_news = status == Status::Read && !mem::replace(&mut self.has_been_read, true);
        is_news.then_some(News::Read(self.posted.begun))
    }

    fn tell_reader(&mut self, place: u32, breaches: &mut Breaches) {
        if self.readers & bit(place) == 0 {
            return breaches.add(match self.posted.read_on {
                Some(read_on) if read_on != place => Breach::StatusTwice,
                Some(_) | None => Breach::StatusUncalled,
            });
        }
        self.readers &= !bit(place);
    }

    fn heard_by(&self, place: u32) -> u64 {
        self.heard >> (place * BITS) & (SENT | DECIDED | READ)
    }

    /// Mirrors that are still to come. An undelivered message has none.
    fn mirrors_due(&self) -> u16 {
        if self.is_undelivered { 0 } else { self.mirrors }
    }

    /// What each device of the sender is to be told.
    fn due(&self) -> u64 {
        match (self.is_undelivered, self.posted.read_on) {
            // A message to a session that is offline is not even called sent.
            (true, _) => DECIDED,
            (false, Some(_)) => SENT | DECIDED | READ,
            (false, None) => SENT | DECIDED,
        }
    }

    fn is_done(&self, receipts: bool, devices: u32) -> bool {
        let due = self.due() * (EACH >> (u64::BITS - devices * BITS));
        let all_told = !receipts || self.heard & due == due;
        self.copies == 0 && self.mirrors_due() == 0 && self.readers == 0 && all_told
    }
}

/// The bit of a device.
pub(super) fn bit(place: u32) -> u16 {
    1 << (place % Devices::MOST)
}
