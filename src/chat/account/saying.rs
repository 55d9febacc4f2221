//! Messages: from the sender's frame to the store, and from the store to everybody who may see them.
//!
//! Commit, then broadcast. [`Realm::say`] hands a message to the store. Nobody hears of it until its result
//! comes to [`Realm::stored`]; results come in the order of the commits, and so everybody hears messages in
//! the order in which the store has them. A message that the store could not keep is reported to its sender.
//!
//! Backpressure: while too much waits for the store, [`Realm::may_speak`] says that a client must not be read.
//! Nothing that was read is dropped.

use std::rc::Rc;
use std::sync::Arc;

use super::logins::unix_ms;
use super::pending::{Pending, To, Unstored};
use super::recent::Message;
use super::seats::{Purpose, Seat};
use super::{
    Event, Failure, Ledger, Limits, MessageId, Output, Quote, Realm, Refusal, Refused, ReplyTo,
    RoomKey, Said, Spot, Target, UserKey, Work, tell,
};
use crate::chat::{ConnectionId, Farewell, Sink};
use crate::timer::Now;

impl Realm {
    /// Whether the turn may read from a connection. It may always, if the connection has no seat here.
    pub fn may_speak(&self, id: ConnectionId) -> bool {
        let Some(seat) = self.seats.get(id) else { return true };
        seat.under_way < self.limits.unstored_per_seat
            && self.unstored() + self.errands < self.limits.unstored_messages
            && self.unstored_bytes < self.limits.unstored_bytes
            && !self.is_draining
    }

    /// Whether a drain may end this connection. A client that waits to hear whether its message was stored
    /// stays a little longer.
    pub fn may_go(&self, id: ConnectionId) -> bool {
        self.seats.get(id).is_none_or(|seat| seat.under_way == 0)
    }

    /// How many messages wait for the store.
    pub fn unstored(&self) -> usize {
        usize::try_from(self.ledger.in_store).expect("they are in memory")
    }

    /// What became of every message.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Hands a message to the store: its text, the id that the client has given it, and what it replies to.
    pub(super) fn say<'a>(
        &mut self,
        now: Now,
        id: ConnectionId,
        to: &'a Target<'_>,
        (text, client_id, reply_to): (&str, Option<&str>, Option<MessageId>),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'a>> {
        let Some(user) = self.seats.get(id).map(|seat| seat.user) else { return Ok(()) };
        let text = self.checked(text).inspect_err(|why| self.ledger.refuse(reason(why)))?;
        let to = match self.conversation(user, to) {
            Ok(to) => to,
            Err(refusal) => {
                self.ledger.refuse(reason(&refusal));
                return Err(refusal);
            }
        };
        let quote_chars = self.limits.reply_text_chars;
        let reply = reply_to.map(|mid| ReplyTo::Message { mid, quote_chars });
        self.submit(now, id, (to, text, reply, client_id), sink);
        Ok(())
    }

    /// Hands a message for the place that the socket is for to the store. These sockets have no words for
    /// an error: one that says too much is ended.
    pub(super) fn say_here(
        &mut self,
        now: Now,
        id: ConnectionId,
        (text, reply): (&str, Option<&Quote<'_>>),
        sink: &mut impl Sink,
    ) {
        let Some(purpose) = self.seats.get(id).map(|seat| seat.purpose) else { return };
        let to = match purpose {
            Purpose::Pair(other) => {
                self.users.get(other).map(|one| To::User(other, one.user.name.clone()))
            }
            Purpose::Room(room) => Some(To::Room(room)),
            // It is for no place.
            Purpose::Stream | Purpose::Notices | Purpose::Status => return,
        };
        let text = match self.checked(text).inspect_err(|why| self.ledger.refuse(reason(why))) {
            Ok(text) => text,
            Err(Refusal::TextTooLong(_)) => {
                return self.end_seat(id, Farewell::MessageTooLong, sink);
            }
            // Nothing was to be said.
            Err(_) => return,
        };
        let Some(to) = to else {
            // The other user was deleted.
            self.ledger.refuse(Refused::Unknown);
            return self.end_seat(id, Farewell::NoSuchUser, sink);
        };
        let Limits { reply_name_chars, reply_text_chars, .. } = self.limits;
        let reply = reply.filter(|_| matches!(to, To::Room(_)));
        let reply = reply.map(|quote| Arc::new(quote.cut(reply_name_chars, reply_text_chars)));
        self.submit(now, id, (to, text, reply.map(ReplyTo::Quote), None), sink);
    }

    /// The text as it is stored, if it may be.
    pub(super) fn checked<'t>(&self, text: &'t str) -> Result<&'t str, Refusal<'static>> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Refusal::EmptyText);
        }
        // A character has four bytes at most: a short text need not be counted.
        let most = self.limits.text_chars;
        match text.len() > most && text.chars().count() > most {
            true => Err(Refusal::TextTooLong(most)),
            false => Ok(text),
        }
    }

    fn submit(
        &mut self,
        now: Now,
        id: ConnectionId,
        (to, text, reply, client_id): (To, &str, Option<ReplyTo>, Option<&str>),
        sink: &mut impl Sink,
    ) {
        let Some(seat) = self.seats.get_mut(id) else { return };
        let from = seat.user;
        let Some(sender) = self.users.get(from) else { return };
        seat.under_way += 1;
        let from_name = sender.user.name.clone();
        let (at, text, client_id) = (unix_ms(now), Arc::from(text), client_id.map(Arc::from));
        self.ledger.take();
        let message = Unstored { seat: id, from, from_name, to, at, text, reply, client_id };
        self.unstored_bytes += message.bytes();
        let (place, text, reply) =
            (message.to.place(from), message.text.clone(), message.reply.clone());
        let client_id = message.client_id.clone();
        let work = Work::Say { place, from, at, text, reply, client_id };
        self.ask(Pending::Message(message), work, sink);
    }

    /// Takes the result of a message: tells everybody who may see it, or the sender that it failed.
    pub(super) fn stored(
        &mut self,
        message: Unstored,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) {
        self.unstored_bytes -= message.bytes();
        self.has_come(message.seat);
        let (mid, quote) = match outcome {
            Ok(Output::Said { mid, quote }) => (mid, quote),
            Ok(Output::SaidBefore { mid, at }) => {
                self.ledger.give_back(Refused::Repeated);
                return self.acknowledge(&message, (mid, at), false, sink);
            }
            Ok(Output::NotAMember) => {
                self.ledger.give_back(Refused::NotAMember);
                return self.not_stored(&message, Refusal::NotAMember, Farewell::NotAMember, sink);
            }
            Ok(Output::IdReused) => {
                self.ledger.give_back(Refused::IdReused);
                return self.not_stored(&message, Refusal::IdReused, Farewell::TryAgain, sink);
            }
            Ok(Output::NoSuchMessage) => {
                self.ledger.give_back(Refused::Unknown);
                return self.not_stored(&message, Refusal::NoSuchMessage, Farewell::TryAgain, sink);
            }
            Ok(other) => unreachable!("a message was stored, and the result is {other:?}"),
            Err(failure) => {
                self.ledger.settle(Err(failure));
                let refusal = Refusal::Failed(failure);
                return self.not_stored(&message, refusal, Farewell::TryAgain, sink);
            }
        };
        self.ledger.settle(Ok(()));
        self.commits += 1;
        self.acknowledge(&message, (mid, message.at), false, sink);
        let reply_to = message.reply.as_ref().and_then(ReplyTo::mid);
        let new = |to| Message {
            commit: self.commits,
            mid,
            from_id: self.id_of(message.from),
            from: message.from_name.clone(),
            to,
            text: message.text.clone(),
            at: message.at,
            reply_to,
            edited: None,
        };
        match message.to.clone() {
            To::Everybody => {
                let new = new(None);
                let hearers = self.seats.hearers();
                // A client that has its acknowledgement needs no copy.
                match message.client_id {
                    None => tell(sink, hearers, Event::Said(new.said())),
                    Some(_) => tell(sink, &without(message.seat, hearers), Event::Said(new.said())),
                }
                self.recent.add(new);
            }
            To::User(to, name) => {
                let new = new(Some(name));
                if self.tell_both(&message, to, new, sink) {
                    self.acknowledge(&message, (mid, message.at), true, sink);
                }
            }
            To::Room(room) => {
                let quote = quote.or_else(|| message.reply.as_ref().and_then(ReplyTo::quote));
                self.tell_room(room, &message, (&new(None), quote.as_deref()), sink);
            }
        }
    }

    /// Tells the client of a message that it is stored, or delivered, if it wants to be told.
    fn acknowledge(
        &self,
        message: &Unstored,
        (mid, at): (MessageId, super::UnixMs),
        delivered: bool,
        sink: &mut impl Sink,
    ) {
        if let (Some(id), Some(_)) = (&message.client_id, self.seats.get(message.seat)) {
            tell(sink, &[message.seat], Event::Stored { id, mid, at, delivered });
        }
    }

    /// Tells the client of a message that it is not stored. A socket without words for an error is ended: so
    /// its client sees that it was not told of its message.
    fn not_stored(
        &mut self,
        message: &Unstored,
        refusal: Refusal<'_>,
        farewell: Farewell,
        sink: &mut impl Sink,
    ) {
        match self.seats.get(message.seat).map(|seat| seat.purpose) {
            Some(Purpose::Stream) => {
                let id = message.client_id.as_deref();
                tell(sink, &[message.seat], Event::Refused { refusal, id });
            }
            Some(_) => self.end_seat(message.seat, farewell, sink),
            None => {}
        }
    }

    /// Tells all in a room of a message: the sockets of the room, and the devices of its members.
    fn tell_room(
        &self,
        room: RoomKey,
        message: &Unstored,
        (new, quote): (&Message, Option<&Quote<'_>>),
        sink: &mut impl Sink,
    ) {
        let Some(hall) = self.rooms.get(room) else { return };
        let said = Said { place: Spot::Room(hall.room.id), quote, ..new.said() };
        let mut told = without(message.seat, &self.devices_of_members(room));
        told.extend(hall.seats());
        tell(sink, &told, Event::Said(said));
    }

    /// Tells sender and recipient of a private message. Those of their streams that have no words for it
    /// may hear it later. Returns whether a connection of the recipient was told.
    fn tell_both(
        &mut self,
        unstored: &Unstored,
        to: UserKey,
        message: Message,
        sink: &mut impl Sink,
    ) -> bool {
        let from = unstored.from;
        let message = Rc::new(message);
        let is_pair = |with: UserKey| move |seat: &Seat| seat.purpose == Purpose::Pair(with);
        // Those of the recipient. A user who writes to themselves is told once, as the sender.
        let (mut told, notices) = match from == to {
            true => (Vec::new(), Vec::new()),
            false => (self.speaking_of(to), self.notices_of(to)),
        };
        told.extend(self.sockets_of(to, is_pair(from)));
        let mut senders = self.speaking_of(from);
        if unstored.client_id.is_some() {
            senders = without(unstored.seat, &senders);
        }
        let delivered =
            !told.is_empty() || !notices.is_empty() || (from == to && !senders.is_empty());
        if from != to {
            told.extend(self.sockets_of(from, is_pair(to)));
        }
        let said = message.said();
        tell(sink, &told, Event::Said(said));
        tell(sink, &senders, Event::Sent { message: said, delivered });
        let notify =
            Event::Notify { from_id: said.from_id, from: said.from, text: said.text, at: said.at };
        tell(sink, &notices, notify);
        self.keep_for_later(to, &message);
        if from != to {
            self.keep_for_later(from, &message);
        }
        delivered
    }

    /// Keeps a private message for those streams of a user that cannot be told of it now.
    fn keep_for_later(&mut self, user: UserKey, message: &Rc<Message>) {
        for id in self.sockets_of(user, |seat| seat.purpose == Purpose::Stream && !seat.speaks) {
            self.missed.keep(&self.limits, id, message);
        }
    }

    /// The streams of a user that speak.
    pub(super) fn speaking_of(&self, user: UserKey) -> Vec<ConnectionId> {
        self.sockets_of(user, |seat| seat.speaks)
    }
}

/// How the ledger accounts for a message that is refused before the store has it.
fn reason(refusal: &Refusal<'_>) -> Refused {
    match refusal {
        Refusal::EmptyText => Refused::Malformed,
        Refusal::TextTooLong(_) => Refused::TooLong,
        Refusal::NotAMember => Refused::NotAMember,
        _ => Refused::Unknown,
    }
}

/// All of these connections but one.
fn without(one: ConnectionId, all: &[ConnectionId]) -> Vec<ConnectionId> {
    all.iter().filter(|&&id| id != one).copied().collect()
}
