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
    Event, Failure, Ledger, Limits, Output, Quote, Realm, Refusal, Refused, RoomSaid, UserKey,
    Work, tell,
};
use crate::chat::{ConnectionId, Farewell, Sink};
use crate::timer::Now;

impl Realm {
    /// Whether the turn may read from a connection. It may always, if the connection has no seat here.
    pub fn may_speak(&self, id: ConnectionId) -> bool {
        let Some(seat) = self.seats.get(id) else { return true };
        seat.unstored < self.limits.unstored_per_seat
            && self.unstored() < self.limits.unstored_messages
            && self.unstored_bytes < self.limits.unstored_bytes
            && !self.is_draining
    }

    /// Whether a drain may end this connection. A client that waits to hear whether its message was stored
    /// stays a little longer.
    pub fn may_go(&self, id: ConnectionId) -> bool {
        self.seats.get(id).is_none_or(|seat| seat.unstored == 0)
    }

    /// How many messages wait for the store.
    pub fn unstored(&self) -> usize {
        usize::try_from(self.ledger.in_store).expect("they are in memory")
    }

    /// What became of every message.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Hands a message for everybody, or for the user of a name, to the store.
    pub(super) fn say<'a>(
        &mut self,
        now: Now,
        id: ConnectionId,
        (to, text): (Option<&'a str>, &str),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'a>> {
        let text = self.checked(text)?;
        let to = match to.map(|name| (name, self.users.find(name))) {
            None => To::Everybody,
            Some((_, Some(found))) => To::User(found.user.key, found.user.name.clone()),
            Some((name, None)) => {
                self.ledger.refuse(Refused::Unknown);
                return Err(Refusal::NoSuchUser(name));
            }
        };
        self.submit(now, id, (to, text, None), sink);
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
        let text = match self.checked(text) {
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
        self.submit(now, id, (to, text, reply), sink);
    }

    /// The text as it is stored, if it may be.
    fn checked<'t>(&mut self, text: &'t str) -> Result<&'t str, Refusal<'static>> {
        let text = text.trim();
        if text.is_empty() {
            self.ledger.refuse(Refused::Malformed);
            return Err(Refusal::EmptyText);
        }
        // A character has four bytes at most: a short text need not be counted.
        let most = self.limits.text_chars;
        if text.len() > most && text.chars().count() > most {
            self.ledger.refuse(Refused::TooLong);
            return Err(Refusal::TextTooLong(most));
        }
        Ok(text)
    }

    fn submit(
        &mut self,
        now: Now,
        id: ConnectionId,
        (to, text, reply): (To, &str, Option<Arc<Quote<'static>>>),
        sink: &mut impl Sink,
    ) {
        let Some(seat) = self.seats.get_mut(id) else { return };
        let from = seat.user;
        let Some(sender) = self.users.get(from) else { return };
        seat.unstored += 1;
        let from_name = sender.user.name.clone();
        let (at, text) = (unix_ms(now), Arc::from(text));
        self.ledger.take();
        let message = Unstored { seat: id, from, from_name, to, at, text, reply };
        self.unstored_bytes += message.bytes();
        let (place, text, reply) = (message.place(), message.text.clone(), message.reply.clone());
        self.ask(Pending::Message(message), Work::Say { place, from, at, text, reply }, sink);
    }

    /// Takes the result of a message: tells everybody who may see it, or the sender that it failed.
    pub(super) fn stored(
        &mut self,
        message: Unstored,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) {
        self.unstored_bytes -= message.bytes();
        let sender = self.seats.get_mut(message.seat).map(|seat| {
            seat.unstored -= 1;
            seat.purpose
        });
        let seq = match outcome {
            Ok(Output::Said { seq }) => seq,
            Ok(Output::NotAMember) => {
                self.ledger.give_back(Refused::NotAMember);
                if sender.is_some() {
                    self.end_seat(message.seat, Farewell::NotAMember, sink);
                }
                return;
            }
            Ok(other) => unreachable!("a message was stored, and the result is {other:?}"),
            Err(failure) => {
                self.ledger.settle(Err(failure));
                match sender {
                    Some(Purpose::Stream) => {
                        tell(sink, &[message.seat], Event::Refused(Refusal::Failed(failure)));
                    }
                    // It has no words for an error. The client sees that it was not told of its message.
                    Some(_) => self.end_seat(message.seat, Farewell::TryAgain, sink),
                    None => {}
                }
                return;
            }
        };
        self.ledger.settle(Ok(()));
        self.commits += 1;
        let Unstored { seat: _, from, from_name, to, at, text, reply } = message;
        let message = |to| Message {
            commit: self.commits,
            seq,
            from: from_name.clone(),
            to,
            text: text.clone(),
            at,
        };
        match to {
            To::Everybody => {
                let message = message(None);
                tell(sink, self.seats.hearers(), Event::Said(message.said()));
                self.recent.add(message);
            }
            To::User(to, name) => {
                let message = message(Some(name));
                self.tell_both(from, to, message, sink);
            }
            To::Room(room) => {
                let Some(hall) = self.rooms.get(room) else { return };
                let (from_id, from) = (self.id_of(from), from_name.as_str());
                let (room, text, reply) = (hall.room.id, &*text, reply.as_deref());
                let said = RoomSaid { room, seq, from_id, from, text, at, reply };
                tell(sink, hall.seats(), Event::RoomSaid(said));
            }
        }
    }

    /// Tells sender and recipient of a private message. Those of their streams that have no words for it
    /// may hear it later.
    fn tell_both(&mut self, from: UserKey, to: UserKey, message: Message, sink: &mut impl Sink) {
        let message = Rc::new(message);
        let is_pair = |with: UserKey| move |seat: &Seat| seat.purpose == Purpose::Pair(with);
        // Those of the recipient. A user who writes to themselves is told once, as the sender.
        let (mut told, notices) = match from == to {
            true => (Vec::new(), Vec::new()),
            false => (self.speaking_of(to), self.notices_of(to)),
        };
        told.extend(self.sockets_of(to, is_pair(from)));
        let senders = self.speaking_of(from);
        let delivered =
            !told.is_empty() || !notices.is_empty() || (from == to && !senders.is_empty());
        if from != to {
            told.extend(self.sockets_of(from, is_pair(to)));
        }
        let said = message.said();
        tell(sink, &told, Event::Said(said));
        tell(sink, &senders, Event::Sent { message: said, delivered });
        let notify = Event::Notify {
            from_id: self.id_of(from),
            from: said.from,
            text: said.text,
            at: said.at,
        };
        tell(sink, &notices, notify);
        self.keep_for_later(to, &message);
        if from != to {
            self.keep_for_later(from, &message);
        }
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
