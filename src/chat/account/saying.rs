//! Messages: from the sender's frame to the store, and from the store to everybody who may see them.
//!
//! Commit, then broadcast. [`Realm::say`] hands a message to the store. Nobody hears of it until its result
//! comes to [`Realm::stored`]; results come in the order of the commits, and so everybody hears messages in
//! the order in which the store has them. A message that the store could not keep is reported to its sender.
//!
//! Backpressure: while too much waits for the store, [`Realm::may_speak`] says that a client must not be read.
//! Nothing that was read is dropped.

use std::rc::Rc;

use super::logins::unix_ms;
use super::pending::{Pending, Unstored};
use super::recent::Message;
use super::{Event, Failure, Ledger, Output, Place, Realm, Refusal, Refused, UserKey, Work, tell};
use crate::chat::{ConnectionId, Sink};
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

    /// Hands a message to the store.
    pub(super) fn say<'a>(
        &mut self,
        now: Now,
        id: ConnectionId,
        (to, text): (Option<&'a str>, &str),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'a>> {
        let Some(seat) = self.seats.get(id) else { return Ok(()) };
        let from = seat.user;
        let Some(sender) = self.users.get(from) else { return Ok(()) };
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
        let to = match to.map(|name| (name, self.users.find(name))) {
            None => None,
            Some((_, Some(found))) => Some((found.user.key, found.user.name.clone())),
            Some((name, None)) => {
                self.ledger.refuse(Refused::Unknown);
                return Err(Refusal::NoSuchUser(name));
            }
        };
        let from_name = sender.user.name.clone();
        let (at, text) = (unix_ms(now), text.into());
        self.ledger.take();
        let message = Unstored { seat: id, from, from_name, to, at, text };
        self.unstored_bytes += message.text.len();
        if let Some(seat) = self.seats.get_mut(id) {
            seat.unstored += 1;
        }
        let place = match &message.to {
            None => Place::Global,
            Some((to, _)) => Place::Private(from, *to),
        };
        let work = Work::Say { place, from, at, text: message.text.clone() };
        self.ask(Pending::Message(message), work, sink);
        Ok(())
    }

    /// Takes the result of a message: tells everybody who may see it, or the sender that it failed.
    pub(super) fn stored(
        &mut self,
        message: Unstored,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) {
        self.unstored_bytes -= message.text.len();
        let sender_is_here = match self.seats.get_mut(message.seat) {
            Some(seat) => {
                seat.unstored -= 1;
                true
            }
            None => false,
        };
        let seq = match outcome {
            Ok(Output::Said { seq }) => seq,
            Ok(other) => unreachable!("a message was stored, and the result is {other:?}"),
            Err(failure) => {
                self.ledger.settle(Err(failure));
                if sender_is_here {
                    tell(sink, &[message.seat], Event::Refused(Refusal::Failed(failure)));
                }
                return;
            }
        };
        self.ledger.settle(Ok(()));
        self.commits += 1;
        let Unstored { seat: _, from, from_name, to, at, text } = message;
        let (to, to_name) = to.unzip();
        let commit = self.commits;
        let message = Message { commit, seq, from: from_name, to: to_name, text, at };
        match to {
            Some(to) => self.tell_both(from, to, message, sink),
            None => {
                tell(sink, self.seats.all(), Event::Said(message.said()));
                self.recent.add(message);
            }
        }
    }

    /// Tells sender and recipient of a private message. Those of their sockets that have no words for it
    /// may hear it later.
    fn tell_both(&mut self, from: UserKey, to: UserKey, message: Message, sink: &mut impl Sink) {
        let message = Rc::new(message);
        let recipients = self.speaking_of(to);
        let delivered = !recipients.is_empty();
        // Somebody who writes to themselves is told once.
        if from != to {
            tell(sink, &recipients, Event::Said(message.said()));
        }
        let senders = if from == to { recipients } else { self.speaking_of(from) };
        tell(sink, &senders, Event::Sent { message: message.said(), delivered });
        self.keep_for_later(to, &message);
        if from != to {
            self.keep_for_later(from, &message);
        }
    }

    /// Keeps a private message for those sockets of a user that cannot be told of it now.
    fn keep_for_later(&mut self, user: UserKey, message: &Rc<Message>) {
        let Realm { users, seats, missed, limits, .. } = self;
        let all = users.get(user).map_or(&[][..], |one| one.seats());
        for &id in all.iter().filter(|id| seats.get(**id).is_some_and(|seat| !seat.speaks)) {
            missed.keep(limits, id, message);
        }
    }

    /// The sockets of a user that speak.
    pub(super) fn speaking_of(&self, user: UserKey) -> Vec<ConnectionId> {
        let all = self.users.get(user).map_or(&[][..], |one| one.seats());
        let speaks = |id: &&ConnectionId| self.seats.get(**id).is_some_and(|seat| seat.speaks);
        all.iter().filter(speaks).copied().collect()
    }
}
