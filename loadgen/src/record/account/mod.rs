//! [`Accounts`]: what became of the messages of users with accounts: who got each of them, whether it was
//! acknowledged, and whether the server has kept it.
//!
//! A message to everyone has as many deliveries as there are phones. It is *owed* to the phones that are there
//! when it is sent, its sender included: what the sender gets is the acknowledgement. Each message costs 24
//! bytes for the whole run, 32 where the protocol shows ids, and some 70 more while it is under way; each phone
//! costs 76 bytes.
//!
//! If several processes share the plan, each has an entry for every message of it, so that numbers are the same in all.
//! `shared` has what one process knows of the messages of others, and `part` what it tells `merge`.

mod checks;
mod counts;
mod follow;
mod hearing;
mod lapse;
mod log;
mod marks;
mod mids;
mod numbers;
mod orders;
mod part;
mod precedence;
mod shared;
mod stored;
#[cfg(test)]
mod tests;
mod typing;

pub(crate) use lapse::{Lapse, Lapses};
pub(crate) use marks::{Conversation, Reset};
pub(super) use orders::Orders;
pub(super) use part::AccountPart;
pub(crate) use stored::Kept;
use stored::Stored;

use std::collections::{HashMap, HashSet, VecDeque};

use switchboard::timer::Moment;

use super::books::{Books, Missing, Receipt};
use super::measure::Measure;
use super::views::Views;
use crate::phone_id::PhoneId;
use crate::workload::{Place, Stamp};
use counts::Counts;
use log::{Gaps, Log, Logs, place_of};
use mids::Mids;
use precedence::Precedence;
use shared::Shared;
use typing::Typing;

/// What became of the messages of users with accounts.
#[derive(Debug)]
pub(crate) struct Accounts {
    /// By phone.
    seats: Vec<Seat>,
    /// How many phones are there.
    present: u32,
    /// By message: its place in its log, or [`NOWHERE`].
    positions: Vec<u32>,
    precedence: Precedence,
    /// By message: whether it was acknowledged. 64 messages each.
    acknowledged: Vec<u64>,
    /// By message: who wrote it.
    senders: Vec<PhoneId>,
    mids: Mids,
    logs: Logs,
    /// Messages that are owed to a phone, from number `first` on.
    under_way: VecDeque<Owed>,
    first: u64,
    gaps: Gaps,
    /// Private messages of which the sender was told that nobody was told of them.
    denied: HashSet<u32>,
    /// Messages of which nobody knows whether the server has got them.
    in_doubt: Vec<u64>,
    pub(crate) counts: Counts,
    typing: Typing,
    pub(crate) lapses: Lapses,
    /// From sending a message to its acknowledgement.
    pub(crate) acknowledgement: Measure,
    /// From asking for a history, while the plan is played, to its arrival.
    pub(crate) history: Measure,
    /// By message: the server's id of the message that it answers.
    answers: HashMap<u32, Box<str>>,
    /// By user and place: the message up to which the user has marked the place as read; `None`: before the run.
    marks: HashMap<(PhoneId, Place), Option<u32>>,
    /// What the histories at the end came to.
    pub(crate) stored: Stored,
    /// Messages in them that have no place in a log.
    kept_unseen: HashSet<u32>,
    /// Who is online, and what phones are shown of that. `None`: they are shown nothing.
    online: Option<Box<Views>>,
    /// Nothing has been measured, where nothing is shown.
    no_times: Measure,
    last_news: Moment,
    /// What is known of other processes that share the plan, if there are some.
    shared: Option<Box<Shared>>,
}

/// The place of a message that no phone has seen.
const NOWHERE: u32 = u32::MAX;

/// What is known of a phone.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    /// It is on its way, or there, and it is one that reads.
    is_awaited: bool,
    is_present: bool,
    /// Whether private messages come to it as notices.
    hears_by_notice: bool,
    /// Whether it is shown who is online.
    is_shown_online: bool,
    /// Counts its connections.
    generation: u32,
    /// Messages from this number on are owed to it, while it is there.
    since: u32,
    /// How many messages to everyone others had when it dialled.
    known: u32,
    /// When it came.
    came: Moment,
    /// How many users are online, as it was told last; `None`: it was not.
    online: Option<u64>,
    /// When so much came to it at once that its socket may have been full before.
    crowded: Moment,
}

/// A message that is owed to some phones.
#[derive(Clone, Copy, Debug)]
struct Owed {
    stamp: Stamp,
    sent: Moment,
    /// To how many phones of this process.
    to: u32,
    /// Whether a phone of this process has sent it.
    is_ours: bool,
    /// Whether the sender's connection ended before the acknowledgement.
    is_doubted: bool,
    /// Whether it has come to some phone.
    was_heard: bool,
}

impl Owed {
    /// A message that no phone of this process sends. If one of another process does, then at the planned moment.
    fn of_another(stamp: &Stamp, to: u32) -> Self {
        let sent = stamp.intended;
        Owed { stamp: *stamp, sent, to, is_ours: false, is_doubted: false, was_heard: false }
    }
}

/// A message that has come to a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Arrival {
    /// To its sender, as the acknowledgement.
    Acknowledged(Receipt),
    /// To another phone.
    Delivered(Receipt),
}

impl Accounts {
    /// Nothing has happened yet to this many phones.
    pub(crate) fn new(phones: u32) -> Self {
        let phones = PhoneId(phones).index();
        Accounts {
            seats: vec![Seat::default(); phones],
            present: 0,
            positions: Vec::new(),
            precedence: Precedence::default(),
            acknowledged: Vec::new(),
            senders: Vec::new(),
            mids: Mids::default(),
            logs: Logs::new(phones),
            under_way: VecDeque::new(),
            first: 0,
            gaps: Gaps::default(),
            denied: HashSet::new(),
            in_doubt: Vec::new(),
            counts: Counts::default(),
            typing: Typing::default(),
            lapses: Lapses::default(),
            acknowledgement: Measure::default(),
            history: Measure::default(),
            answers: HashMap::new(),
            marks: HashMap::new(),
            stored: Stored::default(),
            kept_unseen: HashSet::new(),
            online: None,
            no_times: Measure::default(),
            last_news: Moment::START,
            shared: None,
        }
    }

    /// Some phones are shown who is online.
    pub(crate) fn show_online(&mut self) {
        let phones = u32::try_from(self.seats.len()).expect("phones have 32 bits");
        self.online = Some(Box::new(Views::new(phones, 1)));
    }

    /// This phone is one of those.
    pub(crate) fn is_shown_online(&mut self, phone: PhoneId) {
        self.seats[phone.index()].is_shown_online = true;
    }

    /// The server need not show this phone as online: its socket is not one of those that make a user so.
    pub(crate) fn may_be_hidden(&mut self, phone: PhoneId) {
        if let Some(views) = &mut self.online {
            views.ignore(phone);
        }
    }

    /// What phones are shown of who is online, if they are shown anything.
    pub(crate) fn views_mut(&mut self) -> Option<&mut Views> {
        self.online.as_deref_mut()
    }

    /// There is another room, with these members.
    pub(crate) fn add_room(&mut self, members: impl Iterator<Item = PhoneId>) {
        self.logs.rooms.push(Log::of_few(members));
    }

    /// Private messages come to this phone as notices.
    pub(crate) fn hears_by_notice(&mut self, phone: PhoneId) {
        self.seats[phone.index()].hears_by_notice = true;
    }

    /// A message is sent. The books have given it its number.
    pub(crate) fn send(&mut self, stamp: &Stamp, now: Moment) {
        let others = self.others(stamp.sender, Place::of(stamp.recipient));
        let to = others + u32::from(self.is_present(stamp.sender));
        self.count_sent(stamp);
        self.draw(Owed { sent: now, is_ours: true, ..Owed::of_another(stamp, to) });
        self.precedence.send(stamp.number as u32);
    }

    /// Enters the next message of the plan.
    fn draw(&mut self, owed: Owed) {
        let messages = self.next_number() as usize + 1;
        self.grow(messages);
        self.acknowledged.resize(messages.div_ceil(64), 0);
        self.senders.push(owed.stamp.sender);
        self.under_way.push_back(owed);
    }

    /// There are at least this many messages.
    fn grow(&mut self, messages: usize) {
        self.positions.resize(messages.max(self.positions.len()), NOWHERE);
        self.precedence.grow(messages);
    }

    /// The number of the next message of the plan.
    fn next_number(&self) -> u64 {
        self.first + self.under_way.len() as u64
    }

    /// How many other phones are there in this place of a phone.
    pub(crate) fn others(&self, sender: PhoneId, place: Place) -> u32 {
        match place {
            Place::Everyone => self.present - u32::from(self.is_present(sender)),
            Place::Phone(phone) => u32::from(self.is_present(phone)),
            Place::Room(_) => {
                let members = self.logs.at((place, sender)).map(Log::members).unwrap_or_default();
                let is_other = |&phone: &PhoneId| phone != sender && self.is_present(phone);
                members.into_iter().filter(is_other).count() as u32
            }
        }
    }

    /// A message is owed to one phone less. Returns when it was sent, if it is still known.
    fn pay(&mut self, by: PhoneId, stamp: &Stamp, books: &mut Books) -> Option<Moment> {
        let is_due = self.is_due(by, stamp);
        let at = stamp.number.checked_sub(self.first)?;
        let owed = self.under_way.get_mut(usize::try_from(at).ok()?)?;
        let sent = owed.sent;
        owed.was_heard = true;
        owed.to = owed.to.saturating_sub(u32::from(is_due));
        if owed.to == 0 && owed.is_ours {
            // Not only when it is dropped: one before it may be lost.
            books.complete(stamp.number);
        }
        self.tidy(books);
        Some(sent)
    }

    /// Drops the messages at the front that are owed to no phone any more.
    fn tidy(&mut self, books: &mut Books) {
        while let Some(owed) = self.under_way.front().filter(|owed| owed.to == 0) {
            match owed.was_heard {
                _ if !owed.is_ours => {}
                // Its sender is gone, and so are all that should have got it.
                false => self.in_doubt.push(owed.stamp.number),
                true => books.complete(owed.stamp.number),
            }
            self.under_way.pop_front();
            self.first += 1;
        }
    }

    /// What was sent with this number, if it is still under way.
    pub(crate) fn sent(&self, number: u64) -> Option<Stamp> {
        self.owed(number).map(|owed| owed.stamp)
    }

    fn owed(&self, number: u64) -> Option<&Owed> {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok())?;
        self.under_way.get(at)
    }

    fn is_present(&self, phone: PhoneId) -> bool {
        self.seats.get(phone.index()).is_some_and(|seat| seat.is_present)
    }

    /// A phone is no longer there: nothing is owed to it any more.
    fn leave(&mut self, phone: PhoneId) {
        let seat = &mut self.seats[phone.index()];
        if !std::mem::take(&mut seat.is_present) {
            return;
        }
        let seat = *seat;
        self.present -= 1;
        let mut under_way = std::mem::take(&mut self.under_way);
        for owed in under_way.iter_mut().filter(|owed| owed.to > 0) {
            let stamp = &owed.stamp;
            if self.was_there(&seat, stamp) && self.is_owed(phone, seat.generation, stamp) {
                owed.to -= 1;
                owed.is_doubted |= owed.stamp.sender == phone;
            }
        }
        self.under_way = under_way;
    }

    /// Whether a phone should have a message, and has not.
    fn is_owed(&self, phone: PhoneId, generation: u32, stamp: &Stamp) -> bool {
        let number = stamp.number as u32;
        if stamp.sender == phone {
            return !self.is_acknowledged(number);
        }
        let position = self.positions[number as usize];
        let log = self.logs.at(place_of(stamp));
        let cursor = match Place::of(stamp.recipient) {
            Place::Phone(to) if to != phone => return false,
            Place::Phone(_) if log.is_none() => return true,
            Place::Everyone | Place::Room(_) | Place::Phone(_) => log.and_then(|log| log.at(phone)),
        };
        let Some(cursor) = cursor else { return false };
        let has_it = cursor.generation == generation
            && (cursor.start..cursor.next).contains(&position)
            && !self.gaps.has(phone, number);
        !has_it
    }

    /// Messages that never arrived everywhere: those that are lost, and those that are in doubt.
    pub(crate) fn missing(&self) -> Missing {
        let mut missing = Missing { lost: 0, in_doubt: self.in_doubt.len() as u64 };
        for owed in self.never_complete() {
            match owed.is_doubted && !owed.was_heard {
                true => missing.in_doubt += 1,
                false => missing.lost += 1,
            }
        }
        missing
    }

    /// Messages of this process that are still owed, or that nobody has.
    fn never_complete(&self) -> impl Iterator<Item = &Owed> {
        let is_missing = |owed: &&Owed| owed.is_ours && (owed.to > 0 || !owed.was_heard);
        self.under_way.iter().filter(is_missing)
    }

    /// Whether a message to this recipient comes to a phone on another page than the conversation's.
    fn is_notice(&self, recipient: PhoneId) -> bool {
        match Place::of(recipient) {
            Place::Phone(to) => self.seats[to.index()].hears_by_notice,
            Place::Everyone | Place::Room(_) => false,
        }
    }

    /// Whether this phone has been told that this message of its own is stored.
    pub(crate) fn has_acknowledged(&self, to: PhoneId, number: u64) -> bool {
        let index = usize::try_from(number).ok().filter(|&index| index < self.positions.len());
        index.is_some_and(|index| {
            self.senders.get(index) == Some(&to) && self.is_acknowledged(index as u32)
        })
    }

    fn is_acknowledged(&self, number: u32) -> bool {
        let word = self.acknowledged.get(number as usize / 64);
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// The place of a message in its log, or [`NOWHERE`].
    fn position(&self, number: u32) -> u32 {
        self.positions.get(number as usize).copied().unwrap_or(NOWHERE)
    }
}
