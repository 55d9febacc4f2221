//! Messages: what people write, and what becomes of it.
//!
//! `say` hands the copies of a message to the sink, one for each device of the recipient, all with one
//! ticket. The turn settles each copy. The first delivered copy makes the message delivered, and the two
//! people contacts. If no copy is delivered, the message is undelivered. The sender is told `sent`, then
//! `delivered` or `undelivered`, then `read`, each at most once. This file knows no bytes. Called by the
//! realm.

use super::contacts::Meeting;
use super::event::{Event, Status};
use super::person_key::PersonKey;
use super::shares::{Stock, heaviest};
use super::{Caller, ItemId, Message, Realm, Refusal, Ticket, tell, tell_others};
use crate::chat::{Fault, Name, Outcome, Reason, Sink};
use crate::limiter::Block;
use crate::timer::{Moment, Now};

impl Realm {
    /// A person sends a message to another one.
    pub(super) fn say(
        &mut self,
        now: Now,
        Caller { device, person: sender, from: block }: Caller,
        message: &Message<'_>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal> {
        let recipient = self.people.find(message.to.as_str());
        if !self.may_write(sender, recipient) {
            self.books.refuse(Fault::NotInvited);
            return Err(Refusal::NotInvited);
        }
        self.books.take();
        let Some(recipient) = recipient.filter(|&to| self.people[to].is_online()) else {
            self.books.settle(Outcome::Undelivered(Reason::Offline));
            let from = Name::Session(self.people[sender].id().into());
            sink.undelivered(&from, &Name::Session(message.to.as_str().into()), Reason::Offline);
            self.tell_status(sender, message.id.as_str(), Status::Undelivered, sink);
            return Ok(());
        };
        let ticket = self.track(now.monotonic, (sender, block), recipient, message.id.as_str());
        // The message goes to the sink first, and its status after that.
        let from = self.people[sender].id();
        let taken_at = now.unix;
        let to = self.people[recipient].devices();
        let ticket = Some(ticket);
        tell(sink, to, Event::Message { message, from, taken_at, is_outgoing: false, ticket });
        if sender != recipient {
            let mirrors = self.people[sender].devices();
            let copy = Event::Message { message, from, taken_at, is_outgoing: true, ticket: None };
            tell_others(sink, mirrors, device, copy);
        }
        self.tell_status(sender, message.id.as_str(), Status::Sent, sink);
        Ok(())
    }

    /// Settles one copy of a message. It ignores a ticket whose copies are all settled.
    pub(super) fn settle_copy(&mut self, ticket: Ticket, outcome: Outcome, sink: &mut impl Sink) {
        let Some(key) = self.tracks.with_ticket(ticket) else { return };
        self.tracks.copies -= 1;
        let track = &mut self.tracks.all[key as usize];
        track.copies -= 1;
        let is_last = track.copies == 0;
        match outcome {
            Outcome::Delivered if !track.is_decided => self.delivered(key, sink),
            Outcome::Undelivered(reason) if !track.is_decided && is_last => {
                self.undelivered(key, reason, sink);
            }
            Outcome::Delivered | Outcome::Undelivered(_) => {}
        }
        self.drop_if_done(key);
    }

    /// A person marks a message as read.
    pub(super) fn read(
        &mut self,
        Caller { device, person: reader, .. }: Caller,
        id: &ItemId<'_>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal> {
        let read = Status::Read;
        let (mut was_there, mut was_own) = (false, false);
        // `make_unreadable` removes the track from the index. So each round finds the message of another
        // sender with this id.
        while let Some(key) = {
            let mut readable = self.tracks.readable(reader, id.as_str());
            readable.next()
        } {
            // Another device of the reader may have received the message, before the turn has settled any copy.
            if !self.tracks.all[key as usize].is_decided {
                self.delivered(key, sink);
            }
            let sender = self.tracks.all[key as usize].from;
            self.counters.messages_read += 1;
            self.tell_status(sender, id.as_str(), read, sink);
            was_there = true;
            was_own |= sender == reader;
            self.make_unreadable(key);
        }
        if !was_there {
            self.counters.reads_refused += 1;
            return Err(Refusal::NoSuchMessage);
        }
        if !was_own {
            let devices = self.people[reader].devices_with_receipts();
            let others = devices.iter().filter(|&&one| one != device).count();
            self.counters.statuses += others as u64;
            let event = Event::Status { message: id.as_str(), status: read };
            tell_others(sink, devices, device, event);
        }
        Ok(())
    }

    /// Forgets one message that nobody has marked as read in time. Returns false if there is none.
    pub(super) fn forget_aged_message(&mut self, now: Moment) -> bool {
        let Some(oldest) = self.tracks.oldest() else { return false };
        let is_due = self.age_limit(oldest) <= now;
        if is_due {
            self.forget_message(oldest);
        }
        is_due
    }

    /// The moment at which [`forget_aged_message`](Realm::forget_aged_message) is to be called next.
    pub(super) fn next_aged_message(&self) -> Option<Moment> {
        self.tracks.oldest().map(|oldest| self.age_limit(oldest))
    }

    fn age_limit(&self, key: u32) -> Moment {
        self.tracks.all[key as usize].taken + self.limits.tracked_for
    }

    /// Remembers a message. If a limit is reached, an older one is forgotten.
    fn track(
        &mut self,
        now: Moment,
        (from, block): (PersonKey, Block),
        to: PersonKey,
        id: &str,
    ) -> Ticket {
        self.make_room_for_id(from, to, id);
        let copies = u32::try_from(self.people[to].devices().len()).unwrap_or(u32::MAX);
        let key = self.tracks.add(now, (from, to), id, copies);
        let ticket = self.tracks.ticket(key);
        self.people[to].social_mut().references += 1;
        let holder = self.locate(from, block);
        self.shares.add(holder, Stock::ReadMarks, 1);
        let social = self.people[from].social_mut();
        social.references += 1;
        social.tracked.push(&mut self.tracks.all, |track| &mut track.by_sender, key);

        // This is safe even if a limit is 0: a track with copies in flight becomes unreadable, but is not
        // dropped.
        let mine = social.tracked;
        let too_many = mine.len() > self.limits.tracked_per_person;
        if let Some(oldest) = mine.first().filter(|_| too_many) {
            self.forget_message(oldest);
        }
        if self.tracks.len() > self.limits.tracked_messages {
            let heaviest = self.shares.heaviest(Stock::ReadMarks);
            let oldest = heaviest.and_then(|sender| self.people[sender].social()?.tracked.first());
            self.forget_message(oldest.expect("a readable message has a sender that holds it"));
        }
        ticket
    }

    /// Forgets a message of the same sender with that id. If too many other messages have this id, one gives
    /// way: the oldest of the address with most of them. So one address cannot push out the messages of
    /// others.
    fn make_room_for_id(&mut self, from: PersonKey, to: PersonKey, id: &str) {
        let all = &self.tracks.all;
        let with_id = self.tracks.readable(to, id);
        let mut with_id: Vec<(Moment, u32)> =
            with_id.map(|key| (all[key as usize].taken, key)).collect();
        let sender = |key: u32| all[key as usize].from;
        if let Some(&(_, own)) = with_id.iter().find(|&&(_, key)| sender(key) == from) {
            return self.forget_message(own);
        }
        if with_id.len() < self.limits.tracked_with_one_id {
            return;
        }
        with_id.sort_unstable();
        let block = |key: u32| self.shares.block(self.holder(sender(key)));
        let most = heaviest(with_id.iter().map(|&(_, key)| (block(key), 1)));
        let excess =
            with_id.iter().find(|&&(_, key)| most.is_some_and(|(most, _)| block(key) == most));
        if let Some(&(_, key)) = excess {
            self.forget_message(key);
        }
    }

    /// The message has reached its recipient.
    fn delivered(&mut self, key: u32, sink: &mut impl Sink) {
        self.books.settle(Outcome::Delivered);
        let track = &mut self.tracks.all[key as usize];
        track.is_decided = true;
        let (from, to) = (track.from, track.to);
        self.tell_track_status(key, Status::Delivered, sink);
        self.befriend(from, to, Meeting::Message, sink);
    }

    /// All copies of the message are undelivered.
    fn undelivered(&mut self, key: u32, reason: Reason, sink: &mut impl Sink) {
        self.books.settle(Outcome::Undelivered(reason));
        let track = &self.tracks.all[key as usize];
        let [from, to] =
            [track.from, track.to].map(|person| Name::Session(self.people[person].id().into()));
        sink.undelivered(&from, &to, reason);
        self.tracks.all[key as usize].is_decided = true;
        self.tell_track_status(key, Status::Undelivered, sink);
        if self.tracks.all[key as usize].is_readable {
            self.unindex(key);
        }
    }

    /// Makes a message unreadable because of a limit.
    fn forget_message(&mut self, key: u32) {
        self.counters.messages_forgotten += 1;
        self.make_unreadable(key);
    }

    /// Makes a message unreadable: it can no longer be marked as read.
    fn make_unreadable(&mut self, key: u32) {
        self.unindex(key);
        self.drop_if_done(key);
    }

    fn unindex(&mut self, key: u32) {
        self.tracks.unindex(key);
        let sender = self.tracks.all[key as usize].from;
        let tracked = &mut self.people[sender].social_mut().tracked;
        tracked.remove(&mut self.tracks.all, |track| &mut track.by_sender, key);
        self.shares.take(self.holder(sender), Stock::ReadMarks, 1);
    }

    /// Drops a track that has nothing to wait for, and the people that nothing else holds.
    fn drop_if_done(&mut self, key: u32) {
        let track = &self.tracks.all[key as usize];
        if track.is_readable || track.copies > 0 {
            return;
        }
        let track = self.tracks.all.remove(key as usize);
        self.release(track.from);
        // If sender and recipient are the same person, there are two references to that person.
        self.release(track.to);
    }

    fn tell_track_status(&mut self, key: u32, status: Status, sink: &mut impl Sink) {
        let track = &self.tracks.all[key as usize];
        let devices = self.people[track.from].devices_with_receipts();
        self.counters.statuses += devices.len() as u64;
        tell(sink, devices, Event::Status { message: &track.id, status });
    }

    fn tell_status(&mut self, of: PersonKey, message: &str, status: Status, sink: &mut impl Sink) {
        let devices = self.people[of].devices_with_receipts();
        self.counters.statuses += devices.len() as u64;
        tell(sink, devices, Event::Status { message, status });
    }
}
